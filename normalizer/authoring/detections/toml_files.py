"""Detection rules as TOML, one in a file, as Elastic's repository of rules keeps them."""

from __future__ import annotations

import re
import tomllib

from normalizer.authoring.detections import elastic
from normalizer.authoring.detections.gathering import in_one_line
from normalizer.authoring.detections.model import NotChecked
from normalizer.authoring.detections.reading import Reading
from normalizer.authoring.detections.trees import At
from normalizer.errors import Place

_RULE = re.compile(r"^[ \t]*\[[ \t]*rule[ \t]*\]", re.MULTILINE)
_LONG_QUOTES = ('"""', "'''")
_QUERY = re.compile(
    r"^[ \t]*query[ \t]*=[ \t]*"
    r"(\"{3}(?:[^\\]|\\[\s\S])*?\"{3,5}|'{3}[\s\S]*?'{3,5}|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')",
    re.MULTILINE,
)
_PLACED = re.compile(r"(.*) \(at line (\d+), column (\d+)\)$", re.DOTALL)


def read(text: str, file: str, into: Reading) -> None:
    """Read one file; one without a table [rule] is none of ours."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        into.not_checked.append(_mistake(str(error), text, file))
        return
    except RecursionError:
        into.not_checked.append(NotChecked(Place(file, 1, 1), "the file nests too deep to be read"))
        return
    rule = tables.get("rule")
    if not isinstance(rule, dict):
        return
    start = _RULE.search(text)
    place = _place(text, start.start() if start else 0, file)
    elastic.read(rule, place, into, at=_query_at(rule.get("query"), text, file))


def _mistake(said: str, text: str, file: str) -> NotChecked:
    placed = _PLACED.match(said)
    what, line, column = (placed[1], int(placed[2]), int(placed[3])) if placed else (said, text.count("\n") + 1, 1)
    what = what.removesuffix(" (at end of document)")
    return NotChecked(Place(file, line, column), f"the file is no TOML: {in_one_line(what[:1].lower() + what[1:])}")


def _place(text: str, offset: int, file: str) -> Place:
    before = text[:offset]
    return Place(file, before.count("\n") + 1, offset - before.rfind("\n"))


def _query_at(query: object, text: str, file: str) -> At | None:
    """Where the characters of the query stand. TOML's reader does not tell, so the text is looked for that gives it."""
    for found in _QUERY.finditer(text) if isinstance(query, str) else ():
        if tomllib.loads(f"query = {found[1]}")["query"] == query:
            quotes = 3 if found[1].startswith(_LONG_QUOTES) else 1
            start = found.start(1) + quotes
            begin = start + (quotes == 3 and text[start : start + 1] == "\n")
            return lambda offset: _inside(_place(text, begin, file), str(query), offset)
    return None


def _inside(start: Place, query: str, offset: int) -> Place:
    """The place of a character of the query. Where TOML's escapes make a text shorter, the column is too small."""
    before = query[:offset]
    line = before.count("\n")
    column = offset - before.rfind("\n")
    return Place(start.file, start.line + line, column if line else start.column + offset)
