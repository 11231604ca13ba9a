"""Reads one source: the only module that knows all the steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from normalizer.inputs.form import find_form
from normalizer.inputs.lines import split_lines
from normalizer.inputs.model import Batch, Gatherer, Unreadable
from normalizer.inputs.sources import Source
from normalizer.inputs.streams import PEEK, Blocks, Stored, text_blocks
from normalizer.inputs.values import split_values

MAX_EVENT = 4 * 1024 * 1024
BATCH_BYTES = 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_FOREIGN = {
    b"\xff\xfe": "the file is UTF-16, not UTF-8: convert it to UTF-8",
    b"\xfe\xff": "the file is UTF-16, not UTF-8: convert it to UTF-8",
    b"PK\x03\x04": "the file is a zip archive: unpack it first (gzip and zstd are unpacked here)",
    b"\xfd7zXZ\x00": "the file is compressed with xz: unpack it first (gzip and zstd are unpacked here)",
    b"BZh91AY&SY": "the file is compressed with bzip2: unpack it first (gzip and zstd are unpacked here)",
}


def read(source: Source, *, max_event: int = MAX_EVENT, batch_bytes: int = BATCH_BYTES) -> Iterator[Batch]:
    """The candidate events of a source, in batches of about `batch_bytes` of text, in order.

    Lines and values longer than `max_event` bytes are handed on as Unreadable. Never raises for what a file holds, nor
    where it can't be opened or read to its end: that is an Unreadable, in the place where reading stopped.
    """
    try:
        stored = Stored(source)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        damaged = Unreadable(1, "damaged", f"the file cannot be opened: {why}", b"", None, None)
        yield Batch(source.name, [damaged], range(1, 2), False, 0)
        return
    with closing(stored):
        blocks = text_blocks(stored, batch_bytes)
        start = blocks.peek(PEEK)
        for magic, sentence in _FOREIGN.items():
            if start.startswith(magic):
                foreign = _whole(blocks, sentence)
                yield Batch(source.name, [foreign], range(1, 2), False, stored.consumed)
                return
        if start.startswith(_BOM):
            blocks.drop(len(_BOM))
        form = find_form(blocks, max_event)
        split = split_lines if form.is_lines else split_values
        for items, lines in split(form.blocks, form.line, max_event, lambda: blocks.damage):
            yield Batch(source.name, items, lines, form.is_lines, stored.consumed)


def _whole(blocks: Blocks, sentence: str) -> Unreadable:
    gathered = Gatherer(0)
    for block in blocks:
        gathered.add(block)
    return gathered.unreadable(1, "not_json", sentence, whole=blocks.damage is None)
