"""Folders that extend the mappings of the package, and those that stand alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from normalizer import Mappings, Normalizer, load
from normalizer.data import data_folder
from normalizer.language.load import read_folder
from tests.golden import SHIPPED

OWN = "event_type: user.session.start\nextends: _mim\nsummary: Somebody signed in.\n"


def told(folder: Path) -> list[str]:
    return [f"{each.place.file.rpartition('/')[2]}:{each.place.line} {each.message}" for each in read_folder(folder)[1]]


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".yml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def pack(folder: Path, text: str = OWN, **files: str) -> Path:
    return write(folder, **{"user.session.start": text}, **files)


def test_a_pack_has_the_event_types_of_the_package_too(tmp_path: Path) -> None:
    mappings = load(pack(tmp_path))
    assert {plan.event_type for plan in mappings.plans} > SHIPPED | {"user.session.start"}
    assert [*mappings.files] == ["user.session.start"]
    document = Normalizer(mappings).normalize(
        {"uuid": "1", "eventType": "user.session.start", "published": "2026-09-14T06:00:00Z"}
    )
    assert (document["event"]["action"], document["event"]["dataset"]) == ("user.session.start", "okta.mim")


def test_the_plans_of_the_package_stay_as_they_are(tmp_path: Path) -> None:
    own = [plan for plan in load(pack(tmp_path)).plans if plan.event_type != "user.session.start"]
    assert own == [*load().plans]


def test_where_rules_of_the_package_were_written(tmp_path: Path) -> None:
    rule = load(pack(tmp_path)).plan("user.session.start").rule("user.id")  # type: ignore[union-attr]
    assert rule is not None
    assert rule.origin.place.file == "okta-mim-ecs/mappings/_log_event.yml"
    assert rule.origin.chain == ("user.session.start", "_mim", "_log_event")


def test_parents_tables_and_fields_of_its_own(tmp_path: Path) -> None:
    parent = "extends: _mim\nsummary: Ours.\nset:\n  event.category: [session]\n  event.type: [start]\n"
    own = OWN.replace("_mim", "_ours") + "fields:\n  acme.zone: {from: client.zone, map: zones}\n"
    own += "  acme.os: {from: client.userAgent.os, map: os_name}\n"
    folder = pack(
        tmp_path,
        own,
        _ours=parent,
        tables__zones="office: inside\n",
        _custom_fields="acme.zone: {type: keyword, description: Zone.}\nacme.os: {type: keyword, description: OS.}\n",
    )
    assert told(folder) == []
    mappings = load(folder)
    assert sorted(mappings.declared) == ["acme.os", "acme.zone"]
    assert "okta.uuid" in mappings.fields
    event: dict[str, Any] = {"uuid": "1", "eventType": "user.session.start", "published": "2026-09-14T06:00:00Z"}
    event |= {"client": {"zone": "office", "userAgent": {"os": "Mac OS X"}}}
    assert Normalizer(mappings).normalize(event)["acme"] == {"zone": "inside", "os": "macOS"}


def test_a_file_of_the_same_name_takes_the_place_of_the_package_s(tmp_path: Path) -> None:
    name = "mim.command.ios.error"
    text = f"event_type: {name}\nextends: _command\nsummary: Ours.\nset:\n  okta.mim.command.status: new\n"
    (tmp_path / f"{name}.yml").write_text(text, encoding="utf-8")
    plan = load(tmp_path).plan(name)
    assert plan is not None
    assert plan.summary == "Ours."


def test_what_the_package_declares_is_not_declared_again(tmp_path: Path) -> None:
    folder = pack(tmp_path, _custom_fields="okta.uuid: {type: keyword, description: Mine.}\n")
    assert told(folder) == ['_custom_fields.yml:1 "okta.uuid" is declared by the package already; remove the line']


def test_a_field_below_one_of_the_package(tmp_path: Path) -> None:
    folder = pack(tmp_path, _custom_fields="okta.uuid.mine: {type: keyword, description: Mine.}\n")
    assert told(folder) == [
        '_custom_fields.yml:1 "okta.uuid.mine" lies below "okta.uuid", which is a keyword field and holds all below it '
        "itself; remove one of the two"
    ]


def test_mistakes_in_a_pack(tmp_path: Path) -> None:
    folder = pack(tmp_path, OWN.replace("_mim", "_mimm") + "fields:\n  user.nam: actor.id\n")
    assert told(folder) == [
        'user.session.start.yml:5 "user.nam" is no field of ECS, nor declared in _custom_fields.yml; did you mean '
        '"user.name"?',
        'user.session.start.yml:2 there is no mapping "_mimm" to extend; did you mean "_mim"?',
    ]


@pytest.mark.parametrize("gone", ["_command", "_mim", "mim.any", "_custom_fields", "tables/os_name"])
def test_a_whole_folder_stands_alone(tmp_path: Path, gone: str) -> None:
    """What it lacks is missing: it has a mapping that extends nothing."""
    shutil.copytree(data_folder() / "mappings", tmp_path / "copy")
    (tmp_path / "copy" / f"{gone}.yml").unlink()
    mappings, mistakes = read_folder(tmp_path / "copy")
    assert bool(mistakes) is (gone != "mim.any")
    assert all(each.place.file.startswith(tmp_path.as_posix()) for each in mistakes)
    assert "mim.*" not in {plan.event_type for plan in mappings.plans} or gone != "mim.any"


def test_a_copy_of_the_package_is_the_package(tmp_path: Path) -> None:
    shutil.copytree(data_folder() / "mappings", tmp_path / "copy")
    mappings: Mappings = load(tmp_path / "copy")
    assert mappings.plans == load().plans
    assert "okta.uuid" in mappings.declared


def test_a_field_of_the_package_with_further_values(tmp_path: Path) -> None:
    """Else a pack would have to write a value that is wrong."""
    values = [*load().fields["okta.mim.command.channel"].values, "android"]
    declared = f"okta.mim.command.channel: {{type: keyword, description: Way., values: [{', '.join(values)}]}}\n"
    folder = pack(tmp_path, OWN + "set: {okta.mim.command.channel: android}\n", _custom_fields=declared)
    assert told(folder) == []
    write(folder, _custom_fields=declared.replace("generic, ", ""))
    assert told(folder)[0] == (
        '_custom_fields.yml:1 "okta.mim.command.channel" is declared by the package already; remove the line, or '
        "let `values` list the package's (generic, ios) and yours"
    )


def test_names_that_are_the_package_s_but_for_case(tmp_path: Path) -> None:
    text = "event_type: mim.command.ios.New\nextends: _command\nsummary: New.\n"
    (tmp_path / "mim.command.ios.New.yml").write_text(text, encoding="utf-8")
    assert told(tmp_path) == [
        "mim.command.ios.New.yml:1 mim.command.ios.New.yml and the package's mim.command.ios.new.yml are equal but for "
        "case; rename this one"
    ]


def test_a_mapping_of_a_pack_that_extends_nothing(tmp_path: Path) -> None:
    """It is told itself, and the others have the package's parents still."""
    folder = pack(tmp_path, _ours="summary: Ours.\nset: {tags: [ours]}\n")
    write(folder, **{"user.session.end": "event_type: user.session.end\nextends: _ours\nsummary: Over.\n"})
    (line,) = told(folder)
    assert line.startswith('_ours.yml:1 "_ours" and what extends it never write "@timestamp", "event.action" and')


