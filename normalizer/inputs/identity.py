"""Tells files apart, whatever their names: device, inode, what stands at their beginning and where reading stopped."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from normalizer.inputs.model import Identity, Position, Tail

HEAD = 1024
"""So many bytes of the beginning are hashed, and before the place where reading stopped."""
_ENDS = (b"\n", b"}", b"\r", b"\t", b" ")
"""A line end; or, where the last line had none yet, what an object ends with, and blanks behind it."""


def head_hash(head: bytes) -> str:
    """What `Identity.sha256` is of these first bytes."""
    return hashlib.sha256(head).hexdigest()


def tail_of(last: bytes) -> Tail:
    """What a position keeps of the last bytes before it."""
    return Tail(len(last), head_hash(last))


def begins_as(head: bytes, known: Identity) -> bool:
    """Whether a file with these first bytes begins with all that was hashed of that file."""
    return len(head) >= known.head and head_hash(head[: known.head]) == known.sha256


def goes_on(descriptor: int, position: Position) -> bool:
    """Whether what stands in a file before the offset is what was read; where that is not known, whether it may be.

    Of lines, one must then end there: a file that was written anew is hardly cut at the same byte.
    """
    offset, tail = position.offset, position.tail
    if not offset:
        return True
    try:
        if tail is None:
            return position.again or os.pread(descriptor, 1, offset - 1) in _ENDS
        return tail.bytes <= HEAD and tail_of(os.pread(descriptor, tail.bytes, offset - tail.bytes)) == tail
    except OSError:
        return False


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

    def holds(self, position: Position) -> bool:
        """Whether it is the file of this position, and still has what was read of it."""
        now, then = self.look(), position.file
        if now is None or now.size < position.offset:
            return False
        if then is not None:
            same = (now.device, now.inode) == (then.device, then.inode)
            if not (same and begins_as(self._head, then)):
                return False
        return position.again or self.goes_on(position)

    def is_still(self, size: int) -> bool:
        """Whether it begins as it did when it was looked at, and has so many bytes."""
        try:
            if os.fstat(self._descriptor).st_size < size:
                return False
            return os.pread(self._descriptor, len(self._head), 0) == self._head
        except OSError:
            return False

    def goes_on(self, position: Position) -> bool:
        """Whether what stands before the position's offset is what was read."""
        return goes_on(self._descriptor, position)

    def last(self, offset: int) -> bytes:
        """The bytes before this one, as many as are hashed. Raises OSError."""
        first = max(0, offset - HEAD)
        return os.pread(self._descriptor, offset - first, first)


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
        return begins_as(self._head, known)

    def goes_on(self, position: Position) -> bool:
        """Whether it has, before the position's offset, what was read of that file."""
        if position.offset > self.size:
            return False
        try:
            with self.path.open("rb", buffering=0) as file:
                return goes_on(file.fileno(), position)
        except OSError:
            return False

    def identity(self) -> Identity:
        """What it is known by."""
        return Identity(*self.key, self.size, len(self._head), self.sha256)
