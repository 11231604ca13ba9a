"""Every golden case, the quick way and the plain way; and that no case, document or mapping is left out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from normalizer import Mappings, load, okta
from tests.golden import DOCUMENT, EVENT, FOLDER, OPTIONS, SHIPPED, Case, cases, pretty
from tests.golden.__main__ import main

CASES = list(cases())
ANY = {"any", "mim.any"}


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(mappings: Mappings, case: Case) -> None:
    difference = case.difference(mappings)
    assert not difference, f"\n{difference}\nif this is meant: python -m tests.golden --renew {case.mapping}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_plain_way_gives_the_same(mappings: Mappings, case: Case) -> None:
    assert case.actual(mappings, plain=True) == case.expected()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_original_is_the_text_of_the_event(case: Case) -> None:
    event = json.loads(case.expected())["event"]
    if case.options().keep_original or event["kind"] == "pipeline_error":
        assert event["original"] == case.text().decode()
    else:
        assert "original" not in event


def test_every_mapping_has_cases(mappings: Mappings) -> None:
    counts = Counter(case.mapping for case in CASES)
    names = {plan.chain[0] for plan in mappings.plans}
    assert names >= SHIPPED | ANY
    assert {name for name in names if counts[name] < (2 if name in SHIPPED else 1)} == set()


def test_the_events_of_a_folder_are_of_its_mapping(mappings: Mappings) -> None:
    for case in CASES:
        assert case.misfit(mappings) == ""


def test_no_file_is_orphaned() -> None:
    expected = {case.path(ending) for case in CASES for ending in (EVENT, DOCUMENT)}
    found = {path for path in FOLDER.glob("*/*.json") if not path.name.endswith(OPTIONS)}
    assert found == expected
    assert set(FOLDER.glob(f"*/*{OPTIONS}")) <= {case.path(OPTIONS) for case in CASES}


def test_documents_are_written_as_people_read_them() -> None:
    for case in CASES:
        text = case.path(DOCUMENT).read_text(encoding="utf-8")
        assert text.startswith('{\n  "'), case
        assert text == case.expected(), case


def test_no_two_cases_have_the_same_uuid() -> None:
    uuids = Counter(json.loads(case.text())["uuid"] for case in CASES)
    assert {uuid for uuid, count in uuids.items() if count > 1} == set()


# ---- the command


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case in a folder of its own, which the command sees instead of ours."""
    case = Case(tmp_path / "mim.command.ios.new", "sparse")
    case.folder.mkdir()
    source = Case(FOLDER / case.mapping, case.name)
    case.path(EVENT).write_bytes(source.path(EVENT).read_bytes())
    monkeypatch.setattr("tests.golden.__main__.cases", lambda: cases(tmp_path))
    monkeypatch.setattr("tests.golden.__main__.load", lambda: only(load(), case.mapping))
    return case


def only(mappings: Mappings, *names: str) -> Mappings:
    """The mappings of these files, and those of all other event types."""
    plans = (plan for plan in mappings.plans if plan.chain[0] in names)
    return Mappings(tuple(plans), mappings.fields, mappings.tables)


