"""Folders of mapping files for tests: a small base of parents, tables and custom fields, and what is laid over it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from normalizer.errors import MappingError
from normalizer.language import Mappings, Plan, load

HERE = Path(__file__).parent
BASE = HERE / "base"
ONE = "mim.example.yml"
"""The name under which a case of one file is laid over the base."""
HEAD = "event_type: mim.example\nextends: _mim\nsummary: An example.\n"


def lay(folder: Path, files: Mapping[str, str | bytes], base: Path = BASE) -> Path:
    """A copy of the base with files laid over it."""
    mappings = folder / "mappings"
    shutil.copytree(base, mappings, dirs_exist_ok=True)
    for name, text in files.items():
        path = mappings / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return mappings


def findings(mappings: Path) -> list[str]:
    """`FILE:LINE:COLUMN: message` for each finding of a folder, FILE as it is called in the folder."""
    try:
        load(mappings)
    except MappingError as error:
        return [str(finding).removeprefix(f"{mappings.as_posix()}/") for finding in error.findings]
    return []


def plan(folder: Path, text: str, **files: str) -> Plan:
    """The Plan of one mapping file over the base; `files` are others, their names without `.yml`."""
    others = {f"{name}.yml": text for name, text in files.items()}
    found = loaded(folder, {ONE: text, **others}).plan("mim.example")
    assert found is not None
    return found


def loaded(folder: Path, files: Mapping[str, str | bytes]) -> Mappings:
    """What a folder holds."""
    return load(lay(folder, files))


def cases(folder: Path) -> list[Path]:
    """The cases of a folder: a file, or a folder of files, each."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def files_of(case: Path) -> dict[str, bytes]:
    """The files of a case."""
    if case.is_file():
        return {ONE: case.read_bytes()}
    return {path.relative_to(case).as_posix(): path.read_bytes() for path in sorted(case.rglob("*.yml"))}
