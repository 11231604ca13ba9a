"""What a position knows of the text before it, so that a file that was written anew is not taken for what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from normalizer.inputs.identity import HEAD, tail_of
from normalizer.inputs.model import Item, Tail

_BLANKS = b" \t\r\n"


def last_of(before: bytes, more: bytes) -> bytes:
    """The last bytes of both, as many as `Tail` is of."""
    return more[-HEAD:] if len(more) >= HEAD else (before + more)[-HEAD:]


class Tails:
    """Hands blocks of text on, and remembers their last bytes."""

    def __init__(self, blocks: Iterator[bytes], before: bytes = b"") -> None:
        """`before`: what stands before the first block, its last bytes at least; there a line ends."""
        self._blocks = blocks
        self._read = 0
        self._last = self._line_end = before

    def __iter__(self) -> Tails:
        return self

    def __next__(self) -> bytes:
        block = next(self._blocks)
        if end := block.rfind(b"\n") + 1:
            self._line_end = last_of(self._last, block[max(0, end - HEAD) : end])
        self._last = last_of(self._last, block)
        self._read += len(block)
        return block

    def before(self, end: int) -> Tail:
        """What stands before this byte, counted from the first block's: the end of the text so far, or of a line."""
        return tail_of(self._last if end == self._read else self._line_end)


class Digest:
    """Of all items in their order. Blanks around one don't count: those behind it may come later than it."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=32)

    def add(self, items: Sequence[Item]) -> None:
        """Take the next items."""
        update = self._hash.update
        for item in items:
            if isinstance(item, bytes):
                text = item.strip(_BLANKS)
                update(b"%d:" % len(text))
            else:
                text = item.head
                update(f"{item.reason} {item.length} {item.sha256} {len(text)}:".encode())
            update(text)

    def hex(self) -> str:
        """Of what was added so far."""
        return self._hash.hexdigest()
