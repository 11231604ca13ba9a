"""The conditions of Sigma rules: which selections count, and which are negated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from lark import Token, Transformer, v_args

from normalizer.authoring.detections.model import NotUnderstood
from normalizer.authoring.detections.parsing import grammar, parse

_MAX_CONDITION = 10_000
"""Characters."""

_THEM = "[!_]*"


@dataclass(frozen=True, slots=True)
class Condition:
    """Names or patterns of selections with their signs; `fields` are what an aggregation reads."""

    selections: tuple[tuple[str, bool], ...]
    fields: tuple[str, ...] = ()


def read(text: str, names: Iterable[str]) -> Condition:
    """The selections that a condition uses. Raises NotUnderstood, also where there is none of a name."""
    condition: Condition = parse(grammar("conditions", _Reader), text, "condition", _MAX_CONDITION)
    known = [*names]
    used: dict[tuple[str, bool], None] = {}
    for pattern, negated in condition.selections:
        matched = [name for name in known if fnmatchcase(name, pattern)]
        if not matched:
            raise NotUnderstood(f"its condition names {pattern}, and there is no such selection")
        used |= {(name, negated): None for name in matched}
    return Condition(tuple(used), condition.fields)


@v_args(inline=True)
class _Reader(Transformer[Token, Any]):
    def start(self, selections: dict[tuple[str, bool], None], fields: tuple[str, ...] = ()) -> Condition:
        return Condition(tuple(selections), fields)

    def either(self, *parts: dict[tuple[str, bool], None]) -> dict[tuple[str, bool], None]:
        return {key: None for part in parts for key in part}

    both = either

    def negated(self, part: dict[tuple[str, bool], None]) -> dict[tuple[str, bool], None]:
        return {(name, not negated): None for name, negated in part}

    def named(self, name: Token) -> dict[tuple[str, bool], None]:
        return {(str(name), False): None}

    def quantified(self, *parts: Token) -> dict[tuple[str, bool], None]:
        """`1 of selection_*`; them are all whose names begin with no underscore."""
        return {(_THEM if parts[-1].type == "THEM" else str(parts[-1]), False): None}

    def aggregation(self, *parts: Token) -> tuple[str, ...]:
        return tuple(str(part) for part in parts if part.type == "FIELD")
