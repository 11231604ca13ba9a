"""Documents of events before and after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from normalizer.authoring.diff.samples import MOST_EVENTS, MOST_EXAMPLES, Samples, samples
from normalizer.errors import InputError
from tests.authoring.diff.small import Edits, loaded

BASE, ONE, TWO = "_base.yml", "mim.one.yml", "mim.two.yml"


def event(number: int, kind: str = "mim.one", **more: Any) -> dict[str, Any]:
    return {"uuid": f"e{number}", "eventType": kind, "published": "2026-09-14T06:00:00.000Z", **more}


def compared(folder: Path, edits: Edits, *events: dict[str, Any] | str, most: int = MOST_EVENTS) -> Samples:
    file = folder / "events.ndjson"
    file.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in events))
    return samples(loaded(folder / "old", {}), loaded(folder / "new", edits), str(file), most)


def told(found: Samples) -> dict[str, list[tuple[str, Any, Any]]]:
    return {
        name: [(each.id, each.before, each.after) for each in changed.examples]
        for name, changed in found.fields.items()
    }


def test_fields_that_differ(tmp_path: Path) -> None:
    edits: Edits = {
        BASE: [
            ("      email: {from", "      domain: {from"),
            (", default: unknown", ""),
            ("name: title", "name: label"),
        ],
        TWO: ("done", "new"),
    }
    apps = {"debugData": {"apps": [{"title": "Mail", "label": "mail"}, {"title": "Notes"}]}}
    found = compared(
        tmp_path,
        edits,
        event(1, actor={"alternateId": "a@b"}, outcome={"result": "SUCCESS"}),
        event(2, "mim.two", outcome={"result": "?"}),
        event(3, outcome={"result": "FAILURE"}),
        event(4, outcome={"result": "FAILURE"}, debugContext=apps),
    )
    assert (found.read, found.more, found.compared, found.changed) == (4, False, 4, 3)
    assert told(found) == {
        "event.outcome": [("e2", "unknown", None)],
        "okta.apps.name": [("e4", ["Mail", "Notes"], ["mail"])],
        "okta.status": [("e2", "done", "new")],
        "user.domain": [("e1", None, "a@b")],
        "user.email": [("e1", "a@b", None)],
    }
    assert found.fields["okta.status"].examples[0].event_type == "mim.two"


def test_the_most_frequent_field_comes_first_and_examples_are_few(tmp_path: Path) -> None:
    edits: Edits = {ONE: ("new", "done"), BASE: ("target(type=Device).displayName", "target(type=Device).id")}
    found = compared(
        tmp_path, edits, *(event(number) for number in range(9)), event(9, target=[{"type": "Device", "id": "d"}])
    )
    assert [(name, changed.count) for name, changed in found.fields.items()] == [("okta.status", 10), ("host.name", 1)]
    assert [each.id for each in found.fields["okta.status"].examples] == ["e0", "e1", "e2"]
    assert MOST_EXAMPLES == 3


def test_documents_on_one_side_only(tmp_path: Path) -> None:
    edits: Edits = {"mim.any.yml": None, "okta.any.yml": "event_type: okta.*\nextends: _base\nsummary: Others.\n"}
    found = compared(
        tmp_path, edits, event(1, "mim.three"), event(2, "okta.one"), event(3, "policy.one"), event(4), "no JSON"
    )
    assert (found.read, found.compared, found.changed, found.lost, found.won) == (5, 1, 0, 1, 1)
    assert found.fields == {}


def test_only_the_first_events_are_read(tmp_path: Path) -> None:
    events = [event(number) for number in range(20)]
    found = compared(tmp_path, {ONE: ("new", "done")}, *events, most=7)
    assert (found.read, found.more, found.changed) == (7, True, 7)
    found = compared(tmp_path, {ONE: ("new", "done")}, *events, most=20)
    assert (found.read, found.more, found.changed) == (20, False, 20)
    assert MOST_EVENTS == 1000


def test_an_array_and_numbers_that_python_takes_for_equal(tmp_path: Path) -> None:
    table = ('{from: debugContext.debugData.level, map: {low: "1", high: "2"}}', "debugContext.debugData.level")
    old = loaded(tmp_path / "old", {BASE: table})
    new = loaded(
        tmp_path / "new", {BASE: table, "_custom_fields.yml": ("okta.level: {type: long", "okta.level: {type: boolean")}
    )
    file = tmp_path / "page.json"
    file.write_text(json.dumps([event(1, debugContext={"debugData": {"level": 1}})]))
    found = samples(old, new, str(file))
    assert told(found)["okta.level"] == [("e1", 1, None)]
    assert "error.message" in found.fields


def test_there_must_be_such_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file or folder"):
        samples(loaded(tmp_path, {}), loaded(tmp_path, {}), str(tmp_path / "nothing"))
