"""Comparisons of EQL and ES|QL: an expression is a field, a literal, or something made of these."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from normalizer.authoring.detections import patterns, trees
from normalizer.authoring.detections.model import Bound
from normalizer.authoring.detections.trees import Group, Leaf, Tree

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NEVER = re.compile(r"!=|!~")
_ESCAPE = re.compile(r"\\(?:u\{?([0-9a-fA-F]{2,8})\}?|([\s\S]))")
_CONTROL = {"t": "\t", "r": "\r", "n": "\n", "b": "\b", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Operand:
    """Part of an expression. Of `field` and `text` at most one is there; `inside` is what it is made of."""

    offset: int
    field: str | None = None
    text: str | None = None
    null: bool = False
    caseless: bool = False
    inside: tuple[Tree, ...] = ()


Part = Operand | Leaf | Group


def reads(*parts: Part) -> Tree:
    """The fields that parts of an expression read, whatever their values."""
    return trees.joined(map(_read, parts))


def _read(part: Part) -> Tree:
    if not isinstance(part, Operand):
        return part
    return Leaf(part.field, None, part.offset) if part.field is not None else Group(part.inside)


def made_of(offset: int, *parts: Part) -> Operand:
    """An operand that is computed."""
    return Operand(offset, inside=tuple(map(_read, parts)))


def minus(part: Part) -> Operand:
    """The negative of a number, or of what is computed."""
    if isinstance(part, Operand) and part.text is not None:
        return Operand(part.offset, text=f"-{part.text}")
    return made_of(0, part)


def compared(left: Part, operator: str, right: Part) -> Tree:
    """`left operator right`; a field beside a literal is compared with it."""
    if isinstance(right, Operand) and right.field is not None and _is_literal(left):
        return compared(right, _FLIPPED.get(operator, operator), left)
    if not isinstance(left, Operand) or left.field is None or not isinstance(right, Operand) or not _is_literal(right):
        return reads(left, right)
    never = _NEVER.match(operator) is not None
    if right.null:  # a field that is null is absent
        return Leaf(left.field, None, left.offset, negated=not never)
    text = right.text or ""
    if operator in _FLIPPED:
        return Leaf(left.field, None, left.offset, bounds=(Bound(operator, text),))
    either_case = left.caseless or "~" in operator
    return Leaf(left.field, (patterns.literal(text),), left.offset, negated=never, caseless=either_case)


def _is_literal(part: Part) -> bool:
    return isinstance(part, Operand) and (part.text is not None or part.null)


def one_of(left: Part, values: tuple[Part, ...], *, caseless: bool = False) -> Tree:
    """`left in (values)`; values that are no literals are only read."""
    texts = tuple(patterns.literal(each.text) for each in values if isinstance(each, Operand) and each.text is not None)
    if not isinstance(left, Operand) or left.field is None or len(texts) < len(values):
        return reads(left, *values)
    return Leaf(left.field, texts, left.offset, caseless=caseless or left.caseless)


def like(left: Part, wild: tuple[str, ...], *, caseless: bool = False) -> Tree:
    """`left like "…"`; `wild` are patterns."""
    if not isinstance(left, Operand) or left.field is None:
        return reads(left)
    values = None if "*" in wild else wild
    return Leaf(left.field, values, left.offset, caseless=caseless or left.caseless)


def expression(left: Part, texts: tuple[str, ...], *, caseless: bool = False) -> Tree:
    """`left regex "…"`."""
    if not isinstance(left, Operand) or left.field is None:
        return reads(left)
    each_case = caseless or left.caseless
    return trees.joined(trees.matching(left.field, text, left.offset, caseless=each_case) for text in texts)


def without_case(part: Part) -> Part:
    """A field whose capitals do not count any more."""
    return replace(part, caseless=True) if isinstance(part, Operand) else part


def wild(text: str) -> str:
    """The pattern of a text in which `*` and `?` are wildcards, and nothing else is special."""
    return text.replace("\\", "\\\\")


def unquoted(token: str) -> str:
    """The text of a string literal: in three quotes, or after a question mark, as it is; else with escapes."""
    if token.startswith('"""'):
        return token[3:-3]
    if token.startswith("?"):
        return token[2:-1]
    return _ESCAPE.sub(_escaped, token[1:-1])


def _escaped(match: re.Match[str]) -> str:
    code, char = match.groups()
    if code is None:
        return _CONTROL.get(char, char)
    number = int(code, 16)
    return chr(number) if number < 0x110000 else "\ufffd"
