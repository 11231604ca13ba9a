"""Runs that are told to stop, by SIGTERM or Ctrl-C: soon, in good order, and so that the next one can go on."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from normalizer.delivery.checkpoint import Checkpoint
from normalizer.delivery.deliver import GRACE
from normalizer.errors import NormalizerError
from tests.cli.command import processes
from tests.reliability.faults import Plan, Refuse, bulk, slow, unavailable
from tests.reliability.load import Load
from tests.reliability.promises import ELASTICSEARCH, Tally, Trial, promise
from tests.reliability.promises_disk import REFUSING
from tests.reliability.promises_process import ONE_BATCH
from tests.reliability.proxy import Proxy
from tests.reliability.stage import Run, Stage, Stream

SECONDS = 10
"""A run that is told to stop may take so many."""

HANGS = 60
"""After so many seconds it would never have stopped."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)

UP = slow(0.02)

SCENES: dict[str, Plan | None] = {
    "up": UP,
    "slow": slow(1.0),
    "silent": slow(10 * HANGS),
    "down": None,  # nobody listens any more
    "unavailable": bulk(lambda _asked: unavailable(retry_after=10 * HANGS)),
    "refusing": bulk(lambda _asked: Refuse(lambda _id: True)),
}
"""How the server is when a run is told to stop; it was up before."""

