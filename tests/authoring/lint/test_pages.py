"""docs/lint/: a page for each rule, whose bad example has its finding where it is marked, and whose good one none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from normalizer.authoring.lint import LINTS
from normalizer.authoring.lint.allow import ABOUT
from tests.authoring.lint.folders import TOP, assert_one_sentence_with_advice, found, lay, name_in, told

PAGES = TOP / "docs" / "lint"
INDEX, SILENCING = PAGES / "index.md", PAGES / "silencing.md"
MARK = "# <- here"


@dataclass(frozen=True)
class Example:
    """The files of one example; `heading` is the one that it stands below."""

    heading: str
    good: bool
    files: dict[str, str]

    def marked(self) -> list[str]:
        """`FILE:LINE` of each mark."""
        return [
            f"{name}:{number}"
            for name, text in sorted(self.files.items())
            for number, line in enumerate(text.splitlines(), 1)
            if MARK in line
        ]


def examples(page: Path) -> list[Example]:
    """The examples of a page: fenced blocks that follow each other, with nothing between, are one."""
    text = page.read_text(encoding="utf-8")
    made: list[Example] = []
    end = -1
    for match in re.finditer(r"^```yaml (good|bad)\n(# (\S+\.yml)\n.*?)^```$\n*", text, re.MULTILINE | re.DOTALL):
        heading = re.findall(r"^#+ (.*)$", text[: match.start()], re.MULTILINE)[-1]
        if match.start() != end:
            made.append(Example(heading, match[1] == "good", {}))
        assert match[3] not in made[-1].files
        made[-1].files[match[3]] = match[2]
        end = match.end()
    assert text.count("```") == 2 * sum(len(each.files) for each in made), f"{page.name} has a block of another kind"
    return made


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} - {"index", "silencing"} == set(LINTS)
    for name in LINTS:
        assert (PAGES / f"{name}.md").read_text(encoding="utf-8").startswith(f"# {name}\n\n")


def test_the_index_has_every_rule_and_what_it_finds() -> None:
    rows = re.findall(r"^\| \[(\S+)\]\((\S+)\) \| (.*) \|$", INDEX.read_text(encoding="utf-8"), re.MULTILINE)
    expected = [(name, f"{name}.md", each.about) for name, each in sorted(LINTS.items())]
    assert rows == expected + [(name, f"silencing.md#{name}", about) for name, about in sorted(ABOUT.items())]


def test_rules_are_in_the_order_of_their_names_and_described_by_a_sentence() -> None:
    assert [*LINTS] == sorted(LINTS)
    for about in (*(each.about for each in LINTS.values()), *ABOUT.values()):
        assert re.fullmatch(r"[A-Z].*\.", about)


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for file, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")):
        target = page.parent / file if file else page
        assert target.is_file(), f"{page.name} links to {file}"
        headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", LINTS)
def test_the_examples_of_a_page(name: str, tmp_path: Path) -> None:
    shown = examples(PAGES / f"{name}.md")
    assert [(each.heading, each.good) for each in shown] == [("Bad", False), ("Good", True)]
    bad, good = shown
    assert len(bad.marked()) == 1
    mappings = lay(tmp_path / "bad", bad.files)
    (finding,) = found(mappings)
    assert [finding.rule, *bad.marked()] == [name, f"{name_in(mappings, finding)}:{finding.place.line}"]
    assert_one_sentence_with_advice(finding)
    assert told(lay(tmp_path / "good", good.files)) == []


@pytest.mark.parametrize("example", examples(SILENCING), ids=lambda each: each.heading)
def test_the_examples_of_silencing(example: Example, tmp_path: Path) -> None:
    assert example.good == (example.heading not in ABOUT)
    assert len(example.marked()) == (not example.good)
    assert told(lay(tmp_path, example.files)) == [f"{place} {example.heading}" for place in example.marked()]


def test_silencing_explains_every_rule_about_comments() -> None:
    assert {each.heading for each in examples(SILENCING) if not each.good} == set(ABOUT)
