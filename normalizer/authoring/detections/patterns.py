r"""Patterns of values: `*` is any text, `?` any one character, `\*`, `\?` and `\\` are these characters themselves."""

from __future__ import annotations

import fnmatch
import re
from functools import cache, lru_cache
from itertools import product
from typing import Any

from lark import Lark, Transformer, v_args
from lark.exceptions import LarkError

from normalizer.authoring.detections.model import NotUnderstood

_SPECIAL = re.compile(r"[*?\\]")
_PIECE = re.compile(r"\\.|.", re.DOTALL)


def literal(text: str) -> str:
    """The pattern that matches a text alone."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def has_wildcard(pattern: str) -> bool:
    """Whether a pattern matches more than one text."""
    return any(piece in "*?" for piece in _PIECE.findall(pattern))


def shown(pattern: str) -> str:
    """A pattern as people write it: without backslashes where it has no wildcard."""
    return pattern if has_wildcard(pattern) else _unescaped(pattern)


def _unescaped(pattern: str) -> str:
    return "".join(piece[-1] for piece in _PIECE.findall(pattern))


@lru_cache(maxsize=10_000)
def _compiled(pattern: str, caseless: bool) -> re.Pattern[str]:
    """fnmatch's translation takes a time that grows with the text's length alone, however many wildcards there are."""
    pieces = (
        piece if piece in "*?" else (f"[{piece[-1]}]" if piece[-1] in "*?[" else piece[-1])
        for piece in _PIECE.findall(pattern)
    )
    return re.compile(fnmatch.translate("".join(pieces)), re.IGNORECASE if caseless else 0)


def matches(pattern: str, text: str, *, caseless: bool = False) -> bool:
    """Whether a pattern matches the whole of a text."""
    return _compiled(pattern, caseless).match(text) is not None


def overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns, in which only `*` is special."""
    reached = {(0, 0)}
    waiting = [(0, 0)]
    while waiting:
        left, right = waiting.pop()
        if left == len(one) and right == len(other):
            return True
        for step in _steps(one, other, left, right):
            if step not in reached:
                reached.add(step)
                waiting.append(step)
    return False


def _steps(one: str, other: str, left: int, right: int) -> list[tuple[int, int]]:
    """Where two patterns go on after the next character that they share, or after a `*` that matches nothing."""
    first, second = one[left : left + 1], other[right : right + 1]
    steps = []
    if first == "*":
        steps.append((left + 1, right))
        if second:
            steps.append((left, right + 1))
    if second == "*":
        steps.append((left, right + 1))
        if first:
            steps.append((left + 1, right))
    if first and first == second:
        steps.append((left + 1, right + 1))
    return steps


_EXPRESSION = r"""
start: either
either: row ("|" row)*
row: piece*
piece: atom QUANTIFIER?
?atom: CHAR -> one | ESCAPED -> escaped | "." -> any | "(" ["?:"] either ")" -> group
QUANTIFIER: /[*+?]/
CHAR: /[^\\.*+?|()\[\]{}^$]/
ESCAPED: /\\[^A-Za-z0-9]/
"""
_LUCENE_ONLY = re.compile(r'(?<!\\)["#@&<>~]')
"""Signs with a meaning of their own in Lucene's expressions, which match the whole text."""

_MAX_ALTERNATIVES = 100
_MAX_EXPRESSION = 2_000


def of_expression(expression: str, *, anywhere: bool = False) -> tuple[str, ...]:
    """The patterns that say the same as a regular expression: literals, `.`, `.*`, `.+`, `x?`, groups, alternatives.

    With `anywhere` the expression need not match the whole text, but for its `^` and `$`. Raises NotUnderstood for all
    others.
    """
    begins = ends = not anywhere
    body = expression
    if not anywhere and _LUCENE_ONLY.search(body):
        raise NotUnderstood(_why(expression))
    if anywhere:
        begins, ends = body.startswith("^"), body.endswith("$") and not body.endswith("\\$")
        body = body[begins : len(body) - ends]
        if (begins or ends) and "|" in body:  # ^a|b$: the signs belong to the first and the last alternative
            raise NotUnderstood(_why(expression))
    if len(body) > _MAX_EXPRESSION:
        raise NotUnderstood(_why(expression))
    try:
        found: Any = _expressions().parse(body)
    except LarkError as error:
        raise NotUnderstood(_why(expression)) from error
    patterns: list[str] = [*dict.fromkeys(found)]
    return tuple(f"{'' if begins else '*'}{each}{'' if ends else '*'}" for each in patterns)


def _why(expression: str) -> str:
    cut = expression if len(expression) <= 60 else f"{expression[:60]}…"
    return f"the regular expression {cut} is not compared with values"


@cache
def _expressions() -> Lark:
    return Lark(_EXPRESSION, parser="lalr", transformer=_Expression())


@v_args(inline=True)
class _Expression(Transformer[Any, Any]):
    """Each part of an expression becomes the list of patterns that it may be."""

    def start(self, patterns: list[str]) -> list[str]:
        return patterns

    def either(self, *rows: list[str]) -> list[str]:
        return _few([pattern for row in rows for pattern in row])

    def row(self, *pieces: list[str]) -> list[str]:
        result = [""]
        for piece in pieces:
            result = _few([before + after for before, after in product(result, piece)])
        return result

    def piece(self, atom: list[str], quantifier: str | None = None) -> list[str]:
        match quantifier:
            case None:
                return atom
            case "?":
                return ["", *atom]
            case "*" if atom == ["?"]:
                return ["*"]
            case "+" if atom == ["?"]:
                return ["?*"]
        raise LarkError  # a+ is no pattern

    def one(self, char: str) -> list[str]:
        return [literal(char)]

    def escaped(self, char: str) -> list[str]:
        return [literal(char[1:])]

    def any(self) -> list[str]:
        return ["?"]

    def group(self, *inside: list[str] | None) -> list[str]:
        return inside[-1] or []


def _few(patterns: list[str]) -> list[str]:
    if len(patterns) > _MAX_ALTERNATIVES:
        raise LarkError
    return patterns
