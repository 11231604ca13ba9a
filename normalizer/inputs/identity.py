"""Tells files apart, whatever their names: device, inode, and what stands at their beginning."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from normalizer.inputs.model import Identity

HEAD = 1024
"""So many bytes of the beginning are hashed."""
_ENDS = (b"\n", b"}", b"\r", b"\t", b" ")
"""A line end; or, where the last line had none yet, what an object ends with, and blanks behind it."""


def head_hash(head: bytes) -> str:
    """What `Identity.sha256` is of these first bytes."""
    return hashlib.sha256(head).hexdigest()


class Identifier:
    """Looks at one open file, again and again while it is read."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._head = b""
        self._hash = head_hash(b"")

    def look(self) -> Identity | None:
        """The file as it is now; None where it is no regular file or the system does not say."""
        try:
            status = os.fstat(self._descriptor)
            if not stat.S_ISREG(status.st_mode):
                return None
            if len(self._head) < HEAD:
                head = os.pread(self._descriptor, HEAD, 0)
                # What it began with when it was opened stays what it is known by: it may be emptied meanwhile.
                if head != self._head and head.startswith(self._head):
                    self._head, self._hash = head, head_hash(head)
        except OSError:
            return None
        return Identity(status.st_dev, status.st_ino, status.st_size, len(self._head), self._hash)


class Lying:
    """A file as it lies on the disk now, to be compared with what was known of one."""

    def __init__(self, path: Path) -> None:
        """Raises OSError; also where it is no regular file."""
        self.path = path
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not make us wait
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(0, "not a regular file")
            self._head = os.pread(descriptor, HEAD, 0)
        finally:
            os.close(descriptor)
        self.key = (status.st_dev, status.st_ino)
        self.size = status.st_size
        self.sha256 = head_hash(self._head)

    def begins_as(self, known: Identity) -> bool:
        """Whether it begins with all that was hashed of that file."""
        if len(self._head) < known.head:
            return False
        return head_hash(self._head[: known.head]) == known.sha256

    def may_go_on(self, offset: int) -> bool:
        """Whether an item of a file of lines may end at this byte: a file that was written anew is hardly cut there."""
        if offset > self.size:
            return False
        if not offset:
            return True
        try:
            with self.path.open("rb", buffering=0) as file:
                return os.pread(file.fileno(), 1, offset - 1) in _ENDS
        except OSError:
            return False

    def identity(self) -> Identity:
        """What it is known by."""
        return Identity(*self.key, self.size, len(self._head), self.sha256)
