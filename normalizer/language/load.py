"""A folder of mapping files ▶ Plans, or every mistake in it.

A folder in which no mapping writes `event.id`, which every document has, is a pack: parents, event types, tables and
custom fields that it lacks are those of the package. Any other stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from normalizer.data import data_folder
from normalizer.ecs import Field
from normalizer.errors import PACKAGE, Finding, MappingError, Place
from normalizer.language.check import Facts, check
from normalizer.language.fields import FILE as CUSTOM_FIELDS
from normalizer.language.fields import AllFields, Declared, custom_fields
from normalizer.language.model import MappingFile
from normalizer.language.notes import Notes
from normalizer.language.plan import Plan, Table
from normalizer.language.reader import Node, read
from normalizer.language.resolve import resolve
from normalizer.language.shapes import mapping_file
from normalizer.language.tables import table

_IDENTITY = "event.id"
_NONE: Mapping[str, Field] = {}
_ENDINGS = (".yml", ".yaml")
_EVENT_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*(\.\*)?|\*").fullmatch


@dataclass(frozen=True, slots=True)
class Mappings:
    """All that a folder of mapping files says. `fields` are ECS's and the declared ones.

    `files` are the places of its mapping files, parents too, by name, `declared` those of its custom fields by theirs.
    In a pack `plans`, `fields` and `tables` have those of the package too, `files` and `declared` only its own.
    """

    plans: tuple[Plan, ...]
    fields: Mapping[str, Field]
    tables: Mapping[str, Table]
    files: Mapping[str, Place] = field(default_factory=dict)
    declared: Mapping[str, Place] = field(default_factory=dict)

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
    shipped = data_folder() / "mappings"
    path = Path(folder) if folder is not None else shipped
    shown = path.as_posix() if folder is not None else "mappings"
    notes = Notes()
    if not path.is_dir():
        return Mappings((), {}, {}), [Finding(Place(shown, 1, 1), "there is no such folder of mapping files")]
    own = _Folder(path, shown, notes)
    if not own.files and not own.broken:
        notes.add(Place(shown, 1, 1), "the folder holds no mapping file; a mapping file's name ends in .yml")
    base = _Folder(shipped, f"{PACKAGE}/mappings", notes) if own.is_pack else None
    if base is not None:
        own.check_names_beside(base)
    declared = own.declared(base.declared().fields if base is not None else _NONE)
    tables = (base.tables() if base is not None else {}) | own.tables()
    files = (base.files if base is not None else {}) | own.files
    facts = Facts(AllFields(declared.fields), declared, tables)
    checked = {name: check(file, facts, notes) for name, file in sorted(files.items())}
    plans = resolve(checked, own.broken, facts.fields, notes)
    good = {name: each for name, each in tables.items() if each is not None}
    places = {name: file.place for name, file in own.files.items()}
    return Mappings(plans, facts.fields, good, places, declared.places), notes.findings


class _Folder:
    """The files of a folder; their mistakes go into the notes.

    `files` are its mapping files by name; `broken` are the names of those that could not be read, or have another
    ending than they should: nobody reports them as missing.
    """

    def __init__(self, path: Path, shown: str, notes: Notes) -> None:
        self.path, self.shown, self.notes = path, shown, notes
        self.files: dict[str, MappingFile] = {}
        self.broken = set(_misnamed(path))
        self.check_names()
        self.check_folders()
        for each in _files(path):
            if each.suffix != ".yml" or each.name == CUSTOM_FIELDS:
                continue
            if _is_custom_fields(each.stem):
                self.notes.add(
                    Place(self.name(each), 1, 1), f"custom fields are declared in {CUSTOM_FIELDS}; rename it to that"
                )
                self.broken.add(Path(CUSTOM_FIELDS).stem)
                continue
            tree = self.tree(each)
            file = None if tree is None else mapping_file(each.stem, self.name(each), tree, notes)
            if file is None:
                self.broken.add(each.stem)
            else:
                _check_name(file, notes)
                self.files[each.stem] = file

    @property
    def is_pack(self) -> bool:
        """Whether no mapping in it writes what every document has.

        One that could not be read might, unless others extend what is not here: that is the package's then.
        """
        if not self.files or any(
            each.target.name == _IDENTITY for file in self.files.values() for each in file.written
        ):
            return False
        parents = {str(file.extends.value) for file in self.files.values() if file.extends is not None}
        is_whole = not self.broken and not any(file.gaps for file in self.files.values())
        return is_whole or not parents <= {*self.files, *self.broken}

    def name(self, path: Path) -> str:
        """How findings call a file."""
        return f"{self.shown}/{path.relative_to(self.path).as_posix()}"

    def tree(self, path: Path) -> Node | None:
        """The tree of a file."""
        tree, findings = read(path, self.name(path))
        self.notes.extend(findings)
        return tree

    def declared(self, others: Mapping[str, Field] = _NONE) -> Declared:
        """The custom fields, with those of others; a folder need not have any of its own."""
        file = self.path / CUSTOM_FIELDS
        declared = custom_fields(self.tree(file), others, self.notes) if file.exists() else Declared({**others})
        return replace(declared, readable=declared.readable and file.stem not in self.broken)

    def tables(self) -> dict[str, Table | None]:
        """The tables by name; None for those that hold a mistake."""
        folder = self.path / "tables"
        tables: dict[str, Table | None] = dict.fromkeys(_misnamed(folder))
        for each in (each for each in _files(folder) if each.suffix == ".yml"):
            tables[each.stem] = table(each.stem, self.tree(each), self.notes)
        return tables

    def check_names(self) -> None:
        """Endings, and names that are equal but for case: those are one file on some file systems."""
        for folder in (self.path, self.path / "tables"):
            seen: dict[str, Path] = {}
            for path in _files(folder):
                place = Place(self.name(path), 1, 1)
                if path.suffix != ".yml":
                    self.notes.add(place, f"a mapping file's name ends in .yml; rename it to {path.stem}.yml")
                other = seen.setdefault(path.stem.lower(), path)
                if other.stem != path.stem:
                    self.notes.add(
                        place,
                        f"{path.name} and {other.name} are equal but for case, and some file systems keep only one "
                        "of them; rename one",
                    )

    def check_folders(self) -> None:
        """Nothing is read but the folder itself and tables/ in it."""
        for path in sorted(self.path.rglob("*")):
            below = path.relative_to(self.path)
            is_deeper = len(below.parts) > 2 or (len(below.parts) == 2 and below.parts[0] != "tables")
            if is_deeper and path.suffix.lower() in _ENDINGS and not any(part[0] == "." for part in below.parts):
                what = "mapping files lie in the folder itself, tables in tables/"
                self.notes.add(Place(self.name(path), 1, 1), f"nobody reads this: {what}; move it there")

    def check_names_beside(self, base: _Folder) -> None:
        """Names that are those of another folder but for case."""
        theirs = {name.lower(): name for name in base.files}
        for name, file in self.files.items():
            other = theirs.get(name.lower(), name)
            if other != name:
                message = f"{name}.yml and the package's {other}.yml are equal but for case; rename this one"
                self.notes.add(Place(file.file, 1, 1), message)


def _is_custom_fields(name: str) -> bool:
    """Whether a file is named nearly as that of the custom fields."""
    return re.sub(r"[^a-z]", "", name.lower()).removesuffix("s") == "customfield"


def _misnamed(folder: Path) -> list[str]:
    """The names of files that are not looked at for their ending (noted)."""
    return [each.stem for each in _files(folder) if each.suffix != ".yml"]


def _files(folder: Path) -> list[Path]:
    """The YAML files of a folder, sorted by name; hidden ones are editors'."""
    return sorted(
        each for each in folder.glob("*") if each.suffix.lower() in _ENDINGS and not each.name.startswith(".")
    )


