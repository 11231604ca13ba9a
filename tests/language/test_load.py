"""Loading a folder: the shipped one, wrong ones, and any mutation of the shipped files."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from normalizer.errors import Finding, MappingError, Place
from normalizer.language import load
from normalizer.language.advice import choices, did_you_mean, nearest
from normalizer.language.conversions import ABSENT, PROBLEM, STEPS, TYPES
from normalizer.language.load import read_folder
from normalizer.language.notes import Notes
from tests.language.folders import BASE, HEAD, HERE, ONE, findings, lay

SHIPPED = HERE.parent.parent / "mappings"


def test_the_shipped_folder_has_no_mistake() -> None:
    mappings = load()
    assert len(mappings.plans) == len([*SHIPPED.glob("*.yml")]) - len([*SHIPPED.glob("_*.yml")])
    assert [plan.event_type for plan in mappings.plans] == sorted(plan.event_type for plan in mappings.plans)
    assert set(mappings.tables) == {path.stem for path in SHIPPED.glob("tables/*.yml")}
    assert all(plan.summary for plan in mappings.plans)


def test_every_rule_says_the_line_that_it_was_written_in() -> None:
    for plan in load().plans:
        for rule in plan.rules:
            place = rule.origin.place
            if place.file == "normalizer":
                assert rule.destination.name == "ecs.version"
                continue
            line = (SHIPPED.parent / place.file).read_text().splitlines()[place.line - 1]
            name = line[place.column - 1 :].split(":")[0].strip('"')
            assert rule.destination.name.endswith(name)
            assert place.file == f"mappings/{rule.origin.chain[-1]}.yml"


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_is_named_by_text_or_path(kind: Callable[[Path], str | Path], tmp_path: Path) -> None:
    assert len(load(kind(lay(tmp_path, {}))).plans) == 1


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as error:
        load(tmp_path / "none")
    assert str(error.value) == f"{(tmp_path / 'none').as_posix()}:1:1: there is no such folder of mapping files"
    (tmp_path / "file").touch()
    with pytest.raises(MappingError, match="there is no such folder"):
        load(tmp_path / "file")


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="the folder holds no mapping file; a mapping file's name ends in"):
        load(tmp_path)


def test_a_folder_of_tables_alone_holds_no_mapping(tmp_path: Path) -> None:
    shutil.copytree(BASE / "tables", tmp_path / "tables")
    shutil.copy(BASE / "_custom_fields.yml", tmp_path)
    with pytest.raises(MappingError, match="the folder holds no mapping file"):
        load(tmp_path)


def test_findings_call_files_as_the_folder_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {ONE: HEAD + "set: {event.modul: okta}\n"})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MappingError) as error:
        load("mappings")
    assert error.value.findings[0].place == Place("mappings/mim.example.yml", 4, 7)


@pytest.mark.parametrize("ending", [".yaml", ".YML", ".YAML"])
@pytest.mark.parametrize("name", ["_mim", "_custom_fields", "tables/outcome", "_log_event"])
def test_a_file_with_another_ending_is_told_once_and_missed_by_nobody(name: str, ending: str, tmp_path: Path) -> None:
    mappings = lay(tmp_path, {ONE: HEAD + "set: {okta.uuid: x}\nremove: [message]\n"})
    (mappings / f"{name}.yml").rename(mappings / f"{name}{ending}")
    (found,) = findings(mappings)
    assert found == f"{name}{ending}:1:1: a mapping file's name ends in .yml; rename it to {Path(name).name}.yml"


def test_a_folder_called_like_a_mapping_is_a_finding(tmp_path: Path) -> None:
    mappings = lay(tmp_path, {})
    (mappings / "mim.example.yml").mkdir()
    assert findings(mappings) == ["mim.example.yml:1:1: the file cannot be read: Is a directory"]


def test_what_can_be_read_stands_beside_the_findings(tmp_path: Path) -> None:
    mappings = lay(tmp_path, {ONE: HEAD + "set: {event.modul: okta}\n", "mim.other.yml": "extends: [\n"})
    found, mistakes = read_folder(mappings)
    assert [plan.event_type for plan in found.plans] == ["mim.*", "mim.example"]
    assert len(mistakes) == 2


def test_findings_are_sorted_and_each_stands_once() -> None:
    one, two = Finding(Place("a", 1, 2), "x"), Finding(Place("a", 1, 1), "y")
    error = MappingError([one, two, one])
    assert error.findings == [two, one]
    assert str(error) == "a:1:1: y\na:1:2: x"


def test_notes_tell_a_mistake_of_a_topic_once_in_one_line() -> None:
    notes = Notes()
    place = Place("a", 1, 1)
    for message in ("one", "one", "two"):
        notes.add(place, message)
    for message in ("three", "four"):
        notes.add(place, message, "topic")
    notes.extend([Finding(place, "a\nb\u200b\u00a0")])
    assert [finding.message for finding in notes.findings] == ["one", "two", "three", r"a\nb\u200b\xa0"]


def test_advice() -> None:
    assert did_you_mean("event.modul", ["event.module", "event.kind"]) == '; did you mean "event.module"?'
    assert did_you_mean("xyz", ["event.module"]) == ""
    assert nearest("ACTOR", ["actor", "Client"]) == "actor"
    assert [choices("a"), choices("ab"), choices("abc")] == ["a", "a or b", "a, b or c"]


# ---- mutations


def _letters(random_: random.Random, text: str) -> str:
    at = random_.randrange(len(text))
    char = random_.choice(" \t\n:-#'\"[]{},&*!|>%@`~?\\$.()=_aZ0é\u00a0\x00\ufeff")
    return random_.choice((text[:at] + text[at + 1 :], text[:at] + char + text[at:], text[:at] + char + text[at + 1 :]))


def _lines(random_: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    one, two = random_.randrange(len(lines)), random_.randrange(len(lines))
    match random_.randrange(5):
        case 0:
            del lines[one]
        case 1:
            lines.insert(two, lines[one])
        case 2:
            lines[one], lines[two] = lines[two], lines[one]
        case 3:
            lines[one] = " " * random_.randrange(1, 4) + lines[one]
        case _:
            lines[one] = lines[one].lstrip()
    return "".join(lines)


def _words(random_: random.Random, text: str) -> str:
    words = text.split(" ")
    one, two = random_.randrange(len(words)), random_.randrange(len(words))
    if random_.random() < 0.5:
        words[one], words[two] = words[two], words[one]
    else:
        words[one] = random_.choice(
            ("null", "5", "true", "[]", "{}", '""', "[a, b]", "{a: b}", "~", "*a", "each:", "at:")
        )
    return " ".join(words)


def _cut(random_: random.Random, text: str) -> str:
    return text[: random_.randrange(len(text))]


def _less(mappings: Path) -> list[Path]:
    """The files of the folder, after taking away what only costs time: most event types, most of the long tables."""
    for path in mappings.glob("[!_]*.yml"):
        if path.name not in ("mim.any.yml", "mim.command.ios.error.yml", "mim.createEnrollment.IOS.yml"):
            path.unlink()
    for path in mappings.glob("tables/*.yml"):
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:20]))
    return sorted(mappings.rglob("*.yml"))


@pytest.mark.parametrize("seed", range(10))
def test_no_mutation_of_the_shipped_files_raises_anything_else(seed: int, tmp_path: Path) -> None:
    random_ = random.Random(seed)
    mappings = lay(tmp_path, {}, SHIPPED)
    files = _less(mappings)
    weights = [5 if path.name.startswith("_") else 1 for path in files]
    for _ in range(30):
        file = random_.choices(files, weights)[0]
        before = text = file.read_text()
        for _ in range(random_.choice((1, 1, 1, 2, 5))):
            text = random_.choice((_letters, _lines, _words, _cut))(random_, text) or "x"
        file.write_text(text)
        for finding in read_folder(mappings)[1]:
            assert finding.message.isprintable(), finding
            assert len(finding.message) < 700, finding
            assert finding.place.line >= 1
            assert finding.place.column >= 1
        file.write_text(before)
    assert findings(mappings) == []


# ---- what the language says of itself


@pytest.mark.parametrize("conversion", {**TYPES, **STEPS}.values(), ids=lambda each: each.name)
def test_each_conversion_has_examples_enough(conversion: object) -> None:
    examples = conversion.examples  # type: ignore[attr-defined]
    assert len(examples) >= 8
    results = [result for _, result in examples]
    assert ABSENT in results
    assert PROBLEM in results
