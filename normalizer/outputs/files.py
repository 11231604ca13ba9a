"""Documents and dead letters as NDJSON in files and pipes."""

from __future__ import annotations

import errno
import os
import select
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from normalizer.errors import OutputError


class Line(Protocol):
    """What gives one line of JSON, its line end with it."""

    def json(self) -> bytes:
        """The line."""


def why(error: OSError | ValueError) -> str:
    """Why something cannot be written, as a clause for people."""
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        return "its reader has closed it"
    return (getattr(error, "strerror", None) or str(error)).lower()


def _write(descriptor: int, data: bytes) -> None:
    """Write all of it. Raises OSError."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:  # somebody made this pipe or terminal non-blocking: wait until it takes more
            select.select([], [descriptor], [])


_Self = TypeVar("_Self", bound="_Closing")


class _Closing:
    """Is closed at the end of a `with`; after an error its own end is not worth another one."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            with suppress(OutputError):
                self.close()


class Output(_Closing):
    """A file or pipe that documents are written to, by its descriptor: child processes share it."""

    def __init__(self, path: str | None) -> None:
        """Open the file, emptied; standard output where the path is None or "-". Raises OutputError."""
        self.name = "standard output" if path in (None, "-") else str(path)
        self._descriptor: int | None = 1
        if path is None or path == "-":
            return
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        except (OSError, ValueError) as error:
            raise self._error(error) from None

    def write(self, data: bytes) -> None:
        """Write all of it. Raises OutputError."""
        assert self._descriptor is not None
        try:
            _write(self._descriptor, data)
        except OSError as error:
            raise self._error(error) from None

    def close(self) -> None:
        """Close the file; a file system may only now say that it is full. Raises OutputError."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None and descriptor > 2:
            try:
                os.close(descriptor)
            except OSError as error:
                raise self._error(error) from None

    def _error(self, error: OSError | ValueError) -> OutputError:
        return OutputError(f"{self.name} cannot be written: {why(error)}")


class DeadLetters(_Closing):
    """Appends dead letters to a file: NDJSON, on the disk before `write` returns.

    The file is made when the first letter comes; that it can be made is looked at before anything is read.
    """

    def __init__(self, path: Path) -> None:
        """Raises OutputError."""
        self.path = path
        self.count = 0
        self._descriptor: int | None = None
        self._is_file = False
        try:
            if path.exists():
                self._open()
            elif not path.parent.is_dir():
                raise FileNotFoundError(errno.ENOENT, f"there is no folder {path.parent}")
            elif not os.access(path.parent, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, f"the folder {path.parent.absolute()} cannot be written to")
        except (OSError, ValueError) as error:
            raise self._error(error) from None

    def _open(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            status = os.fstat(self._descriptor)
            self._is_file = stat.S_ISREG(status.st_mode)
            if self._is_file and status.st_size and os.pread(self._descriptor, 1, status.st_size - 1) != b"\n":
                _write(self._descriptor, b"\n")  # the line of a run that was killed: ours must not become part of it
        return self._descriptor

    def write(self, letters: Iterable[Line]) -> None:
        """Append them and wait for the disk. Raises OutputError."""
        lines = [letter.json() for letter in letters]
        if not lines:
            return
        try:
            descriptor = self._open()
            _write(descriptor, b"".join(lines))
            if self._is_file:
                os.fsync(descriptor)
        except OSError as error:
            raise self._error(error) from None
        self.count += len(lines)

    def close(self) -> None:
        """Close the file. Raises OutputError."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            try:
                os.close(descriptor)
            except OSError as error:
                raise self._error(error) from None

    def _error(self, error: OSError | ValueError) -> OutputError:
        advice = "name another file with --dead-letters"
        return OutputError(f"dead letters cannot be written to {self.path}: {why(error)}; {advice}")


Labelled = tuple[str, str | Path | int]
"""A label for people, and the path or descriptor of a file."""


def same_file(targets: Iterable[Labelled], inputs: Iterable[Labelled]) -> tuple[str, str] | None:
    """The label of the first target that is an input or an earlier target too, and that one's label; or None.

    What is written and read at once is emptied before it is read, or grows for ever. Only regular files count: to a
    terminal or a socket that is no harm.
    """
    known = {key: label for label, path in inputs if (key := _identity(path)) is not None}
    for label, path in targets:
        key = _identity(path)
        if key is None:
            continue
        if key in known:
            return label, known[key]
        known[key] = label
    return None


def _identity(path: str | Path | int) -> tuple[int, int] | str | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - a descriptor too
    except FileNotFoundError:
        return os.path.realpath(path) if not isinstance(path, int) else None
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
