"""What can arrive at a path, as values to try: what none of them passes, nothing ever passes.

Where nobody knows what arrives (open objects, what the run gives) there are none, and the linter says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from normalizer import okta
from normalizer.authoring.lint.subject import Reading
from normalizer.backends.python.convert import STEP, is_absent, keyword
from normalizer.language.conversions import ABSENT, PROBLEM

_DATE = "2026-09-14T06:00:00.123Z"
_TEXTS = ("x", "X", "7", "true", "192.0.2.1", _DATE, "anna@example.com", '{"lat": 1, "lon": 2}')
"""For each conversion that takes text, one that it takes, and others."""
_BY_TYPE: dict[str, tuple[Any, ...]] = {
    "string": _TEXTS,
    "date-time": (_DATE,),
    "boolean": (True, False),
    "integer": (0, 7, 64_496),
    "number": (0, 7, 59.91),
}


def closed(reading: Reading) -> tuple[Any, ...] | None:
    """All values that LogEvent has at a path, where it has only some."""
    fact = reading.fact
    if fact is None or fact.type not in ("string", "boolean"):
        return None
    return fact.values or (_BY_TYPE["boolean"] if fact.type == "boolean" else None)


def samples(reading: Reading) -> tuple[Any, ...] | None:
    """Values of every kind that LogEvent has at a path; None where nobody knows."""
    fact = reading.fact
    if fact is None or fact.type == "any" or fact.open:
        return None
    if fact.type == "object":
        below = f"{reading.name}."
        return ({path.removeprefix(below): 1 for path in okta.log_event() if path.startswith(below)},)
    return closed(reading) or _BY_TYPE[fact.type]


def stepped(values: Sequence[Any], steps: Sequence[str]) -> list[Any]:
    """What conversions make of values; those that one of them does not take are left out."""
    for step in steps:
        made = (STEP[step](value) for value in values)
        values = [value for value in made if value is not PROBLEM and value is not ABSENT and not is_absent(value)]
    return [*values]


def looked_up(values: Sequence[Any]) -> set[str]:
    """The texts that a table is asked for."""
    return {text for value in values if (text := keyword(value)) is not PROBLEM}
