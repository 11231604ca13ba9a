"""The promises as data: what each says, and the function that puts it to the test.

A module `promises_<theme>.py` beside this one declares promises with `@promise(…)`; nothing else needs to know of it.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.engines import EngineError
from tests.reliability.oracle import Findings
from tests.reliability.stage import Stage

ELASTICSEARCH, OPENSEARCH = "Elasticsearch", "OpenSearch"
BOTH = (ELASTICSEARCH, OPENSEARCH)
NONE = "none"
"""Stands for the engine where a promise has to do with none."""


@dataclass
class Trial:
    """One run, or several that stand or fall together. It has survived where nobody complains."""

    runs: int = 1
    lost: int = 0
    doubled: int = 0
    complaints: list[str] = field(default_factory=list)

    def check(self, kept: bool, complaint: str) -> None:
        if not kept:
            self.complaints.append(complaint)

    def judge(self, findings: Findings, dead: frozenset[str] = frozenset()) -> None:
        """What the oracle has found; just these events should be dead letters, each of them once."""
        self.lost += len(findings.lost)
        self.doubled += len(findings.doubled)
        self.complaints += findings.complaints
        there = findings.dead
        self.check(there.keys() == dead, f"{len(there)} events are dead letters, not {len(dead)}")
        self.check(there.total() == len(there), f"{len(there)} events have {there.total()} dead letters")


@dataclass
class Tally:
    """The trials of one promise, and figures worth telling."""

    trials: list[Trial] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    @contextmanager
    def trial(self, runs: int = 1) -> Iterator[Trial]:
        """A trial; what goes wrong in it is a complaint, so that the others go on."""
        trial = Trial(runs)
        self.trials.append(trial)
        try:
            yield trial
        except (AssertionError, EngineError, subprocess.TimeoutExpired, OSError) as error:
            trial.complaints.append(f"{type(error).__name__}: {error}")
        except Exception:
            trial.complaints.append(traceback.format_exc())

    def add(self, figure: str, value: int) -> None:
        """Sum over all trials."""
        known = self.figures.get(figure, 0)
        assert isinstance(known, int)
        self.figures[figure] = known + value

    def most(self, figure: str, value: float) -> None:
        """Keep the largest of all trials."""
        known = self.figures.get(figure, value)
        assert isinstance(known, (int, float))
        self.figures[figure] = max(known, value)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a promise on one engine; seconds by the clock."""

    row: str
    promise: str
    engine: str
    runs: int
    survived: int
    lost: int
    doubled: int
    seconds: float
    figures: Mapping[str, object]
    complaints: tuple[str, ...]

    @property
    def kept(self) -> bool:
        return self.runs == self.survived > 0 and not (self.lost or self.doubled or self.complaints)


Test = Callable[[Stage, Tally], None]


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise. `row` is its number, and a letter for a variant. `small` are the engines of its small run.

    Without `engines` it has to do with no server: in its full size it is tested once, on whatever stage there is.
    `apart`: it works on servers of its own alone (`Stage.server`), so that it may be tested beside others.
    """

    row: str
    text: str
    test: Test
    engines: tuple[str, ...]
    small: tuple[str, ...]
    apart: bool

    @property
    def rank(self) -> tuple[int, str]:
        return order(self.row)

    def run(self, stage: Stage) -> Result:
        """Put it to the test."""
        tally = Tally()
        began = time.monotonic()
        try:
            self.test(stage, tally)
        except Exception:  # between its trials; the other promises go on
            tally.trials.append(Trial(complaints=[traceback.format_exc()]))
        trials = tally.trials
        return Result(
            self.row,
            self.text,
            stage.engine.name if self.engines else NONE,
            runs=sum(trial.runs for trial in trials),
            survived=sum(trial.runs for trial in trials if not trial.complaints),
            lost=sum(trial.lost for trial in trials),
            doubled=sum(trial.doubled for trial in trials),
            seconds=time.monotonic() - began,
            figures=tally.figures,
            complaints=tuple(complaint for trial in trials for complaint in trial.complaints),
        )


_PROMISES: dict[str, Promise] = {}


def promise(
    row: str,
    text: str,
    *,
    engines: tuple[str, ...] = BOTH,
    small: tuple[str, ...] | None = None,
    apart: bool = False,
) -> Callable[[Test], Test]:
    """Declares a promise; its small run is on all of the engines unless `small` names fewer."""

    def declare(test: Test) -> Test:
        assert row not in _PROMISES, f"promise {row} is declared twice"
        order(row)
        _PROMISES[row] = Promise(row, text, test, engines, engines if small is None else small, apart)
        return test

    return declare


def promises() -> list[Promise]:
    """All promises, in the order of their rows."""
    folder = Path(__file__).parent
    for module in pkgutil.iter_modules([str(folder)]):
        if module.name.startswith("promises_"):
            importlib.import_module(f"tests.reliability.{module.name}")
    return sorted(_PROMISES.values(), key=lambda each: each.rank)


def order(row: str) -> tuple[int, str]:
    match = re.fullmatch(r"(\d+)([a-z]?)", row)
    assert match is not None, f"{row} is no row"
    return int(match[1]), match[2]
