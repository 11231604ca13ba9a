"""Measures the normalizer against its aims, and prints one table: `make bench`, or `python -m benchmarks.bench`.

In memory: the time of `Normalizer.normalize_text` with both validations, as a ratio to the floor, which is
`orjson.loads` of the same line and `orjson.dumps` of the same document as a plain dict: no Python that reads and
writes JSON can do less. Both are timed in turns, a few hundred events at a time, and no event is seen twice: a cache
helps only as far as the population repeats itself.

The command line: `mim-ecs normalize FILE -o FILE`, with the start of the process, as a ratio to the time in memory on
events of the same population, taken just before.

Other work on the machine disturbs all of this. Compare ratios, which come from one run, and not times of two runs. CPU
time, user and system, suffers least, and is what is meant where nothing else is said.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson
from rich.console import Console
from rich.table import Table

from examples.generate import lines
from normalizer import Normalizer

ROOT = Path(__file__).resolve().parent.parent
CHUNK = 500

# A small process between us and the command: the peak memory that the system reports for a child begins at the peak of
# the process that started it, and we are large.
STARTER = """
import json, os, sys, time
start = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - start
print(json.dumps([os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Times:
    """Of one round, in µs per event; the floor is CPU time."""

    wall: float
    cpu: float
    floor: float


@dataclass(frozen=True, slots=True)
class Run:
    """Of one process: µs per event, and the peak of resident memory in MiB (of the largest where there are several)."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `ratio` is held against `aim`; more is better where `at_least`."""

    what: str
    detail: str
    ratio: float
    aim: float
    unit: str = " ×"
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.ratio >= self.aim if self.at_least else self.ratio <= self.aim


def main() -> int:
    """The command line; the exit code is 0 also where an aim is missed."""
    about = "Speed and memory against their aims."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=about)
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="in memory (default: %(default)s)")
    parser.add_argument("--events", type=int, default=20_000, metavar="N", help="of each round (default: %(default)s)")
    parser.add_argument("--file", type=int, default=100_000, metavar="N", help="in the file (default: %(default)s)")
    parser.add_argument("--file-rounds", type=int, default=3, metavar="N", help="with files (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="okta-mim-ecs-bench-") as folder:
        figures = [
            in_memory("in memory", options.rounds, options.events, varied=False, aim=2.0),
            in_memory("in memory, events that repeat nothing", options.rounds, options.events, varied=True, aim=2.6),
            *command_line(Path(folder), options.file, options.file_rounds),
        ]
    show(figures)
    return 0


# --- in memory ------------------------------------------------------------------------------------------------------


def in_memory(what: str, rounds: int, events: int, *, varied: bool, aim: float) -> Figure:
    """The ratio to the floor: the median of all rounds."""
    normalizer = Normalizer.load()
    source = lines(events * (rounds + 1), varied=varied)
    # What an event type needs is made when its first event comes.
    one_round(normalizer, itertools.islice(source, events // 10))
    times = []
    for number in range(1, rounds + 1):
        tell(f"{what}: round {number} of {rounds}")
        times.append(one_round(normalizer, itertools.islice(source, events)))
    detail = f"{median(each.cpu for each in times):.1f} µs, floor {median(each.floor for each in times):.1f} µs"
    return Figure(what, detail, median(each.cpu / each.floor for each in times), aim)


def one_round(normalizer: Normalizer, source: Iterator[bytes]) -> Times:
    """Time both in turns. Neither side keeps what it makes; the floor's documents come from another normalizer."""
    normalize, again = normalizer.normalize_text, Normalizer(normalizer.mappings).normalize_text
    events = wall = cpu = floor = 0.0
    texts = [line.rstrip(b"\n") for line in source]
    for at in range(0, len(texts), CHUNK):
        chunk = texts[at : at + CHUNK]
        settle()
        cpu -= time.process_time()
        wall -= time.perf_counter()
        for text in chunk:
            normalize(text)
        wall += time.perf_counter()
        cpu += time.process_time()
        pairs = [(text, orjson.loads(again(text).document)) for text in chunk]
        settle()
        floor -= time.process_time()
        for text, document in pairs:
            orjson.loads(text)
            orjson.dumps(document)
        floor += time.process_time()
        events += len(chunk)
    return Times(*(seconds / events * 1e6 for seconds in (wall, cpu, floor)))


def settle() -> None:
    """Let the garbage collector see as little of what is kept as if nothing were."""
    gc.collect()
    gc.freeze()


# --- the command line -----------------------------------------------------------------------------------------------


def command_line(folder: Path, events: int, rounds: int) -> Iterator[Figure]:
    """From file to file: time against the time in memory, two workers against one, memory."""
    tell(f"writing {events:,} events")
    large, small, output = folder / "large.ndjson", folder / "small.ndjson", folder / "documents.ndjson"
    with large.open("wb") as file:
        file.writelines(lines(events))
    with small.open("wb") as file:
        file.writelines(lines(events // 10))
    normalizer, source = Normalizer.load(), lines(events // 5 * (rounds + 1))
    one_round(normalizer, itertools.islice(source, events // 5))
    inside, one, two = [], [], []
    for number in range(1, rounds + 1):
        tell(f"command line: round {number} of {rounds}")
        inside.append(one_round(normalizer, itertools.islice(source, events // 5)))
        one.append(run(large, output, events, workers=1))
        two.append(run(large, output, events, workers=2))
    few = run(small, output, events // 10, workers=1)
    cpu = [(outer.cpu, inner.cpu) for outer, inner in zip(one, inside, strict=True)]
    wall = [(outer.wall, inner.wall) for outer, inner in zip(one, inside, strict=True)]
    for name, pairs in (("CPU time", cpu), ("wall clock", wall)):
        detail = f"{median(pair[0] for pair in pairs):.1f} µs, in memory {median(pair[1] for pair in pairs):.1f} µs"
        yield Figure(f"file to file, {name}", detail, median(a / b for a, b in pairs), 1.3)
    detail = f"{median(each.wall for each in one):.1f} µs, {median(each.wall for each in two):.1f} µs"
    gain = median(a.wall / b.wall for a, b in zip(one, two, strict=True))
    yield Figure(f"two workers against one ({cores()} cores)", detail, gain, 1.8, at_least=True)
    peak = max(each.memory for each in one)
    detail = f"{events:,} events; {few.memory:.0f} MiB with {events // 10:,}"
    yield Figure("peak memory", detail, peak, 150, " MiB")
    peak = max(each.memory for each in two)
    yield Figure("peak memory, largest of two workers", f"{events:,} events", peak, 150, " MiB")


def run(source: Path, output: Path, events: int, *, workers: int) -> Run:
    """`mim-ecs normalize`, from one file to another."""
    command = [sys.executable, "-m", "normalizer", "normalize", str(source), "-o", str(output), "--quiet"]
    command += ["--workers", str(workers)]
    done = subprocess.run([sys.executable, "-S", "-c", STARTER, *command], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    code, wall, cpu, memory = json.loads(done.stdout)
    with output.open("rb") as file:
        written = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    output.unlink()
    if code != 0 or written != events:
        sys.exit(f"mim-ecs normalize ended with code {code} and wrote {written:,} of {events:,} documents.")
    return Run(wall / events * 1e6, cpu / events * 1e6, memory * RSS_UNIT / 2**20)


def cores() -> int:
    """So many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- output ---------------------------------------------------------------------------------------------------------


def tell(what: str) -> None:
    """What is being done, on standard error."""
    print(what, file=sys.stderr, flush=True)


def show(figures: list[Figure]) -> None:
    """The table."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("what")
    table.add_column("measured, per event")
    for heading in ("figure", "aim", ""):
        table.add_column(heading, justify="right")
    for each in figures:
        number = ".0f" if "MiB" in each.unit else ".2f"
        aim = f"{'≥' if each.at_least else '≤'} {each.aim:g}{each.unit}"
        verdict = "met" if each.met else "[bold]missed[/bold]"
        table.add_row(each.what, each.detail, f"{each.ratio:{number}}{each.unit}", aim, verdict)
    console = Console()
    console = console if console.is_terminal else Console(width=120)
    console.print(f"\nPython {platform.python_version()}, orjson {orjson.__version__}, {cores()} cores\n")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
