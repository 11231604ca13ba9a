"""Facts about the Elastic Common Schema: the pinned version, its fields, their types and values.

The facts come from the official npm package `@elastic/ecs` (`schemas/ecs/update.py` makes the file).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from normalizer.data import data_folder

VERSION = "9.4.0"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a document.

    `values` are the only ones allowed (empty: any). `expected_types` says, for each value of `event.category`,
    which values of `event.type` ECS expects beside it. `ours` is true for fields that `_custom_fields.yml` declares.
    """

    name: str
    type: str
    array: bool = False
    values: tuple[str, ...] = ()
    expected_types: Mapping[str, tuple[str, ...]] | None = None
    ignore_above: int | None = None
    multi_fields: tuple[tuple[str, str], ...] = ()
    index: bool = True
    doc_values: bool = True
    level: str = ""
    beta: bool = False
    deprecated: bool = False
    description: str = ""
    ours: bool = False


class _Fields(Mapping[str, Field]):
    """ECS has thousands of fields and a mapping writes some dozens: each is made when it is first asked for."""

    def __init__(self, facts: dict[str, dict[str, Any]]) -> None:
        self._facts = facts
        self._made: dict[str, Field] = {}

    def __getitem__(self, name: str) -> Field:
        if name not in self._made:
            self._made[name] = _field(name, self._facts[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)


@cache
def fields() -> Mapping[str, Field]:
    """All fields of ECS by name, sorted."""
    return _Fields(orjson.loads((data_folder() / f"schemas/ecs/{VERSION}.json").read_bytes())["fields"])


def _field(name: str, fact: dict[str, Any]) -> Field:
    allowed: dict[str, list[str]] = fact.get("allowed_values", {})
    return Field(
        name=name,
        type=fact["type"],
        array=fact.get("array", False),
        values=tuple(allowed or fact.get("expected_values", ())),
        expected_types={value: tuple(types) for value, types in allowed.items()} if any(allowed.values()) else None,
        ignore_above=fact.get("ignore_above"),
        multi_fields=tuple((each["name"], each["type"]) for each in fact.get("multi_fields", ())),
        index=fact.get("index", True),
        doc_values=fact.get("doc_values", True),
        level=fact["level"],
        beta=fact.get("beta", False),
        deprecated=fact.get("deprecated", False),
    )
