"""Documents and dead letters as NDJSON in files and pipes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from normalizer.errors import OutputError


class Line(Protocol):
    """What gives one line of JSON, its line end with it."""

    def json(self) -> bytes:
        """The line."""


class Output:
    """A file or pipe that documents are written to, by its descriptor: child processes share it."""

    def __init__(self, path: str | None) -> None:
        """Open the file, emptied; standard output where the path is None or "-". Raises OutputError."""
        self.name = "standard output" if path in (None, "-") else str(path)
        if path is None or path == "-":
            self._descriptor = 1
            return
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}") from None

    def write(self, data: bytes) -> None:
        """Write all of it. Raises OutputError."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except OSError as error:
                raise OutputError(f"{self.name} cannot be written: {_why(error)}") from None

    def close(self) -> None:
        """Close the file; a file system may only now say that it is full. Raises OutputError."""
        if self._descriptor > 2:
            try:
                os.close(self._descriptor)
            except OSError as error:
                raise OutputError(f"{self.name} cannot be written: {_why(error)}") from None


def _why(error: OSError) -> str:
    if error.errno == errno.EPIPE:
        return "its reader has closed it"
    return error.strerror or str(error)


class DeadLetters:
    """Appends dead letters to a file: NDJSON, on the disk before `write` returns.

    The file is made when the first one comes, unless `at_once` asks for it, so that a wrong path is known at the start.
    """

    def __init__(self, path: Path, *, at_once: bool = False) -> None:
        self.path = path
        self.count = 0
        self._descriptor: int | None = None
        self._new = not path.exists()
        if at_once:
            self._open()

    def _open(self) -> int:
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise OutputError(f"dead letters cannot be written to {self.path}: {error.strerror}") from None
        return self._descriptor

    def write(self, letters: Iterable[Line]) -> None:
        """Append them and wait for the disk. Raises OutputError."""
        lines = [letter.json() for letter in letters]
        if not lines:
            return
        descriptor = self._open()
        try:
            view = memoryview(b"".join(lines))
            while view:
                view = view[os.write(descriptor, view) :]
            if os.path.isfile(self.path):
                os.fsync(descriptor)
        except OSError as error:
            raise OutputError(f"dead letters cannot be written to {self.path}: {_why(error)}") from None
        self.count += len(lines)

    def close(self) -> None:
        """Close the file; an empty one that was made here goes."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            if self._new and not self.count and os.path.isfile(self.path):
                self.path.unlink(missing_ok=True)
