r"""The state file of `mim-ecs index --state FILE`: how far each input has been delivered.

JSON, one input a line, and where all of them were delivered to. It is written to a file beside it, which goes to the
disk and is then renamed, so what lies there under its name is always a whole state, and never says more than was
acknowledged. Whoever uses it holds a lock on `.NAME.lock` beside it (POSIX, which ends with the process and is not
inherited by worker processes).
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

from normalizer.delivery.bulks import Mark
from normalizer.delivery.resuming import Entry, Key, Plan, absolute, key_of, plan
from normalizer.delivery.target import Target
from normalizer.errors import OutputError, SettingsError
from normalizer.inputs import MAX_EVENT, Identity, Position, Source, Tail
from normalizer.outputs.files import Closing, sync_folder, why, write_all
from normalizer.outputs.letters import utc_now

VERSION = 2
"""1 did not say where events were delivered to: such a state is read, and says it when it is written next."""
_NAME = "mim-ecs state"
_BEGIN_ANEW = (
    "or move it away to read all inputs from their start; with --exact if there was a rollover since, "
    "after which events are else stored twice"
)
_Object: TypeAlias = dict[str, Any]


class Checkpoint(Closing):
    """One state file, locked and loaded. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        """The state of this file; an empty one where there is no such file.

        Raises SettingsError where it can't be used, OutputError where nothing can be written beside it.
        """
        self.path = path
        self._file = Path(os.path.realpath(path))  # A link stays one.
        folder, name = self._file.parent, self._file.name
        self._temporary = folder / f".{name}.new"
        self._lock: int | None = None
        self._paths: dict[str, str] = {}
        self._stale = False
        try:
            if not folder.is_dir():
                raise FileNotFoundError(errno.ENOENT, f"there is no folder {folder}")
            self._lock = os.open(folder / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except (OSError, ValueError) as error:
            raise self._error(error) from None
        try:
            self._take_lock(self._lock)
            self._entries, self._target = self._load()
        except BaseException:
            self.close()
            raise
        self._lines = {key: _line(entry) for key, entry in self._entries.items()}

    def close(self) -> None:
        """Give the lock back; before, write down what `resume` has dropped. Raises OutputError."""
        descriptor, self._lock = self._lock, None
        if descriptor is None:
            return
        try:
            if self._stale:
                self._write()
        finally:
            os.close(descriptor)

    @property
    def knows_events(self) -> bool:
        """Whether events were delivered, as far as it says."""
        return any(entry.position.items for entry in self._entries.values())

    def compare(self, target: Target) -> None:
        """Raise SettingsError where it says how far files were delivered to another place."""
        if self._target is not None and (differs := self._target.differs(target)):
            raise self._refused(f"says how far files were indexed {differs}: name another one with --state")

    def bind(self, target: Target) -> None:
        """What is saved from now on was delivered there. Raises SettingsError as `compare` does."""
        self.compare(target)
        before, self._target = self._target, target.known_with(self._target)
        self._stale |= bool(self._entries) and self._target != before

    def stream_is_gone(self) -> str:
        """What people should know where the data stream that it is bound to is not there."""
        return (
            f"There is no data stream {self._target}, but the state file {self.path} says how far files were indexed "
            "into it: what stands before is not sent again; move the state file away to send everything."
        )

    @staticmethod
    def check(sources: Sequence[Source]) -> None:
        """Raise SettingsError for a source that can't be read again."""
        for source in sources:
            if source.path is None or source.size is None:
                raise SettingsError(
                    f"--state needs files, which can be read again, and {source.name} is none: "
                    "leave --state out, or write the events to a file first"
                )

    def resume(self, sources: Sequence[Source], max_event: int = MAX_EVENT) -> Plan:
        """Where each source is read on, and what people should know of it. Raises SettingsError.

        The state file itself is left out of the sources, and so is a file's second name. What is known of files that
        are gone is dropped with the next `save`, or `close`: after people were told.
        """
        self.check(sources)
        own = os.fspath(self._file)
        given = [source for source in sources if source.path and os.path.realpath(source.path) != own]
        self._paths = {source.name: absolute(source.path) for source in given if source.path}
        made = plan(self._entries, given, max_event)
        for key in made.dropped:
            del self._entries[key], self._lines[key]
        for entry in made.moved:
            self._note(entry)
        self._stale |= bool(made.dropped or made.moved)
        return made

    def save(self, source: Source, position: Position) -> None:
        """All items of the source before this position are settled; on the disk on return. Raises OutputError."""
        self.acknowledged([Mark(source.name, position)])

    def acknowledged(self, marks: Iterable[Mark]) -> None:
        """The same for several files at once, with one writing. Raises OutputError: the old state stays then."""
        saved = utc_now()
        for mark in marks:
            if (file := mark.after.file) is None:
                raise ValueError(f"{mark.file}: the position is of no file that can be read again")
            path = self._paths.get(mark.file) or absolute(Path(mark.file))
            self._note(Entry(mark.file, path, mark.after, file, saved))
            self._stale = True
        if self._stale:
            self._write()

    def _note(self, entry: Entry) -> None:
        key = key_of(entry.file)
        self._entries[key], self._lines[key] = entry, _line(entry)

    def _write(self) -> None:
        files = b",\n".join(self._lines.values())
        head = b'"%s": %d, "target": %s' % (_NAME.encode(), VERSION, _target_line(self._target))
        data = b'{%s, "files": [\n%s\n]}\n' % (head, files)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._temporary, flags, 0o644)
            try:
                write_all(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._temporary.rename(self._file)
            self._sync_folder()
        except OSError as error:
            with suppress(OSError):
                self._temporary.unlink()  # A full disk has better uses.
            raise self._error(error) from None
        self._stale = False

    def _sync_folder(self) -> None:
        try:
            sync_folder(self._file)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # Some file systems can't do this with a folder.
                raise

    def _take_lock(self, descriptor: int) -> None:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise SettingsError(
                f"another run of mim-ecs uses the state file {self.path} now: wait until it ends, "
                "or name another one with --state"
            ) from None
        except OSError as error:
            raise self._error(error) from None

    def _load(self) -> tuple[dict[Key, Entry], Target | None]:
        try:
            descriptor = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise self._refused("is no regular file: name another one with --state")
                data = file.read()
        except FileNotFoundError:
            return {}, None
        except IsADirectoryError:
            raise self._refused("is a folder: name a file in it with --state") from None
        except OSError as error:
            raise self._refused(f"cannot be read: {why(error)}") from None
        if not data:  # somebody has made the file and its permissions
            return {}, None
        try:
            state = json.loads(data)
        except (ValueError, RecursionError):
            raise self._refused(f"is damaged, it holds no whole JSON: bring back a copy of it, {_BEGIN_ANEW}") from None
        if not isinstance(state, dict) or not _whole_number(version := state.get(_NAME)):
            raise self._refused("is not one of mim-ecs: name another one with --state")
        if version > VERSION:
            raise self._refused(
                f"is of a newer mim-ecs (version {version}, known is {VERSION}): use that, {_BEGIN_ANEW}"
            )
        try:
            entries = [_entry(each) for each in state["files"]]
            target = _target(state["target"]) if version > 1 else None
        except (KeyError, TypeError, ValueError):
            raise self._refused(f"is damaged: bring back a copy of it, {_BEGIN_ANEW}") from None
        return {key_of(entry.file): entry for entry in entries}, target

    def _refused(self, what: str) -> SettingsError:
        return SettingsError(f"the state file {self.path} {what}")

    def _error(self, error: OSError | ValueError) -> OutputError:
        return OutputError(f"the state cannot be kept in {self.path}: {why(error)}; what was saved before stays")


def _target_line(target: Target | None) -> bytes:
    return json.dumps(
        {"data_stream": target.stream, "cluster": target.cluster, "address": target.address} if target else None
    ).encode()


def _target(given: _Object | None) -> Target | None:
    """Raises KeyError, TypeError."""
    if given is None:
        return None
    target = Target(given["data_stream"], given["cluster"], given["address"])
    known = [each for each in (target.cluster, target.address) if each is not None]
    if not all(isinstance(each, str) for each in (target.stream, *known)):
        raise TypeError
    return target


def _line(entry: Entry) -> bytes:
    position, file = entry.position, entry.file
    # Names that aren't UTF-8 come as lone surrogates, which only escapes can hold.
    return json.dumps(
        {
            "path": entry.path,
            "absolute": entry.absolute,
            "device": file.device,
            "inode": file.inode,
            "size": max(file.size, position.offset),
            "offset": position.offset,
            "line": position.line,
            "items": position.items,
            "again": position.again,
            "head": {"bytes": file.head, "sha256": file.sha256},
            "tail": position.tail and {"bytes": position.tail.bytes, "sha256": position.tail.sha256},
            "digest": position.digest,
            "saved": entry.saved,
        }
    ).encode()


def _entry(each: _Object) -> Entry:
    """Raises KeyError, TypeError, ValueError."""
    head = each["head"]
    numbers = [each[name] for name in ("device", "inode", "size", "offset", "line", "items")] + [head["bytes"]]
    words = [each[name] for name in ("path", "absolute", "saved")] + [head["sha256"]]
    again = each["again"]
    if not (all(map(_whole_number, numbers)) and all(isinstance(word, str) for word in words)):
        raise TypeError
    if not isinstance(again, bool) or not _is_hash(words[3]):
        raise ValueError
    device, inode, size, offset, line, items, hashed = numbers
    file = Identity(device, inode, size, hashed, words[3])
    position = Position(offset, line, items, again, file, _tail(each.get("tail")), _digest(each.get("digest")))
    return Entry(words[0], words[1], position, file, words[2])


def _tail(given: _Object | None) -> Tail | None:
    """Null, or not there, where it is not known. Raises KeyError, TypeError, ValueError."""
    if given is None:
        return None
    if not _whole_number(given["bytes"]) or not _is_hash(given["sha256"]):
        raise ValueError
    return Tail(given["bytes"], given["sha256"])


def _digest(given: str | None) -> str | None:
    """The same. Raises TypeError, ValueError."""
    if given is not None and not _is_hash(given):
        raise ValueError
    return given


def _is_hash(digits: object) -> bool:
    """Raises ValueError for a text of other digits."""
    return isinstance(digits, str) and len(bytes.fromhex(digits)) == 32


def _whole_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
