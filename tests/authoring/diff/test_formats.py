"""The formats of a report: each tells the same, and what it writes is what its reader takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from normalizer.authoring.detections.model import Broken, DetectionRule, NotChecked
from normalizer.authoring.diff import ROWS, compare
from normalizer.authoring.diff.formats import FORMATS
from normalizer.authoring.diff.impact import Impact
from normalizer.authoring.diff.report import Report
from normalizer.authoring.diff.samples import Changed, Example, Samples
from normalizer.authoring.diff.sides import Side, sides
from normalizer.errors import Place
from tests.authoring.diff.small import FILES, Edits, edited
from tests.authoring.diff.test_seeded import FILES as SHIPPED

DOCS = Path(__file__).resolve().parents[3] / "docs" / "diff.md"
BASE, ONE, TWO = "_base.yml", "mim.one.yml", "mim.two.yml"
EDITS: Edits = {
    BASE: [
        ("target(type=Device).displayName", "target(type=Device|Phone).displayName"),
        ("      email: {from", "      domain: {from"),
        ("[info]", "[info, change]"),
    ],
    ONE: None,
    TWO: ("The second.", "'The `second` | other, 100%\\: <b>'"),
    "_custom_fields.yml": FILES["_custom_fields.yml"] + "okta.more: {type: ip, description: More.}\n",
}
PLACE = Place("rules/one.toml", 7, 3)
RULE = DetectionRule("Locked | device", "1", "detection rule", PLACE, "kuery", (), ())
IMPACT = Impact(
    3,
    (Broken(RULE, "user.email", PLACE, "asks for user.email, which is renamed", "write user.domain"),),
    (NotChecked(Place("rules/two.yml", 1, 1), "this is no rule", "Two"),),
    elsewhere=2,
)
SAMPLES = Samples(
    read=1000, more=True, compared=998, changed=2, lost=1, won=0,
    fields={"user.domain": Changed(2, [Example("5a01", "two", None, "a|b"), Example("5a02", "two", ["x"], None)])},
)  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return made(tmp_path_factory.mktemp("report"), EDITS)


def made(folder: Path, edits: Edits, files: Mapping[str, str] = FILES) -> Report:
    old, new = sides(str(edited(folder / "old", {}, files)), str(edited(folder / "new", edits, files)))
    old, new = (renamed(side, name) for side, name in ((old, "main"), (new, ".")))
    return Report(old, new, compare(old.mappings, new.mappings))


def renamed(side: Side, name: str) -> Side:
    """As if it were a revision, or the current folder: the folders of tests have other names each time."""
    shown = "main:" if name == "main" else ""
    return Side(name, side.mappings, f"{side.name}/", shown)


def full(report: Report) -> Report:
    return Report(report.old, report.new, report.difference, IMPACT, SAMPLES)


def lines(report: Report, name: str) -> list[str]:
    return [line for part in FORMATS[name](report) for line in part.split("\n")]


KINDS = [
    "event-type-removed", "field-renamed", "condition-changed",
    "constant-value-added", "summary-changed", "declaration-added",
]  # fmt: skip


def test_the_report_is_what_the_formats_are_to_tell(report: Report) -> None:
    assert [change.kind for change in report.difference.changes] == KINDS


# --- text


def test_text(report: Report) -> None:
    told = lines(report, "text")
    assert told[0] == "major: 3 major, 1 minor and 2 patch changes from main to ."
    text = "\n".join(told)
    assert "  mim.one\n    Its events become documents of mim.*, with other values in " in text
    assert "  user.email → user.domain\n    in all event types\n    index mapping: rollover\n" in text
    assert "    old: main:mappings/_base.yml:20:7\n    new: mappings/_base.yml:20:7\n" in text
    assert "  host.name\n    target(type=Device).displayName → target(type=Device|Phone).displayName\n" in text
    assert "  okta.more\n    + ip\n    new: mappings/_custom_fields.yml:9:1\n" in text
    joined = " ".join(text.split())
    for kind in KINDS:
        row = ROWS[kind]
        assert f"{row.verdict}: {row.title}. {row.reason}" in joined
    assert max(map(len, told)) <= 100


def test_text_of_rules_and_events(report: Report) -> None:
    told = "\n".join(lines(full(report), "text"))
    assert told.startswith("major: 3 major, 1 minor and 2 patch changes from main to ., 1 broken rule\n")
    assert "\n1 of 3 detection rules would break. 2 other rules search elsewhere.\n" in told
    assert '  rules/one.toml:7:3: "Locked | device" asks for user.email, which is renamed; write user.domain' in told
    assert '\nNot checked: 1 rule\n  rules/two.yml:1:1: "Two": this is no rule\n' in told
    joined = " ".join(told.split())
    assert (
        "Of the first 1,000 events, the documents of 2 change. 1 event had a document, and would have none." in joined
    )
    assert "1 event had no document, and would have none." in joined
    assert '  user.domain: 2 events\n    5a01: absent → "a|b"\n    5a02: ["x"] → absent' in told


def test_event_types_are_told_in_short(tmp_path: Path) -> None:
    report = made(
        tmp_path, {TWO: ("done", "new"), "mim.any.yml": "event_type: mim.*\nextends: _base\nsummary: All others.\n"}
    )
    told = "\n".join(lines(report, "text"))
    assert "    done → new\n    in mim.two\n" in told
    assert "    [configuration] → [configuration, host]\n    in mim.*\n" in told
    report = made(tmp_path, {BASE: ("[configuration, host]", "[host, configuration]")})
    assert "in all but mim.*\n" in "\n".join(lines(report, "text"))


@pytest.mark.parametrize("name", FORMATS)
def test_no_difference(tmp_path: Path, name: str) -> None:
    report = made(tmp_path, {})
    told = lines(report, name)
    if name == "json":
        assert json.loads("\n".join(told))["verdict"] == "none"
    else:
        assert "no difference" in told[0].lower()
        assert len(told) <= 3


def test_the_example_of_the_docs(tmp_path: Path) -> None:
    [shown] = re.findall(r"^```text\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    reasons = [
        "  event.reason: outcome.reason",
        "  event.reason: {from: [outcome.reason, debugContext.debugData.reason]}",
    ]
    edits: Edits = {
        "_log_event.yml": [(reasons[0], reasons[1]), ("  organization.id: _org\n", "  organization.name: _org\n")],
        "mim.command.ios.error.yml": ("event.outcome: failure", "event.outcome: unknown"),
    }
    assert lines(made(tmp_path, edits, SHIPPED), "text") == shown.splitlines()


# --- Markdown


def table_rows(told: list[str]) -> list[list[str]]:
    """The cells of all rows."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in told if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows]


