"""Dead letters ▶ batches of their events, to be delivered again; what fails again is kept.

A file of dead letters stays as it is until all of it is settled. What must be kept of it gathers in a file beside it,
NAME.kept, which then takes its place at once, with what was appended meanwhile. So, killed at any time, every letter is
in a file that the next replay finds, and at worst some are sent again. NAME.replaying is there to be locked.
"""

from __future__ import annotations

import base64
import fcntl
import os
import stat
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Any, Self

import orjson

from normalizer.errors import InputError, OutputError, SetupError
from normalizer.inputs import Batch, Unreadable
from normalizer.outputs.files import is_at, sync_folder, why
from normalizer.outputs.letters import locked, numbered, utc_now
from normalizer.runtime.batch import DeadLetter

BATCH_BYTES = 64 * 1024
"""Of events' text in one batch."""
LONGEST = 128 * 1024 * 1024
"""No line of ours is longer in bytes: escapes and a document make some ten times of an event's 4 MiB."""

DATA_STREAM = "data_stream"
"""Under this key a dead letter says where its document should have gone."""

Tell = Callable[[str], object]
"""Is told, in one sentence with file and line, of what stays though it was not tried."""


@dataclass(slots=True)
class Kept:
    """What stays in a file: letters that failed `again`, `partial` ones that lack a part of their event, those that
    belong `elsewhere`, in another data stream, and lines that are no dead letters, `foreign`.
    """

    again: int = 0
    partial: int = 0
    elsewhere: int = 0
    foreign: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.again + self.partial + self.elsewhere + self.foreign


