"""The items of Sigma's selections: a field with modifiers (`user.name|contains|all`), and the values beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from normalizer.authoring.detections import patterns
from normalizer.authoring.detections.gathering import Gathered
from normalizer.authoring.detections.model import Bound, NotUnderstood, Use
from normalizer.authoring.detections.sigma_names import ours
from normalizer.errors import Place

_PIECE = re.compile(r"\\[*?\\]|\\|[^\\]")

_BOUNDS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_AROUND = {"contains": ("*", "*"), "startswith": ("", "*"), "endswith": ("*", "")}
_CHANGE_NOTHING = frozenset(
    {"all", "windash", "cased", "neq", "i", "m", "s", "re", "exists", "fieldref", *_BOUNDS, *_AROUND}
)
_ANY_VALUE = frozenset(
    {"cidr", "base64", "base64offset", "utf16", "utf16le", "utf16be", "wide", "expand"}
    | {"minute", "hour", "day", "week", "month", "year"}
)
"""Modifiers behind which values are not compared as they are written."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a selection; without a field these are words that may stand anywhere. A value None is null."""

    key: str
    values: tuple[str | None, ...]
    place: Place


def pattern(text: str) -> str:
    """A value of Sigma as one of our patterns: a backslash that escapes nothing is itself."""
    return "".join("\\\\" if piece == "\\" else piece for piece in _PIECE.findall(text))


def read(item: Item, into: Gathered, *, negated: bool) -> None:
    """Add what an item reads. Raises NotUnderstood."""
    name, *modifiers = item.key.split("|")
    unknown = sorted({*modifiers} - _CHANGE_NOTHING - _ANY_VALUE)
    if unknown:
        raise NotUnderstood(f"the modifier {unknown[0]} is not read")
    field = ours(name) if name else ""
    turned = negated != ("neq" in modifiers)
    into.uses += [
        Use(each.field or field, each.values, each.negated != turned, item.place, each.caseless, each.bounds)
        for each in _uses(field, modifiers, item)
    ]


def _uses(field: str, modifiers: list[str], item: Item) -> Iterable[Use]:
    texts = tuple(each for each in item.values if each is not None)
    caseless = "cased" not in modifiers
    if None in item.values:  # the field is absent
        yield Use(field, None, True, item.place)
    if "exists" in modifiers:
        yield from (Use(field, None, text.lower() == "false", item.place) for text in texts)
    elif "fieldref" in modifiers:
        yield Use(field, None, False, item.place)
        yield from (Use(ours(text), None, False, item.place) for text in texts)
    elif (bound := next((each for each in modifiers if each in _BOUNDS), None)) is not None:
        yield from (Use(field, None, False, item.place, bounds=(Bound(_BOUNDS[bound], text),)) for text in texts)
    elif _ANY_VALUE & {*modifiers}:
        yield Use(field, None, False, item.place)
    elif "re" in modifiers:
        expressions = [found for text in texts for found in patterns.of_expression(text, anywhere=True)]
        yield Use(field, tuple(expressions), False, item.place, caseless="i" in modifiers)
    elif texts:
        before, after = next((_AROUND[each] for each in modifiers if each in _AROUND), ("", ""))
        values = tuple(f"{before}{pattern(text)}{after}" for text in texts)
        yield Use(field, None if "*" in values else values, False, item.place, caseless)
