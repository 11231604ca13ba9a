"""Documents as NDJSON in files and pipes, and what all files that are written have in common."""

from __future__ import annotations

import errno
import os
import select
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from normalizer.errors import OutputError, ReaderGone


def why(error: OSError | ValueError) -> str:
    """Why something cannot be written, as a clause for people."""
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        return "its reader has closed it"
    return (getattr(error, "strerror", None) or str(error)).lower()


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it. Raises OSError."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:  # somebody made this pipe or terminal non-blocking: wait until it takes more
            select.select([], [descriptor], [])


def sync_folder(path: str | Path) -> None:
    """Bring to the disk that this file was made, renamed or removed. Raises OSError."""
    descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_CLOEXEC)  # noqa: PTH120
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file, its folders too; it has the old content or the new one whenever we are killed. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    target = Path(os.path.realpath(path))  # a link stays one
    other = target.with_name(f".{target.name}.new")
    try:
        other.write_bytes(data)
        other.replace(target)
    except OSError:
        with suppress(OSError):
            other.unlink()
        raise


def is_at(descriptor: int, path: str | Path) -> bool:
    """Whether the file that is open is the one at this path now. Raises OSError."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))  # noqa: PTH116
    except FileNotFoundError:
        return False


_Self = TypeVar("_Self", bound="Closing")


class Closing:
    """Is closed at the end of a `with`; after an error its own end is not worth another one."""

    def close(self) -> None:
        """Close it. Raises OutputError."""
        raise NotImplementedError

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            with suppress(OutputError):
                self.close()


class Output(Closing):
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
        """Write all of it. Raises OutputError, of which ReaderGone is one."""
        assert self._descriptor is not None
        try:
            write_all(self._descriptor, data)
        except BrokenPipeError as error:
            gone = self._error(error)
            raise (ReaderGone(str(gone)) if self._descriptor == 1 else gone) from None
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
