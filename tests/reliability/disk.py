"""A small disk that can be filled and made read-only; where the system mounts none for us, the process's own limits."""

from __future__ import annotations

import os
import resource
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SIZE = 1024 * 1024
"""Bytes of the disk."""
LEAST = 1_000
"""Bytes that any file may have where limits stand for the disk: what a run says on standard error must fit."""

_PAGE = 4096

# Whoever holds the other end of standard input may die as it will: the disk goes then.
_KEEP = """
mount -t tmpfs -o size="$1",mode=700 mim-ecs-test "$0" || exec echo refused
echo mounted
cat
umount -l "$0"
"""


class Disk(ABC):
    """Its folder is `path`."""

    full: str
    """Why nothing can be written to a full one, as the system says it."""
    closed: str
    """Why nothing can be made where it refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def fill(self, process: subprocess.Popen[Any], left: int = 0) -> bool:
        """Leave so many bytes to this process; False, so that `Run.until` can keep it full."""

    @abstractmethod
    def refuse(self) -> None:
        """Let no file be made or changed any more."""

    @abstractmethod
    def free(self) -> None:
        """Give the room back, and let files be written again."""


class Tmpfs(Disk):
    """A genuine one."""

    full = "no space left on device"
    closed = "read-only file system"

    @property
    def _filler(self) -> Path:
        return self.path / "filler"

    def fill(self, process: subprocess.Popen[Any], left: int = 0) -> bool:
        with self._filler.open("ab", buffering=0) as filler:
            try:
                while filler.write(b"x" * _PAGE):
                    pass
            except OSError:
                if left:
                    filler.truncate(filler.tell() - left)
        return False

    def refuse(self) -> None:
        self._remount("ro")

    def free(self) -> None:
        self._remount("rw")
        self._filler.unlink(missing_ok=True)

    def _remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True, stdout=subprocess.DEVNULL)


class Limits(Disk):
    """A folder, and a process that may write no larger file (RLIMIT_FSIZE), or that does not find the folder."""

    full = "file too large"
    closed = "no such file or directory"

    @property
    def _away(self) -> Path:
        return self.path.with_name(f"{self.path.name}.away")

    def fill(self, process: subprocess.Popen[Any], left: int = 0) -> bool:
        if process.poll() is None:
            most = max(left, LEAST)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        return False

    def refuse(self) -> None:
        self.path.rename(self._away)

    def free(self) -> None:
        if self._away.exists():
            self._away.rename(self.path)


@contextmanager
def mounted(path: Path, size: int) -> Iterator[bool]:
    """A tmpfs of so many bytes at this path, which is made; False where the system refuses. Ends with this process."""
    path.mkdir()
    keeper = subprocess.Popen(
        ["sh", "-c", _KEEP, os.fspath(path), str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us
    )
    with keeper:
        assert keeper.stdout is not None
        yield keeper.stdout.readline() == b"mounted\n"


@contextmanager
def small_disk(path: Path) -> Iterator[Disk]:
    """A disk of 1 MiB, or what stands for it, while the context lasts."""
    with mounted(path, SIZE) as is_disk:
        yield Tmpfs(path) if is_disk else Limits(path)
