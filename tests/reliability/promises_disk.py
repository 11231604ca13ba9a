"""Disks that are full, and places where nothing can be written."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.cli.command import Done
from tests.reliability.disk import Disk, small_disk
from tests.reliability.faults import Asked, Fault, Pass
from tests.reliability.load import Load, write
from tests.reliability.oracle import Letter, dead_letters, judge, uuid_of
from tests.reliability.promises import ELASTICSEARCH, Tally, Trial, promise
from tests.reliability.proxy import Proxy
from tests.reliability.stage import Run, Stage, Stream

UNWRITABLE = 4
"""The exit code."""
LEFT = 24 * 1024
"""Bytes that a nearly full disk has for dead letters: some ten."""
BAD = 12
"""Dead letters of a cluster."""
MANY_REQUESTS = ("--in-flight", "8")
"""Requests are small then, so that some have been answered and some have not when something happens."""


def _index(stream: Stream, url: str, *given: str | Path, state: bool = True) -> Run:
    return stream.index(url, *given, *MANY_REQUESTS, "--quiet", state=state)


def _unhurried(asked: Asked) -> Fault:
    """The first question has its answer late, so that something can happen before anything is read."""
    return Pass(0.02) if asked.bulk else Pass(0.4)


# --- loads ----------------------------------------------------------------------------------------------------------

Spoil = Callable[[dict[str, Any]], None]


def _no_document(event: dict[str, Any]) -> None:
    del event["published"]


def _refused(event: dict[str, Any]) -> None:
    event["outcome"] = {"result": "FAILURE", "reason": "POISON"}


REFUSING = {"mappings": {"properties": {"event": {"properties": {"reason": {"type": "object"}}}}}}
"""The operator's own template, by which the server refuses what `_refused` has spoilt."""


@dataclass(frozen=True)
class Spoilt:
    """A load, and those of its events that must become dead letters."""

    load: Load
    dead: frozenset[str]


