"""From stored bytes to text in blocks of one size: reading, decompression, damage.

Compression is told from the first bytes, never from the name, and nothing seeks but to go on in a file that was read
before, so pipes work. Blocks are filled
fully, so where they end depends on the bytes alone, not on how a pipe delivers them. Memory is bounded: no more is
decompressed than the next block needs.
"""

from __future__ import annotations

import select
import sys
import zlib
from collections.abc import Iterator
from typing import IO, Protocol

from normalizer.inputs import zstd
from normalizer.inputs.damage import Changed, Damaged, Stopped, Torn
from normalizer.inputs.identity import Identifier
from normalizer.inputs.model import Identity, Position
from normalizer.inputs.passed import last_of
from normalizer.inputs.sources import Source

GZIP = b"\x1f\x8b"
GUNZIP_GIVEN = 64 * 1024
GUNZIP_TAKEN = 256 * 1024
PEEK = 10
"""As many bytes as the longest magic number that is looked at."""


class _Raw(Protocol):
    def read(self, size: int = ..., /) -> bytes | None: ...


class Stored:
    """A source's stored bytes. Close it after use."""

    def __init__(self, source: Source) -> None:
        """Open the source; raises OSError."""
        self.consumed = 0
        self.last = b""  # Of what is consumed, the bytes that a position's tail is of.
        self.watched = False  # Whether to see to it that the file stays the one that was opened ...
        self.changed = False  # ... and that it did not.
        self._file: IO[bytes] | None = None
        self._identifier: Identifier | None = None
        self._raw: _Raw
        if source.path is not None:
            self._file = source.path.open("rb", buffering=0)
            self._identifier = Identifier(self._file.fileno())
            self._raw = self._file
        elif sys.stdin is None:
            raise OSError(0, "standard input is closed")
        else:
            # Without Python's own buffer, which would only copy. Tests put an io.BytesIO here, which has no raw.
            self._raw = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._file is not None:
            self._file.close()

    def identity(self) -> Identity | None:
        """What is read here, as it is now; None for what can't be read again (pipes, devices)."""
        return self._identifier.look() if self._identifier is not None else None

    def holds(self, position: Position) -> bool:
        """Whether the file is that of this position, and still has what was read of it."""
        return self._identifier is not None and self._identifier.holds(position)

    def goes_on(self, position: Position) -> bool:
        """Whether what stands in the file before the position's offset is what was read."""
        return self._identifier is not None and self._identifier.goes_on(position)

    def skip_to(self, offset: int) -> None:
        """Go on at this byte. Raises OSError."""
        assert self._file is not None
        assert self._identifier is not None
        self._file.seek(offset)
        self.consumed = offset
        self.last = self._identifier.last(offset)

    def chunks(self, size: int) -> Iterator[bytes]:
        """The bytes as they come, at most `size` at a time.

        Raises Stopped where reading fails, and Changed where a watched file is no longer the one that was opened.
        """
        while True:
            try:
                chunk = self._raw.read(size)
                if chunk is None:  # Somebody made standard input non-blocking: wait until there is something.
                    select.select([sys.stdin.fileno()], [], [])
                    continue
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or str(error) or type(error).__name__
                raise Stopped(f"reading stopped: {why.lower()}") from None
            # Only now: if the file is still the same, it was so when the chunk was read.
            self.changed = self.watched and not self._is_still(self.consumed + len(chunk))
            if self.changed:
                raise Changed("the file was emptied or written anew while it was read")
            if not chunk:
                return
            self.consumed += len(chunk)
            self.last = last_of(self.last, chunk)
            yield chunk

    def _is_still(self, size: int) -> bool:
        return self._identifier is not None and self._identifier.is_still(size)


class Blocks:
    """Chunks of any size as blocks of one size; only the last is shorter.

    Ends where the chunks end or are damaged; `damage` then says why, and the bytes before the damage have been given.
    """

    def __init__(self, chunks: Iterator[bytes], size: int, *, compressed: bool = False) -> None:
        self.compressed = compressed
        self.damage: Damaged | None = None
        self._chunks = chunks
        self._size = size
        self._rest = b""
        self._at = 0

    def __iter__(self) -> Blocks:
        return self

    def __next__(self) -> bytes:
        parts: list[bytes] = []
        missing = self._size
        while missing:
            if self._at == len(self._rest):
                self._rest, self._at = self._more(), 0
                if not self._rest:
                    break
            if self._at == 0 and len(self._rest) <= missing:
                part, self._rest = self._rest, b""
            else:
                part = self._rest[self._at : self._at + missing]
                self._at += len(part)
            missing -= len(part)
            parts.append(part)
        if not parts:
            raise StopIteration
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _more(self) -> bytes:
        try:
            return next(self._chunks, b"")
        except Damaged as damage:  # The chunks end with it: the next call finds them finished.
            self.damage = damage
            return b""

    def peek(self, count: int) -> bytes:
        """The next `count` bytes, fewer at the end, without taking them."""
        while len(self._rest) - self._at < count and (more := self._more()):
            self._rest, self._at = self._rest[self._at :] + more, 0
        return self._rest[self._at : self._at + count]

    def drop(self, count: int) -> None:
        """Take `count` bytes that were peeked at."""
        self._at += count


def plain_blocks(stored: Stored, size: int) -> Blocks:
    """The stored bytes of a source, as they are."""
    return Blocks(stored.chunks(size), size)


def text_blocks(stored: Stored, size: int) -> Blocks:
    """The decompressed text of a source in blocks of `size` bytes."""
    blocks = plain_blocks(stored, size)
    magic = blocks.peek(4)
    if magic.startswith(GZIP):
        return Blocks(_gunzip(blocks), size, compressed=True)
    if zstd.begins_frame(magic):
        return Blocks(zstd.decompress(blocks, lambda: blocks.damage), size, compressed=True)
    return blocks


def _gunzip(blocks: Blocks) -> Iterator[bytes]:
    """Decompress gzip, several members one after another too; zeros after a member are padding, as for gzip itself."""
    decoder: zlib._Decompress | None = None
    members = 0
    for data in _cut(blocks, GUNZIP_GIVEN):  # What zlib leaves is copied each time, so it is given little at once.
        while data:
            if decoder is None:
                if members and not (data := data.lstrip(b"\0")):
                    break
                decoder = zlib.decompressobj(31)
                members += 1
            before = decoder.copy()
            try:
                text = decoder.decompress(data, GUNZIP_TAKEN)
            except zlib.error as error:
                yield from _before_damage(before, data)
                why = str(error).rpartition(": ")[2]
                raise Damaged(f"the gzip data is damaged: {why}") from None
            if text:
                yield text
            if decoder.eof:
                data, decoder = decoder.unused_data, None
            else:
                data = decoder.unconsumed_tail
    if decoder is not None:
        if text := decoder.flush():
            yield text
        raise blocks.damage or Torn("the gzip data is torn: the file ends inside it")
    if blocks.damage:
        raise blocks.damage


def _cut(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), size):
            yield block[start : start + size]


def _before_damage(decoder: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    # A call that fails gives nothing of what it had decompressed by then; byte by byte, only the last call fails.
    try:
        for position in range(len(data)):
            if text := decoder.decompress(data[position : position + 1]):
                yield text
    except zlib.error:
        return
