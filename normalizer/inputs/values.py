r"""Splits JSON arrays, and JSON values over many lines, into values: exact source bytes, never the whole in memory.

The text is a sequence of values and arrays. Of an array, each element is handed on; outside arrays, each value that
begins with a brace. What an element is doesn't matter: a number, a string, a nested array and junk between two commas
are handed on as their text, for the parser to say. Where the text is broken, good values are handed on all the same:

- A comma too many or too few loses nothing: the first such place of a file is reported, and reading goes on.
- Another array or value may follow an array's end, after blanks or at once (pages that were put one after another).
- A value that breaks off (`nesting` says how that is seen) and stray text outside arrays become one Unreadable, which
  reaches to the next line that begins as the value's own line did: the same blanks, then a brace. After stray text it
  may also be a square bracket, without blanks before it. Siblings stand so in every common layout, and what is
  nested stands deeper, so nothing is taken for an event that isn't one. Where there is no such line, the rest of the
  file is the Unreadable.
- An array or value that the file's end breaks off is one Unreadable, with what was left of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import orjson

from normalizer.inputs.damage import Damaged, Stopped, Torn
from normalizer.inputs.model import Gatherer, Item, Pieces, Unreadable, too_long
from normalizer.inputs.nesting import INDENT_BYTES, Nesting, Scan

_BLANKS = re.compile(rb"[ \t\r\n]*").match
_BARE = re.compile(rb'[^ \t\r\n,\[\]{"]*').match
_COMMA, _BRACE, _SQUARE, _SQUARE_END, _QUOTE = b',{[]"'
_GUESSES = 8
_GUESS_BYTES = 64 * 1024


def split_values(
    blocks: Iterator[bytes], line: int, max_event: int, damage: Callable[[], Damaged | None], *, growing: bool = False
) -> Iterator[Pieces]:
    """The values of the text, as many at a time as end in one block; `line` is the number of the first line.

    `damage` is asked at the end of the blocks: why they ended too early, or None. The last pieces are of the end, and
    may be none. Where the file may still grow, what its end breaks off is left for the next run.
    """
    splitter = _Splitter(line, max_event)
    for block in blocks:
        splitter.feed(block)
        if splitter.items:
            yield splitter.take()
    why, left = damage(), ""
    if growing and (why is None or isinstance(why, Torn)):
        left = splitter.unfinished(why)
    else:
        splitter.finish(why)
    read_on = not isinstance(why, Stopped)
    yield splitter.take()._replace(read_on=read_on, all_read=read_on and not left, left=left)


class _Splitter:
    """The state between blocks. Each step takes a block and a position and gives the next position."""

    def __init__(self, line: int, max_event: int) -> None:
        self.items: list[Item] = []
        self._lines: list[int] = []
        self._max_event = max_event
        self._step: Callable[[bytes, int], int] = self._between

        self._line = line
        self._counted = 0  # Up to here, the block's line ends are in _line.
        self._indent = b""  # The blanks that the line began with, as far as they were met between values.
        self._indented = False  # Whether the line has something other than blanks.

        self._array_line = 0  # Where the array began; 0 outside arrays.
        self._before = b""  # What stood last: b"," or b"v" for a value; b"" at a beginning or after broken text.
        self._slipped = False

        self._open = False  # Whether a piece (a value, or text passed over) is being gathered ...
        self._start = 0  # ... from here in the block; what earlier blocks had of it is in _gathered.
        self._gathered = Gatherer(max_event)
        self._item_line = 0
        self._nesting = Nesting()

        self._resume = re.compile(b"")  # Where to go on after broken text ...
        self._broken = ("", "")  # ... which is reported so: reason, detail ...
        self._carry = b""  # ... the end of the block, where the place may begin.

        self._end = -1  # Where the last value of this block ended.
        self._separator = b""  # What the next object of the array probably follows: `}`, what stood between, `{`.

    def take(self) -> Pieces:
        pieces = Pieces(self.items, self._lines, self._line)
        self.items, self._lines = [], []
        return pieces

    def feed(self, block: bytes) -> None:
        if self._carry:
            block, self._carry = self._carry + block, b""
        self._counted = self._start = position = 0
        self._end = -1
        size = len(block)
        while position < size:
            position = self._step(block, position)
        size -= len(self._carry)
        if self._open:
            self._gathered.add(block[self._start : size])
        self._line += block.count(b"\n", self._counted, size)

    def unfinished(self, damage: Torn | None) -> str:
        """What the end of the text breaks off, as a clause; nothing is reported."""
        if damage:
            return f"{damage}; what follows is left"
        if self._step == self._skip:
            return f"the text that begins at line {self._item_line} has no end yet; it is left"
        if self._open:
            return f"the JSON value that begins at line {self._item_line} has no end yet; it is left"
        if self._array_line:
            return f"the JSON array that begins at line {self._array_line} has no end yet; what follows is left"
        return ""

    def finish(self, damage: Damaged | None) -> None:
        self._gathered.add(self._carry)
        if self._step == self._skip:
            reason, detail = self._broken
            self._report(self._gathered.unreadable(self._item_line, reason, detail, whole=not damage))
            if damage:
                line = self._line + self._carry.count(b"\n")
                self._report(Unreadable(line, "damaged", str(damage), b"", None, None))
        elif self._open or self._array_line or damage:
            detail = str(damage or "the file ends inside a JSON value")
            if self._array_line and not damage:
                detail = f"the file ends inside the JSON array that begins at line {self._array_line}"
            line = self._item_line if self._open else self._line
            self._report(self._gathered.unreadable(line, "damaged", detail, whole=not damage))

    # Between values

    def _between(self, block: bytes, position: int) -> int:
        start = _BLANKS(block, position).end()  # type: ignore[union-attr]  # it always matches
        self._note_indent(block[position:start])
        if start == len(block):
            return start
        self._indented = True
        char = block[start]
        if char == _COMMA:
            self._comma(block, start)
            return start + 1
        if self._array_line:
            if char == _SQUARE_END:
                if self._before == b",":
                    self._slip(block, start, "a JSON array has a comma after its last value", b",")
                self._array_line, self._before = 0, b""
                return start + 1
            return self._begin_value(block, start, char)
        if char == _SQUARE:
            self._array_line, self._before = self._line_of(block, start), b""
            return start + 1
        if char == _BRACE:
            return self._begin_value(block, start, char)
        self._begin_piece(block, start)
        return self._pass_over(start, rb"\n[{\[]", "not_json", "text that belongs to no JSON value")

    def _note_indent(self, blanks: bytes) -> None:
        _, line_end, after = blanks.rpartition(b"\n")
        if line_end:
            self._indent, self._indented = after[:INDENT_BYTES], False
        elif not self._indented:
            self._indent = (self._indent + after)[:INDENT_BYTES]

    def _comma(self, block: bytes, position: int) -> None:
        if self._array_line and self._before == b"v":
            self._before = b","
            return
        self._slip(block, position, "a comma stands where a JSON value was expected", b",")
        if self._array_line:
            self._before = b","

    def _slip(self, block: bytes, position: int, what: str, head: bytes) -> None:
        if not self._slipped:
            self._slipped = True
            detail = f"{what} (only the first such place of a file is reported)"
            self._report(Unreadable(self._line_of(block, position), "damaged", detail, head, len(head), None))

    # Values

    def _begin_value(self, block: bytes, start: int, char: int) -> int:
        if self._array_line and self._before == b"v":
            self._slip(block, start, "a comma is missing between two JSON values", b"")
        self._begin_piece(block, start)
        if char == _BRACE:
            if self._end >= 0 and start - self._end <= INDENT_BYTES:
                self._separator = b"}" + block[self._end : start] + b"{"
            if (end := self._guess_end(block, start)) >= 0:
                return self._end_value(block, end)
        if char in (_BRACE, _SQUARE, _QUOTE):
            in_array, in_string = bool(self._array_line), char == _QUOTE
            self._nesting = Nesting(in_array=in_array, in_string=in_string, indent=self._indent)
            self._step = self._value
            return start + 1 if in_string else start
        self._step = self._bare
        return start

    def _guess_end(self, block: bytes, start: int) -> int:
        """Where the object ends, if that is cheap to find; -1 otherwise.

        A guess (up to what stood between the two objects before) that is a whole JSON object *is* the object, since
        no JSON object is the beginning of another. A parser is several times faster than regular expressions.
        """
        if not self._separator:
            return -1
        end = start
        for _ in range(_GUESSES):
            end = block.find(self._separator, end, start + _GUESS_BYTES) + 1
            if end == 0:
                break
            text = block[start:end]
            if text.count(b"{") == text.count(b"}"):  # Spares the parser most wrong guesses.
                try:
                    orjson.loads(text)
                except orjson.JSONDecodeError:
                    continue
                return end
        return -1

    def _value(self, block: bytes, position: int) -> int:
        position, scan = self._nesting.scan(block, position)
        if scan is Scan.OPEN:
            return position
        if scan is Scan.SIBLING:
            self._broken = ("damaged", f"a JSON value breaks off before line {self._line_of(block, position)}")
            return self._end_broken(block, position)
        if scan is Scan.BROKEN:
            detail = f"a JSON value breaks off inside a string, at the end of line {self._line_of(block, position)}"
            return self._pass_over(position, rb"\n" + re.escape(self._indent) + rb"\{", "damaged", detail)
        return self._end_value(block, position)

    def _bare(self, block: bytes, position: int) -> int:
        end = _BARE(block, position).end()  # type: ignore[union-attr]  # it always matches
        return end if end == len(block) else self._end_value(block, end)

    def _begin_piece(self, block: bytes, start: int) -> None:
        self._item_line = self._line_of(block, start)
        self._open, self._start = True, start

    def _end_value(self, block: bytes, end: int) -> int:
        text = block[self._start : end]
        if self._gathered.size or len(text) > self._max_event:
            self._gathered.add(text)
            if self._gathered.over:
                self._report(too_long(self._gathered, self._item_line, "JSON value"))
            else:
                self._report(self._gathered.text())
            self._gathered.clear()
        else:
            self._report(text)
        self._open, self._before, self._end = False, b"v", end
        self._step = self._between
        return end

    # Broken text

    def _pass_over(self, position: int, resume: bytes, reason: str, detail: str) -> int:
        self._resume, self._broken = re.compile(resume), (reason, detail)
        self._step = self._skip
        return position

    def _skip(self, block: bytes, position: int) -> int:
        if found := self._resume.search(block, position):
            return self._end_broken(block, found.start())
        line_end = block.rfind(b"\n", max(position, len(block) - INDENT_BYTES - 2))
        if line_end >= 0:
            self._carry = block[line_end:]
        return len(block)

    def _end_broken(self, block: bytes, end: int) -> int:
        self._gathered.add(block[self._start : end])
        self._report(self._gathered.unreadable(self._item_line, *self._broken))
        self._gathered.clear()
        self._open, self._before = False, b""
        self._step = self._between
        return end

    def _report(self, item: Item) -> None:
        self.items.append(item)
        self._lines.append(item.line if isinstance(item, Unreadable) else self._item_line)

    def _line_of(self, block: bytes, position: int) -> int:
        """The number of the position's line; positions are asked for in order."""
        self._line += block.count(b"\n", self._counted, position)
        self._counted = position
        return self._line
