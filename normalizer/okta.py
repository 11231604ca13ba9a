"""Facts about Okta's LogEvent: which event paths exist, their types, which of them are lists.

The table `schemas/okta/log_event.json` was written by hand from Okta's OpenAPI description of the System Log API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from normalizer.data import data_folder


@dataclass(frozen=True, slots=True)
class Fact:
    """One event path: its JSON type, whether it is a list of these, whether any key is good below it."""

    type: str
    list: bool = False
    open: bool = False
    values: tuple[str, ...] = ()


@cache
def log_event() -> Mapping[str, Fact]:
    """All documented event paths, keys joined by dots, selectors and list indices left out."""
    table: dict[str, dict[str, Any]] = orjson.loads((data_folder() / "schemas/okta/log_event.json").read_bytes())[
        "fields"
    ]
    return {
        path: Fact(fact["type"], fact.get("list", False), fact.get("open", False), tuple(fact.get("values", ())))
        for path, fact in table.items()
    }


def fact(path: str) -> Fact | None:
    """What is known of an event path; None where Okta documents no such path.

    Below an open object every path is good, and its type is unknown (`any`).
    """
    table = log_event()
    if path in table:
        return table[path]
    parent = path
    while "." in parent:
        parent = parent.rpartition(".")[0]
        if parent in table:
            return Fact("any", open=True) if table[parent].open else None
    return None
