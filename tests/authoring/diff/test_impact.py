"""What is gone of fields, and the detection rules that a change breaks by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from normalizer.authoring.detections import Gone
from normalizer.authoring.diff import compare
from normalizer.authoring.diff.gone import in_part, wholly
from normalizer.authoring.diff.impact import Impact, impact
from normalizer.errors import SettingsError
from tests.authoring.diff.small import FILES, Edits, loaded

BASE, ONE, TWO, ANY, OUTCOME = "_base.yml", "mim.one.yml", "mim.two.yml", "mim.any.yml", "tables/outcome.yml"
WRITTEN_BY_NOBODY = Gone(removed="no mapping writes it any more")


def gone(folder: Path, new: Edits, old: Edits | None = None) -> tuple[dict[str, Gone], dict[str, dict[str, Gone]]]:
    """What is gone wholly, and in part: by event type."""
    before, after = loaded(folder / "old", old or {}), loaded(folder / "new", new)
    difference = compare(before, after)
    whole = wholly(difference, before, after)
    part = in_part(difference, before, after, whole)
    return whole, {event_type: lost for event_types, lost in part for event_type in event_types}


def lost(gone: Gone) -> tuple[set[str], set[str], dict[str, str]]:
    return {*gone.lost}, {*gone.left}, {**gone.instead}


def test_nothing_is_gone(tmp_path: Path) -> None:
    added: Edits = {
        BASE: [("[info]", "[info, change]"), ("[alternateId, displayName]", "[alternateId, displayName, id]")],
        OUTCOME: FILES[OUTCOME] + "ALLOW: success\n",
    }
    assert gone(tmp_path, added) == ({}, {})


def test_fields(tmp_path: Path) -> None:
    edits: Edits = {
        BASE: [("  host.name: target(type=Device).displayName\n", ""), ("      email: {from", "      domain: {from")],
        "_custom_fields.yml": ("okta.level: {type: long", "okta.level: {type: keyword"),
    }
    assert gone(tmp_path, edits) == (
        {
            "host.name": WRITTEN_BY_NOBODY,
            "okta.level": Gone(retyped=("long", "keyword"), left=frozenset("12")),
            "user.email": Gone(renamed="user.domain"),
        },
        {},
    )


def test_a_field_in_one_event_type(tmp_path: Path) -> None:
    whole, part = gone(tmp_path, {ONE: FILES[ONE] + "remove: [host.name]\n"})
    assert (whole, part) == ({}, {"mim.one": {"host.name": WRITTEN_BY_NOBODY}})
    more = 'remove: [host.name]\nfields: {host.hostname: "target(type=Device).displayName"}\n'
    assert gone(tmp_path, {TWO: FILES[TWO] + more})[1] == {"mim.two": {"host.name": Gone(renamed="host.hostname")}}


def test_a_value_that_no_event_type_gives_any_more(tmp_path: Path) -> None:
    whole, part = gone(tmp_path, {ONE: ("new", "done")})
    assert lost(whole["okta.status"]) == ({"new"}, {"done"}, {"new": "done"})
    assert part == {}
    whole, part = gone(tmp_path, {OUTCOME: ("FAILURE: failure", "FAILURE: unknown")})
    assert lost(whole["event.outcome"]) == ({"failure"}, {"success", "unknown"}, {"failure": "unknown"})
    whole, part = gone(tmp_path, {BASE: (", default: unknown", "")})
    assert lost(whole["event.outcome"]) == ({"unknown"}, {"success", "failure"}, {})


def test_a_value_that_others_still_give(tmp_path: Path) -> None:
    whole, part = gone(tmp_path, {TWO: ("set: {", "set: {event.category: [configuration], ")})
    assert whole == {}
    assert lost(part["mim.two"]["event.category"]) == ({"host"}, {"configuration"}, {})
    [(name, each)] = part.items()
    assert (name, [*each]) == ("mim.two", ["event.category"])


def test_values_of_the_event_may_be_anything(tmp_path: Path) -> None:
    """So no value is gone, but for what a rule leaves out."""
    open_status: Edits = {ONE: FILES[ONE].replace("set: {okta.status: new}", "fields: {okta.reason: outcome.reason}")}
    changed: Edits = {
        ONE: FILES[ONE].replace(
            "set: {okta.status: new}", "fields: {okta.reason: {from: [outcome.reason], ignore: [none]}}"
        )
    }
    whole, part = gone(tmp_path, changed, open_status)
    assert lost(whole["okta.reason"]) == ({"none"}, set(), {})
    assert part == {}
    closed: Edits = {ONE: FILES[ONE].replace("okta.status: new", "okta.reason: none")}
    assert gone(tmp_path, open_status, closed) == ({}, {})


def test_an_event_type_that_is_gone(tmp_path: Path) -> None:
    """Its own values are; those that others give too are gone from its events, which become a fallback's documents."""
    whole, part = gone(tmp_path, {TWO: None})
    assert {name: lost(each)[0] for name, each in whole.items()} == {"okta.status": {"done"}}
    assert {name: {field: lost(each)[0] for field, each in found.items()} for name, found in part.items()} == {
        "mim.two": {"event.category": {"host"}}
    }
    whole, _ = gone(tmp_path, {TWO: None, ANY: None}, {ANY: None})
    assert {name: lost(each)[0] for name, each in whole.items()} == {
        "event.action": {"mim.two"},
        "okta.status": {"done"},
    }


