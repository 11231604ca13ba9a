"""Every kind of change has a case, and docs/diff.md says of each what the data says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from normalizer.authoring.diff import INDEX, ROWS, Verdict
from normalizer.authoring.diff.model import Said
from tests.authoring.diff.small import Edits, difference

DOCS = Path(__file__).resolve().parents[3] / "docs" / "diff.md"
BASE, CUSTOM, ONE, TWO, OUTCOME = "_base.yml", "_custom_fields.yml", "mim.one.yml", "mim.two.yml", "tables/outcome.yml"
BOTH = ("mim.one", "mim.two")
NAMES = "name: {from: [alternateId, displayName]}"
DATA = "debugContext.debugData"


@dataclass(frozen=True)
class Case:
    """Edits of the new side (and, where `old` says so, of the old one), and the one change that they are."""

    kind: str
    subject: str
    before: Said
    after: Said
    new: Edits
    old: Edits = field(default_factory=dict)
    types: tuple[str, ...] | None = None
    """None for all event types."""
    index: str = ""


def rule(before: str, after: str) -> Edits:
    return {BASE: (before, after)}


CASES = [
    # event types
    Case("event-type-removed", "mim.two", "mim.two", None, {TWO: None}, types=("mim.two",)),
    Case(
        "event-type-renamed",
        "mim.two",
        "mim.two",
        "mim.zwei",
        {
            TWO: None,
            "mim.zwei.yml": "event_type: mim.zwei\nextends: _base\nsummary: The second.\nset: {okta.status: done}\n",
        },
        types=("mim.two",),
    ),
    Case(
        "event-type-added",
        "mim.three",
        None,
        "mim.three",
        {"mim.three.yml": "event_type: mim.three\nextends: _base\nsummary: The third.\n"},
        types=("mim.three",),
    ),
    Case("summary-changed", "mim.one", "The first.", "One.", {ONE: ("The first.", "One.")}, types=("mim.one",)),
    # fields
    Case("field-removed", "host.name", "keyword", None, rule("  host.name: target(type=Device).displayName\n", "")),
    Case("field-renamed", "user.email", "user.email", "user.domain", rule("email: {", "domain: {"), index="rollover"),
    Case(
        "field-retyped",
        "okta.status",
        "keyword",
        "wildcard",
        {CUSTOM: ("okta.status: {type: keyword", "okta.status: {type: wildcard")},
        types=BOTH,
        index="reindex",
    ),
    Case(
        "field-becomes-list",
        "okta.status",
        "one value",
        "a list",
        {
            CUSTOM: ("okta.status: {type: keyword", "okta.status: {type: keyword, array: true"),
            ONE: ("new", "[new]"),
            TWO: ("done", "[done]"),
        },
        types=BOTH,
    ),
    Case(
        "field-becomes-single",
        "okta.codes",
        "a list",
        "one value",
        {CUSTOM: ("okta.codes: {type: keyword, array: true", "okta.codes: {type: keyword")},
    ),
    Case(
        "field-added",
        "okta.reason",
        None,
        "keyword",
        rule("  host.name:", "  okta.reason: outcome.reason\n  host.name:"),
        index="rollover",
    ),
    # constants
    Case("constant-changed", "okta.status", "new", "done", {ONE: ("new", "done")}, types=("mim.one",)),
    Case(
        "constant-value-removed",
        "event.category",
        ("configuration", "host"),
        ("host",),
        rule("[configuration, host]", "[host]"),
        types=BOTH,
    ),
    Case("constant-value-added", "event.type", ("info",), ("info", "change"), rule("[info]", "[info, change]")),
    Case(
        "constant-reordered",
        "event.category",
        ("configuration", "host"),
        ("host", "configuration"),
        rule("[configuration, host]", "[host, configuration]"),
        types=BOTH,
    ),
    Case(
        "constant-becomes-source",
        "event.provider",
        "okta",
        "client.id",
        {BASE: [("  event.provider: okta\n", ""), ("  host.name:", "  event.provider: client.id\n  host.name:")]},
    ),
    Case(
        "source-becomes-constant",
        "host.name",
        "target(type=Device).displayName",
        "it",
        {
            BASE: [
                ("  host.name: target(type=Device).displayName\n", ""),
                ("  event.kind:", "  host.name: it\n  event.kind:"),
            ]
        },
    ),
    # where a value comes from
    Case("source-changed", "event.id", "uuid", "transaction.id", rule("event.id: uuid", "event.id: transaction.id")),
    Case(
        "condition-changed",
        "host.name",
        "target(type=Device).displayName",
        "target(type=Device|Phone).displayName",
        rule("host.name: target(type=Device)", "host.name: target(type=Device|Phone)"),
    ),
    Case("path-removed", "user.name", "actor.displayName", None, rule(NAMES, "name: {from: [alternateId]}")),
    Case("path-inserted", "user.name", None, "actor.id", rule(NAMES, "name: {from: [alternateId, id, displayName]}")),
    Case(
        "paths-reordered",
        "user.name",
        ("actor.alternateId", "actor.displayName"),
        ("actor.displayName", "actor.alternateId"),
        rule(NAMES, "name: {from: [displayName, alternateId]}"),
    ),
    Case("path-appended", "user.name", None, "actor.id", rule(NAMES, "name: {from: [alternateId, displayName, id]}")),
    Case(
        "collect-path-removed",
        "related.user",
        "target(type=User).id",
        None,
        rule("[actor.id, target(type=User).id]", "[actor.id]"),
    ),
    Case(
        "collect-path-added",
        "related.user",
        None,
        "actor.alternateId",
        rule("[actor.id, target", "[actor.alternateId, actor.id, target"),
    ),
    Case(
        "condition-widened",
        "related.user",
        "target(type=User).id",
        "target(type=AppUser|User).id",
        rule("target(type=User)", "target(type=AppUser|User)"),
    ),
    Case(
        "collect-reordered",
        "related.user",
        ("actor.id", "target(type=User).id"),
        ("target(type=User).id", "actor.id"),
        rule("[actor.id, target(type=User).id]", "[target(type=User).id, actor.id]"),
    ),
    Case(
        "collect-becomes-from",
        "related.user",
        ("actor.id", "target(type=User).id"),
        ("actor.id", "target(type=User).id"),
        rule("{collect: [actor.id", "{from: [actor.id"),
    ),
    Case(
        "from-becomes-collect",
        "okta.codes",
        (f"{DATA}.codes", f"{DATA}.code"),
        (f"{DATA}.codes", f"{DATA}.code"),
        rule("okta.codes: {from:", "okta.codes: {collect:"),
    ),
    Case(
        "repeats-changed",
        "related.hosts",
        "target(type=Device).id",
        "target(type=Device).id",
        rule("{from: target(type=Device).id}", "{collect: [target(type=Device).id]}"),
    ),
    # conversions
    Case(
        "ignore-added",
        "host.name",
        None,
        "none",
        rule(
            "host.name: target(type=Device).displayName",
            "host.name: {from: target(type=Device).displayName, ignore: [none]}",
        ),
    ),
    Case("ignore-removed-first", "user.name", "late", None, {}, rule(NAMES, f"{NAMES[:-1]}, ignore: [late]}}")),
    Case(
        "ignore-removed",
        "host.name",
        "none",
        None,
        {},
        rule(
            "host.name: target(type=Device).displayName",
            "host.name: {from: target(type=Device).displayName, ignore: [none]}",
        ),
    ),
    Case(
        "ignore-removed-problem",
        "okta.level",
        "none",
        None,
        rule(', map: {low: "1", high: "2"}', ""),
        rule('map: {low: "1", high: "2"}', "ignore: [none]"),
    ),
    Case("conversion-changed", "user.email", "email", ("lower", "email"), rule("as: email", "as: [lower, email]")),
    Case("table-added", "user.id", None, "outcome", rule("      id: id", "      id: {from: id, map: outcome}")),
    Case("table-removed", "okta.level", "written in the rule", None, rule(', map: {low: "1", high: "2"}', "")),
    Case(
        "table-line-changed",
        "event.outcome",
        "FAILURE: failure",
        "FAILURE: unknown",
        {OUTCOME: ("FAILURE: failure", "FAILURE: unknown")},
    ),
    Case("table-line-removed", "okta.level", "high: 2", None, rule(', high: "2"', "")),
    Case(
        "table-line-added",
        "event.outcome",
        None,
        ("ALLOW: success", "DENY: failure"),
        {OUTCOME: "DENY: failure\nSUCCESS: success\nFAILURE: failure\nALLOW: success\n"},
    ),
    Case("default-changed", "event.outcome", "unknown", "failure", rule("default: unknown", "default: failure")),
    Case(
        "default-reordered",
        "okta.codes",
        ("a", "b"),
        ("b", "a"),
        rule("debugContext.debugData.code]}", "debugContext.debugData.code], default: [b, a]}"),
        old=rule("debugContext.debugData.code]}", "debugContext.debugData.code], default: [a, b]}"),
    ),
    Case("default-removed", "event.outcome", "unknown", None, rule(", default: unknown", "")),
    Case("default-added", "okta.level", None, 3, rule('high: "2"}', 'high: "2"}, default: 3')),
    # declarations
    Case(
        "allowed-values-changed",
        "okta.status",
        ("new", "done"),
        ("new", "done", "late"),
        {CUSTOM: ("[new, done]", "[new, done, late]")},
        types=(),
    ),
    Case("description-changed", "okta.reason", "The reason.", "Why.", {CUSTOM: ("The reason.", "Why.")}, types=()),
    Case(
        "declaration-added",
        "okta.more",
        None,
        "list of ip",
        {CUSTOM: ("okta.other:", "okta.more: {type: ip, array: true, description: More.}\nokta.other:")},
        types=(),
    ),
    Case(
        "declaration-removed",
        "okta.other",
        "keyword",
        None,
        {CUSTOM: ("okta.other: {type: keyword, description: Nothing writes this.}\n", "")},
        types=(),
    ),
    Case(
        "declaration-changed",
        "okta.other",
        "keyword",
        "long",
        {CUSTOM: ("okta.other: {type: keyword", "okta.other: {type: long")},
        types=(),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_a_change_is_told_with_its_verdict(tmp_path: Path, case: Case) -> None:
    found = difference(tmp_path, case.old, case.new)
    [change] = found.changes
    assert (change.kind, change.subject) == (case.kind, case.subject)
    assert (change.before, change.after) == (case.before, case.after)
    assert found.verdict is change.verdict is ROWS[case.kind].verdict
    assert change.index == case.index
    assert change.everywhere == (case.types is None)
    if case.types is not None:
        assert change.event_types == case.types
    assert change.old or change.new
    for side, places in (("old", change.old), ("new", change.new)):
        assert all(place.file.startswith(f"{(tmp_path / side).as_posix()}/mappings/") for place in places)


def test_the_index_mapping_alone(tmp_path: Path) -> None:
    """One type less, and all others agree on a constant that costs no disk then."""
    found = difference(tmp_path, {TWO: ("set: {", "set: {event.module: other, ")}, {TWO: None})
    assert [change.kind for change in found.changes] == ["event-type-removed", "index-mapping-changed"]
    assert (found.changes[1].field, found.changes[1].index) == ("event.module", "rollover")


def test_every_kind_has_a_case() -> None:
    assert {case.kind for case in CASES} | {"index-mapping-changed"} == {*ROWS}
    assert len({case.kind for case in CASES}) == len(CASES)


def test_the_docs_say_what_the_data_says() -> None:
    """Each kind in one row of the table, in the order of the data."""
    page = DOCS.read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z-]+)` \| (.*) \| (major|minor|patch) \| (.*) \|$", page, re.MULTILINE)
    assert told == [(kind, row.title, str(row.verdict), row.reason) for kind, row in ROWS.items()]
    for need, words in INDEX.items():
        assert f"| `{need}` | {words} |" in page


def test_verdicts_are_ordered() -> None:
    assert Verdict.NONE < Verdict.PATCH < Verdict.MINOR < Verdict.MAJOR
    assert str(Verdict.MAJOR) == "major"
