"""The pages with commands as a new user follows them: in a folder, from top to bottom.

A block whose second word is a path is a file to save, or with `now` behind it one that is there. One of `console` has
commands behind `$ `, each with what it says, on both streams. Blocks of `sh` in the tutorial are for other places: the
first is the installation, the second CI.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
PAGES = {"tutorial": None, "new-and-drift": None, "check": TOP / "examples/pack", "packs": TOP / "examples/pack"}
"""Pages, with what is in the folder already."""
HERE = Path(sys.executable).parent
FINDING = re.compile(r"^(\d+ findings? \(|renamed: )", re.MULTILINE)
"""What is said with exit code 1."""


@dataclass(frozen=True)
class Done:
    """A command of the page, what the page shows of it, what it said, and its exit code."""

    command: str
    shown: str
    said: str
    code: int


def blocks(page: str) -> list[tuple[str, str, str, str]]:
    """Language, path, `now` or nothing, and text of each fenced block."""
    text = (TOP / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"^```(\w+) ?(\S*) ?(\S*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a block, each with what it says."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, said = part.partition("\n")
        yield command, said


def run(command: str, folder: Path) -> tuple[str, int]:
    """What a shell that knows mim-ecs and little else says, and its exit code."""
    environment = {"PATH": os.pathsep.join([str(HERE), "/usr/local/bin", "/usr/bin", "/bin"]), "HOME": str(folder)}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=environment | {"LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return done.stdout, done.returncode


def follow(page: str, folder: Path) -> list[Done]:
    """The whole page, done in an empty folder, or in one with what the page presupposes."""
    assert (HERE / "mim-ecs").exists(), "the command is not installed; make setup"
    given = PAGES[page]
    if given is not None:
        shutil.copytree(given, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    done = []
    for language, path, now, text in blocks(page):
        if now:
            assert (folder / path).read_text(encoding="utf-8") == text, path
        elif path:
            (folder / path).write_text(text, encoding="utf-8")
        if language == "console":
            done += [Done(command, shown, *run(command, folder)) for command, shown in commands(text)]
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tutorial")


@pytest.fixture(scope="module")
def tutorial(folder: Path) -> list[Done]:
    return follow("tutorial", folder)


def compare(done: list[Done]) -> None:
    for each in done:
        assert re.sub(r"\(\d+\.\d s\)", "(0.2 s)", each.said) == each.shown, each.command
        assert each.code == (1 if FINDING.search(each.shown) else 0), each.command


def test_every_command_of_the_tutorial_says_what_is_shown(tutorial: list[Done]) -> None:
    compare(tutorial)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "tutorial"])
def test_every_command_says_what_the_page_shows(page: str, tmp_path: Path) -> None:
    done = follow(page, tmp_path)
    assert done
    compare(done)


def test_the_tutorial_goes_all_the_way(tutorial: list[Done], folder: Path) -> None:
    used = [each.command.split()[1] for each in tutorial if each.command.startswith("mim-ecs")]
    assert used == ["new", "check", "check", "check", "normalize", "explain", "diff"]
    assert '"reason":"The device is offline"' in (folder / "documents.ndjson").read_text(encoding="utf-8")


def test_what_ci_asks_is_answered(tutorial: list[Done], folder: Path) -> None:
    """In a repository whose branch main has the pack as the tutorial leaves it."""
    assert tutorial
    _install, ci = (text for language, *_, text in blocks("tutorial") if language == "sh")
    commit = "git -c user.name=A -c user.email=a@example.com commit --quiet --message First"
    said, code = run(f"git init --quiet --initial-branch main && git add --all && {commit}", folder)
    assert code == 0, said
    said, code = run(f"set -e\n{ci}", folder)
    assert code == 0, said
    mapping = folder / "mappings" / "mim.command.generic.queued.yml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("event.reason", "error.code"), encoding="utf-8")
    for command in ci.splitlines():
        assert run(command, folder)[1] == 1, command
