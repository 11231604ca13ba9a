"""Harmless variations: what looks unusual and is right loads without a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from normalizer.language import Plan, load
from tests.language.folders import HEAD, HERE, ONE, cases, files_of, findings, lay, plan

CASES = cases(HERE / "near_misses")


def test_there_are_many() -> None:
    assert len(CASES) > 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_near_miss(case: Path, tmp_path: Path) -> None:
    assert findings(lay(tmp_path, files_of(case))) == []


PLAIN = HEAD + (
    "set:\n  event.category: [configuration, host]\n  event.provider: okta\n"
    "fields:\n  user.id: actor.id\n  user.name: actor.alternateId\n"
    "  event.reason: {from: [outcome.reason, outcome.result], ignore: [unknown]}\nremove: [message]\n"
)
LINES = PLAIN.splitlines(keepends=True)

SAME = {
    "byte order mark": PLAIN.encode("utf-8-sig"),
    "lines of Windows": PLAIN.replace("\n", "\r\n"),
    "lines of an old Macintosh": PLAIN.replace("\n", "\r"),
    "byte order mark and lines of Windows": PLAIN.replace("\n", "\r\n").encode("utf-8-sig"),
    "directive": "%YAML 1.2\n---\n" + PLAIN,
    "document start": "---\n" + PLAIN,
    "comments": "".join(line.rstrip("\n") + "  # a comment\n# another: one\n" for line in LINES),
    "empty lines": PLAIN.replace("\n", "\n\n"),
    "blocks in another order": "".join([*LINES[10:], *LINES[6:10], *LINES[3:6], *LINES[:3]]),
    "rules in another order": "".join([*LINES[:3], LINES[3], LINES[5], LINES[4], LINES[6], *LINES[9:6:-1], LINES[10]]),
    "single quotes": PLAIN.replace("actor.id", "'actor.id'").replace("okta", "'okta'").replace("_mim", "'_mim'"),
    "double quotes": PLAIN.replace("actor.id", '"actor.id"').replace("[unknown]", '["unknown"]'),
    "quoted keys": PLAIN.replace("user.id:", '"user.id":').replace("set:", "'set':"),
    "escapes": PLAIN.replace("okta", '"\\u006fkt\\x61"'),
    "from": PLAIN.replace("user.id: actor.id", "user.id: {from: actor.id}"),
    "from of one": PLAIN.replace("user.id: actor.id", "user.id: {from: [actor.id]}"),
    "from the event": PLAIN.replace("user.id: actor.id", "user.id: $.actor.id"),
    "block style": PLAIN.replace("[configuration, host]", "\n    - configuration\n    - host"),
    "block style without indentation": PLAIN.replace("[message]", "\n- message"),
    "rule in block style": PLAIN.replace(
        "{from: [outcome.reason, outcome.result], ignore: [unknown]}",
        "\n    ignore:\n    - unknown\n    from: [outcome.reason, outcome.result]",
    ),
    "flow over lines": PLAIN.replace("[configuration, host]", "[\n    configuration,\n    host,\n  ]"),
    "anchors": PLAIN.replace("[unknown]", "&nothing [unknown]").replace("okta", "&okta okta"),
    "deeper indentation": PLAIN.replace("\n  ", "\n        "),
    "a scope": PLAIN.replace(
        "  user.id: actor.id\n  user.name: actor.alternateId\n",
        "  user: {at: actor, fields: {id: id, name: alternateId}}\n",
    ),
    "a scope of only a prefix": PLAIN.replace(
        "  user.id: actor.id\n  user.name: actor.alternateId\n",
        "  user: {fields: {id: actor.id, name: actor.alternateId}}\n",
    ),
    "a path from the event in a scope": PLAIN.replace(
        "  user.id: actor.id\n  user.name: actor.alternateId\n",
        "  user: {at: client, fields: {id: $.actor.id, name: $.actor.alternateId}}\n",
    ),
    "values ignored in another order and twice": PLAIN.replace("[unknown]", "[unknown, unknown]"),
}


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan(tmp_path_factory.mktemp("plain"), PLAIN)


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_other_spelling_of_the_same(text: str | bytes, wanted: Plan, tmp_path: Path) -> None:
    found = load(lay(tmp_path, {ONE: text})).plan("mim.example")
    assert found is not None
    assert set(found.rules) == set(wanted.rules)
    assert found == wanted
    assert text != PLAIN


def test_files_of_editors_and_systems_are_left_alone(tmp_path: Path) -> None:
    names = (".hidden.yml", "._mim.yml", "README.md", "_mim.yml~", "tables/.outcome.yml", "notes.txt")
    mappings = lay(tmp_path, dict.fromkeys(names, b"\xff not YAML: at: all"))
    assert findings(mappings) == []