ANSWERS = ("up", "slow")
"""It answers within the time that a run gives it that is told to stop."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a run is told: it alone or its whole process group, once or twice."""

    number: signal.Signals
    workers: int = 1
    group: bool = False
    twice: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop: in which scene, and in which way."""

    scene: str
    way: Way

    @property
    def answered(self) -> bool:
        """Whether the run waits for the answers to all that it has sent, and gets them."""
        return self.scene in ANSWERS and not self.way.twice


WAYS = [Way(number, workers, group) for workers in (1, 2) for group in (False, True) for number in SIGNALS]

# Each takes a process's start, and where nobody answers the 5 s that requests in flight are given: beside the others.
_SMALL = (
    [
        Stop("slow", Way(signal.SIGINT, 2, group=True)),
        Stop("down", Way(signal.SIGTERM)),
        Stop("unavailable", Way(signal.SIGTERM, 2)),
    ],
    [Stop("silent", Way(signal.SIGINT))],
)


@promise("19", "Clean stop", small=(ELASTICSEARCH,))
def stops(stage: Stage, tally: Tally) -> None:
    """Tell it at random moments; some events are dead letters, by themselves and (Elasticsearch) by the server.

    OpenSearch's index template takes no template of the operator's own by which it would refuse any.
    """
    refuses = stage.engine.name == ELASTICSEARCH
    load, dead = _with_dead(stage, stage.of(small=4_500, full=20_000), (10, 60) if refuses else (10,))
    full = [[Stop(scene, way) for way in WAYS] for scene in SCENES]
    with stage.custom(REFUSING) if refuses else nullcontext():
        _try(stage, tally, load, stage.of(small=_SMALL, full=full), dead)


@promise("19b", "Told twice, it stops at once", small=(ELASTICSEARCH,))
def told_twice(stage: Stage, tally: Tally) -> None:
    """The second signal comes while it waits for its last answers, or ends by itself: as good as a kill -9 then."""
    ways = [Way(number, workers, group=True, twice=True) for workers in (1, 2) for number in SIGNALS]
    full = [[Stop(scene, way) for scene, way in itertools.product(SCENES, ways)]]
    small = [[Stop("silent", Way(signal.SIGTERM, 2, group=True, twice=True))]]
    _try(stage, tally, stage.load(stage.of(small=1_500, full=20_000)), stage.of(small=small, full=full))


def _with_dead(stage: Stage, count: int, dead: Sequence[int]) -> tuple[Load, frozenset[str]]:
    """Some events (10 of each hundred) give no document, others (60) one that the server may refuse."""

    def change(number: int, event: dict[str, Any]) -> None:
        event["outcome"] = {"result": "FAILURE", "reason": "POISON"} if number % 100 == 60 else {"result": "SUCCESS"}
        if number % 100 == 10:
            event["published"] = "yesterday"

    load = stage.load(count, change)
    return load, frozenset(key for number, key in enumerate(load.events) if number % 100 in dead)


def _try(
    stage: Stage, tally: Tally, load: Load, groups: Sequence[Sequence[Stop]], dead: frozenset[str] = frozenset()
) -> None:
    """Each group is a trial, with a data stream of its own; small ones are tried at the same time."""
    courses = [_Course(tally, stage.stream(), load, dead, stage.dice()) for _ in groups]
    with ThreadPoolExecutor(stage.of(small=len(groups), full=1)) as pool:
        tried = [pool.submit(course.go, group) for course, group in zip(courses, groups, strict=True)]
    for each in tried:
        each.result()


@dataclass(frozen=True, slots=True)
class _Course:
    """Runs that are stopped and started again behind it, and one that comes to its end."""

    tally: Tally
    stream: Stream
    load: Load
    dead: frozenset[str]
    rng: random.Random

    def go(self, group: Sequence[Stop]) -> None:
        # So that something is left to do for each of them.
        most = max(0.0, 0.9 * self.load.count / len(group) - ONE_BATCH)
        before: set[str] = set()
        allowed = 0
        with self.tally.trial(len(group)) as trial:
            for stop in [*group, None]:
                if stop is None:
                    sent, may_be_sent_again = self._run(trial), 0
                else:
                    sent, may_be_sent_again = self._stop(trial, stop, self.rng.uniform(0, most))
                again = len(before & sent)
                self.tally.most("documents sent again after a stop, at most", again)
                trial.check(again <= allowed, f"{again} documents were sent again after a stop, not {allowed}")
                before, allowed = sent, may_be_sent_again
            trial.judge(self.stream.judge(self.load), self.dead)

    def _run(self, trial: Trial) -> set[str]:
        """What the last run sends."""
        with Proxy(self.stream.url) as proxy:
            done = self.stream.index(proxy.url, self.load.path).end(code=None)
        trial.check(done.code in (0, 1), f"the last run ended with exit code {done.code}")
        return set(proxy.sent())

    def _stop(self, trial: Trial, stop: Stop, moment: float) -> tuple[set[str], int]:
        """What a run sends that is told to stop when it has sent so many, and the server is as it shall be.

        And how many of these may be sent again: none where it has got all answers, or should have.
        """
        workers = ("--workers", str(stop.way.workers))
        with ExitStack() as server:
            proxy = server.enter_context(Proxy(self.stream.url, UP))
            with self.stream.index(proxy.url, self.load.path, *workers) as run:
                trial.check(run.until(lambda: proxy.documents > moment), f"it sent only {proxy.documents} documents")
                began = time.monotonic()
                if plan := SCENES[stop.scene]:
                    proxy.plan = plan
                else:
                    server.close()
                trial.check(run.until(lambda: _felt(stop.scene, run, proxy, began)), f"{stop}: nothing came of it")
                time.sleep(self.rng.uniform(0, 0.1))
                seconds = self._tell(trial, stop, run)
        return set(proxy.sent()), 0 if stop.answered and seconds < GRACE else ONE_BATCH

    def _tell(self, trial: Trial, stop: Stop, run: Run) -> float:
        """Tell it, and look at its end; the seconds until then."""
        way, pid, began = stop.way, run.process.pid, time.monotonic()
        for _ in range(1 + way.twice):
            (os.killpg if way.group else os.kill)(pid, way.number)
            time.sleep(self.rng.uniform(0, 0.3) if way.twice else 0)
        done = run.end(128 + way.number, seconds=HANGS)
        seconds = time.monotonic() - began
        self.tally.most("seconds from the signal to the end, at most", round(seconds, 1))
        trial.check(seconds <= SECONDS, f"{stop}: it stopped only after {seconds:.1f} s")
        words = [line for line in done.lines if line.startswith("Error: ")]
        said = {f"Error: stopped by {way.number.name}."} == {*words, done.lines[-1]} and len(words) <= 1 + way.twice
        trial.check(said, f"{stop}: it said {words}")
        # Where it has ended at once, workers see it a moment later.
        while (left := len([*processes(pid)])) and way.twice and time.monotonic() - began < SECONDS:
            time.sleep(0.01)
        trial.check(not left, f"{stop}: {left} processes are left")
        trial.check(_loads(self.stream.state), f"{stop}: the checkpoint does not load")
        return seconds


def _felt(scene: str, run: Run, proxy: Proxy, since: float) -> bool:
    """Whether the run has met the server as it is since then: a request is there, or has failed and it waits."""
    if scene in (*ANSWERS, "silent"):
        return any(each.at > since and each.whole for each in proxy.bulks)
    return run.said.stat().st_size > 0


def _loads(state: Path) -> bool:
    try:
        Checkpoint(state).close()
    except NormalizerError:
        return False
    return True
