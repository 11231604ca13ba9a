"""What is written otherwise and does the same is no difference."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from normalizer.authoring.diff import Difference, Verdict, compare
from normalizer.language import load
from tests.authoring.diff.small import FILES, Edits, difference

TOP = Path(__file__).resolve().parents[3]
NOTHING = Difference((), ("mim.*", "mim.one", "mim.two"))
BASE, ONE, TWO, ANY = "_base.yml", "mim.one.yml", "mim.two.yml", "mim.any.yml"
EXTENDS = ("extends: _base", "extends: _parent")

SAME: Mapping[str, Edits] = {
    "a parent is renamed": {BASE: None, "_parent.yml": FILES[BASE], ONE: EXTENDS, TWO: EXTENDS, ANY: EXTENDS},
    "a parent is put between": {"_middle.yml": "extends: _base\nsummary: Between.\n", ONE: ("_base", "_middle")},
    "two parents become one": {
        "_middle.yml": "extends: _base\nsummary: Between.\nset: {okta.status: new}\n",
        ONE: "event_type: mim.one\nextends: _middle\nsummary: The first.\n",
    },
    "a rule moves to its parent, and those that have it not remove it": {
        BASE: ("  event.kind: event", "  event.kind: event\n  okta.status: new"),
        ONE: ("set: {okta.status: new}", ""),
        ANY: ("set:", "remove: [okta.status]\nset:"),
    },
    "a child repeats what its parent says": {ONE: ("set: {", "set: {event.kind: event, event.type: [info], ")},
    "keys in another order": {
        ONE: "set: {okta.status: new}\nsummary: The first.\nextends: _base\nevent_type: mim.one\n"
    },
    "comments, blank lines, quotes": {
        ONE: '# A comment.\n\n"event_type": "mim.one"  # here too\nextends: "_base"\n\nsummary: \'The first.\'\n'
        'set:\n  "okta.status": "new"\n',
    },
    "a table of a rule gets a name": {
        BASE: ('{low: "1", high: "2"}', "level"),
        "tables/level.yml": 'high: "2"\nlow: "1"\n',
    },
    "a named table is written in the rule": {
        BASE: ("map: outcome", "map: {FAILURE: failure, SUCCESS: success}"),
        "tables/outcome.yml": None,
    },
    "a conversion is repeated": {BASE: ("as: email", "as: [email, email]")},
    "a path of `from` is repeated": {BASE: ("[alternateId, displayName]", "[alternateId, displayName, alternateId]")},
    "a table is renamed and reordered": {
        BASE: ("map: outcome", "map: result"),
        "tables/outcome.yml": None,
        "tables/result.yml": "FAILURE: failure\nSUCCESS: success\n",
    },
    "a scope is split": {
        BASE: (
            "      email: {from: alternateId, as: email}\n",
            "  user.email: {from: actor.alternateId, as: email, ignore: [unknown, none]}\n",
        ),
    },
    "a scope becomes one of names only": {
        BASE: (
            "  host.name: target(type=Device).displayName",
            "  host: {fields: {name: target(type=Device).displayName}}",
        ),
    },
    "a path starts at the event again": {BASE: ("      id: id\n", "      id: $.actor.id\n")},
    "a path alone becomes a list of one": {BASE: ("event.id: uuid", "event.id: {from: [uuid]}")},
    "texts of ignore in another order, and twice": {BASE: ("ignore: [unknown, none]", "ignore: [none, unknown]")},
    "a text of ignore stands in the scope and in the rule": {
        BASE: ("name: {from: [alternateId, displayName]}", "name: {from: [alternateId, displayName], ignore: [none]}")
    },
    "fields of each in another order": {
        BASE: (
            "{name: title, version: {from: [version, $.version]}}",
            "{version: {from: [version, $.version]}, name: title}",
        )
    },
    "declarations in another order": {
        "_custom_fields.yml": "".join(sorted(FILES["_custom_fields.yml"].splitlines(keepends=True), reverse=True))
    },
}


@pytest.mark.parametrize("edits", SAME.values(), ids=SAME)
def test_the_same_written_otherwise(tmp_path: Path, edits: Edits) -> None:
    assert difference(tmp_path, {}, edits) == NOTHING


def test_values_of_a_selector_have_no_order(tmp_path: Path) -> None:
    sides: list[Edits] = [{BASE: ("target(type=User)", f"target(type={types})")} for types in ("User|App", "App|User")]
    assert difference(tmp_path, *sides) == NOTHING


def test_true_and_1_are_not_the_same(tmp_path: Path) -> None:
    """Python says that they are equal."""
    table = ('okta.level: {from: debugContext.debugData.level, map: {low: "1", high: "2"}}', "host.id: uuid")
    typed = ("okta.level: {type: long", "okta.level: {type: boolean")
    old: Edits = {BASE: table, ONE: ("set: {", "set: {okta.level: 1, ")}
    new: Edits = {BASE: table, ONE: ("set: {", "set: {okta.level: true, "), "_custom_fields.yml": typed}
    found = difference(tmp_path, old, new)
    assert [(change.kind, change.before, change.after) for change in found.changes] == [
        ("field-retyped", "long", "boolean"),
        ("constant-changed", 1, True),
    ]


# --- the shipped mappings


def test_the_shipped_mappings_against_themselves() -> None:
    """In far less than the two seconds that it may take, also on a machine that has other work."""
    start = time.process_time()
    found = compare(load(), load(TOP / "mappings"))
    assert (found.changes, found.verdict) == ((), Verdict.NONE)
    assert time.process_time() - start < 1.5


def test_the_shipped_mappings_turned_round(tmp_path: Path) -> None:
    """Every key of every mapping file the other way round, all anchors written out, another name for each parent."""
    folder = tmp_path / "mappings"
    shutil.copytree(TOP / "mappings", folder, copy_function=shutil.copyfile)
    for path in [*folder.glob("[!_]*.yml"), *folder.glob("_[!c]*.yml"), folder / "_command.yml"]:
        tree = yaml.load(path.read_text(), yaml.BaseLoader)
        if "extends" in tree:
            tree["extends"] += "_too"
        path.unlink()
        name = f"{path.stem}_too.yml" if path.name.startswith("_") else path.name
        (folder / name).write_text(yaml.dump(turned(tree), Dumper=Plain, sort_keys=False))
    assert (folder / "_log_event_too.yml").exists()
    assert not (folder / "_log_event.yml").exists()
    assert compare(load(), load(folder)).changes == ()


class Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(each) for each in value] if isinstance(value, list) else value
