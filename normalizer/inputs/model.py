"""What reading gives: batches of items, and the pieces that can't be handed on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

HEAD_BYTES = 64 * 1024
"""How much of an unreadable piece is kept."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A piece of input that can't be handed on as an event's text.

    `reason` is one of: `too_long` (over the limit of one event), `damaged` (torn or broken compressed data, a torn
    array, a value that breaks off, a comma too many or too few), `not_json` (an encoding or a kind of file that isn't
    JSON, stray text between JSON values).
    """

    line: int
    """Where it begins in the decompressed file, counted from 1."""
    reason: str
    detail: str
    """One plain sentence."""
    head: bytes
    """Its first 64 KiB, as far as known."""
    length: int | None
    """Its whole length in bytes, where known."""
    sha256: str | None
    """Of the whole, in hexadecimal digits, where the whole was read."""


Item: TypeAlias = bytes | Unreadable


class Pieces(NamedTuple):
    """What a splitter gives at a time."""

    items: list[Item]
    """In order; only at the end of the text may there be none."""
    lines: list[int] | range
    """The line where each begins."""
    line: int
    """The line that reading has come to."""
    end: int = 0
    """For lines: the bytes of text, from the first block's first, behind the last line end. There `line` begins."""
    read_on: bool = True
    """False where the items say that the system could not read on: the next run tries again from before them."""
    all_read: bool = False
    """Whether this is the end of the text, with nothing left."""
    left: str = ""
    """What of the end of a growing file is left for the next run, as a clause."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a file from another one that has its name."""

    device: int
    inode: int
    size: int
    """Of the stored file, in bytes, when this was looked up."""
    head: int
    """So many of its first bytes are hashed: at most 1,024, and as many as there were."""
    sha256: str
    """Of these, in hexadecimal digits."""


class Tail(NamedTuple):
    """What stands at the end of what was read of a file."""

    bytes: int
    """So many are hashed: at most 1,024."""
    sha256: str
    """Of these, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where reading of a file can go on.

    Lines (NDJSON) of a file that isn't compressed are read from `offset`. Any other file can't be entered in its
    middle: it is decompressed and split from its start again, and what was handed on before is passed over (`again`).
    """

    offset: int
    """Bytes of the stored file behind the last whole item handed on, its line end included. With `again`: 0, or the
    file's size when it was read to its end and nothing was left; while it has that size and tail, nothing is read
    again."""
    line: int
    """The line, from 1, in which the offset lies. With `again`: the line that reading had come to."""
    items: int
    """How many items were handed on before."""
    again: bool = False
    file: Identity | None = field(default=None, compare=False)
    """The file that was read, whatever has its name now."""
    tail: Tail | None = field(default=None, compare=False)
    """Of what stands before the offset, where it is known."""
    digest: str | None = field(default=None, compare=False)
    """With `again`, where it is known: of the items that were handed on before, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Candidate events of one file, in order."""

    file: str
    """The file's name as the user gave it, `<stdin>` for standard input."""
    items: list[bytes | Unreadable]
    """The text of each, without its line end."""
    lines: list[int] | range
    """The line where each item begins, counted from 1 in the decompressed file."""
    own_text: bool
    """True where the items are lines (NDJSON); False where they were cut out of an array or span many lines."""
    consumed: int
    """Bytes of the stored file (the compressed size where it is compressed) read so far."""
    after: Position | None = None
    """Where reading can go on behind this batch; None for what can't be read again (pipes), and before any item."""
    note: str | None = None
    """One sentence for people: what of a growing file is left for the next run. Such a batch may have no items."""


class Gatherer:
    """Gathers one item piece by piece; of an item over the limit it keeps only head, length and SHA-256."""

    __slots__ = ("_hash", "_head", "_pieces", "limit", "size")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.clear()

    def clear(self) -> None:
        """Begin the next item."""
        self.size = 0
        self._pieces: list[bytes] = []
        self._head = b""
        self._hash: hashlib._Hash | None = None

    @property
    def over(self) -> bool:
        """Whether the item is over the limit."""
        return self.size > self.limit

    def add(self, piece: bytes) -> None:
        """Take the next piece of the item."""
        self.size += len(piece)
        if self._hash is not None:
            self._hash.update(piece)
            self._grow_head(piece)
            return
        self._pieces.append(piece)
        if self.over:
            self._digest()

    def _grow_head(self, piece: bytes) -> None:
        # Only where the limit is below the head's size (a small --max-event) is the head not full at once.
        if len(self._head) < HEAD_BYTES:
            self._head += piece[: HEAD_BYTES - len(self._head)]

    def _digest(self) -> hashlib._Hash:
        if self._hash is None:
            self._hash = hashlib.sha256()
            for piece in self._pieces:
                self._hash.update(piece)
                self._grow_head(piece)
            self._pieces = []
        return self._hash

    def text(self) -> bytes:
        """The whole item; only where it isn't over the limit."""
        return b"".join(self._pieces)

    def unreadable(self, line: int, reason: str, detail: str, *, whole: bool = True) -> Unreadable:
        """What was gathered, as an `Unreadable`; `whole` says whether the item's end was seen."""
        digest = self._digest().hexdigest()
        return Unreadable(line, reason, detail, self._head, self.size if whole else None, digest if whole else None)


def too_long(gathered: Gatherer, line: int, noun: str) -> Unreadable:
    """The `Unreadable` for a whole item over the limit; `noun` is what it is ("line", "JSON value")."""
    detail = f"a {noun} of {gathered.size:,} bytes is over the limit of {gathered.limit:,}"
    return gathered.unreadable(line, "too_long", detail)
