"""What each rule finds and what it leaves alone: cases in `cases.txt`, all of them one pack.

A case is the end of a mapping file. `# <- RULE` stands where a rule finds something; a case without such a mark is a
near miss, in which nothing may be found.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from normalizer.authoring.lint import LINTS
from normalizer.errors import Finding
from tests.authoring.lint.folders import assert_one_sentence_with_advice, found, lay, name_in

HERE = Path(__file__).parent
HEAD = "event_type: mim.example.{0}\nextends: _command\nsummary: An example of {0}.\n"
_CASE = re.compile(r"^--- (\S+)\n(.*?)(?=^--- |\Z)", re.MULTILINE | re.DOTALL)


def files() -> dict[str, str]:
    """The files of the pack. A name with a dot is a file's own; others are cases, and their head is added."""
    made = {}
    for name, text in _CASE.findall((HERE / "cases.txt").read_text(encoding="utf-8")):
        assert name not in made
        if "." in name:
            made[name] = text
        else:
            head = "" if text.startswith("event_type:") else HEAD.format(name)
            made[f"mim.example.{name}.yml"] = head + text
    return made


FILES = files()


def marked(text: str) -> list[tuple[int, str]]:
    """The marks of a file: lines and rules."""
    return sorted(
        (number, rule)
        for number, line in enumerate(text.splitlines(), 1)
        for rule in re.findall(r"# <- ([a-z-]+)", line)
    )


@pytest.fixture(scope="module")
def by_file() -> Iterator[dict[str, list[Finding]]]:
    with TemporaryDirectory() as folder:
        mappings = lay(Path(folder), FILES)
        made = defaultdict(list)
        for finding in found(mappings):
            made[name_in(mappings, finding)].append(finding)
        yield made


@pytest.mark.parametrize("name", FILES)
def test_case(name: str, by_file: dict[str, list[Finding]]) -> None:
    told = by_file.get(name, [])
    assert sorted((each.place.line, each.rule) for each in told) == marked(FILES[name]), told
    for finding in told:
        assert_one_sentence_with_advice(finding)


def test_nothing_is_found_elsewhere(by_file: dict[str, list[Finding]]) -> None:
    assert by_file.keys() <= FILES.keys()


def test_every_rule_has_cases_and_there_are_near_misses() -> None:
    assert {rule for text in FILES.values() for _, rule in marked(text)} == set(LINTS)
    assert sum(not marked(text) for text in FILES.values()) > 40
