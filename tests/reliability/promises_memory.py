"""Memory: what a run takes, however many its events are, however large they are, however slow the server is."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import fmean
from typing import IO

import orjson

from examples import generate
from normalizer.inputs.read import MAX_EVENT
from tests.engines.tether import tethered
from tests.reliability.faults import slow
from tests.reliability.load import Load
from tests.reliability.oracle import judge
from tests.reliability.promises import ELASTICSEARCH, Tally, Trial, promise
from tests.reliability.proxy import Proxy
from tests.reliability.stage import Run, Stage, Stream

MIB = 1024 * 1024
MOST = 256
"""MiB that the processes of a run may have together."""
GROWTH = 1.05
"""So much may the mean of the second half be of the first half's."""
LONG = 1_000_000
"""Events of a run whose halves are compared."""
HALF_AN_HOUR = 1800.0
COMPARED = 7
"""The oracle compares one of so many documents byte by byte; large ones are none of these, for answers have an end."""

_SLOW = slow(0.05)
_TWO = ("--workers", "2")


@promise("18", "Memory is bounded", engines=(ELASTICSEARCH,), small=())
def many_events(stage: Stage, tally: Tally) -> None:
    """One million events from a pipe to one process, and the same from a file, with its state, to two workers."""
    count = stage.of(small=20_000, full=LONG)
    load = _written(stage.folder / "many.ndjson", generate.lines(count))
    with tally.trial() as trial, _generated(count) as pipe:
        _bounded(tally, trial, load, stage.stream(), lambda at, url: at.index(url, state=False, stdin=pipe))
    with tally.trial() as trial:
        _bounded(tally, trial, load, stage.stream(), lambda at, url: at.index(url, load.path, *_TWO))
    load.path.unlink()


@promise("18b", "Memory is bounded, also with the largest events", engines=(ELASTICSEARCH,))
def large_events(stage: Stage, tally: Tally) -> None:
    """Events as large as they may be among usual ones, and two workers.

    A document has the text three times; quotes take twice the bytes in event.original, that is 16 MiB in all. A server
    whose heap is small refuses that for ever: five times a document's bytes must be less than a tenth of the heap.
    """
    usual, large = stage.of(small=3_000, full=10_000), stage.of(small=12, full=120)
    size = stage.of(small=3 * MIB, full=MAX_EVENT)
    texts = ["word ", "\N{GRINNING FACE}", *stage.of(small=[], full=['"'])]
    load = _written(stage.folder / "large.ndjson", _with_large(usual, large, size, texts))
    with ExitStack() as stack:
        url = stage.url
        if stage.full:
            url = stack.enter_context(stage.engine(heap="2g")).url
            stage.install(url)
        with tally.trial() as trial:
            stream = stage.stream(url)
            _bounded(tally, trial, load, stream, lambda at, url: at.index(url, load.path, *_TWO), pause=0.05)
    load.path.unlink()
    tally.figures[f"events of {size // MIB} MiB"] = large


def _bounded(
    tally: Tally, trial: Trial, load: Load, stream: Stream, start: Callable[[Stream, str], Run], pause: float = 0.2
) -> None:
    """One run, its memory looked at each `pause` seconds."""
    with Proxy(stream.url, _SLOW) as proxy, start(stream, proxy.url) as run:
        with _watched(run.process.pid, pause) as taken:
            run.process.wait(HALF_AN_HOUR)
        run.end()
    trial.judge(judge(stream.url, stream.name, load.events, stream.letters, every=COMPARED))
    trial.check(len(taken) >= 10, f"its memory was looked at {len(taken)} times only")
    most, half = max(taken) / MIB, len(taken) // 2
    growth = fmean(taken[half:]) / fmean(taken[:half])
    tally.most("MiB in all processes, at most", round(most))
    trial.check(most <= MOST, f"it had {most:.0f} MiB")
    if load.count >= LONG:  # in a short run the first half is the start, when the processes learn what repeats
        tally.most("second half of the first, at most", round(growth, 3))
        trial.check(growth <= GROWTH, f"in its second half it had {growth:.3f} of the first")


# --- what is measured -----------------------------------------------------------------------------------------------


@contextmanager
def _watched(pid: int, pause: float) -> Iterator[list[int]]:
    """What a process and its children have together, in bytes, each `pause` seconds while the context lasts."""
    taken: list[int] = []
    end = threading.Event()

    def look() -> None:
        while not end.wait(pause):
            if resident := _resident(pid):
                taken.append(resident)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield taken
    finally:
        end.set()
        thread.join()


def _resident(pid: int) -> int:
    """Bytes that a process and its children have in memory; 0 where it has ended.

    Anonymous pages that several of them share count once: each has its share (Pss_Anon). Of the pages of files, which
    others share as well, those of the process that has most of them count.
    """
    anonymous = files = 0
    for each in (pid, *_children(pid)):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:  # it has just ended
            continue
        sizes = {name: int(size.split()[0]) * 1024 for name, _, size in (line.partition(":") for line in lines)}
        anonymous += sizes["Pss_Anon"]
        files = max(files, sizes["Rss"] - sizes["Anonymous"])
    return anonymous + files


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


# --- what is sent ---------------------------------------------------------------------------------------------------


class Texts(Mapping[str, bytes]):
    """The text of each event of a file by its uuid, in the file's order; only their places are in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, tuple[int, int]] = {}
        at = 0
        with path.open("rb") as file:
            for line in file:
                self._places[orjson.loads(line)["uuid"]] = at, len(line) - 1
                at += len(line)

    def __getitem__(self, key: str) -> bytes:
        at, length = self._places[key]
        with self._path.open("rb") as file:
            file.seek(at)
            return file.read(length)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _written(path: Path, events: Iterable[bytes]) -> Load:
    with path.open("wb") as file:
        file.writelines(events)
    return Load(path, Texts(path))


@contextmanager
def _generated(count: int) -> Iterator[IO[bytes]]:
    """A pipe into which a process writes so many events as fast as they are read."""
    command = [sys.executable, generate.__file__, "--count", str(count)]
    with subprocess.Popen(tethered(command), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout


def _with_large(usual: int, large: int, size: int, texts: Sequence[str]) -> Iterator[bytes]:
    """Events, some of them of so many bytes, with each of these texts in turn."""
    turns = itertools.cycle(texts)
    step = usual // large // COMPARED * COMPARED
    for number, line in enumerate(generate.lines(step * large)):
        yield _filled(line, size, next(turns)) if number % step == COMPARED // 2 else line


def _filled(line: bytes, size: int, text: str) -> bytes:
    """The event with as much of this text for a message as it can hold."""
    event = json.loads(line) | {"displayMessage": ""}
    left = size - len(_dumped(event))
    event["displayMessage"] = text * (left // (len(_dumped(text)) - len('""')))
    return _dumped(event) + b"\n"


def _dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
