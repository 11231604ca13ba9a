"""Counts of event paths that never arrive, over small mappings of the tests' own and over the shipped ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from normalizer import Mappings, Options, load
from normalizer.authoring.explain import coverage as module
from normalizer.authoring.explain.coverage import Coverage, Seen
from normalizer.authoring.explain.leaves import leaves
from normalizer.authoring.explain.machines import of_coverage
from normalizer.authoring.explain.trace import Tracer
from normalizer.inputs import Batch, Unreadable, read, sources
from tests.backends.python.ways import ways

SAMPLES = Path(__file__).resolve().parents[3] / "examples" / "okta-mim.ndjson"
RULES = """\
user.id: target(type=User).id
event.reason: {from: [outcome.reason, displayMessage], ignore: [none]}
host.os.type: {from: device.os_platform, map: {IOS: ios}}
client.ip: client.ipAddress
event.original: _original
okta.x.debug: debugContext.debugData
"""
CUSTOM = "okta.x.debug: {type: flattened, description: All of it.}\n"
LEAST = {"uuid": "u-1", "eventType": "mim.example", "published": "2026-09-14T06:00:00.123Z"}


@pytest.fixture(scope="module")
def mappings(tmp_path_factory: pytest.TempPathFactory) -> Mappings:
    return ways(tmp_path_factory.mktemp("coverage") / "mappings", RULES, CUSTOM).mappings


@cache
def shipped() -> Tracer:
    return Tracer(load())


def batch(*events: dict[str, Any] | bytes | Unreadable) -> Batch:
    items = [orjson.dumps(LEAST | each) if isinstance(each, dict) else each for each in events]
    return Batch("in", items, range(1, len(items) + 1), True, 0)


def counted(mappings: Mappings, *events: dict[str, Any] | bytes | Unreadable) -> Coverage:
    coverage = Coverage(Tracer(mappings))
    for each in events:
        coverage.add(batch(each))
    return coverage


def numbers(paths: list[Seen]) -> dict[str, tuple[int, int, int]]:
    return {each.path: (each.events, each.arrived, each.missing) for each in paths}


def why(mappings: Mappings, event: dict[str, Any]) -> dict[str, str]:
    coverage = counted(mappings, event)
    return {each.path: each.why for each in [*coverage.never(), *coverage.sometimes()]}


def test_selectors_and_lists(mappings: Mappings) -> None:
    user, device = {"type": "User", "id": "u"}, {"type": "Device", "id": "d"}
    coverage = counted(mappings, {"target": [device, user]}, {"target": [user]}, {"target": device}, {"target": [{}]})
    assert numbers(coverage.never()) == {"target[].type": (2, 0, 2), "target.id": (1, 0, 1), "target.type": (1, 0, 1)}
    assert numbers(coverage.sometimes()) == {"target[].id": (2, 2, 1)}
    [seen] = coverage.sometimes()
    assert (seen.uuid, seen.value, seen.why) == ("u-1", '"d"', "no rule reads it")


def test_what_is_read_and_does_not_arrive(mappings: Mappings) -> None:
    event = {
        "outcome": {"reason": "locked"},
        "displayMessage": "Locked.",
        "device": {"os_platform": "BeOS"},
        "client": {"ipAddress": "x"},
        "severity": "",
        "actor": {"id": None},
    }
    assert why(mappings, event) == {
        "displayMessage": "event.reason has an earlier path's value",
        "device.os_platform": 'the table of host.os.type has no "BeOS"',
        "client.ipAddress": 'client.ipAddress: "x" is not an IP address',
    }
    assert why(mappings, {"outcome": {"reason": "none"}}) == {"outcome.reason": "event.reason ignores it"}
    assert why(mappings, {"client": "x"}) == {"client": 'client: "x" is not an object'}
    coverage = counted(mappings, event, {"displayMessage": "Locked."})
    assert numbers(coverage.sometimes()) == {"displayMessage": (2, 1, 1)}


def test_objects_that_are_copied_whole(mappings: Mappings) -> None:
    data = {"a": {"b": [1, {"c": "x"}]}, "bad\0key": {"d": 1}, "a.b": 2}
    coverage = counted(mappings, {"debugContext": {"debugData": data, "other": 1}})
    assert numbers(coverage.never()) == {
        "debugContext.debugData.bad\0key.d": (1, 0, 1),
        "debugContext.other": (1, 0, 1),
    }
    assert coverage.paths == 8


def test_the_order_and_the_first_example(mappings: Mappings) -> None:
    coverage = counted(mappings, {"version": "a", "b": "x" * 500}, {"version": "b", "a": 1}, {"uuid": "u-2", "a": 2})
    assert [(each.path, each.missing, each.uuid) for each in coverage.never()] == [
        ("a", 2, "u-1"),
        ("version", 2, "u-1"),
        ("b", 1, "u-1"),
    ]
    assert [each.value for each in coverage.never()][:2] == ["1", '"a"']
    assert len(coverage.never()[2].value) == module.LONGEST


def test_events_without_documents(mappings: Mappings) -> None:
    other = {"eventType": "user.session.start", "new": 1}
    broken = Unreadable(1, "too_long", "a line", b"", None, None)
    coverage = counted(mappings, {}, other, other, b"{", b"[]", {"uuid": ""}, broken)
    assert (coverage.events, coverage.mapped) == (7, 1)
    assert coverage.unmapped == {"user.session.start": 2}
    assert coverage.dead == {"not_json": 1, "not_an_event": 2, "too_long": 1}
    assert coverage.never() == []
    assert coverage.paths == 3


def test_limits_are_said(mappings: Mappings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PATHS", 5)
    monkeypatch.setattr(module, "MOST_TYPES", 1)
    many = {f"new{number}": {"k" * 300: number} for number in range(10)}
    coverage = counted(mappings, many, many, {"eventType": "a.b"}, {"eventType": "a.c"}, {"eventType": "a.b"})
    assert (coverage.paths, coverage.more_paths) == (5, 16)
    assert (coverage.unmapped, coverage.more_unmapped) == ({"a.b": 2}, 1)
    assert all(len(each.path) <= module.LONGEST for each in coverage.never())


def test_the_samples_and_what_machines_read() -> None:
    coverage = Coverage(shipped())
    for each in read(sources([str(SAMPLES)])[0]):
        coverage.add(each)
    facts = orjson.loads(orjson.dumps(of_coverage(coverage)))
    assert (facts["events"], facts["mapped"], facts["dead"]) == (coverage.events, coverage.events, [])
    assert facts["never"]
    for seen in facts["never"]:
        assert seen["arrived"] == 0 < seen["missing"] == seen["events"]
        assert {*seen["example"]} == {"uuid", "value", "why"}
        check_absent(seen)
    assert [seen["missing"] for seen in facts["never"]] == sorted((s["missing"] for s in facts["never"]), reverse=True)


def check_absent(seen: dict[str, Any]) -> None:
    """The example's event becomes a document that has the value in event.original alone."""
    [line] = [line for line in SAMPLES.read_bytes().splitlines() if seen["example"]["uuid"].encode() in line]
    document = shipped().normalizer.normalize(line)
    value = orjson.loads(seen["example"]["value"])
    assert value in [each for _, each in leaves(orjson.loads(line))]
    original = document["event"].pop("original")
    assert original == line.decode()
    assert value not in [each for _, each in leaves(document)]


def test_the_fallback_of_all_events() -> None:
    coverage = Coverage(Tracer(load(), Options(all_events=True)))
    coverage.add(batch({"eventType": "user.session.start"}))
    assert (coverage.mapped, coverage.unmapped.total(), coverage.never()) == (1, 0, [])
