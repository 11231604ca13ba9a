"""What an editor says of mapping files: what it completes, describes and marks."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from normalizer.data import data_folder
from normalizer.language import load
from tests.editors.language_server import Editor, editor

MODELINE = "# yaml-language-server: $schema=../schemas/mapping.schema.json\n"
HEAD = f"{MODELINE}event_type: mim.x\nextends: _mim\nsummary: X.\n"
FIELDS = load().fields
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("editor")
    shutil.copytree(data_folder() / "mappings", top / "mappings")
    (top / "schemas").mkdir()
    shutil.copy(data_folder() / "schemas" / "mapping.schema.json", top / "schemas")
    return top


@pytest.fixture(scope="module")
def code(folder: Path) -> Iterator[Editor]:
    with editor(folder) as found:
        yield found


@pytest.fixture
def file(folder: Path) -> Path:
    """A new one each time: the server may still be busy with what another held."""
    return folder / "mappings" / f"mim.x{next(NUMBERS)}.yml"


SHIPPED = sorted((data_folder() / "mappings").glob("*.yml"))


@pytest.mark.parametrize(
    "path", [each for each in SHIPPED if each.name != "_custom_fields.yml"], ids=lambda each: each.stem
)
def test_nothing_is_marked_in_the_shipped_mappings(code: Editor, folder: Path, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(MODELINE)
    assert code.open(folder / "mappings" / path.name, text) == []


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("sets:\n  event.kind: event\n", 4, "Property sets is not allowed"),
        ("set:\n  event.knid: event\n", 5, "Property event.knid is not allowed"),
        ("set:\n  event.kind: evnt\n", 5, "alert"),
        ("set:\n  event.category: host\n", 5, "array"),
        ("set:\n  event.category: [hots]\n", 5, "host"),
        ("set:\n  event.severity: high\n", 5, "integer"),
        ("fields:\n  user.name: {from: actor.id, as: upper}\n", 5, "lower"),
        ("fields:\n  user.name: {form: actor.id}\n", 5, ""),
        ("fields:\n  user: {at: actor}\n", 5, ""),
        ("remove: client.geo\n", 4, "array"),
        ("summary: Twice.\n", 4, "unique"),
    ],
)
def test_mistakes_are_marked(code: Editor, file: Path, text: str, line: int, said: str) -> None:
    marked = code.open(file, HEAD + text)
    assert [each["range"]["start"]["line"] for each in marked][:1] == [line], marked
    assert said in marked[0]["message"]


def test_a_summary_that_is_missing_is_marked(code: Editor, file: Path) -> None:
    (marked,) = code.open(file, f"{MODELINE}event_type: mim.x\nextends: _mim\n")
    assert 'Missing property "summary"' in marked["message"]


def test_all_keys_of_a_file_are_completed_and_described(code: Editor, file: Path) -> None:
    code.open(file, f"{MODELINE}summary: X.\n\n")
    found = code.completions(file, 2, 0)
    assert {"event_type", "extends", "set", "fields", "remove"} <= found.keys()
    assert "summary" not in found
    for name in ("event_type", "extends", "set", "fields", "remove"):
        assert found[name]["documentation"], name


@pytest.mark.parametrize("key", ["set", "fields"])
def test_every_field_is_completed_and_described(code: Editor, file: Path, key: str) -> None:
    code.open(file, f"{HEAD}{key}:\n  \n")
    found = code.completions(file, 5, 2)
    told = {each["insertText"].partition(":")[0].strip('"\\'): each["documentation"] for each in found.values()}
    assert told.keys() >= FIELDS.keys()
    assert all(told[name] for name in FIELDS)


@pytest.mark.parametrize(
    ("text", "line", "character", "wanted"),
    [
        ("set:\n  event.kind: \n", 5, 14, {"event", "alert", "pipeline_error"}),
        ("set:\n  event.category:\n    - \n", 6, 6, {"host", "configuration", "iam"}),
        ("set:\n  okta.mim.command.channel: \n", 5, 28, {"generic", "ios"}),
        ("fields:\n  user.name: \n", 5, 13, {"actor.id", "actor.alternateId", "outcome.reason", "_original"}),
        ("fields:\n  user.name:\n    \n", 6, 4, {"from", "collect", "at", "each", "as", "map", "ignore", "default"}),
        ("fields:\n  user.name:\n    from: actor.id\n    as: \n", 7, 8, {"lower", "email", "json"}),
        ("fields:\n  user.name:\n    from: actor.id\n    map: \n", 7, 9, {"os_type", "outcome", "severity"}),
        ("fields:\n  user:\n    at: actor\n    \n", 7, 4, {"also", "ignore", "fields"}),
    ],
)
def test_values_are_completed(code: Editor, file: Path, text: str, line: int, character: int, wanted: set[str]) -> None:
    code.open(file, HEAD + text)
    assert code.completions(file, line, character).keys() >= wanted


def test_parents_are_completed(code: Editor, file: Path) -> None:
    code.open(file, f"{MODELINE}summary: X.\nextends: \n")
    assert code.completions(file, 2, 9).keys() >= {"_mim", "_command", "_enrollment", "_log_event"}


@pytest.mark.parametrize(
    ("text", "line", "character", "said"),
    [
        ("", 1, 3, "What the file maps"),
        ("", 2, 3, "parent"),
        ("set:\n  event.kind: event\n", 5, 5, "keyword, ECS 9.4.0 (core)"),
        ("set:\n  okta.mim.operation: command\n", 5, 5, "keyword."),
        ("fields:\n  user.name: actor.id\n", 5, 5, "keyword, ECS 9.4.0 (core)"),
        ("fields:\n  user.name:\n    from: actor.id\n", 6, 6, "The first present value of these paths."),
        ("fields:\n  user.name:\n    from: actor.id\n    as: lower\n", 7, 5, "Named conversions"),
    ],
)
def test_what_is_said_on_hovering(code: Editor, file: Path, text: str, line: int, character: int, said: str) -> None:
    code.open(file, HEAD + text)
    assert said in code.hover(file, line, character)