# --- rules


RULE = """\
[metadata]
maturity = "production"

[rule]
name = "{name}"
rule_id = "{name}"
type = "query"
language = "kuery"
index = ["{index}"]
query = '''{query}'''
"""
QUERIES = {
    "renamed": "user.email: *",
    "removed": "host.name: a and event.kind: event",
    "value": "okta.status: new or okta.status: late",
    "fine": "okta.status: done and user.name: *",
    "in part": "event.category: host",
    "in part of another type": "event.category: host and event.action: mim.one",
    "in part of this type": "event.category: host and event.action: mim.t*",
    "broken off": "event.category: (",
}


def rules(folder: Path) -> Path:
    made = folder / "rules"
    made.mkdir()
    for name, query in QUERIES.items():
        (made / f"{name}.toml").write_text(RULE.format(name=name, index="logs-okta*", query=query))
    (made / "other.toml").write_text(RULE.format(name="other", index="logs-aws*", query="user.email: *"))
    return made


@pytest.fixture
def found(tmp_path: Path) -> Impact:
    edits: Edits = {
        BASE: [("  host.name: target(type=Device).displayName\n", ""), ("      email: {from", "      domain: {from")],
        ONE: ("new", "done"),
        TWO: ("set: {", "set: {event.category: [configuration], "),
    }
    old, new = loaded(tmp_path / "old", {}), loaded(tmp_path / "new", edits)
    return impact(compare(old, new), old, new, rules(tmp_path))


def test_rules_that_break(found: Impact) -> None:
    told = [(each.rule.name, each.field, each.why, each.advice) for each in found.broken]
    part = "for events of mim.two: uses event.category:host, which no event gives any more"
    removed = "uses host.name: no mapping writes it any more"
    assert sorted(told) == [
        ("in part", "event.category", part, ""),
        ("in part of this type", "event.category", part, ""),
        ("removed", "host.name", removed, ""),
        ("renamed", "user.email", "uses user.email, which is user.domain now", "use user.domain"),
        ("value", "okta.status", "uses okta.status:new, which no event gives any more", "use done"),
    ]
    assert (found.rules, found.broken_rules, found.elsewhere) == (8, 5, 1)
    [left] = found.not_checked
    assert left.rule == "broken off"
    place = next(each.place for each in found.broken if each.rule.name == "renamed")
    assert (Path(place.file).name, place.line) == ("renamed.toml", 10)


def test_there_must_be_such_a_folder(tmp_path: Path) -> None:
    old = loaded(tmp_path, {})
    with pytest.raises(SettingsError, match="there is no such folder"):
        impact(compare(old, old), old, old, tmp_path / "nothing")


def test_an_event_type_that_no_fallback_takes(tmp_path: Path) -> None:
    """Of another part of Okta: nothing is left that maps it."""
    name = "user.account.lock"
    mapped: Edits = {f"{name}.yml": f"event_type: {name}\nextends: _base\nsummary: An account was locked.\n"}
    renamed: Edits = {f"{name}ed.yml": f"event_type: {name}ed\nextends: _base\nsummary: An account was locked.\n"}
    whole, part = gone(tmp_path / "removed", {}, mapped)
    assert (lost(whole["event.action"])[0], part) == ({name}, {})
    whole, part = gone(tmp_path / "renamed", renamed, mapped)
    assert (lost(whole["event.action"])[::2], part) == (({name}, {name: f"{name}ed"}), {})
    taken: Edits = {"mim.three.yml": "event_type: mim.three\nextends: _base\nsummary: The third.\n"}
    assert gone(tmp_path / "taken", {}, taken)[0] == {}
