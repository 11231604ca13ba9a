"""Dead letters as NDJSON, in files that several processes may append to, bounded by their size.

    NAME      takes letters until the next would be too much
    NAME.1    full ones; the oldest has the lowest number, and the next gets a number higher than all
    NAME.2    …

Whoever writes to NAME, renames it or puts another file in its place holds a lock on the file meanwhile (flock), and
looks first whether it still is the one of that name.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from normalizer.errors import OutputError
from normalizer.outputs.files import Closing, is_at, sync_folder, why, write_all

SIZE = 64 * 1024 * 1024
"""Bytes that a file of dead letters may have, unless a single letter has more."""
FILES = 16
"""So many files of one name there may be, the one that is written to among them."""


class Line(Protocol):
    """What gives one line of JSON, its line end with it."""

    def json(self, **facts: str) -> bytes:
        """The line, with these facts at its beginning."""


def utc_now() -> str:
    """The time as RFC 3339 writes it, in UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def numbered(path: Path) -> list[Path]:
    """The full files beside the one at this path, the oldest first. Raises OSError."""
    names = {each.name: each for each in path.parent.iterdir()}
    pattern = re.compile(re.escape(path.name) + r"\.([1-9][0-9]{0,8})", re.ASCII)
    found = [(int(match[1]), names[name]) for name in names if (match := pattern.fullmatch(name))]
    return [file for _, file in sorted(found)]


@contextmanager
def locked(descriptor: int) -> Iterator[None]:
    """Nobody else who asks for this file's lock has it meanwhile. Raises OSError."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class DeadLetters(Closing):
    """Appends dead letters to a file, on the disk before `write` returns; nothing of them is ever deleted.

    The file is made when the first letter comes; that it can be made is looked at before anything is read. What is no
    file (/dev/stderr, a pipe) is written to as it is. Not for several threads at once.
    """

    def __init__(
        self,
        path: Path,
        *,
        size: int = SIZE,
        files: int = FILES,
        now: Callable[[], str] = utc_now,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        """`size` are the bytes of one file, `files` how many of them there may be; `facts` stand in each letter, as
        does the time. Raises OutputError.
        """
        self.path = path
        self.count = 0
        self._size = size
        self._files = files
        self._now = now
        self._facts = facts or {}
        self._descriptor: int | None = None
        self._is_stream = False
        try:
            self._file = Path(os.path.realpath(path))  # a link stays one when its file is renamed
            if path.exists():
                self._is_stream = _is_stream(path)
                self._open()
            elif not path.parent.is_dir():
                raise FileNotFoundError(errno.ENOENT, f"there is no folder {path.parent}")
            elif not os.access(path.parent, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, f"the folder {path.parent.absolute()} cannot be written to")
        except (OSError, ValueError) as error:
            raise self._error(error) from None

    def write(self, letters: Iterable[Line]) -> None:
        """Append them and wait for the disk. Raises OutputError; `count` has those that are written all the same."""
        time = self._now()
        lines = [letter.json(time=time, **self._facts) for letter in letters]
        try:
            if self._is_stream:
                self._stream(lines)
            while lines:
                lines = lines[self._append(lines) :]
        except OSError as error:
            raise self._error(error) from None

    def close(self) -> None:
        """Close the file. Raises OutputError."""
        try:
            self._close()
        except OSError as error:
            raise self._error(error) from None

    def _open(self) -> int:
        if self._descriptor is None:
            path = self.path if self._is_stream else self._file
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return self._descriptor

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _stream(self, lines: list[bytes]) -> None:
        if lines:
            descriptor = self._open()
            write_all(descriptor, b"".join(lines))
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.fsync(descriptor)
            self.count += len(lines)
            lines.clear()

    def _append(self, lines: list[bytes]) -> int:
        """Write the first of these lines that fit, and say how many; none where another file must be begun first."""
        descriptor = self._open()
        with locked(descriptor):
            count = 0
            if is_at(descriptor, self._file):
                size = os.fstat(descriptor).st_size
                count = self._fitting(lines, size)
                if not count:
                    self._rename()
                elif not size:
                    sync_folder(self._file)  # it may be new
                _extend(descriptor, size, b"".join(lines[:count]))
                self.count += count
        if not count:  # we have renamed it, or somebody else has, while we waited
            self._close()
        return count

    def _fitting(self, lines: list[bytes], size: int) -> int:
        """How many of these lines the file takes; an empty one takes at least one."""
        count = 0
        for line in lines:
            if size and size + len(line) > self._size:
                break
            size += len(line)
            count += 1
        return count

    def _rename(self) -> None:
        """Give the full file, which is locked, the next number. Raises OutputError where there may be no more."""
        full = numbered(self._file)
        if len(full) + 1 >= self._files:
            advice = "send them again with `mim-ecs replay`, or move them elsewhere"
            raise OutputError(
                f"dead letters cannot be written to {self.path}: {_all_full(len(full), self._size)}; {advice}"
            )
        number = int(full[-1].suffix[1:]) + 1 if full else 1
        os.rename(self._file, f"{self._file}.{number}")  # noqa: PTH104
        sync_folder(self._file)

    def _error(self, error: OSError | ValueError) -> OutputError:
        advice = "name another file with --dead-letters"
        return OutputError(f"dead letters cannot be written to {self.path}: {why(error)}; {advice}")


def _is_stream(path: Path) -> bool:
    """Whether this is something to write to that is not to be renamed; /dev/stderr may lead to a file, too."""
    return not stat.S_ISREG(path.stat().st_mode) or path.absolute().parts[:2] in (("/", "dev"), ("/", "proc"))


def _extend(descriptor: int, size: int, data: bytes) -> None:
    """Append to a file of this size, all or nothing as far as the disk allows. Raises OSError."""
    if not data:
        return
    try:
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            data = b"\n" + data  # behind the line of a run that was killed: ours must not become part of it
        write_all(descriptor, data)
        os.fsync(descriptor)
    except BaseException:  # a signal too
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def _all_full(older: int, size: int) -> str:
    those = f"it and the {older} older ones beside it are" if older > 1 else f"it and {older} older one beside it are"
    return f"{those if older else 'it is'} full ({size:,} bytes each)"