def _check_name(file: MappingFile, notes: Notes) -> None:
    """A file's name is its event type; a parent's begins with `_`."""
    if file.event_type is None:
        if not file.name.startswith("_") and not file.gaps:
            notes.add(
                file.place,
                "a mapping without `event_type` is a parent, and a parent's name begins with _; write "
                f"`event_type: {_event_type(file.name)}`, or rename the file to _{file.name}.yml",
            )
        return
    event_type = str(file.event_type.value)
    stem = "any" if event_type == "*" else re.sub(r"\.\*$", ".any", event_type)
    if not _EVENT_TYPE(event_type):
        notes.add(file.event_type.place, f'"{event_type}" is no event type; write a name, `prefix.*` or "*"')
    elif stem == event_type and stem.rpartition(".")[2] == "any":
        what = f'the file {file.name}.yml is that of the event type "{_event_type(file.name)}"'
        notes.add(file.event_type.place, f'"{event_type}" cannot be mapped by itself: {what}')
    elif stem != file.name:
        notes.add(
            file.event_type.place,
            f'the file of the event type "{event_type}" is named {stem}.yml, and this is {file.name}.yml; rename the '
            "file, "
            "or mend the event type",
        )


def _event_type(name: str) -> str:
    """The event type that a file's name tells."""
    return '"*"' if name == "any" else re.sub(r"\.any$", ".*", name)
