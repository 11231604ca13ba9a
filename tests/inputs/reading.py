"""How the tests of this folder read: the whole result of a file, whatever the size of its blocks."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import NamedTuple

from normalizer.inputs import BATCH_BYTES, MAX_EVENT, Batch, Source, Unreadable, read

SIZES = (1, 2, 3, 7, 64)


class Found(NamedTuple):
    line: int
    item: bytes | Unreadable
    own_text: bool


def batches(path: Path, *, max_event: int = MAX_EVENT, batch_bytes: int = BATCH_BYTES) -> list[Batch]:
    return list(read(Source("name", path, None), max_event=max_event, batch_bytes=batch_bytes))


def flat(given: list[Batch]) -> list[Found]:
    for batch in given:
        assert batch.items, "a batch without items"
        assert batch.file == "name"
    for one, other in itertools.pairwise(given):
        assert one.consumed <= other.consumed
    return [
        Found(line, item, batch.own_text)
        for batch in given
        for line, item in zip(batch.lines, batch.items, strict=True)
    ]


def found(path: Path, text: bytes, *, max_event: int = MAX_EVENT) -> list[Found]:
    """What is read from a file in this folder with this text; the same for every size of blocks."""
    path = path / "input"
    path.write_bytes(text)
    whole = flat(batches(path, max_event=max_event))
    for size in SIZES if len(text) < 5000 else (999,):
        assert flat(batches(path, max_event=max_event, batch_bytes=size)) == whole, f"blocks of {size} bytes"
    for line, item, _ in whole:
        assert not isinstance(item, Unreadable) or item.line == line
    return whole


def good(result: list[Found]) -> list[bytes]:
    return [item for _, item, _ in result if isinstance(item, bytes)]


def bad(result: list[Found]) -> list[Unreadable]:
    return [item for _, item, _ in result if isinstance(item, Unreadable)]


def only_bad(result: list[Found]) -> Unreadable:
    (item,) = bad(result)
    return item
