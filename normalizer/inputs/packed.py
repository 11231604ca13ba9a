"""A file that was read as it was and is compressed now, as log rotation does: the same place in what is packed there.

Compressed files are read from their start, and so many items are passed over (`Position.again`). That is the same place
only if what stands before it gives as many items again, which is counted here, once; and reading will compare them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from normalizer.inputs.form import find_form
from normalizer.inputs.identity import HEAD, head_hash, tail_of
from normalizer.inputs.lines import split_lines
from normalizer.inputs.model import Pieces, Position
from normalizer.inputs.passed import Digest, Tails
from normalizer.inputs.read import BOM, MAX_EVENT
from normalizer.inputs.sources import Source
from normalizer.inputs.streams import Blocks, Stored, text_blocks

_BLOCK = 256 * 1024


def unpacked_hash(path: Path) -> str | None:
    """What `Identity.sha256` would be of the text in a compressed file; None where it is none, or cannot be read."""
    try:
        with closing(Stored(_source(path))) as stored:
            blocks = text_blocks(stored, HEAD)
            return head_hash(blocks.peek(HEAD)) if blocks.compressed else None
    except OSError:
        return None


def place_in_packed(path: Path, known: Position, max_event: int = MAX_EVENT) -> Position | None:
    """The same place in a compressed file, of which only the beginning was compared; None where that is not sure.

    `known` is of the file that was compressed. The text is unpacked up to that place.
    """
    try:
        with closing(Stored(_source(path))) as stored:
            blocks = text_blocks(stored, _BLOCK)
            if not blocks.compressed:
                return None
            place = _in_values(blocks, known) if known.again else _in_lines(blocks, known, max_event)
            identity = stored.identity()
    except OSError:
        return None
    if place is None or identity is None:
        return None
    offset, tail = (identity.size, tail_of(stored.last)) if place.at_end else (0, None)
    return replace(known, offset=offset, again=True, file=identity, tail=tail, digest=place.digest)


def _source(path: Path) -> Source:
    return Source(str(path), path, None)


class _Place(NamedTuple):
    """That the place was found."""

    at_end: bool
    """Whether the text ends there."""
    digest: str | None
    """Of the items before it, where it is known."""


def _in_values(blocks: Blocks, known: Position) -> _Place | None:
    """The text must be as long as the file was."""
    size = sum(map(len, blocks))
    if known.file is None or size != known.file.size or blocks.damage is not None:
        return None
    return _Place(size == known.offset, known.digest)


def _in_lines(blocks: Blocks, known: Position, max_event: int) -> _Place | None:
    """A line must begin at the place, after as many lines and items, and before it must stand what stood there."""
    base = 0
    if blocks.peek(len(BOM)).startswith(BOM):
        blocks.drop(len(BOM))
        base = len(BOM)
    form = find_form(_cut(blocks, known.offset - base), max_event)
    if not form.is_lines:
        return None
    base += form.offset
    items, reached = 0, False
    text, digest = Tails(form.blocks), Digest()
    for pieces in split_lines(text, form.line, max_event, lambda: blocks.damage, growing=True):
        if reached and (pieces.items or not pieces.all_read):
            return _Place(False, digest.hex())
        items += len(pieces.items)
        digest.add(pieces.items)
        if not reached and (base + pieces.end, pieces.line, items) == (known.offset, known.line, known.items):
            reached = True
            if known.tail not in (None, text.before(pieces.end)):
                return None
        if not reached and base + pieces.end > known.offset:
            return None
    return _Place(_is_all(pieces, base, known), digest.hex()) if reached else None


def _is_all(last: Pieces, base: int, known: Position) -> bool:
    return last.all_read and base + last.end == known.offset


def _cut(blocks: Iterator[bytes], at: int) -> Iterator[bytes]:
    """The same text, where a block ends at this byte."""
    for block in blocks:
        if 0 < at < len(block):
            yield block[:at]
            yield block[at:]
        else:
            yield block
        at -= len(block)