def test_markdown(report: Report) -> None:
    told = lines(full(report), "markdown")
    assert told[:3] == [
        "### mim-ecs diff: major",
        "",
        r"3 major, 1 minor and 2 patch changes from main to ., 1 broken rule",
    ]
    rows = table_rows(told)
    heads = [row for row in rows if row[0] in ("change", "rule", "field")]
    assert [len(head) for head in heads] == [6, 6, 6, 4, 3, 5]
    width = 0
    for row in rows:
        width = len(row) if row in heads else width
        assert len(row) == width, row
    cells = {row[0]: row for row in rows}
    assert cells["field renamed"][1:4] == ["`user.email`", "`user.domain`", "all event types"]
    conditions = cells["condition of a source changed"]
    assert conditions[2] == r"`target(type=Device).displayName` → `target(type=Device\|Phone).displayName`"
    assert conditions[4:] == [ROWS["condition-changed"].reason, "`mappings/_base.yml:21`"]
    assert cells["event type removed"][5] == "`main:mappings/mim.one.yml:1`"
    assert cells["summary changed"][1] == "`mim.two`"
    assert cells["summary changed"][2] == r"`The second.` → `` The `second` \| other, 100%\: <b> ``"
    assert cells[r"Locked \| device"][1:] == [
        "`user.email`", "asks for user.email, which is renamed; write user.domain", "`rules/one.toml:7:3`",
    ]  # fmt: skip
    assert ["`user.domain`", "2", "`5a01`", "absent", r'`"a\|b"`'] in rows
    assert any(line.strip().startswith("**Rollover**: `user.domain`. ") for line in told)
    assert "<details>" not in "\n".join(told)


