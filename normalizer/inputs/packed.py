"""A file that was read as it was and is compressed now, as log rotation does: the same place in what is packed there.

Compressed files are read from their start, and so many items are passed over (`Position.again`). That is the same place
only if what stands before it gives as many items again, which is counted here, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from normalizer.inputs.form import find_form
from normalizer.inputs.identity import HEAD, head_hash
from normalizer.inputs.lines import split_lines
from normalizer.inputs.model import Pieces, Position
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
            same, at_end = _same_length(blocks, known) if known.again else _same_lines(blocks, known, max_event)
            identity = stored.identity()
    except OSError:
        return None
    if not same or identity is None:
        return None
    return replace(known, offset=identity.size if at_end else 0, again=True, file=identity)


def _source(path: Path) -> Source:
    return Source(str(path), path, None)


def _same_length(blocks: Blocks, known: Position) -> tuple[bool, bool]:
    """Whether the text is as long as the file was; and whether that was read to its end."""
    size = sum(map(len, blocks))
    return known.file is not None and size == known.file.size and blocks.damage is None, size == known.offset


def _same_lines(blocks: Blocks, known: Position, max_event: int) -> tuple[bool, bool]:
    """Whether a line begins at the place, after as many lines and items; and whether the text ends there."""
    base = 0
    if blocks.peek(len(BOM)).startswith(BOM):
        blocks.drop(len(BOM))
        base = len(BOM)
    form = find_form(_cut(blocks, known.offset - base), max_event)
    if not form.is_lines:
        return False, False
    base += form.offset
    items, reached = 0, False
    for pieces in split_lines(form.blocks, form.line, max_event, lambda: blocks.damage, growing=True):
        if reached and (pieces.items or not pieces.all_read):
            return True, False
        items += len(pieces.items)
        reached = reached or (base + pieces.end, pieces.line, items) == (known.offset, known.line, known.items)
        if not reached and base + pieces.end > known.offset:
            return False, False
    return reached, reached and _is_all(pieces, base, known)


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
