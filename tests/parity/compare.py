"""How two JSON documents differ: field by field, types included; the order of keys alone means nothing.

1, 1.0, true and "1" all differ, so do 0.0 and -0.0, a missing value, null and an empty one, lists in another order, and
texts that only look alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import Any, Final

SHOWN = 160
"""Characters of a value that are shown; of longer texts, those about the first that differs."""


class Gone(Enum):
    """Stands where one document has nothing."""

    MISSING = "missing"


MISSING: Final = Gone.MISSING


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the documents differ: keys and list indices, what Python has there, what the pipeline has."""

    path: str
    python: Any
    pipeline: Any

    def __str__(self) -> str:
        python, pipeline = shown(self.python, self.pipeline)
        return f"{self.path or 'the whole'}\n    Python:   {python}\n    pipeline: {pipeline}"

    @property
    def cause(self) -> tuple[str, str, str]:
        """What differences of one kind have in common: the place but for list indices, and the kinds of both values."""
        place = "".join("[]" if part.isdigit() else part for part in self.path.replace("[", "]").split("]"))
        return place, kind(self.python), kind(self.pipeline)


def read(text: bytes | str) -> Any:
    """A JSON value with every type told apart: by Python's own json, so whole numbers have no limit."""
    return json.loads(text)


def differences(python: Any, pipeline: Any, path: str = "") -> Iterator[Difference]:
    """Every place where two values differ, as deep as can be, sorted by key."""
    if type(python) is dict and type(pipeline) is dict:
        for key in sorted({*python, *pipeline}):
            inner = f"{path}.{key}" if path else key
            yield from differences(python.get(key, MISSING), pipeline.get(key, MISSING), inner)
    elif type(python) is list and type(pipeline) is list:
        for index, (one, other) in enumerate(zip_longest(python, pipeline, fillvalue=MISSING)):
            yield from differences(one, other, f"{path}[{index}]")
    elif not _same(python, pipeline):
        yield Difference(path, python, pipeline)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are one, where not both are objects or both are lists."""
    if type(one) is not type(other):
        return False
    if type(one) is float:
        return repr(one) == repr(other)  # tells -0.0 from 0.0, and repr is exact
    return bool(one == other)


def kind(value: Any) -> str:
    """What a value is, as a word."""
    match value:
        case Gone():
            return "missing"
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "whole number"
        case float():
            return "fraction"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "object"


def shown(one: Any, other: Any) -> tuple[str, str]:
    """Two values for people: ASCII only, so that what looks alike does not; long texts about where they part."""
    start = 0
    if isinstance(one, str) and isinstance(other, str):
        parting = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
        parting = min(len(one), len(other)) if parting is None else parting
        start = max(0, parting - SHOWN // 2) if max(len(one), len(other)) > SHOWN else 0
    return _shown(one, start), _shown(other, start)


def _shown(value: Any, start: int) -> str:
    if value is MISSING:
        return "nothing"
    if not isinstance(value, str):
        text = json.dumps(value)
        return f"{text[:SHOWN]}… ({len(text)} characters)" if len(text) > SHOWN else text
    part = value[start : start + SHOWN]
    if part == value:
        return json.dumps(value)
    return f"{'…' * bool(start)}{json.dumps(part)}… ({len(value)} characters, these from {start})"
