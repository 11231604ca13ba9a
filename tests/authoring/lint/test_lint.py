"""The linter as a whole: the shipped mappings, packs, files that cannot be read, and how long it takes."""

from __future__ import annotations

import shutil
from pathlib import Path
from time import process_time

import pytest

from normalizer.authoring.lint import lint
from normalizer.language import load
from normalizer.language.load import read_folder
from tests.authoring.lint.folders import SHIPPED, found, lay, told

HEAD = "event_type: mim.example\nextends: {0}\nsummary: An example.\n"


def test_nothing_is_found_in_the_shipped_mappings() -> None:
    assert found(SHIPPED) == []


def test_it_is_quick() -> None:
    mappings = load()
    took = []
    for _ in range(3):
        begin = process_time()
        lint(mappings)
        took.append(process_time() - begin)
    assert min(took) < 0.3


def test_what_stands_in_the_package_is_not_told_to_a_pack(tmp_path: Path) -> None:
    parent = "extends: _mim\nsummary: A command.\nset:\n  event.type: [info]\n  okta.mim.command.channel: ios\n"
    mappings = lay(tmp_path, {"_command.yml": parent})
    shipped = [plan for plan in load(mappings).plans if plan.event_type == "mim.command.ios.new"]
    channel = shipped[0].rule("okta.mim.command.channel")
    assert channel is not None
    assert channel.origin.instead_of == channel
    assert found(mappings) == []


def test_a_folder_called_as_the_package_is_told_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(SHIPPED, tmp_path / "okta-mim-ecs" / "mappings")
    monkeypatch.chdir(tmp_path)
    mappings = Path("okta-mim-ecs/mappings")
    with (mappings / "_mim.yml").open("a", encoding="utf-8") as file:
        file.write("fields:\n  message: displayMessage\n")
    with (mappings / "tables" / "os_type.yml").open("a", encoding="utf-8") as file:
        file.write("unknown: windows\n")
    lines = len((mappings / "tables" / "os_type.yml").read_text(encoding="utf-8").splitlines())
    assert told(mappings) == ["_mim.yml:10 repeated-rule", f"tables/os_type.yml:{lines} impossible-key"]


def test_the_folder_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {"mim.example.yml": HEAD.format("_command") + "fields: {host.name: target.id}\n"})
    lay(tmp_path, {"tables/idle.yml": "a: b\n"})
    monkeypatch.chdir(tmp_path / "mappings")
    assert [f"{each.place} {each.rule}" for each in found(Path())] == [
        "./mim.example.yml:4:21 list-into-single",
        "./tables/idle.yml:1:1 unused-table",
    ]


def test_what_needs_all_files_waits_until_they_can_be_read(tmp_path: Path) -> None:
    files = {
        "_custom_fields.yml": "acme.x: {type: keyword, description: Not used yet.}\n",
        "_idle.yml": "extends: _command\nsummary: A parent.\n",
        "tables/idle.yml": "a: b\n",
        "mim.example.yml": HEAD.format("_command") + "fields: {host.name: target.id, host.nam: target.id}\n",
    }
    mappings = lay(tmp_path, files)
    assert told(mappings) == ["mim.example.yml:4 list-into-single", "mim.example.yml:4 load-error"]
    lay(tmp_path, {"mim.example.yml": HEAD.format("_command")})
    assert told(mappings) == [
        "_custom_fields.yml:1 unused-field",
        "_idle.yml:1 unused-parent",
        "tables/idle.yml:1 unused-table",
    ]


def test_a_summary_that_is_a_mistake_is_one_mistake(tmp_path: Path) -> None:
    broken = {f"mim.{name}.yml": f"event_type: mim.{name}\nextends: _command\nsummary: 7\n" for name in "ab"}
    assert told(lay(tmp_path, broken)) == ["mim.a.yml:3 load-error", "mim.b.yml:3 load-error"]


def test_a_folder_without_anything_is_no_finding_of_the_linter(tmp_path: Path) -> None:
    assert lint(read_folder(tmp_path)[0]) == []


def test_a_rule_tells_one_thing_at_a_place_however_many_fields_it_writes(tmp_path: Path) -> None:
    scope = "{at: target, also: [destination.user, source.user], fields: {id: id, name: id, domain: id}}"
    mappings = lay(tmp_path, {"mim.example.yml": HEAD.format("_command") + f"fields: {{server.user: {scope}}}\n"})
    (finding,) = found(mappings)
    assert (finding.place.line, finding.place.column) == (4, 28)
    assert finding.message.startswith('"target" is a list in LogEvent')
