r"""Decides how a file's text is laid out: lines (NDJSON), or values (arrays, values over many lines).

The first character that is no blank decides, where it can: a square bracket means values; anything but a brace means
lines, since junk is best reported line by line. A brace may begin a line of NDJSON or a value over many lines, and
either may be torn. The rule is that no good line may be lost to a bad first one:

1. In the first line a whole value and then a comma, a brace or a square bracket (`{…}{…}`): values, however long the
   line is. It must be seen in what one event may be long, so that a file that grows is not taken for lines later.
2. Else, first line longer than one event may be: lines. It is not read to its end for this.
3. Brackets and strings of the first line make one whole value, with nothing or anything else after it: lines. They are
   judged by nesting alone, so a line with bad UTF-8, or nested too deep for any parser, is one too: a bad event on a
   good line.
4. The first line ends inside a string: lines. No JSON string goes on in the next line, so it is torn.
5. Brackets stay open: the value may go on in the next lines, and these are read as far as one event may be long.
   Where a line begins with a brace in its first column and JSON allows no value there (only after a colon, a `[`, or
   a comma in an array), the first line was torn and another begins: lines.
   Where the value ends, or breaks off inside a string, or the limit is reached: values.
   Where the file ends first: lines if there is but one line, or if the last one is a whole object that begins in its
   first column (a torn line, then a good one); else values.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from normalizer.inputs.nesting import Nesting, Scan, is_whole_object

BLANKS = b" \t\r\n"
_SOLID = re.compile(rb"[^ \t\r\n]")
_BRACE = ord("{")
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Form:
    """How the text is laid out, and the text itself from its first character that is no blank."""

    is_lines: bool
    line: int
    """The line of that character."""
    offset: int
    """The bytes before it."""
    blocks: Iterator[bytes]
    sure: bool = True
    """Whether it stays so whatever may follow the file's present end."""


def find_form(blocks: Iterator[bytes], max_event: int) -> Form:
    """Look at the beginning of the text, by the module's rule; it is held in memory up to `max_event` and a block."""
    line, offset = 1, 0
    for block in blocks:
        text = block.lstrip(BLANKS)
        blank = len(block) - len(text)
        line += block.count(b"\n", 0, blank)
        offset += blank
        if text:
            ahead = _Ahead(text, blocks)
            is_lines, sure = text[0] != ord("["), True
            if text[0] == _BRACE:
                is_lines, sure = _brace_means_lines(ahead, max_event)
            return Form(is_lines, line, offset, ahead.replay(), sure)
    return Form(True, line, offset, iter(()))


class _Ahead:
    """Reads ahead in blocks, and gives them again."""

    def __init__(self, first: bytes, blocks: Iterator[bytes]) -> None:
        self.text = bytearray(first)
        self.ended = False
        self._taken = [first]
        self._blocks = blocks

    def _more(self) -> bool:
        if block := next(self._blocks, b""):
            self._taken.append(block)
            self.text += block
        self.ended = not block
        return not self.ended

    def begins_with_brace(self, position: int) -> bool:
        if position == len(self.text):
            self._more()
        return self.text[position : position + 1] == b"{"

    def line_end(self, start: int, limit: int) -> int | None:
        """Where the line ends that begins at `start`; None where that is beyond the limit."""
        searched = start
        while (end := self.text.find(b"\n", searched)) < 0 and len(self.text) <= limit:
            searched = len(self.text)
            if not self._more():
                end = searched
                break
        return end if 0 <= end <= limit else None

    def replay(self) -> Iterator[bytes]:
        taken, self._taken, self.text = self._taken, [], bytearray()
        # Taken from the list one by one, so that what was read is free again.
        taken.reverse()
        return itertools.chain((taken.pop() for _ in range(len(taken))), self._blocks)


def _behind_value(nesting: Nesting, text: bytearray, end: int) -> bytes | None:
    """What follows the value that begins the text, blanks apart, before `end`; None where it does not end before."""
    for start in range(0, end, _PIECE):  # a long line is not copied as a whole
        position, scan = nesting.scan(bytes(text[start : min(start + _PIECE, end)]), 0)
        if scan is Scan.DONE:
            found = _SOLID.search(text, start + position, end)
            return found[0] if found else b""
    return None


def _brace_means_lines(ahead: _Ahead, max_event: int) -> tuple[bool, bool]:
    """Whether the text is lines; and whether that is sure, or the file ended too early to tell."""
    end = ahead.line_end(0, max_event)
    nesting = Nesting()
    # One byte more than an event may be long: what follows the longest one.
    if (following := _behind_value(nesting, ahead.text, max_event + 1 if end is None else end)) is not None:
        return following not in (b",", b"{", b"["), True
    if end is None:
        return True, True
    if nesting.in_string or end == len(ahead.text):
        return True, True
    only = True
    while not ahead.ended:
        start = end + 1
        if not nesting.allows_value() and ahead.begins_with_brace(start):
            return True, True
        end = ahead.line_end(start, max_event)
        if end is None:
            return False, True
        if not (following := bytes(ahead.text[start:end])).strip(BLANKS):
            continue
        line, only = following, False
        _, scan = nesting.scan(line, 0)
        sure = scan is Scan.DONE or end < len(ahead.text)
        if scan is Scan.DONE or nesting.in_string:
            return False, sure
    return only or is_whole_object(line), False
