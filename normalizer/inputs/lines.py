r"""Splits NDJSON into lines.

A line ends with \n or \r\n; a \r alone ends nothing; the last line may lack its end. Lines of blanks (space, tab, \r)
are skipped but counted. A line over the limit is hashed as it passes and becomes an Unreadable, and reading goes on
with the next. NULs that begin a line are left out, unless they are all of it: where a file is emptied under a program
that does not append but writes on at its old place, the system fills the gap with them, up to that line. Nothing else
is looked at: other NULs, bad UTF-8 and text that isn't JSON are handed on for the parser to say.

Where the file may still grow, what follows the last line end is left for the next run, unless it is one whole object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from normalizer.inputs.damage import Damaged, Stopped, Torn
from normalizer.inputs.model import HEAD_BYTES, Gatherer, Item, Pieces, Unreadable, too_long
from normalizer.inputs.nesting import is_whole_object

BLANKS = b" \t\r"
NUL = b"\0"


class _Unfinished:
    """The line that goes on in the next block. A \r at its end is held back: it may belong to the line end."""

    def __init__(self, limit: int) -> None:
        self._gathered = Gatherer(limit)
        self._blank = True
        self._carriage_return = False
        self._nuls = 0

    def add(self, piece: bytes) -> None:
        if not (self._gathered.size or self._carriage_return):
            size = len(piece)
            piece = piece.lstrip(NUL)
            self._nuls += size - len(piece)
        if not piece:
            return
        if self._carriage_return:
            self._gathered.add(b"\r")
        self._carriage_return = piece.endswith(b"\r")
        if self._carriage_return:
            piece = piece[:-1]
        self._blank = self._blank and not piece.strip(BLANKS)
        self._gathered.add(piece)

    def end(self, line: int) -> Item | None:
        """The line, whose line end was met; None where it is blank."""
        if not self._gathered.size and self._nuls:
            self._blank = False
            for at in range(0, self._nuls, HEAD_BYTES):
                self._gathered.add(NUL * min(HEAD_BYTES, self._nuls - at))
        gathered, blank = self._gathered, self._blank
        item: Item | None = None
        if not blank:
            item = too_long(gathered, line, "line") if gathered.over else gathered.text()
        self._clear()
        return item

    def end_of_file(self, line: int, damage: Damaged | None) -> Item | None:
        """What is left at the end of the file; None where it is blank and the file is not damaged."""
        if self._carriage_return:
            self._gathered.add(b"\r")
        if damage is None:
            return self.end(line)
        read = self._gathered.size
        detail = str(damage) + (f"; the line that broke off has {read:,} bytes so far" if read > HEAD_BYTES else "")
        return self._gathered.unreadable(line, "damaged", detail, whole=False)

    def end_of_growing_file(self, line: int, damage: Torn | None) -> tuple[Item | None, str]:
        """The same where the file may grow: what is whole, and a clause about what is left."""
        size = self._gathered.size + self._carriage_return
        if damage is not None:
            return None, f"{damage}; what follows is left"
        if self._blank:
            return None, ""
        if not self._gathered.over and is_whole_object(self._gathered.text()):
            return self.end(line), ""  # a \r at its end belongs to a line end that is not written yet
        return None, f"the last line has no line end yet; its {size:,} bytes are left"

    def _clear(self) -> None:
        self._gathered.clear()
        self._blank = True
        self._carriage_return = False
        self._nuls = 0


def split_lines(
    blocks: Iterator[bytes], line: int, max_event: int, damage: Callable[[], Damaged | None], *, growing: bool = False
) -> Iterator[Pieces]:
    """The lines of the text, as many at a time as end in one block; `line` is the first's number.

    `damage` is asked at the end of the blocks: why they ended too early, or None. What is left of a torn line is then
    an Unreadable, as is the damage where no line was torn. The last pieces are of the end, and may be none.
    """
    unfinished = _Unfinished(max_event)
    read = 0
    end = 0
    for block in blocks:
        parts = block.split(b"\n")
        last = parts.pop()
        if parts:
            unfinished.add(parts[0])
            first = unfinished.end(line)
            count = len(parts)
            behind = line + count
            end = read + len(block) - len(last)
            if b"\r" in block:
                parts = [part.removesuffix(b"\r") for part in parts]
            if NUL in block:
                parts = [part.lstrip(NUL) or part for part in parts]
            parts[0] = b"x"  # Stands for `first`, so that the quick look sees one kind of thing.
            if first is None or not all(parts) or any(map(bytes.isspace, parts)) or len(block) > max_event:
                items, lines = _one_by_one(first, parts, line, max_event)
                if items:
                    yield Pieces(items, lines, behind, end)
            else:
                items = [*parts]
                items[0] = first
                yield Pieces(items, range(line, behind), behind, end)
            line = behind
        read += len(block)
        unfinished.add(last)
    why, left = damage(), ""
    if growing and (why is None or isinstance(why, Torn)):
        item, left = unfinished.end_of_growing_file(line, why)
    else:
        item = unfinished.end_of_file(line, why)
    items = [] if item is None else [item]
    read_on = not isinstance(why, Stopped)
    # Behind blanks that no line end follows nothing goes on: they may be the beginning of a line.
    yield Pieces(
        items, [line] * len(items), line, read if items and read_on else end, read_on, not left and read_on, left
    )


def _one_by_one(first: Item | None, parts: list[bytes], line: int, max_event: int) -> tuple[list[Item], list[int]]:
    items: list[Item] = []
    lines: list[int] = []
    for number, part in enumerate(parts, line):
        item: Item | None = part
        if number == line:
            item = first
        elif len(part) > max_event:
            item = _long(part, number, max_event)
        elif not part.strip(BLANKS):
            item = None
        if item is not None:
            items.append(item)
            lines.append(number)
    return items, lines


def _long(part: bytes, line: int, max_event: int) -> Unreadable | None:
    if not part.strip(BLANKS):
        return None
    gathered = Gatherer(max_event)
    gathered.add(part)
    return too_long(gathered, line, "line")
