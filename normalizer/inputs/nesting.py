r"""Finds the end of one JSON value in text that comes in pieces, without parsing it.

It knows strings, escapes and brackets, and nothing else: what lies between them is for the parser. It keeps its place
between pieces, wherever a piece is cut. Four things make it robust where the text is broken:

- A raw line end can't stand in a JSON string. A string that meets one is broken off, and so is the value.
- A brace that begins a line as the value's own line began (the same blanks), where JSON allows no value (only after a
  colon, a `[`, or a comma in an array), begins another value: the one before it was torn.
- A closing bracket closes all that was opened after its own opening one: `{"a": [1, 2}` ends at the brace.
- A closing bracket without an opening one is passed over, but for the `]` of the array around the value, which ends
  a value that forgot its own end.
"""

from __future__ import annotations

import enum
import re

# Both always match, perhaps nothing; the bounds keep the regex engine's own memory small. A string with an escape is
# left to the second: one pattern for both costs twice the time.
_TO_BRACKET = re.compile(rb'[^"{}\[\]]*(?:"[^"\\\n]*"[^"{}\[\]]*){0,256}').match
_IN_STRING = re.compile(rb'[^"\\\n]*(?:\\[^\n][^"\\\n]*){0,256}').match

_QUOTE, _BACKSLASH, _LINE_END = b'"\\\n'
_BLANKS = b" \t\r\n"
_BRACE = ord("{")
_OPENING = {ord("}"): ord("{"), ord("]"): ord("[")}
_SQUARE = ord("[")
_DEEPEST = 4 * 1024 * 1024
"""Brackets nested deeper than this are counted, no longer told apart: memory stays flat."""
_NEAR = 64
INDENT_BYTES = 256
"""Of blanks at the beginning of a line, no more than this are compared."""


class Scan(enum.Enum):
    """How a scan ended."""

    OPEN = enum.auto()
    """The piece is used up and the value goes on."""
    DONE = enum.auto()
    """The value ended just before the position."""
    BROKEN = enum.auto()
    """A line end in a string, at the position."""
    SIBLING = enum.auto()
    """At the position is the brace of another value; this one was torn."""
    OUTER = enum.auto()
    """At the position is the `]` of the array around the value."""


def is_whole_object(line: bytes) -> bool:
    """Whether brackets and strings of the line make one object, which begins in its first column, and nothing more."""
    if not line.startswith(b"{"):
        return False
    position, scan = Nesting().scan(line, 0)
    return scan is Scan.DONE and not line[position:].strip(_BLANKS)


class Nesting:
    """The place inside one value.

    The value begins with a brace or a square bracket, where the first scan begins; or it is a string, and the first
    scan begins after its quote. `indent` is the blanks that its line begins with; None: look for no sibling.
    """

    def __init__(self, *, in_array: bool = False, in_string: bool = False, indent: bytes | None = None) -> None:
        self.in_string = in_string
        self._sibling = b"" if indent is None else b"\n" + indent
        self._tail = b""  # The last character so far that is no blank, and the blanks from the last line end.
        self._in_array = in_array
        self._escaped = False
        self._stack = bytearray()
        self._squares = 0
        self._deeper = 0

    def scan(self, text: bytes, position: int) -> tuple[int, Scan]:
        """Go on from the position: where the scan ended, and how."""
        start, size = position, len(text)
        while position < size:
            if self.in_string:
                position, closed = self._through_string(text, position)
                if not closed:
                    self._tail = b'"'
                    return position, Scan.OPEN if position == size else Scan.BROKEN
                self.in_string = False
                if not self._stack:
                    return position, Scan.DONE
            position = _TO_BRACKET(text, position).end()  # type: ignore[union-attr]  # it always matches
            if position == size:
                break
            char = text[position]
            if char == _QUOTE:
                self.in_string = True
            elif char in (_BRACE, _SQUARE):
                if char == _BRACE and self._is_sibling(text, start, position):
                    return position, Scan.SIBLING
                self._open(char)
            elif not self._close(_OPENING[char]):
                if self._in_array and _OPENING[char] == _SQUARE:
                    return position, Scan.OUTER
            elif not self._stack:
                return position + 1, Scan.DONE
            position += 1
        self._tail = self._before(text, start, size)
        return size, Scan.OPEN

    def allows_value(self) -> bool:
        """Whether JSON allows a value after what was scanned."""
        last = self._tail[:1]
        return last in (b":", b"[") or (last == b"," and self._stack[-1] == _SQUARE)

    def _is_sibling(self, text: bytes, start: int, position: int) -> bool:
        if not self._sibling or not self._stack:
            return False
        if position - start > len(self._sibling) and not text.endswith(self._sibling, start, position):
            return False
        self._tail = self._before(text, start, position)
        return self._tail[1:] == self._sibling and not self.allows_value()

    def _before(self, text: bytes, start: int, position: int) -> bytes:
        width = _NEAR
        while not (near := text[max(start, position - width) : position]).strip(_BLANKS):
            if position - width <= start:
                near = self._tail + near
                break
            width *= 8
        solid = near.rstrip(_BLANKS)
        line_end = near.rfind(b"\n", len(solid))
        return solid[-1:] + (near[line_end : line_end + INDENT_BYTES + 2] if line_end >= 0 else b"")

    def _through_string(self, text: bytes, position: int) -> tuple[int, bool]:
        """Whether the string ends here, and the position behind it; else that of the text's end or a line end in it."""
        size = len(text)
        if self._escaped:
            if text[position] == _LINE_END:
                return position, False
            self._escaped = False
            position += 1
        while (position := _IN_STRING(text, position).end()) < size:  # type: ignore[union-attr]  # it always matches
            char = text[position]
            if char == _LINE_END:
                return position, False
            if char == _QUOTE:
                return position + 1, True
            # A backslash: the pattern's bound was met, or a line end follows, or the next piece has what it escapes.
            if position + 1 == size:
                self._escaped = True
                return size, False
            if text[position + 1] == _LINE_END:
                return position + 1, False
        return position, False

    def _open(self, bracket: int) -> None:
        if len(self._stack) == _DEEPEST:
            self._deeper += 1
            return
        self._stack.append(bracket)
        self._squares += bracket == _SQUARE

    def _close(self, opening: int) -> bool:
        """Close what the bracket closes; False where nothing of its kind is open."""
        if self._deeper:
            self._deeper -= 1
            return True
        if not (self._squares if opening == _SQUARE else len(self._stack) - self._squares):
            return False
        while (closed := self._stack.pop()) != opening:
            self._squares -= closed == _SQUARE
        self._squares -= opening == _SQUARE
        return True
