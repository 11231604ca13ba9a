"""Events for tests: one with everything that LogEvent documents, and odd values for any of its places."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson

from normalizer import okta
from tests.backends.python.ways import Event

LEAST: Event = {"uuid": "u-1", "eventType": "mim.command.ios.new", "published": "2026-09-14T06:00:00.123Z"}
NEEDED = tuple(LEAST)
TARGETS = ("Device", "User", "UserGroup", "AppUser")

GOOD: dict[str, Any] = {
    "string": "x-1", "boolean": True, "integer": 7, "number": 12.5, "object": {"k": ["v"]},
    "date-time": LEAST["published"],
}  # fmt: skip
"""A value for each type that a documented path can have; for an object, where nothing below it is documented."""
ODD: dict[str, Any] = {
    "null": None, "true": True, "false": False, "zero": 0, "one": 1, "fraction": 1.5, "whole fraction": 1.0,
    "64 bit": 2**63, "more than 64 bit": float(2**64), "empty": "", "text": "x", "blank": " ", "placeholder": "unknown",
    "number's text": "7", "long": "é" * 2000, "quotes": 'a "b" \\ \n\u2028', "emoji": "😀", "empty list": [],
    "list": [1], "texts": ["x", "", None, "y"], "list of lists": [[[1]]], "empty object": {}, "object": {"a": 1},
    "nested": {"a": {"b": [{"c": None}]}}, "objects": [{"a": 1}, {}, "x"], "empty things": [None, "", [], {}],
    "id": {"id": 5, "type": ["User"]}, "key": {"": 1, "a.b": {"k" * 513: 1}}, "nul": {"n\0": "\0"},
}  # fmt: skip
"""JSON values of every kind, by what they are."""


def documented() -> dict[str, okta.Fact]:
    """Every documented path."""
    return dict(okta.log_event())


def put(event: Event, path: str, value: Any) -> None:
    """Set a value at a path, making the objects and lists on the way; in a list it goes into every element."""
    above, below = "", [event]
    *steps, last = path.split(".")
    for step in steps:
        above = f"{above}.{step}".lstrip(".")
        fact = okta.log_event().get(above)
        inside: list[Event] = []
        for holder in below:
            if not isinstance(holder.get(step), (dict, list)):
                holder[step] = [{}] if fact is not None and fact.list else {}
            inner = holder[step]
            inside += [each for each in (inner if isinstance(inner, list) else [inner]) if isinstance(each, dict)]
        below = inside
    for holder in below:
        holder[last] = value


def full() -> Event:
    """An event with a good value at every documented path, and a target of each type that is known."""
    event: Event = orjson.loads(_full())
    return event


@cache
def _full() -> bytes:
    event: Event = {"target": [{"type": kind} for kind in TARGETS]}
    facts = documented()
    for path, fact in facts.items():
        if path == "target.type" or any(other.startswith(f"{path}.") for other in facts):
            continue
        value = GOOD[fact.type]
        put(event, path, [value] if fact.list else value)
    for path in ("client.ipAddress", "request.ipChain.ip"):
        put(event, path, "192.0.2.1")
    event["device"]["device_integrator"] = '{"k": ["v"]}'
    event["securityContext"]["userBehaviors"] = [{"id": "b", "name": "New Device", "result": "POSITIVE"}]
    return orjson.dumps({**event, **LEAST})