class Replay:
    """The dead letters of one file name: the file, and the full ones beside it. A context manager, one at a time.

    `files` are those that there were at the beginning, the oldest first. Deliver the batches of one, with its `write`
    for dead letters, then `finish` it, then go on with the next. What is not finished stays as it is.
    """

    def __init__(self, path: Path, data_stream: str, tell: Tell, *, now: Callable[[], str] = utc_now) -> None:
        """`data_stream` is where events go. Entering raises SetupError where another replay is at work, InputError."""
        self.path = path
        self._data_stream = data_stream
        self.files: list[LetterFile] = []
        self._tell = tell
        self._now = now
        self._lock: int | None = None

    def __enter__(self) -> Self:
        try:
            self._base = Path(os.path.realpath(self.path))
            if self._base.parent.is_dir():
                self._lock = self._taken()
                self._open()
        except BaseException as error:
            self.__exit__()
            if isinstance(error, OSError | ValueError):
                raise InputError(f"{self.path} cannot be replayed: {why(error)}.") from None
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for file in self.files:
            file.close()
        lock, self._lock = self._lock, None
        if lock is not None:
            with suppress(OSError):
                os.unlink(f"{self._base}.replaying")  # noqa: PTH108
            os.close(lock)

    def _taken(self) -> int:
        """The lock that keeps other replays away. Raises OSError, SetupError."""
        name = f"{self._base}.replaying"
        while True:
            descriptor = _make(name, os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise SetupError(f"{self.path} is already being replayed.") from None
            if is_at(descriptor, name):
                return descriptor
            os.close(descriptor)  # it is of a replay that has just ended, and removed it

    def _open(self) -> None:
        self._add(self._base)  # first, for it may get a number meanwhile
        newest = self.files[:]
        for path in numbered(self._base):
            self._add(path)
        full = self.files[len(newest) :]
        if newest and any(file.is_same(newest[0]) for file in full):
            newest.pop().close()
        self.files = full + newest

    def _add(self, path: Path) -> None:
        name = f"{self.path}{path.name.removeprefix(self._base.name)}"
        with suppress(FileNotFoundError):
            self.files.append(LetterFile(name, path, self._base, self._data_stream, self._tell, self._now))


class LetterFile:
    """One file of dead letters, as long as it was when it was opened.

    `name` is for people, `size` in bytes; `sent` counts the letters whose events were handed on, and `finished` says
    that what is kept has taken its place.
    """

    def __init__(self, name: str, path: Path, base: Path, data_stream: str, tell: Tell, now: Callable[[], str]) -> None:
        """`base` is the file beside which this one may get a number. Raises OSError, InputError."""
        self.name = name
        self.sent = 0
        self.kept = Kept()
        self.finished = False
        self._base = base
        self._data_stream = data_stream
        self._tell = tell
        self._now = now
        self._keeps: BufferedWriter | None = None
        self._starts = array("Q")  # where each line begins: they are asked for again by their number
        self._text = open(path, "rb", opener=_open)  # noqa: SIM115 - closed by `close`
        self._descriptor = self._text.fileno()
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            self.close()
            raise InputError(f"{name} cannot be replayed: it is no file.")
        with locked(self._descriptor):  # not in the middle of somebody's line
            self.size = os.fstat(self._descriptor).st_size

    def is_same(self, other: LetterFile) -> bool:
        """Whether both are one file, under two names."""
        return os.path.sameopenfile(self._descriptor, other._descriptor)

    def close(self) -> None:
        """Leave the file as it is, unless it was finished."""
        self._text.close()
        keeps, self._keeps = self._keeps, None
        if keeps is not None:
            with suppress(OSError):
                os.unlink(keeps.name)  # noqa: PTH108
            with suppress(OSError):  # nobody wants any more what is written there
                keeps.close()

    def batches(self) -> Iterator[Batch]:
        """The events of its letters. Their places are those of the letters, which are not those of the events.

        Raises InputError where the file cannot be read, OutputError where what must stay cannot be kept.
        """
        items: list[bytes | Unreadable] = []
        lines: list[int] = []
        size, own_text = 0, True
        with self._keeping():
            self._keeps = open(f"{self._base}.kept", "wb", opener=_make)  # noqa: SIM115
        for line in self._lines():
            event = self._event(line)
            if event is None:
                continue
            is_line = b"\n" not in event
            if items and (size + len(event) > BATCH_BYTES or is_line != own_text):
                yield Batch(self.name, items, lines, own_text, self._text.tell())
                items, lines, size = [], [], 0
            items.append(event)
            lines.append(len(self._starts))
            size, own_text = size + len(event), is_line
        if items:
            yield Batch(self.name, items, lines, own_text, self.size)

    def _lines(self) -> Iterator[bytes]:
        """Its lines, but for blank ones, and those that are too long for a letter: they are kept."""
        at = 0
        while at < self.size:
            self._starts.append(at)
            line = self._read(at)
            at += len(line)
            if at == self.size and not line.endswith(b"\n"):
                line += b"\n"  # of a run that was killed: what is kept next must not become part of it
            if line.endswith(b"\n"):
                if not line.isspace():
                    yield line
                continue
            self._keeps_foreign(line, "the line is too long")
            while line and not line.endswith(b"\n"):
                line = self._read(at)
                at += len(line)
                self._keep(line)

    def _read(self, at: int) -> bytes:
        """The line from here, or as much of it as a letter may have."""
        with self._reading():
            return self._text.readline(min(LONGEST, self.size - at))

    def _event(self, line: bytes) -> bytes | None:
        """The event's bytes; None where they are not there, or not all, or belong elsewhere: then the line is kept."""
        letter = _letter(line)
        event = None if letter is None else _original(letter)
        if letter is None or event is None:
            self._keeps_foreign(line, "it is not JSON with what a dead letter has")
            return None
        if letter.get("original_complete") is False:
            self.kept.partial += 1
            self._stays(line, f"holds only the beginning of the event at {letter['file']}:{letter['line']}")
            return None
        stream = letter.get(DATA_STREAM, self._data_stream)
        if stream != self._data_stream:
            self.kept.elsewhere += 1
            self._stays(line, f"belongs to {stream}, and not to {self._data_stream},")
            return None
        self.sent += 1
        return event

    def _keeps_foreign(self, line: bytes, cause: str) -> None:
        self.kept.foreign += 1
        self._stays(line, f"is no dead letter ({cause})")

    def _stays(self, line: bytes, what: str) -> None:
        self._tell(f"{self.name}:{len(self._starts)} {what} and stays there")
        self._keep(line)

    def write(self, letters: Iterable[DeadLetter]) -> None:
        """Keep letters whose events, handed on by `batches`, have failed again. Raises OutputError."""
        for letter in letters:
            begin = self._starts[letter.line - 1]
            with self._reading():
                end = self._starts[letter.line] if letter.line < len(self._starts) else self._text.tell()
                line = os.pread(self._descriptor, end - begin, begin)
            self._keep(_again(line, letter, self._now()))
            self.kept.again += 1

    def _keep(self, line: bytes) -> None:
        with self._keeping():
            assert self._keeps is not None
            self._keeps.write(line)

    def finish(self) -> None:
        """All batches are settled: what is kept takes the file's place; where nothing is, the file goes.

        Where the file has been moved away meanwhile it is left alone. Raises OutputError.
        """
        with self._keeping(), locked(self._descriptor):
            names = (self._base, *numbered(self._base))
            place = next((path for path in names if is_at(self._descriptor, path)), None)
            if place is None:
                self._tell(f"{self.name} has been moved away meanwhile, and stays as it was")
            elif self.sent:
                self._replace(place)
            self.finished = place is not None
        self.close()

    def _replace(self, place: Path) -> None:
        keeps = self._keeps
        assert keeps is not None
        at = self.size
        while appended := os.pread(self._descriptor, BATCH_BYTES, at):
            keeps.write(appended)
            at += len(appended)
        keeps.flush()
        if keeps.tell():
            status = os.fstat(self._descriptor)
            with suppress(OSError):  # only root may give files away
                os.fchown(keeps.fileno(), status.st_uid, status.st_gid)
            os.fchmod(keeps.fileno(), stat.S_IMODE(status.st_mode))
            os.fsync(keeps.fileno())
            os.replace(keeps.name, place)  # noqa: PTH105
        else:
            os.unlink(place)  # noqa: PTH108
        sync_folder(place)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(f"{self.name} cannot be read: {why(error)}.") from None

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            sentence = f"what stays of {self.name} cannot be written to {self.name}.kept: {why(error)}"
            raise OutputError(f"{sentence}; nothing is lost, and replay can be run again") from None


def _open(path: str, _flags: int) -> int:
    """For locks on some network file systems a file must be open for writing; a pipe would wait for ever."""
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def _make(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _letter(line: bytes) -> dict[str, Any] | None:
    """The dead letter in a line, if it is one."""
    try:
        letter = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(letter, dict):
        return None
    types = {"reason": str, "file": str, "line": int}
    return letter if all(isinstance(letter.get(name), kind) for name, kind in types.items()) else None


def _original(letter: dict[str, Any]) -> bytes | None:
    """The event's bytes, if they are there."""
    text, encoded = letter.get("original"), letter.get("original_base64")
    if isinstance(text, str):
        return text.encode()
    if isinstance(encoded, str):
        with suppress(ValueError):
            return base64.b64decode(encoded, validate=True)
    return None


_OF_ONE_ATTEMPT = ("reason", "message", "status", "document", "attempts", "last_attempt")


def _again(line: bytes, letter: DeadLetter, now: str) -> bytes:
    """The old letter with why it has failed this time, the time of that, and how often it was tried."""
    old = _letter(line) or {}
    tried = old.get("attempts")
    first = {"time": old["time"]} if "time" in old else {}
    new = {
        **first,
        "last_attempt": now,
        "attempts": tried + 1 if type(tried) is int and 0 < tried < 1_000_000 else 2,
        "reason": letter.reason,
        "message": letter.message,
        **letter.details,
    }
    rest = {name: value for name, value in old.items() if name not in _OF_ONE_ATTEMPT}
    try:
        return orjson.dumps(new | rest, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:  # somebody else's key holds lists too deep in each other: then all stays
        return line.removesuffix(b"\n") + b"\n"