def test_long_lists_are_folded_and_fit_a_comment(tmp_path: Path) -> None:
    fields = "".join(f"okta.f{number}: {{type: keyword, description: Number {number}.}}\n" for number in range(400))
    rules = "fields:\n" + "".join(f"  okta.f{number}: debugContext.debugData.f{number}\n" for number in range(400))
    report = made(
        tmp_path,
        {"_custom_fields.yml": FILES["_custom_fields.yml"] + fields, ONE: FILES[ONE] + rules, TWO: FILES[TWO] + rules},
    )
    text = "\n".join(lines(report, "markdown"))
    assert "<details><summary>Minor: 400 changes</summary>\n\n| change |" in text
    assert "\n\n… and 340 more, which the other formats tell.\n\n</details>" in text
    assert len(text) < 65_536
    assert len(json.loads("\n".join(lines(report, "json")))["changes"]) == 400


# --- for machines


def test_json(report: Report) -> None:
    whole = json.loads("\n".join(lines(full(report), "json")))
    assert [*whole] == ["old", "new", "verdict", "counts", "changes", "rules", "events"]
    assert (whole["old"], whole["new"], whole["verdict"]) == ("main", ".", "major")
    assert whole["counts"] == {"major": 3, "minor": 1, "patch": 2}
    change = whole["changes"][1]
    assert change == {
        "kind": "field-renamed",
        "verdict": "major",
        "reason": ROWS["field-renamed"].reason,
        "field": "user.email",
        "before": "user.email",
        "after": "user.domain",
        "event_types": ["mim.*", "mim.two"],
        "all_event_types": True,
        "index": "rollover",
        "notes": [],
        "old": [{"file": "main:mappings/_base.yml", "line": 20, "column": 7}],
        "new": [{"file": "mappings/_base.yml", "line": 20, "column": 7}],
    }
    assert whole["changes"][3]["after"] == ["info", "change"]
    assert (whole["rules"]["read"], whole["rules"]["elsewhere"]) == (3, 2)
    assert whole["rules"]["broken"][0] | {"line": 7} == {
        "rule": "Locked | device", "id": "1", "kind": "detection rule", "field": "user.email",
        "why": "asks for user.email, which is renamed", "advice": "write user.domain",
        "file": "rules/one.toml", "line": 7, "column": 3,
    }  # fmt: skip
    assert whole["rules"]["not_checked"] == [
        {"rule": "Two", "why": "this is no rule", "file": "rules/two.yml", "line": 1, "column": 1}
    ]
    assert whole["events"]["fields"][0]["examples"][1] == {
        "id": "5a02", "event_type": "two", "before": ["x"], "after": None,
    }  # fmt: skip
    assert {key: whole["events"][key] for key in ("read", "more", "compared", "changed", "lost", "won")} == {
        "read": 1000, "more": True, "compared": 998, "changed": 2, "lost": 1, "won": 0,
    }  # fmt: skip
    alone = json.loads("\n".join(lines(report, "json")))
    assert (alone["rules"], alone["events"]) == (None, None)


def test_github(report: Report) -> None:
    told = lines(full(report), "github")
    command = re.compile(r"::(error|warning|notice) (?:file=([^,:]+),line=(\d+),col=(\d+),)?title=mim-ecs diff::(.+)")
    parsed = [match.groups() for line in told if (match := command.fullmatch(line))]
    assert len(parsed) == len(told) == 6 + 2 + 1
    assert [level for level, *_ in parsed[:6]] == ["error"] * 3 + ["warning"] + ["notice"] * 2
    assert parsed[0][1:4] == ("mappings/mim.one.yml", "1", "1")  # where it was: it is gone
    assert parsed[1][1:4] == ("mappings/_base.yml", "20", "7")
    assert parsed[1][4].startswith("major: field renamed: user.email → user.domain (in all event types). ")
    assert "100%25" in parsed[4][4]
    assert parsed[6][4] == (
        'major: the detection rule "Locked | device" asks for user.email, which is renamed; write user.domain'
    )
    assert parsed[7][1:] == ("rules/two.yml", "1", "1", "Not checked: this is no rule")
    assert parsed[8][4] == "major: 3 major, 1 minor and 2 patch changes from main to ., 1 broken rule"
