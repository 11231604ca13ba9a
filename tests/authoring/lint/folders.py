"""Folders of mapping files for the linter's tests, and what is found in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from normalizer.authoring.lint import lint
from normalizer.authoring.lint.allow import allowed
from normalizer.errors import Finding
from normalizer.language import Mappings
from normalizer.language.load import read_folder

TOP = Path(__file__).resolve().parents[3]
SHIPPED = TOP / "mappings"


def lay(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder of these files; with no mapping that extends nothing it is a pack on top of the shipped mappings."""
    mappings = folder / "mappings"
    for name, text in files.items():
        path = mappings / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return mappings


def texts(mappings: Path) -> dict[str, str]:
    """The files of a folder, by the names that findings have for them."""
    return {path.as_posix(): path.read_text(encoding="utf-8") for path in sorted(mappings.rglob("*.yml"))}


def checked(mappings: Path) -> tuple[Mappings, list[Finding]]:
    """A folder, with mistakes, what the linter finds, and what is wrong with comments that allow it."""
    loaded, mistakes = read_folder(mappings)
    whole = not mistakes
    return loaded, sorted([*mistakes, *allowed(lint(loaded, whole=whole), texts(mappings), whole=whole)])


def found(mappings: Path) -> list[Finding]:
    """All that is found in a folder."""
    return checked(mappings)[1]


def name_in(mappings: Path, finding: Finding) -> str:
    """How the folder calls the file of a finding."""
    return finding.place.file.removeprefix(f"{mappings.as_posix()}/")


def told(mappings: Path) -> list[str]:
    """`FILE:LINE RULE` for all that is found in a folder, FILE as it is called there."""
    return [f"{name_in(mappings, each)}:{each.place.line} {each.rule}" for each in found(mappings)]


def assert_one_sentence_with_advice(finding: Finding) -> None:
    """What every message is: what is wrong, a semicolon, what to write instead."""
    assert "; " in finding.message
    assert finding.message.isprintable()
    assert not finding.message.endswith(".")
