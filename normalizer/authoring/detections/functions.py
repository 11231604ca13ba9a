"""Functions of EQL and ES|QL that compare a field with texts; all others are made of the fields that they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from normalizer.authoring.detections import operands, patterns
from normalizer.authoring.detections.operands import Operand, Part
from normalizer.authoring.detections.trees import Tree

Comparison = Callable[[Part, tuple[str, ...], bool], Tree]
"""What a function's first argument, the texts after it and "without regard to capitals" are as a condition."""


def _around(before: str, after: str) -> Comparison:
    def comparison(first: Part, texts: tuple[str, ...], caseless: bool) -> Tree:
        wild = tuple(f"{before}{patterns.literal(text)}{after}" for text in texts)
        return operands.like(first, wild, caseless=caseless)

    return comparison


def _wildcard(first: Part, texts: tuple[str, ...], caseless: bool) -> Tree:
    return operands.like(first, tuple(map(operands.wild, texts)), caseless=caseless)


def _expression(first: Part, texts: tuple[str, ...], caseless: bool) -> Tree:
    return operands.expression(first, texts, caseless=caseless)


EQL: Mapping[str, Comparison] = {
    "startswith": _around("", "*"),
    "endswith": _around("*", ""),
    "stringcontains": _around("*", "*"),
    "wildcard": _wildcard,
    "match": _expression,
    "matchlite": _expression,
}
ESQL: Mapping[str, Comparison] = {
    "starts_with": _around("", "*"),
    "ends_with": _around("*", ""),
    "contains": _around("*", "*"),
    "match": _around("", ""),
    "match_phrase": _around("", ""),
    "term": _around("", ""),
}


def called(
    known: Mapping[str, Comparison], name: str, arguments: tuple[Part, ...], offset: int, *, caseless: bool = False
) -> Part:
    """What a function's call is. `known` are those of the language that are conditions."""
    first, *others = arguments or (Operand(offset),)
    texts = tuple(each.text for each in others if isinstance(each, Operand) and each.text is not None)
    if name not in known or not texts or len(texts) < len(others):
        return operands.made_of(offset, *arguments)
    return known[name](first, texts, caseless)
