"""Reads one source: the only module that knows all the steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from normalizer.inputs.damage import Damaged, Stopped, Torn
from normalizer.inputs.form import find_form
from normalizer.inputs.identity import tail_of
from normalizer.inputs.lines import split_lines
from normalizer.inputs.model import Batch, Gatherer, Pieces, Position, Unreadable
from normalizer.inputs.passed import Digest, Tails
from normalizer.inputs.sources import Source
from normalizer.inputs.streams import PEEK, Blocks, Stored, plain_blocks, text_blocks
from normalizer.inputs.values import split_values

MAX_EVENT = 4 * 1024 * 1024
BATCH_BYTES = 1024 * 1024

BOM = b"\xef\xbb\xbf"
_ANOTHER = (
    "has become another file since the run began: it is read from its start; where it was copied or renamed, "
    "name that file as an input too"
)
_REWRITTEN = (
    "was written anew, with other events among those that were read before: it is read from its start, "
    "and after a rollover its events are stored twice without --exact"
)
_FOREIGN = {
    b"\xff\xfe": "the file is UTF-16, not UTF-8: convert it to UTF-8",
    b"\xfe\xff": "the file is UTF-16, not UTF-8: convert it to UTF-8",
    b"PK\x03\x04": "the file is a zip archive: unpack it first (gzip and zstd are unpacked here)",
    b"\xfd7zXZ\x00": "the file is compressed with xz: unpack it first (gzip and zstd are unpacked here)",
    b"BZh91AY&SY": "the file is compressed with bzip2: unpack it first (gzip and zstd are unpacked here)",
}


def read(
    source: Source,
    *,
    start: Position | None = None,
    growing: bool = False,
    max_event: int = MAX_EVENT,
    batch_bytes: int = BATCH_BYTES,
) -> Iterator[Batch]:
    """The candidate events of a source, in batches of about `batch_bytes` of text, in order.

    Lines and values longer than `max_event` bytes are handed on as Unreadable. Never raises for what a file holds, nor
    where it can't be opened or read to its end: that is an Unreadable, in the place where reading stopped, and the
    position behind it is the one before it, so that another run tries again.

    `start` is where an earlier reading of the same file ended (`Batch.after`). Where the source is another file by now,
    or has other items than before up to that place, it is read from its start, and a note says so.

    `growing`: somebody may still be writing the file. What its end breaks off (a last line without its end that isn't
    one whole object, an open array, torn gzip or zstd) is then not handed on but left for the next run: the last batch,
    which may have no items, says so in its note, and its position is before what is left. Where the file is emptied or
    written anew meanwhile, reading stops in the same way.
    """
    told = ""
    try:
        stored = Stored(source)
        if start is not None and not stored.holds(start):
            start, told = None, f"{source.name} {_ANOTHER}."
        if start is not None and not start.again:
            stored.skip_to(start.offset)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        damaged = Unreadable(1, "damaged", f"the file cannot be opened: {why}", b"", None, None)
        yield Batch(source.name, [damaged], range(1, 2), False, 0, start)
        return
    with closing(stored):
        reading = _Reading(source.name, stored, start, growing, max_event, batch_bytes, told)
        batches = reading.batches()
        yield from _last_told(batches, start, reading.size) if growing else (batch for batch in batches if batch.items)


def _last_told(batches: Iterator[Batch], start: Position | None, size: int) -> Iterator[Batch]:
    """The batches, where the last one has the position of the end and its note; only it may have no items.

    `size`: of the stored file. A batch is held back only where it may be the last.
    """
    held: Batch | None = None
    said = start
    for batch in batches:
        if not batch.items and held is not None:
            held = replace(held, consumed=batch.consumed, after=batch.after, note=_joined(held.note, batch.note))
            continue
        if held is not None and held.items:
            yield held
            said = held.after
        held = batch
        if batch.items and batch.consumed < size:
            yield batch
            said, held = batch.after, None
    if held is not None and (held.items or held.note or held.after != said):
        yield held


class _WrittenAnew(Exception):
    """The items that were to be passed over are not those that were handed on before."""


def _joined(*notes: str | None) -> str | None:
    return " ".join(note for note in notes if note) or None


class _Reading:
    """One pass over a source: which steps it takes, and where it is."""

    def __init__(
        self,
        name: str,
        stored: Stored,
        start: Position | None,
        growing: bool,
        max_event: int,
        batch_bytes: int,
        told: str,
    ) -> None:
        self._name = name
        self._stored = stored
        self._identity = stored.identity()
        stored.watched = growing and self._identity is not None
        self.size = self._identity.size if self._identity is not None else 0
        self._after = start
        self._growing = growing
        self._max_event = max_event
        self._batch_bytes = batch_bytes
        self._base = 0  # Where the text begins that is split, in the stored file.
        self._items = 0  # So many items were met, those of earlier readings included.
        self._passed_over = 0
        self._own_text = True
        self._enters = False  # Whether reading can go on in the middle of this file.
        self._first_line = 0
        self._told = told  # A sentence for the next batch that reaches anybody.
        self._tails: Tails | None = None
        self._digest = Digest() if growing or (start is not None and start.digest) else None

    def batches(self) -> Iterator[Batch]:
        start = self._after
        if start is not None and not start.again:
            blocks = plain_blocks(self._stored, self._batch_bytes)
            self._enters, self._base, self._items = True, start.offset, start.items
            self._tails = Tails(blocks, self._stored.last)
            pieces = split_lines(self._tails, start.line, self._max_event, lambda: blocks.damage, growing=self._growing)
        elif start is not None and self._nothing_new(start):
            return
        else:
            self._passed_over = start.items if start is not None else 0
            pieces = self._from_the_start()
        try:
            for each in pieces:
                yield self._batch(each)
        except _WrittenAnew:
            yield from self._all_again()

    def _nothing_new(self, start: Position) -> bool:
        return self._identity is not None and 0 < start.offset == self._identity.size and self._stored.goes_on(start)

    def _all_again(self) -> Iterator[Batch]:
        """What was to be passed over is not what was read before: nothing is."""
        self._stored.skip_to(0)
        self._after, self._items, self._passed_over, self._base = None, 0, 0, 0
        self._digest = Digest()
        self._told = f"{self._name} {_REWRITTEN}."
        for each in self._from_the_start():
            yield self._batch(each)

    def _from_the_start(self) -> Iterator[Pieces]:
        blocks = text_blocks(self._stored, self._batch_bytes)
        first = blocks.peek(PEEK)
        for magic, sentence in _FOREIGN.items():
            if first.startswith(magic):
                self._own_text = False
                return iter([self._whole(blocks, sentence)])
        if first.startswith(BOM):
            blocks.drop(len(BOM))
            self._base = len(BOM)
        form = find_form(blocks, self._max_event)
        self._base += form.offset
        if not form.sure and self._may_go_on(blocks.damage):
            return iter([Pieces([], [], form.line, left="the JSON value that begins here has no end yet; it is left")])
        self._own_text, self._first_line = form.is_lines, form.line
        self._enters = form.is_lines and not blocks.compressed
        text = form.blocks
        if self._enters:
            text = self._tails = Tails(text)
        split = split_lines if form.is_lines else split_values
        return split(text, form.line, self._max_event, lambda: blocks.damage, growing=self._growing)

    def _may_go_on(self, damage: Damaged | None) -> bool:
        """Whether there may be more behind what is the end of the text now."""
        return self._growing and (damage is None or isinstance(damage, Torn))

    def _whole(self, blocks: Blocks, sentence: str) -> Pieces:
        gathered = Gatherer(0)
        for block in blocks:
            gathered.add(block)
        if self._growing and isinstance(blocks.damage, Torn):
            return Pieces([], [], 1, left=f"{blocks.damage}; it is left")
        self._digest = None  # It is one item, which may grow.
        foreign = gathered.unreadable(1, "not_json", sentence, whole=blocks.damage is None)
        read_on = not isinstance(blocks.damage, Stopped)
        return Pieces([foreign], [1], 1, read_on=read_on, all_read=read_on)

    def _batch(self, pieces: Pieces) -> Batch:
        items, lines, note = pieces.items, pieces.lines, None
        if pieces.read_on:
            self._items += len(items)
            if self._passed_over:
                passed = self._pass_over(pieces)
                items, lines = items[passed:], lines[passed:]
            if self._digest is not None and not self._may_enter(pieces):
                self._digest.add(items)
            if not self._passed_over:
                self._after = self._position(pieces)
        if pieces.left:
            note = f"{self._name}:{pieces.line}: {pieces.left} for the next run."
        if self._told and (items or pieces.all_read or pieces.left):
            note, self._told = _joined(self._told, note), ""
        return Batch(self._name, items, lines, self._own_text, self._stored.consumed, self._after, note)

    def _pass_over(self, pieces: Pieces) -> int:
        """How many of the items were handed on by an earlier reading. Raises _WrittenAnew where they were others."""
        passed = min(self._passed_over, len(pieces.items))
        self._passed_over -= passed
        if self._digest is not None:
            self._digest.add(pieces.items[:passed])
        if self._passed_over:
            if (pieces.all_read or pieces.left) and not self._stored.changed:
                raise _WrittenAnew
            return passed
        known = self._after.digest if self._after is not None else None
        if known and self._digest is not None and known != self._digest.hex():
            raise _WrittenAnew
        return passed

    def _may_enter(self, pieces: Pieces) -> bool:
        """Whether reading can go on behind the pieces without what stands before them.

        In its first line, before any line end, text that seems to be a line may still become something else.
        """
        return self._enters and pieces.line > self._first_line

    def _position(self, pieces: Pieces) -> Position | None:
        if self._identity is None:
            return None
        # It may have grown. Not looked at for every batch, which costs time.
        if (pieces.all_read or pieces.left) and not self._stored.changed:
            self._identity = self._stored.identity() or self._identity
        identity = self._identity
        if self._tails is not None and self._may_enter(pieces):
            end, before = self._base + pieces.end, self._tails.before(pieces.end)
            return Position(end, pieces.line, self._items, file=identity, tail=before)
        offset = self._stored.consumed if pieces.all_read else 0
        if not (offset or self._items):
            return None
        tail = tail_of(self._stored.last) if offset else None
        digest = self._digest.hex() if self._digest is not None else None
        return Position(offset, pieces.line, self._items, True, identity, tail, digest)