def test_a_file_of_a_pack_that_cannot_be_read(tmp_path: Path) -> None:
    folder = pack(tmp_path, _ours="summary: Ours: again.\n")
    assert told(folder) == ["_ours.yml:1 a second colon stands in this line; quote the value that holds it"]


def test_a_mistake_in_a_table_that_the_package_looks_into_is_told_in_the_table(tmp_path: Path) -> None:
    folder = pack(tmp_path, tables__outcome="SUCCESS: success\nFAILURE: failed\n")
    assert [line.partition(",")[0] for line in told(folder)] == ['outcome.yml:2 "failed" is given for "FAILURE"']


def test_a_circle_through_the_package_is_told_in_the_file_that_makes_it(tmp_path: Path) -> None:
    folder = pack(tmp_path, _log_event="extends: _mim\nsummary: Ours.\n")
    assert [line.partition(" (")[0] for line in told(folder)] == ["_log_event.yml:1 `extends` goes round in a circle"]


def test_who_misses_a_parent_of_the_package_is_told_why_the_folder_stands_alone(tmp_path: Path) -> None:
    shutil.copy(data_folder() / "mappings" / "_log_event.yml", pack(tmp_path))
    missing = next(line for line in told(tmp_path) if "to extend" in line)
    assert missing.startswith('user.session.start.yml:2 there is no mapping "_mim" to extend; this folder stands alone')
    assert "_log_event.yml writes event.id in line " in missing


def test_a_table_of_its_own_that_the_package_cannot_use(tmp_path: Path) -> None:
    [line] = told(pack(tmp_path, tables__outcome="SUCCESS: yes\n"))
    assert line.startswith('outcome.yml:1 "yes" is given for "SUCCESS", and "event.outcome" allows only ')
