"""A hundred-odd mistakes of many kinds, each an edit of the shipped mappings, and each found where it was made.

An edit in `seeds.txt` begins with its file and the rule that must find it. Lines with - are those that it replaces
(none: it stands at the end of the file), those with + what it writes; § stands in the line of the finding. Where that
is in another file, or in a line that the edit leaves alone, `@ FILE:TEXT` says where.

Edits of different files are made at once, as far as they do not hide each other, and exactly they must be found.
"""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

from normalizer.authoring.lint import LINTS
from normalizer.errors import LOAD_ERROR
from tests.authoring.lint.folders import SHIPPED, told

MARK = "§"
_SEED = re.compile(r"^--- (\S+) (\S+)\n(.*?)(?=^--- |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Seed:
    """One mistake."""

    file: str
    rule: str
    lines: str

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What is replaced and by what, in turn; the first may be nothing."""
        made: list[tuple[str, str]] = []
        for sign, group in groupby(self.lines.splitlines(), key=lambda line: line[:1]):
            text = "".join(f"{line[1:]}\n" for line in group)
            if sign == "-":
                made.append((text, ""))
            elif sign == "+":
                old, _ = made.pop() if made and not made[-1][1] else ("", "")
                made.append((old, text))
        return made

    def apply(self, mappings: Path) -> str:
        """Make the mistake; gives what must be told of it."""
        path = mappings / self.file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for old, new in self.parts:
            text = _replaced(text, old, new)
        path.write_text(text.replace(MARK, ""), encoding="utf-8")
        elsewhere = re.search(r"^@ (\S+?):(.*)$", self.lines, re.MULTILINE)
        file, what = elsewhere.groups() if elsewhere else (self.file, MARK)
        where = text if file == self.file else (mappings / file).read_text(encoding="utf-8")
        assert where.count(what) == 1, (self, where.count(what))
        return f"{file}:{where[: where.index(what)].count(chr(10)) + 1} {self.rule}"

    @property
    def alone(self) -> bool:
        """Whether it may hide others: what is wrong in a parent, or in what all share."""
        return self.rule == LOAD_ERROR and self.file[0] in "_t"


def _replaced(text: str, old: str, new: str) -> str:
    """The text with whole lines replaced, or the beginning of one where the edit ends there."""
    if not old:
        return text + new
    if text.count(old) != 1:
        old, new = old.removesuffix("\n"), new.removesuffix("\n")
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


SEEDS = [Seed(*each) for each in _SEED.findall((Path(__file__).parent / "seeds.txt").read_text(encoding="utf-8"))]


def batches() -> list[list[Seed]]:
    """Seeds that are sown together: those of one kind (load errors hide what else there is), one for each file."""
    made: dict[tuple[bool, int], list[Seed]] = defaultdict(list)
    seen: dict[tuple[bool, str], int] = defaultdict(int)
    alone = []
    for seed in SEEDS:
        if seed.alone:
            alone.append([seed])
            continue
        key = (seed.rule == LOAD_ERROR, seed.file)
        made[key[0], seen[key]].append(seed)
        seen[key] += 1
    return [*made.values(), *alone]


def test_there_are_many_of_many_kinds() -> None:
    assert len(SEEDS) > 130
    rules = {seed.rule for seed in SEEDS}
    assert set(LINTS) - {"repeats-ecs-field", "reserved-name"} <= rules  # these need a declaration and a rule
    assert sum(seed.rule == LOAD_ERROR for seed in SEEDS) > 60


@pytest.mark.parametrize("batch", batches(), ids=lambda batch: f"{len(batch)}-{batch[0].file}-{batch[0].rule}")
def test_every_mistake_is_found_where_it_was_made(batch: list[Seed], tmp_path: Path) -> None:
    mappings = Path(shutil.copytree(SHIPPED, tmp_path / "mappings"))
    expected = [seed.apply(mappings) for seed in batch]
    assert told(mappings) == sorted(expected, key=told_order)


def told_order(line: str) -> tuple[str, int]:
    file, _, rest = line.partition(":")
    return file, int(rest.split()[0])