def _spoilt(stage: Stage, count: int, spoils: Iterable[Spoil] = ()) -> Spoilt:
    """Events with six clusters of bad ones, spoilt in turn in these ways; in none where there is no way.

    The path is so long that what a state file says of it is larger than LEAST.
    """
    ways = itertools.cycle(spoils)
    clusters = {number * count // 6: way for number, way in zip(range(6), ways, strict=False)}
    bad = {start + count // 12 + each: way for start, way in clusters.items() for each in range(BAD)}

    def change(number: int, event: dict[str, Any]) -> None:
        event["outcome"] = {"result": "SUCCESS"}
        if number in bad:
            bad[number](event)

    stream = stage.stream()  # for its folder
    folder = stream.folder / ("a long name " * 15).strip() / ("and another " * 15).strip()
    folder.mkdir(parents=True)
    load = write(folder / "events.ndjson", count, change)
    keys = [*load.events]
    return Spoilt(load, frozenset(keys[number] for number in bad))


# --- judging --------------------------------------------------------------------------------------------------------


def _offset(state: Path) -> int:
    """How far the one input is settled by a state file, in bytes. Raises AssertionError where that is not whole."""
    if not state.exists():
        return 0
    data = state.read_bytes()
    try:
        (file,) = json.loads(data)["files"]
    except ValueError:
        raise AssertionError(f"the state file is torn: {data[:200]!r}") from None
    return int(file["offset"])


def _settled(state: Path, load: Load) -> dict[str, bytes]:
    """The events that the state file says are settled."""
    ends = itertools.accumulate(len(text) + 1 for text in load.events.values())
    offset = _offset(state)
    return dict(itertools.islice(load.events.items(), sum(end <= offset for end in ends)))


def _check_end(trial: Trial, run: Run, paths: Iterable[Path], whys: Iterable[str]) -> None:
    """It ends with the exit code for this, and one sentence that says what of which file, and why."""
    done: Done = run.end(code=UNWRITABLE)
    said = [line for line in done.lines if line.startswith("Error: ")]
    trial.check(len(said) == 1, f"{len(said)} sentences say why: {done.err}")
    clear = any(str(path) in line for path in paths for line in said) and any(
        why in line for why in whys for line in said
    )
    trial.check(clear and all(line.endswith(".") for line in said), f"it is not clear what is wrong: {said}")


def _check_settled(trial: Trial, stream: Stream, state: Path, load: Load, letters: Iterable[Letter]) -> int:
    """What the state says is settled is in the server or a dead letter; how much that is."""
    settled = _settled(state, load)
    findings = judge(stream.url, stream.name, settled, letters)
    trial.lost += len(findings.lost)
    trial.check(not findings.lost, f"{len(findings.lost)} events are settled by the state and are nowhere")
    return len(settled)


def _judge(trial: Trial, tally: Tally, stream: Stream, spoilt: Spoilt, letters: list[Letter]) -> None:
    """All is done: events are in the server once, those that must be are dead letters, perhaps twice."""
    findings = judge(stream.url, stream.name, spoilt.load.events, letters, every=stream.stage.of(small=1, full=7))
    trial.judge(replace(findings, dead=Counter({*findings.dead})), dead=spoilt.dead)
    trial.check(findings.held == spoilt.load.count - len(spoilt.dead), f"{findings.held} documents are there")
    trial.check({uuid_of(each) for each in letters} == spoilt.dead, "a dead letter is not of one of the bad events")
    tally.add("dead letters", len(spoilt.dead))
    tally.add("dead letters that stand twice", len(letters) - len(spoilt.dead))


# --- the disk of the state ------------------------------------------------------------------------------------------


@promise("15", "Local disk full", engines=(ELASTICSEARCH,))
def disk_full(stage: Stage, tally: Tally) -> None:
    """The state is on a disk of 1 MiB that is full from the start, or in the midst of the work."""
    plain = _spoilt(stage, stage.of(small=1_500, full=20_000))
    bad = _spoilt(stage, stage.of(small=1_500, full=20_000), [_no_document, _refused])
    beside = partial(_disk_full, stage, tally, beside=True)
    alone = partial(_disk_full, stage, tally, beside=False)
    for _ in range(stage.of(small=1, full=2)):
        alone(plain, moment=0)
        beside(bad, "--workers", "2", moment=0.2)
        if stage.full:
            alone(plain, "--workers", "2", moment=stage.rng.uniform(0.05, 0.8))
            alone(bad, moment=stage.rng.uniform(0.05, 0.8))
            beside(bad, moment=0)
            beside(bad, moment=0, left=LEFT)
            beside(bad, moment=stage.rng.uniform(0.05, 0.8))


def _disk_full(
    stage: Stage, tally: Tally, spoilt: Spoilt, *given: str, beside: bool, moment: float, left: int = 0
) -> None:
    """The disk is full when such a share of the load is settled; dead letters are on it, too, or elsewhere."""
    load, stream = spoilt.load, stage.stream()
    size = load.path.stat().st_size
    with (
        tally.trial() as trial,
        stage.custom(REFUSING),
        small_disk(stream.folder / "disk") as disk,
        Proxy(stream.url, _unhurried) as proxy,
    ):
        state = disk.path / "state.json"
        dead = (disk.path if beside else stream.folder) / "dead.ndjson"
        files = ("--state", state, "--dead-letters", dead)
        index = partial(_index, stream, proxy.url, load.path, *files, *given, state=False)
        with index() as run:
            # What comes later waits, lest all be done before the disk is full.
            proxy.plan = lambda asked: Pass(1.0) if proxy.documents > moment * load.count else _unhurried(asked)
            trial.check(run.until(lambda: _offset(state) >= moment * size), f"it ended: {run.last_words}")
            disk.fill(run.process, left)
            proxy.plan = _unhurried
            if not left:
                run.until(partial(disk.fill, run.process))  # what the run gives back is taken, too
            _check_end(trial, run, [state, dead], [disk.full])
        count = _check_settled(trial, stream, state, load, dead_letters(dead))
        trial.check(count < load.count, "the disk was not full before the end")
        tally.most("events settled when the disk was full, at most", count)
        disk.free()
        with index() as run:
            run.end(code=int(bool(spoilt.dead)))
        _judge(trial, tally, stream, spoilt, dead_letters(dead))


# --- dead letters ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wrong:
    """What is wrong with the place for dead letters: what happens to it before the first is written, and what is said.

    In `why`, `disk` is the Disk. `path` is another place than a file on it.
    """

    why: str
    happens: Callable[[Disk, Run, Path], object] = lambda _disk, _run, _path: None
    path: Path | None = None
    given: tuple[str, ...] = ()


WRONGS = (
    Wrong("is a directory", lambda _disk, _run, path: path.mkdir()),
    Wrong("{disk.closed}", lambda disk, _run, _path: disk.refuse()),
    Wrong("{disk.full}", lambda disk, run, _path: disk.fill(run.process, LEFT)),
    Wrong("{disk.full}", lambda disk, run, _path: run.until(partial(disk.fill, run.process))),
    Wrong("no space left on device", path=Path("/dev/full")),
    Wrong("it and the 15 older ones beside it are full (4,096 bytes each)", given=("--dead-letters-size", "4096")),
)


@promise("16", "Dead letters are never lost in silence", engines=(ELASTICSEARCH,))
def unwritable(stage: Stage, tally: Tally) -> None:
    """One load, stopped again and again by another thing that is wrong, and at last read to its end."""
    count = stage.of(small=1_200, full=20_000)
    kinds: list[list[Spoil]] = [[_no_document, _refused], [_no_document], [_refused]]
    for spoils in kinds[: stage.of(small=1, full=3)]:
        spoilt = _spoilt(stage, count, spoils)
        for workers in ("1", "2")[: stage.of(small=1, full=2)]:
            _stopped_again_and_again(stage, tally, spoilt, "--workers", workers)
    _from_the_start(stage, tally, spoilt)


def _stopped_again_and_again(stage: Stage, tally: Tally, spoilt: Spoilt, *given: str) -> None:
    load, stream = spoilt.load, stage.stream()
    paths: list[Path] = []

    def letters() -> list[Letter]:
        """Those of all places."""
        return [letter for path in paths if path.suffix for letter in dead_letters(path)]

    with (
        tally.trial(len(WRONGS) + 1) as trial,
        stage.custom(REFUSING),
        small_disk(stream.folder / "disk") as disk,
        Proxy(stream.url, _unhurried) as proxy,
    ):
        for number, wrong in enumerate(stage.rng.sample(WRONGS, len(WRONGS))):
            path = wrong.path or disk.path / f"dead-{number}.ndjson"
            asked = len(proxy.asked)
            with _index(stream, proxy.url, load.path, "--dead-letters", path, *wrong.given, *given) as run:
                run.until(partial(_asked_again, proxy, asked))
                wrong.happens(disk, run, path)
                _check_end(trial, run, [path], [wrong.why.format(disk=disk)])
            disk.free()
            if path.is_dir():
                path.rmdir()
            paths.append(path)
            count = _check_settled(trial, stream, stream.state, load, letters())
            trial.check(count < load.count, f"it has not stopped where {wrong.why}")
            tally.add("times stopped", 1)
        paths.append(stream.folder / "good.ndjson")
        stream.index(proxy.url, load.path, "--dead-letters", paths[-1], *given).end(code=1)
        _judge(trial, tally, stream, spoilt, letters())


def _asked_again(proxy: Proxy, before: int) -> bool:
    """Whether there were more requests than before."""
    return len(proxy.asked) > before


def _from_the_start(stage: Stage, tally: Tally, spoilt: Spoilt) -> None:
    """Where nothing could be written anyhow, nothing is begun."""
    stream = stage.stream()
    with tally.trial(3) as trial, small_disk(stream.folder / "disk") as disk, Proxy(stream.url) as proxy:
        folder = stream.folder / "folder"
        folder.mkdir()
        with stream.index(proxy.url, spoilt.load.path, "--dead-letters", folder) as run:
            run.end(code=2)
            trial.check(str(folder) in run.last_words, f"it is not clear what is wrong: {run.last_words}")
        disk.refuse()
        for option in ("--dead-letters", "--state"):
            file = disk.path / "file"
            with _index(stream, proxy.url, spoilt.load.path, option, file, state=False) as run:
                _check_end(trial, run, [file], ["cannot be written to", "there is no folder", disk.closed])
        trial.check(not proxy.asked, "the server was asked all the same")
