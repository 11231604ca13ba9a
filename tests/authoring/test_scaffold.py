"""What `new` writes: it passes `check` at once, and says what to choose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from normalizer.authoring.checking import check
from normalizer.authoring.pack import find
from normalizer.authoring.scaffold import scaffold
from normalizer.errors import NotAnEvent, SettingsError
from normalizer.language import load
from tests.cli.command import mim_ecs
from tests.golden import FOLDER, SHIPPED

RICH = json.loads((FOLDER / "mim.command.ios.new" / "rich.event.json").read_bytes())
TYPES = [
    ("mim.command.ios.wiped", "_command"),
    ("mim.command.macos.new", "_command"),
    ("mim.createEnrollment.CHROMEOS", "_enrollment"),
    ("mim.checkOSXAccessEligibility.true", "_mim"),
    ("mim.x", "_mim"),
    ("user.session.start", "_mim"),
    ("x", "_mim"),
]


def event(path: Path, event_type: str, **more: Any) -> Path:
    path.write_text(json.dumps(RICH | {"eventType": event_type} | more), encoding="utf-8")
    return path


@pytest.mark.parametrize(("event_type", "parent"), TYPES)
@pytest.mark.parametrize("with_example", [False, True])
def test_it_passes_check_at_once(tmp_path: Path, event_type: str, parent: str, with_example: bool) -> None:
    given: list[str | Path] = ["--from", event(tmp_path / "event.json", event_type)] if with_example else []
    done = mim_ecs("new", event_type, *given, cwd=tmp_path)
    path = tmp_path / "mappings" / f"{event_type}.yml"
    assert done.out.decode().splitlines()[0] == f"written: mappings/{event_type}.yml"
    assert f"\nextends: {parent}\n" in path.read_text(encoding="utf-8")
    report = check(find(tmp_path))
    assert report.findings == ()
    assert report.counts["golden cases"] == 2


@pytest.mark.parametrize("event_type", ["mim.command.ios.wiped", "mim.createEnrollment.CHROMEOS", "app.x.y"])
def test_it_passes_check_in_the_repository(top: Path, event_type: str) -> None:
    mim_ecs("new", event_type, cwd=top)
    mim_ecs("build", "--mappings", "mappings", "--into", ".", cwd=top)
    assert check(find(top)).findings == ()
    assert (
        (top / "mappings" / f"{event_type}.yml").read_text().startswith("# yaml-language-server: $schema=../schemas/")
    )


def test_what_it_writes_for_a_command() -> None:
    assert scaffold(load(), "mim.command.ios.wiped").mapping.splitlines() == [
        "event_type: mim.command.ios.wiped",
        "extends: _command",
        "# Say in one sentence what has happened.",
        "summary: Okta logs mim.command.ios.wiped.",
        "set:",
        "  # What was done: access, change, creation, deletion, end, info or start.",
        "  # event.type: [info]  (as a parent has it)",
        "  okta.mim.command.channel: ios",
        "  # okta.mim.command.status: new, acknowledged, error, format_error, not_now, cancelled or delegated",
    ]


def test_one_beside_an_unfinished_one_has_the_same_hints(tmp_path: Path) -> None:
    mim_ecs("new", "mim.command.ios.wiped", cwd=tmp_path)
    mim_ecs("new", "mim.command.ios.locked", cwd=tmp_path)
    folder = tmp_path / "mappings"
    first, second = ((folder / f"mim.command.ios.{word}.yml").read_text() for word in ("wiped", "locked"))
    assert second == first.replace("wiped", "locked")
    assert "# okta.mim.command.status: " in second


def test_rules_for_what_no_parent_reads(tmp_path: Path) -> None:
    security = RICH["securityContext"] | {"risk": {"level": "LOW", "reasons": "Anomalous location"}}
    path = event(tmp_path / "event.json", "mim.command.ios.wiped", securityContext=security, brandNew={"x": [1, 2]})
    done = mim_ecs("new", "mim.command.ios.wiped", "--from", path, cwd=tmp_path)
    text = (tmp_path / "mappings" / "mim.command.ios.wiped.yml").read_text(encoding="utf-8")
    assert '  okta.security_context.risk.level: securityContext.risk.level  # "LOW"\n' in text
    assert '#   debugContext.debugData.commandType  ("DeviceLock")\n' in text
    assert "debugData.requestId" not in text, "a rule reads it already"
    declared = (tmp_path / "mappings" / "_custom_fields.yml").read_text(encoding="utf-8")
    assert "okta.security_context.risk.level: {type: keyword, description: What Okta has as " in declared
    assert done.lines == [
        "No rule can read brandNew.x[], for LogEvent has no such path, or it stands in a list.",
        "The golden case is a copy of your event: take out what is nobody else's business.",
    ]
    assert check(find(tmp_path)).findings == ()
    document = json.loads((tmp_path / "tests/golden/mim.command.ios.wiped/first.document.json").read_bytes())
    assert document["okta"]["security_context"]["risk"] == {"level": "LOW", "reasons": ["Anomalous location"]}


def test_declarations_are_added_to_those_that_are_there(pack: Path) -> None:
    security = {"risk": {"level": "LOW"}}
    path = event(pack / "event.json", "user.session.end", securityContext=security)
    mim_ecs("new", "user.session.end", "--from", path, cwd=pack)
    declared = (pack / "mappings" / "_custom_fields.yml").read_text(encoding="utf-8").splitlines()
    assert declared[0].startswith("acme.zone: ")
    assert declared[1].startswith("okta.security_context.risk.level: ")


def test_the_event_of_the_type_among_others(tmp_path: Path) -> None:
    lines = [json.dumps(RICH), json.dumps({"detail": RICH | {"eventType": "mim.x", "uuid": "7"}})]
    (tmp_path / "events.ndjson").write_text("\n".join(lines), encoding="utf-8")
    mim_ecs("new", "mim.x", "--from", "events.ndjson", cwd=tmp_path)
    assert json.loads((tmp_path / "tests/golden/mim.x/first.event.json").read_bytes())["uuid"] == "7"


# ---- what cannot be


@pytest.mark.parametrize("event_type", ["", "mim.", ".x", "mim.*", "*", "a b", "../x", "a/b", "mim..x", "é"])
def test_names_that_are_none(event_type: str) -> None:
    with pytest.raises(SettingsError, match="is no event type; write one like"):
        scaffold(load(), event_type)


@pytest.mark.parametrize("event_type", sorted(SHIPPED)[:3])
def test_types_that_are_mapped_already(tmp_path: Path, event_type: str) -> None:
    with pytest.raises(SettingsError, match="is mapped already, by mappings/"):
        scaffold(load(), event_type)
    mim_ecs("new", "mim.x", cwd=tmp_path)
    why = "a copy of it in mappings/ takes its place"
    assert why in mim_ecs("new", event_type, cwd=tmp_path, code=2).err
    assert (
        "is mapped already, by mappings/mim.x.yml; change that file."
        in mim_ecs("new", "mim.x", cwd=tmp_path, code=2).err
    )


def test_examples_that_are_none() -> None:
    with pytest.raises(SettingsError, match=r'not "mim\.x"'):
        scaffold(load(), "mim.x", json.dumps(RICH).encode())
    with pytest.raises(NotAnEvent, match='has no "uuid"'):
        scaffold(load(), "mim.x", b"{}")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "event.json holds no event."),
        (b"{", "event.json: "),
        (b"[1]", "event.json: "),
        (b'{"uuid": "1"}', 'the event has no "published"'),
    ],
)
def test_files_that_hold_no_event(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "event.json").write_bytes(data)
    done = mim_ecs("new", "mim.x", "--from", "event.json", cwd=tmp_path, code=2)
    assert why in done.err
    assert len(done.lines) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["event.json"]


def test_a_mapping_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    path = tmp_path / "mappings" / "mim.x.yml"
    path.write_text("event_type: mim.y\nextends: _mim\nsummary: Y.\n", encoding="utf-8")
    assert "is mim.x.yml" in mim_ecs("new", "mim.x", cwd=tmp_path, code=2).err
    assert "mim.y" in path.read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "tests").write_text("", encoding="utf-8")
    assert "cannot be written: " in mim_ecs("new", "mim.x", cwd=tmp_path, code=4).err


# ---- nothing of others is touched


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_other_golden_cases_stay_as_they_are(top: Path) -> None:
    path = top / "mappings" / "mim.command.ios.error.yml"
    path.write_text(path.read_text().replace("status: error", "status: cancelled"), encoding="utf-8")
    before = contents(top)
    mim_ecs("new", "mim.command.ios.wiped", cwd=top)
    assert before.items() <= contents(top).items()


def test_a_document_that_is_there_already(pack: Path) -> None:
    own = pack / "tests" / "golden" / "mim.x" / "sparse.document.json"
    own.parent.mkdir()
    own.write_text("{}")
    before = contents(pack)
    assert "sparse.document.json is there already; " in mim_ecs("new", "mim.x", cwd=pack, code=2).err
    assert contents(pack) == before


def test_golden_cases_that_are_there_already(pack: Path) -> None:
    mim_ecs("new", "mim.x", cwd=pack)
    (pack / "mappings" / "mim.x.yml").unlink()
    before = contents(pack)
    done = mim_ecs("new", "mim.x", cwd=pack, code=2)
    assert (
        done.err
        == "Error: tests/golden/mim.x/sparse.event.json is there already; change that file, or delete it first.\n"
    )
    assert contents(pack) == before


def test_nothing_is_left_of_what_failed(pack: Path) -> None:
    path = event(pack / "event.json", "mim.command.IOS.NEW", securityContext={"risk": {"level": "LOW"}})
    before = contents(pack)
    done = mim_ecs("new", "mim.command.IOS.NEW", "--from", path, cwd=pack, code=2)
    assert "are equal but for case; rename this one" in done.err
    assert contents(pack) == before


@pytest.mark.parametrize("event_type", ["any", "mim.any"])
def test_the_file_of_a_fallback(tmp_path: Path, event_type: str) -> None:
    assert "is no event type" in mim_ecs("new", event_type, cwd=tmp_path, code=2).err
    (tmp_path / f"{event_type}.yml").write_text(f"event_type: {event_type}\nextends: _mim\nsummary: Any.\n")
    assert f'"{event_type}" cannot be mapped by itself' in mim_ecs("check", tmp_path, code=1).out.decode()


def test_line_ends_of_declarations_stay(pack: Path) -> None:
    declared = pack / "mappings" / "_custom_fields.yml"
    declared.write_bytes(declared.read_bytes().replace(b"\n", b"\r\n"))
    before = declared.read_bytes()
    path = event(pack / "event.json", "mim.x", securityContext={"risk": {"level": "LOW"}})
    mim_ecs("new", "mim.x", "--from", path, cwd=pack)
    assert declared.read_bytes().startswith(before)
