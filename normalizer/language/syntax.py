"""What PyYAML's parsers refuse, as one sentence with advice, at the place where the mistake is.

The two parsers, libyaml and the one in Python, word their errors differently and agree on the marks: the sentences are
ours, chosen by what stands at the marks. New advice is one function and one line in `_CAUSES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

_LINE_END = re.compile(r"\r\n|\r|\n")
_UNSEEN = re.compile(
    "[^\\t\\n\\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    "|[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\uffa0\U000e0000-\U000e0fff]"
)
"""Controls, separators, blanks without width, what turns the direction of text; not the joiners that scripts need."""
_OTHER_BLANK = re.compile(
    "^[ \u00a0\u2000-\u200a\u202f\u205f\u3000]*[\u00a0\u2000-\u200a\u202f\u205f\u3000]", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a text, counted from 0."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class _Error:
    """One refusal. `at` is where the parser stopped, `start` where the thing that it was reading begins.

    `bracket` is the innermost bracket that was open.
    """

    lines: list[str]
    at: Spot
    start: Spot
    bracket: Spot | None

    def line(self, number: int) -> str:
        return self.lines[number] if 0 <= number < len(self.lines) else ""

    @property
    def here(self) -> str:
        return self.line(self.at.line)

    @property
    def before(self) -> str:
        return self.here[: self.at.column]

    def char(self, spot: Spot) -> str:
        return self.line(spot.line)[spot.column : spot.column + 1]


Advice = tuple[Spot, str]


def unseen(text: str) -> Advice | None:
    """The first character that no editor shows (controls, line separators, zero-width blanks), if there is one.

    Or a blank in the indentation that only looks like a space.
    """
    found = _UNSEEN.search(text)
    if found is None:
        return _other_blank(text)
    lines = _LINE_END.split(text[: found.start()])
    code = ord(found[0])
    if 0xD800 <= code < 0xE000:
        return Spot(len(lines) - 1, len(lines[-1])), "half of a surrogate pair stands here; remove it"
    written = f"\\u{code:04x}"
    message = f'the invisible character U+{code:04X} stands here; remove it, or write "{written}" in double quotes'
    return Spot(len(lines) - 1, len(lines[-1])), message


def _other_blank(text: str) -> Advice | None:
    found = _OTHER_BLANK.search(text)
    if found is None:
        return None
    line, column = text.count("\n", 0, found.start()), len(found[0]) - 1
    return Spot(
        line, column
    ), f"the blank U+{ord(found[0][-1]):04X} stands here, which YAML takes for text; write a plain space"


def explain(text: str, error: yaml.YAMLError, bracket: Spot | None) -> Advice:
    """Where a parser's error is, and what to write instead."""
    mark, start = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    at = Spot(mark.line, mark.column) if mark else Spot(0, 0)
    known = _Error(_LINE_END.split(text), at, Spot(start.line, start.column) if start else at, bracket)
    if (advice := _blanks(known)) is not None:
        return advice
    said = f"{getattr(error, 'context', None)}: {getattr(error, 'problem', None)}"
    for cause, advise in _CAUSES:
        if cause in said:
            return advise(known)
    return _unknown(known)


def _blanks(error: _Error) -> Advice | None:
    """Blanks that look like spaces, and are none."""
    here = error.here
    indent = len(here) - len(here.lstrip())
    column = here.find("\t")
    if 0 <= column < indent or (error.char(error.at) == "\t"):
        column = min(column, error.at.column)
        return Spot(error.at.line, column), "a tab stands where YAML wants spaces; indent with spaces"
    for line in (error.start.line, error.at.line):
        column = error.line(line).find("\u00a0")
        if column >= 0:
            return Spot(line, column), "a no-break space (U+00A0) stands here; write a plain space"
    return None


def _first_character(error: _Error) -> Advice:
    char = error.char(error.at)
    rest = error.here[error.at.column :]
    word = re.split(r"[\s:,\]}]", rest, maxsplit=1)[0]
    return error.at, f'a value or key cannot begin with {char}; quote it, like "{word}"'


def _no_colon(error: _Error) -> Advice:
    if error.line(error.start.line - 1).lstrip().startswith("- "):
        return _list(error)
    return error.start, "this line has no colon with a blank after it; write `key: value`"


