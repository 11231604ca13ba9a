"""What `check` says of golden cases."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from normalizer.authoring.golden import Golden, pretty
from normalizer.language import load

CASE = Path("tests/golden/user.session.start/first.event.json")
OTHER = Path("tests/golden/mim.command.ios.new/rich")
PACKAGE = "okta-mim-ecs/mappings"


def told(folder: Path = Path("mappings")) -> list[str]:
    found = Golden(load(folder), Path("tests/golden")).findings()
    return [f"{each.place} {each.message} [{each.rule}]" for each in sorted(found)]


@pytest.fixture
def done(pack: Path) -> Path:
    """The pack with its document."""
    assert [str(each) for each in Golden(load("mappings"), Path("tests/golden")).renew()] == [
        "user.session.start/first"
    ]
    assert told() == []
    return pack


def test_a_document_that_is_not_there(pack: Path) -> None:
    assert told() == [f"{CASE}:1:1 this has no document beside it; mim-ecs check --renew writes it [golden-differs]"]


def test_renewing_twice_changes_nothing(done: Path) -> None:
    assert [*Golden(load("mappings"), Path("tests/golden")).renew()] == []


def test_a_mapping_without_a_case(done: Path) -> None:
    CASE.unlink()
    assert told() == [
        'mappings/user.session.start.yml:1:1 "user.session.start" has no golden case; write an event of it into '
        "tests/golden/user.session.start/NAME.event.json, then mim-ecs check --renew [golden-missing]",
        "tests/golden/user.session.start/first.document.json:1:1 this belongs to no event; write first.event.json "
        "beside it, or delete it [golden-orphan]",
    ]


def test_a_difference_is_told_at_the_rule(done: Path) -> None:
    path = Path("mappings/user.session.start.yml")
    path.write_text(path.read_text().replace("client.zone", "client.device"))
    assert told() == [
        f'{path}:8:3 golden case user.session.start/first: "acme.zone" should be "office", and is absent; mend the '
        "rule, or accept it with mim-ecs check --renew [golden-differs]"
    ]


def test_a_rule_that_is_gone_is_told_at_the_mapping(done: Path) -> None:
    path = Path("mappings/user.session.start.yml")
    path.write_text(path.read_text().replace("fields:\n  acme.zone: client.zone\n", ""))
    assert told() == [
        f'{path}:1:1 golden case user.session.start/first: "acme.zone" should be "office", and is absent; mend the '
        "rule, or accept it with mim-ecs check --renew [golden-differs]"
    ]


def test_a_value_that_does_not_convert_is_one_finding(done: Path) -> None:
    """Not one more for each field in which the document says that a value was left out."""
    fields = Path("mappings/_custom_fields.yml")
    fields.write_text(fields.read_text().replace("keyword", "long"))
    assert told() == [
        'mappings/user.session.start.yml:8:3 golden case user.session.start/first: "acme.zone" should be "office", '
        "and is absent; mend the rule, or accept it with mim-ecs check --renew [golden-differs]"
    ]


def test_a_rule_of_the_package_is_told_there(done: Path) -> None:
    path = Path("tests/golden/user.session.start/first.document.json")
    document = json.loads(path.read_text())
    document["event"]["kind"] = "alert"
    path.write_text(pretty(document))
    (line,) = told()
    assert line.startswith(f"{PACKAGE}/_log_event.yml:4:3 golden case user.session.start/first: ")
    assert '"event.kind" should be "alert", and is "event"' in line


def test_cases_that_differ_in_the_same_field_are_one_finding(top: Path) -> None:
    path = Path("mappings/_log_event.yml")
    path.write_text(path.read_text().replace("  message: displayMessage\n", "  message: eventType\n"))
    (line,) = told()
    assert line.startswith("mappings/_log_event.yml:12:3 golden case any/rich and ")
    assert ' more cases: "message" should be "' in line


@pytest.mark.parametrize(
    ("content", "told_of_it"),
    [
        (b'{\n  "uuid": "1",\n  "eventType": mim.x\n}', "3:16 this is not JSON: Expecting value"),
        (b'{"uuid": "1"} x', "1:15 this is not JSON: Extra data"),
        (b"", "1:1 this is not JSON: Expecting value"),
        ('{"a": "Zo\u00eb"}'.encode("latin-1"), "1:10 this is not JSON: it is not UTF-8"),
    ],
)
@pytest.mark.parametrize("ending", ["event", "document", "options"])
def test_files_that_are_not_json(done: Path, content: bytes, told_of_it: str, ending: str) -> None:
    path = CASE.with_name(f"first.{ending}.json")
    path.write_bytes(content)
    assert told() == [f"{path}:{told_of_it} [golden-unreadable]"]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({"eventType": "mim.command.ios.error"}, 'its eventType "mim.command.ios.error" is of mapping '
         "mim.command.ios.error; move it into a folder of that name"),
        ({"eventType": 5}, "this has no eventType"),
        ({}, "this has no eventType"),
        ([], "this has no eventType"),
    ],
)  # fmt: skip
def test_an_event_of_another_mapping(done: Path, event: object, why: str) -> None:
    CASE.write_text(json.dumps(event))
    assert told() == [f"{CASE}:1:1 {why} [golden-misplaced]"]


def test_an_event_of_no_mapping(top: Path) -> None:
    Path("mappings/any.yml").unlink()
    assert 'tests/golden/any/rich.event.json:1:1 its eventType "user.session.start" is of no mapping' in "\n".join(
        told()
    )


def test_an_event_that_gives_no_document(done: Path) -> None:
    CASE.write_text('{"uuid": "1", "eventType": "user.session.start"}')
    assert told() == [f'{CASE}:1:1 this event gives no document: the event has no "published" [golden-differs]']


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"orgs": "x"}, "orgs is none"),
        ({"namespace": "A b"}, "it cannot hold 'A'"),
        ([], "options"),
    ],
)
def test_options_that_are_none(done: Path, options: object, why: str) -> None:
    CASE.with_name("first.options.json").write_text(json.dumps(options))
    (line,) = told()
    assert line.endswith("[golden-unreadable]")
    assert "these are no options of the run time (" in line
    assert why in line


def test_options_change_the_document(done: Path) -> None:
    CASE.with_name("first.options.json").write_text('{"org": "acme.okta.com"}')
    found = told()
    assert len(found) == 3
    assert all('should be absent, and is "acme.okta.com"' in each for each in found)


def test_equal_means_with_types(done: Path) -> None:
    path = CASE.with_name("first.document.json")
    path.write_text(path.read_text().replace('"office"', "true"))
    assert ['"acme.zone" should be true, and is "office"' in line for line in told()] == [True, False]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"displayMessage": "\\ud800"}', "half of a surrogate pair stands in it"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
        (b"[" * 100_000, "it is nested too deeply"),
    ],
)
def test_json_that_nobody_should_write(done: Path, content: bytes, why: str) -> None:
    CASE.write_bytes(content)
    (line,) = told()
    assert line.startswith(f"{CASE}:1:1 this is not JSON: {why}")


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.symlink_to("none"), os.mkfifo])
def test_what_is_no_file(done: Path, make: Callable[[Path], object]) -> None:
    path = CASE.with_name("other.event.json")
    make(path)
    assert told() == [f"{path}:1:1 this is no file [golden-unreadable]"]


@pytest.mark.parametrize("options", [{"org": ["a"]}, {"org": {}}, {"org": 5}, {"namespace": ["a"]}, {"strict": "x"}])
def test_options_of_another_type(done: Path, options: object) -> None:
    CASE.with_name("first.options.json").write_text(json.dumps(options))
    (line,) = told()
    assert " takes " in line
    assert line.endswith("[golden-unreadable]")


def test_a_document_that_cannot_be_read_is_renewed(done: Path) -> None:
    path = CASE.with_name("first.document.json")
    path.write_bytes(path.read_bytes()[:100])
    assert told()[0].endswith("[golden-unreadable]")
    assert len([*Golden(load("mappings"), Path("tests/golden")).renew()]) == 1
    assert told() == []