def test_a_missing_document_is_shown_and_renewed(own: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 1
    shown = capsys.readouterr().out
    assert '+  "@timestamp": "2026-09-14T06:13:01.000Z",' in shown
    assert "1 cases, 1 differ" in shown
    assert not own.path(DOCUMENT).exists()
    assert main(["--renew"]) == 0
    assert "1 cases, 1 renewed" in capsys.readouterr().out
    assert own.path(DOCUMENT).read_bytes() == (FOLDER / own.mapping / f"sparse{DOCUMENT}").read_bytes()
    assert main([]) == 0
    assert capsys.readouterr().out == "1 cases, 0 differ\n"


def test_a_difference_is_shown_as_a_unified_diff(own: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--renew", own.mapping]) == 0
    text = own.path(DOCUMENT).read_text(encoding="utf-8")
    own.path(DOCUMENT).write_text(text.replace('"operation": "command"', '"operation": 1.0'), encoding="utf-8")
    capsys.readouterr()
    assert main([own.mapping]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line[:1] in ("-", "+")]
    assert lines[:2] == [f"--- {own} as expected", f"+++ {own} as it is now"]
    assert lines[2:] == ['-      "operation": 1.0', '+      "operation": "command"']


def test_an_event_that_gives_no_document_is_shown(own: Case, capsys: pytest.CaptureFixture[str]) -> None:
    own.path(EVENT).write_text('{"uuid": "1", "eventType": "mim.command.ios.new"}', encoding="utf-8")
    assert main(["--renew"]) == 1
    assert '+no document: the event has no "published"' in capsys.readouterr().out
    assert not own.path(DOCUMENT).exists()


def test_an_unknown_mapping_is_a_usage_error(own: Case, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["mim.command.ios.old"])
    assert stopped.value.code == 2
    assert "there are no cases of mim.command.ios.old" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{\n  "uuid": "1",\n  "eventType": mim.x\n}', "3:16: this is not JSON: Expecting value"),
        (b'{"uuid": "1"} x', "1:15: this is not JSON: Extra data"),
        (b"", "1:1: this is not JSON: Expecting value"),
        ('{"a": "Zo\u00eb"}'.encode("latin-1"), "1:10: this is not JSON: it is not UTF-8"),
    ],
)
@pytest.mark.parametrize("given", [[], ["--renew"]])
def test_an_event_that_is_not_json_is_told(
    own: Case, capsys: pytest.CaptureFixture[str], given: list[str], content: bytes, told: str
) -> None:
    own.path(EVENT).write_bytes(content)
    assert main(given) == 2
    out, err = capsys.readouterr()
    assert (out, err.splitlines()) == ("", [f"{own.path(EVENT)}:{told}"])
    assert not own.path(DOCUMENT).exists()


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"eventType": "mim.command.ios.old"}, 'its eventType "mim.command.ios.old" is of no mapping'),
        ({"eventType": "mim.command.ios.error"}, 'its eventType "mim.command.ios.error" is of mapping '
         'mim.command.ios.error, not of mim.command.ios.new'),
        ({"eventType": 5}, "it has no eventType"),
        ({}, "it has no eventType"),
        ([], "it has no eventType"),
    ],
)  # fmt: skip
def test_an_event_of_another_mapping_is_told(
    own: Case, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, event: Any, told: str
) -> None:
    monkeypatch.setattr(
        "tests.golden.__main__.load", lambda: only(load(), "mim.command.ios.new", "mim.command.ios.error")
    )
    own.path(EVENT).write_text(json.dumps(event), encoding="utf-8")
    assert main(["--renew", own.mapping]) == 1
    out, err = capsys.readouterr()
    assert err == f"{own.path(EVENT)}: {told}\n"
    assert out == "1 cases, 0 renewed, 1 in a wrong folder\n"
    assert not own.path(DOCUMENT).exists()


def test_a_folder_that_no_mapping_is_named_after_is_told(
    own: Case, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.golden.__main__.load", lambda: only(load()))
    assert main([]) == 1
    assert "there is no mapping mim.command.ios.new" in capsys.readouterr().err


def test_a_mapping_without_a_case_is_told(
    own: Case, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.golden.__main__.load", lambda: only(load(), own.mapping, "mim.any"))
    assert main(["--renew"]) == 1
    out, err = capsys.readouterr()
    assert "1 cases, 1 renewed" in out
    assert err == "there is no case of mim.any: write tests/golden/mim.any/NAME.event.json\n"
    assert main([own.mapping]) == 0


def test_the_help_says_where_cases_lie(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "tests/golden/MAPPING/NAME.event.json" in capsys.readouterr().out


def test_equal_means_with_types() -> None:
    assert len({pretty(value) for value in (1, 1.0, True, "1", [1])}) == 5
    assert pretty({"a": 1, "b": 2}) == pretty({"b": 2, "a": 1})


def test_the_rich_cases_hold_every_documented_value() -> None:
    """But for those that no mapping reads."""

    def paths(value: Any, path: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from paths(inner, f"{path}.{key}".lstrip("."))
        elif isinstance(value, list):
            for inner in value:
                yield from paths(inner, path)
        elif value is not None:
            yield path

    wanted = {path for path, fact in okta.log_event().items() if fact.type != "object"}
    wanted -= {path for path in wanted if ".ipDetails." in path or ".risk." in path}
    for case in CASES:
        if case.name == "rich" and case.mapping in SHIPPED | ANY:
            assert wanted - set(paths(json.loads(case.text()))) == set(), case
