"""Imports inside the package go one way: down the floors below."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "normalizer"

FLOORS = (
    {"__main__"},
    {"cli"},
    {"authoring", "delivery", "cluster", "__init__"},
    {"runtime", "inputs", "outputs"},
    {"backends"},
    {"language"},
    {"ecs", "okta", "names"},
    {"data", "errors", "signals"},
)
"""From the top; a room (a folder or module of the package) may use rooms of its own floor and of those below."""

NEVER = {"inputs": {"backends"}, "outputs": {"backends"}}
"""Below, but none of their business: they read bytes, and talk to a file or a server."""

ROOMS = sorted({path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))})

Import = tuple[str, int, str]
"""Importing module (as a path), line, imported module."""


def imports(path: Path) -> Iterator[Import]:
    """What a module imports of the package, also inside functions and for types only."""
    where = path.relative_to(PACKAGE).as_posix()
    for node in ast.walk(ast.parse(path.read_bytes(), where)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{where}:{node.lineno}: write the import in full, from normalizer…"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.partition(".")[0] == "normalizer":
                assert isinstance(node, ast.stmt)
                yield where, node.lineno, name


def room(module: str) -> str:
    """The room of `normalizer.outputs.files` is outputs; what is no room's is the package's own namespace."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else "__init__"


def home(where: str) -> str:
    return Path(where).parts[0].removesuffix(".py")


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


EVERY = [found for path in sorted(PACKAGE.rglob("*.py")) for found in imports(path)]


def test_every_room_has_a_floor() -> None:
    assert set(ROOMS) <= set().union(*FLOORS), "a new room needs a floor in FLOORS"
    assert len(EVERY) > 100, "the imports are no longer found"


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_uses_its_own_floor_and_those_below(name: str) -> None:
    upward = [
        f"{where}:{line} imports {module}"
        for where, line, module in EVERY
        if home(where) == name and room(module) != name
        if floor(room(module)) < floor(name) or room(module) in NEVER.get(name, set())
    ]
    assert upward == []


def test_nobody_imports_the_public_namespace_or_the_command_line() -> None:
    wrong = [
        f"{where}:{line} imports {module}"
        for where, line, module in EVERY
        if (room(module) == "__init__" and home(where) not in {"cli", "__init__"})
        or (room(module) == "cli" and home(where) not in {"cli", "__main__"})
    ]
    assert wrong == []


def test_rooms_of_one_floor_do_not_use_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for where, _, module in EVERY:
        if room(module) != home(where):
            graph.setdefault(home(where), set()).add(room(module))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" ▶ ".join(error.args[1]))


SHARED = {"source"}
"""No back end: what several of them are made with."""


def test_no_back_end_knows_another() -> None:
    wrong = [
        f"{where}:{line} imports {module}"
        for where, line, module in EVERY
        if home(where) == "backends" and where != "backends/__init__.py" and room(module) == "backends"
        if module.split(".")[2] not in {Path(where).parts[1].removesuffix(".py"), *SHARED}
    ]
    assert wrong == []
