"""A folder of mapping files ▶ Plans, or every mistake in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from normalizer.data import data_folder
from normalizer.ecs import Field
from normalizer.errors import Finding, MappingError, Place
from normalizer.language.check import Checked, check
from normalizer.language.fields import FILE as CUSTOM_FIELDS
from normalizer.language.fields import all_fields, custom_fields
from normalizer.language.model import MappingFile, mapping_file
from normalizer.language.notes import Notes
from normalizer.language.plan import Plan, Table
from normalizer.language.reader import Node, read
from normalizer.language.resolve import resolve
from normalizer.language.tables import table


@dataclass(frozen=True, slots=True)
class Mappings:
    """All that a folder of mapping files says. `fields` are ECS's and the declared ones."""

    plans: tuple[Plan, ...]
    fields: Mapping[str, Field]
    tables: Mapping[str, Table]

    def plan(self, event_type: str) -> Plan | None:
        """The Plan for an event type: its own, else the fallback with the longest prefix."""
        fallbacks = [plan for plan in self.plans if plan.fallback and event_type.startswith(plan.event_type[:-1])]
        own = next((plan for plan in self.plans if plan.event_type == event_type and not plan.fallback), None)
        return own or max(fallbacks, key=lambda plan: len(plan.event_type), default=None)


def load(folder: Path | str | None = None) -> Mappings:
    """Read the mapping files of a folder; of the package where none is named.

    Raises MappingError with every mistake of every file.
    """
    mappings, findings = read_folder(folder)
    if findings:
        raise MappingError(findings)
    return mappings


def read_folder(folder: Path | str | None = None) -> tuple[Mappings, list[Finding]]:
    """Like `load`, but gives the mistakes beside what could be read."""
    path = Path(folder) if folder is not None else data_folder() / "mappings"
    shown = Path(folder).as_posix() if folder is not None else "mappings"
    notes = Notes()
    if not path.is_dir():
        return Mappings((), {}, {}), [Finding(Place(shown, 1, 1), "there is no such folder of mapping files")]
    files = _Folder(path, shown, notes)
    custom = custom_fields(files.tree(path / CUSTOM_FIELDS), notes) if (path / CUSTOM_FIELDS).exists() else {}
    fields = all_fields(custom)
    tables = {each.stem: table(each.stem, files.tree(each), notes) for each in sorted((path / "tables").glob("*.yml"))}
    checked: dict[str, Checked] = {}
    broken = set()
    for each in files.mappings():
        tree = files.tree(each)
        if tree is None:
            broken.add(each.stem)
            continue
        file = mapping_file(each.stem, files.name(each), tree, notes)
        _check_name(file, notes)
        checked[each.stem] = check(file, fields, tables, notes)
    if not checked and not broken:
        notes.add(Place(shown, 1, 1), "the folder holds no mapping file; a mapping file's name ends in .yml")
    _check_case(files.mappings(), files, notes)
    plans = resolve(checked, broken, fields, notes)
    return Mappings(plans, fields, {name: each for name, each in tables.items() if each is not None}), notes.findings


class _Folder:
    def __init__(self, path: Path, shown: str, notes: Notes) -> None:
        self.path, self.shown, self.notes = path, shown, notes
        for each in sorted([*path.glob("*.yaml"), *path.glob("tables/*.yaml")]):
            notes.add(Place(self.name(each), 1, 1), f"a mapping file's name ends in .yml; rename it to {each.stem}.yml")

    def name(self, path: Path) -> str:
        """How findings call a file."""
        return f"{self.shown}/{path.relative_to(self.path).as_posix()}"

    def tree(self, path: Path) -> Node | None:
        """The tree of a file; its mistakes go into the notes."""
        tree, findings = read(path, self.name(path))
        self.notes.extend(findings)
        return tree

    def mappings(self) -> list[Path]:
        """The mapping files, sorted by name."""
        return sorted(each for each in self.path.glob("*.yml") if each.name != CUSTOM_FIELDS)


def _check_name(file: MappingFile, notes: Notes) -> None:
    """A file's name is its event type; a parent's begins with `_`."""
    if file.event_type is None:
        if not file.name.startswith("_") and "event_type" not in file.broken:
            notes.add(file.place, f"a mapping without `event_type` is a parent, and a parent's name begins with _; write "
                                  f"`event_type: {file.name}`, or rename the file to _{file.name}.yml")
        return
    event_type = str(file.event_type.value)
    stem = "any" if event_type == "*" else event_type.removesuffix("*") + "any" if event_type.endswith(".*") else event_type
    prefix = event_type.removesuffix("*")
    if not all(char.isascii() and (char.isalnum() or char in "._-") for char in prefix) or (
        prefix != event_type and prefix and not prefix.endswith(".")
    ):
        notes.add(file.event_type.place, f'"{event_type}" is no event type; write a name, `prefix.*` or "*"')
    elif stem != file.name:
        notes.add(file.event_type.place, f'the file of the event type "{event_type}" is named {stem}.yml, and this is {file.name}.yml; '
                                         "rename the file, or mend the event type")


def _check_case(paths: list[Path], files: _Folder, notes: Notes) -> None:
    """Two names that are equal but for case are one file on some file systems."""
    seen: dict[str, Path] = {}
    for path in paths:
        other = seen.setdefault(path.name.lower(), path)
        if other != path:
            notes.add(Place(files.name(path), 1, 1), f"{path.name} and {other.name} are equal but for case, and some file systems "
                                                     "keep only one of them; rename one")