def _stray_colon(error: _Error) -> Advice:
    above = next((line for line in reversed(error.lines[: error.at.line]) if line.strip()), "")
    if ": " in error.before:
        return error.at, "a second colon stands in this line; quote the value that holds it"
    if _indent(error.here) > _indent(above):
        return error.at, (
            "this line is indented below one that has a value, or no colon; give both the same indentation, or write "
            "the colon in the line above"
        )
    return error.at, "the line above has no colon with a blank after it; write `key: value` there"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _open_quote(error: _Error) -> Advice:
    return (
        error.start,
        f"the quote {error.char(error.start)} that opens here is never closed; close it at the text's end",
    )


def _escape(error: _Error) -> Advice:
    return error.start, (
        "the text in double quotes holds a \\ that YAML does not know; write \\\\ for the character itself, or use "
        "single quotes"
    )


def _indicator(error: _Error) -> Advice:
    char = error.char(error.start)
    rest = re.split(r"\s#|[,\]}]|\s*$", error.line(error.start.line)[error.start.column :], maxsplit=1)[0].rstrip()
    return error.start, f'a text cannot begin with {char}; quote it, like "{rest}"'


def _directive(error: _Error) -> Advice:
    return Spot(error.at.line, 0), "a line cannot begin with %, but for `%YAML 1.2` at the top; remove it"


def _flow(error: _Error) -> Advice:
    char, bracket = error.char(error.at), error.bracket or error.start
    opening = error.char(bracket)
    closing = {"[": "]", "{": "}"}.get(opening, "}")
    if error.at.line > bracket.line or not error.here[error.at.column :].strip():
        return bracket, f"the {opening} that opens here is not closed; write {closing} at its end"
    if char == ":":
        return error.at, "this needs a comma before it; write one, or quote the text that holds the colon"
    if char in ("]", "}"):
        return error.at, f"the {opening} in column {bracket.column + 1} ends in {char}; write {closing}"
    return error.at, f"this needs a comma or {closing} before it; write one"


def _block(error: _Error) -> Advice:
    char = error.char(error.at)
    if char in ("]", "}"):
        return error.at, f"the {char} closes nothing; remove it, or write the bracket that opens"
    if char == "-" and error.here[error.at.column + 1 : error.at.column + 2] in ("", " "):
        return error.at, "a list item stands among keys; indent it below its key"
    if char == ":":
        return error.at, "there is no key before this colon; write one"
    if char == ",":
        return error.at, "a comma stands where YAML wants none; lists are written in brackets: [a, b]"
    if error.before.rstrip().endswith(('"', "'")):
        return error.at, (
            "a text stands after a closing quote; quote the whole value (a quote inside single quotes is written "
            "twice), or close the quote in a line above"
        )
    return error.at, "this line's indentation fits none of those above it; give keys of one block the same indentation"


def _list(error: _Error) -> Advice:
    if error.char(error.at) in ("]", "}", ",", ":") or error.before.strip():
        return _block(error)
    return error.start, "this stands among list items; begin it with `- `, or mend the indentation"


def _no_value(error: _Error) -> Advice:
    if error.bracket is not None:
        return _flow(error)
    char = error.char(error.at)
    return error.at, f"a value cannot begin with {char}; quote it" if char else "a value is missing here; write one"


def _after_end(error: _Error) -> Advice:
    if not any(line.startswith("...") for line in error.lines[: error.at.line]):
        return _block(error)
    return error.at, "a text stands after the end of the document (`...`); remove that line"


def _unknown(error: _Error) -> Advice:
    return error.at, "this is not YAML; check quotes, brackets and indentation near here"


_CAUSES: tuple[tuple[str, Callable[[_Error], Advice]], ...] = (
    ("cannot start any token", _first_character),
    ("could not find expected ':'", _no_colon),
    ("mapping values are not allowed", _stray_colon),
    ("escape", _escape),
    ("quoted scalar", _open_quote),
    ("scanning an alias", _indicator),
    ("scanning an anchor", _indicator),
    ("scanning a block scalar", _indicator),
    ("tag", _indicator),
    ("directive", _directive),
    ("incompatible", _directive),
    ("node content", _no_value),
    ("flow", _flow),
    ("block mapping", _block),
    ("block collection", _list),
    ("block sequence", _list),
    ("document start", _after_end),
)
"""What a part of the parser's words means, the first that fits."""
