"""Changes that are more than one row, or hard to tell apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from normalizer.authoring.diff.model import Said
from tests.authoring.diff.small import FILES, Edits, difference

BASE, CUSTOM, ONE, TWO = "_base.yml", "_custom_fields.yml", "mim.one.yml", "mim.two.yml"
EACH = """\
  okta.apps:
    each: debugContext.debugData.apps
    fields: {name: title, version: {from: [version, $.version]}}
"""
NAMES = "[alternateId, displayName]"

Told = list[tuple[str, str, Said, Said]]


def told(folder: Path, new: Edits, old: Edits | None = None) -> Told:
    found = difference(folder, old or {}, new).changes
    return [(change.kind, change.subject, change.before, change.after) for change in found]


def rule(before: str, after: str) -> Edits:
    return {BASE: (before, after)}


CASES: dict[str, tuple[Edits, Told]] = {
    "a list of objects from elsewhere": (
        rule("each: debugContext.debugData.apps", "each: debugContext.debugData.programs"),
        [("source-changed", "okta.apps", "debugContext.debugData.apps", "debugContext.debugData.programs")],
    ),
    "a path within a list of objects": (
        rule("[version, $.version]", "[$.version, version]"),
        [("paths-reordered", "okta.apps.version", ("version", "$.version"), ("$.version", "version"))],
    ),
    "a list of objects goes": (
        rule(EACH, ""),
        [
            ("field-removed", f"okta.apps{name}", kind, None)
            for name, kind in (("", "list of object"), (".name", "keyword"), (".version", "keyword"))
        ],
    ),
    "a list of objects becomes flattened": (
        {
            BASE: (EACH, "  okta.apps: debugContext.debugData.apps\n"),
            CUSTOM: [
                ("okta.apps: {type: object", "okta.apps: {type: flattened"),
                ("okta.apps.name: {type: keyword, description: The name of an app.}\n", ""),
                ("okta.apps.version: {type: keyword, description: The version of an app.}\n", ""),
            ],
        },
        [
            ("field-removed", "okta.apps.name", "keyword", None),
            ("field-removed", "okta.apps.version", "keyword", None),
            ("field-retyped", "okta.apps", "object", "flattened"),
            ("source-changed", "okta.apps", "debugContext.debugData.apps", "debugContext.debugData.apps"),
        ],
    ),
    "a field is renamed and retyped": (
        {
            BASE: ("okta.level:", "okta.height:"),
            CUSTOM: ("okta.level: {type: long", "okta.height: {type: integer"),
        },
        [
            ("field-renamed", "okta.level", "okta.level", "okta.height"),
            ("field-retyped", "okta.height", "long", "integer"),
        ],
    ),
    "of two that do the same, the one with the nearer name is the new one": (
        {
            BASE: ("okta.level:", "okta.levels:"),
            ONE: FILES[ONE]
            + 'fields: {okta.height: {from: debugContext.debugData.level, map: {low: "1", high: "2"}}}\n',
            CUSTOM: ("okta.level:", "okta.height: {type: long, description: Height.}\nokta.levels:"),
        },
        [
            ("field-renamed", "okta.level", "okta.level", "okta.levels"),
            ("field-added", "okta.height", None, "long"),
        ],
    ),
    "one comes, another goes in another event type: neither is renamed": (
        {
            ONE: ("okta.status: new", "event.kind: event"),
            TWO: ("okta.status: done", "okta.status: done, okta.reason: new"),
        },
        [("field-removed", "okta.status", "keyword", None), ("field-added", "okta.reason", None, "keyword")],
    ),
    "one path goes and others change places": (
        rule(NAMES, "[id, displayName, alternateId]"),
        [
            ("path-inserted", "user.name", None, "actor.id"),
            (
                "paths-reordered",
                "user.name",
                ("actor.alternateId", "actor.displayName"),
                ("actor.id", "actor.displayName", "actor.alternateId"),
            ),
        ],
    ),
    "a path takes the place of another": (
        rule(NAMES, "[alternateId, id]"),
        [
            (
                "source-changed",
                "user.name",
                ("actor.alternateId", "actor.displayName"),
                ("actor.alternateId", "actor.id"),
            )
        ],
    ),
    "a path before and a path behind": (
        rule(NAMES, "[id, alternateId, displayName, type]"),
        [("path-inserted", "user.name", None, "actor.id"), ("path-appended", "user.name", None, "actor.type")],
    ),
    "a condition of a list narrowed": (
        rule("{collect: [actor.id, target(type=User).id]}", "{collect: [actor(type=User).id, target(type=User).id]}"),
        [("condition-changed", "related.user", "actor.id", "actor(type=User).id")],
    ),
    "one list path more, another wider": (
        rule("{collect: [actor.id, target(type=User).id]}", "{collect: [actor.id, client.id, target.id]}"),
        [
            ("collect-path-added", "related.user", None, "client.id"),
            ("condition-widened", "related.user", "target(type=User).id", "target.id"),
        ],
    ),
    "several parts of a rule": (
        rule(
            "{from: outcome.result, map: outcome, default: unknown}", "{from: outcome.reason, as: lower, map: outcome}"
        ),
        [
            ("source-changed", "event.outcome", "outcome.result", "outcome.reason"),
            ("conversion-changed", "event.outcome", None, "lower"),
            ("default-removed", "event.outcome", "unknown", None),
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_change(tmp_path: Path, name: str) -> None:
    new, expected = CASES[name]
    assert sorted(told(tmp_path, new), key=repr) == sorted(expected, key=repr)


def test_a_condition_that_excludes(tmp_path: Path) -> None:
    """It is wider where it excludes less."""
    less, more = (rule("target(type=User)", f"target(type!={types})") for types in ("App", "App|Device"))
    assert [kind for kind, *_ in told(tmp_path, less, more)] == ["condition-widened"]
    assert [kind for kind, *_ in told(tmp_path, more, less)] == ["condition-changed"]
    other = rule("target(type=User)", "target(id=App)")
    assert [kind for kind, *_ in told(tmp_path, other, less)] == ["condition-changed"]


def test_the_mapping_of_all_others(tmp_path: Path) -> None:
    rest: Edits = {"mim.any.yml": None, "any.yml": 'event_type: "*"\nextends: _base\nsummary: All others.\n'}
    without: Edits = {**rest, TWO: None}
    [change] = difference(tmp_path, rest, without).changes
    assert change.notes == ("Only the mapping of * is left for its events: they are skipped without --all-events.",)
    [change] = difference(tmp_path, without, rest).changes
    assert change.notes == ()
    nothing: Edits = {"mim.any.yml": None, TWO: None}
    [change] = difference(tmp_path, {"mim.any.yml": None}, nothing).changes
    assert change.notes == ("No mapping takes its events any more: they are skipped.",)
    [change] = difference(tmp_path, nothing, {"mim.any.yml": None}).changes
    assert change.notes == ()


def test_what_an_event_type_of_its_own_changes(tmp_path: Path) -> None:
    [change] = difference(tmp_path, {TWO: None}, {}).changes
    assert change.notes == ("Until now its events became documents of mim.*.",)
    one: Edits = {TWO: ("set: {", "set: {event.type: [change], ")}
    [change] = difference(tmp_path, {TWO: None}, one).changes
    assert change.notes == ("Until now its events became documents of mim.*, with other values in event.type.",)


def test_two_event_types_under_new_names(tmp_path: Path) -> None:
    """Both do the same, so the names tell which is which."""
    texts = {
        name: f"event_type: {name}\nextends: _base\nsummary: One.\n" for name in ("mim.a", "mim.b", "okta.a", "okta.b")
    }
    old: Edits = {f"{name}.yml": texts[name] for name in ("mim.a", "mim.b")}
    new: Edits = {f"{name}.yml": texts[name] for name in ("okta.b", "okta.a")}
    assert [(before, after) for _, _, before, after in told(tmp_path, new, old)] == [
        ("mim.a", "okta.a"),
        ("mim.b", "okta.b"),
    ]
