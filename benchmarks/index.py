"""Measures `mim-ecs index` against its aim: `make bench-index`, or `python -m benchmarks.index`.

On one Elasticsearch, in turns and each time into a new data stream of the same template:

* the floor: a client that only sends. Its bulk requests lie ready in a file, as many documents in each and as many
  requests at once as ours, over connections that stay open; in an answer it looks for `"errors":false`;
* ours: `mim-ecs index FILE` with one worker and with two, which reads events, makes and validates the documents, and
  judges every item of every answer.

Both are processes of their own, held to one core, and the whole server is held to the other. The time of sending is
from the making of the backing index, which the first request does, to the end of the process; the time with the start
of the process stands beside it. The first rounds do not count: the server still compiles. Compare ratios, which are
taken round by round, and not times of two runs. Where the cores are shared with other work, that decides: then figures
are shown, and not judged.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.bench import ROOT, STARTER, cores, tell
from benchmarks.pipeline import Server, figure, ratio
from examples.generate import lines
from normalizer import Normalizer
from normalizer.cli.index import index
from normalizer.names import NAME
from normalizer.runtime.normalizer import Options
from tests.engines.elasticsearch import Elasticsearch

FLOOR, ONE, TWO = "floor", "ours1", "ours2"
"""What is compared; each is the namespace of its data stream as well, all of one length."""
LABELS = {FLOOR: "floor: only sends", ONE: "mim-ecs index", TWO: "mim-ecs index --workers 2"}
AIM = 0.95
MOST_OF_OTHERS = 0.05
"""So much of the cores may other work have taken where a figure is judged."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Times:
    """Of one run: seconds of sending, those with the start of the process, and of its CPU time.

    `bulk` is the number of documents of a request, `busy` the part of the time of sending in which the server worked.
    """

    sending: float
    whole: float
    cpu: float
    bulk: float
    busy: float


def main() -> int:
    """The command line; the exit code is 0 also where the aim is missed."""
    about = "Indexing into a real server against sending the same documents with nothing else."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.index", description=about)
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="that count (default: %(default)s)")
    parser.add_argument("--warm-up", type=int, default=2, metavar="N", help="rounds before (default: %(default)s)")
    parser.add_argument("--events", type=int, default=30_000, metavar="N", help="of each run (default: %(default)s)")
    parser.add_argument("--in-flight", type=int, default=_default("in_flight"), metavar="N", help="requests at once")
    options = parser.parse_args()
    apart = cores() > 1 and shutil.which("taskset") is not None
    with (
        tempfile.TemporaryDirectory(prefix="okta-mim-ecs-bench-") as folder,
        Elasticsearch(heap="1g", optimized=True) as elasticsearch,
    ):
        bench = Bench(elasticsearch, Path(folder), options.events, options.in_flight, apart=apart)
        tell("a first run, and the floor's requests as large as its")
        bench.write_bodies(bench.run(ONE).bulk)
        before = bench.others(), time.perf_counter()
        times = bench.measure(options.warm_up, options.rounds)
        others = (bench.others() - before[0]) / (time.perf_counter() - before[1]) / cores()
    print(f"\n{Elasticsearch.name} {Elasticsearch.version}, {cores()} cores; others took {max(others, 0):.0%} of them")
    size = f"{bench.size:,} bytes, {options.in_flight} requests at once"
    print(f"{options.rounds} rounds of {options.events:,} documents of {size}\n")
    show(times, options.events, judged=apart and others <= MOST_OF_OTHERS)
    return 0


def _default(option: str) -> int:
    """What `mim-ecs index` does where it is told nothing."""
    return next(int(each.default) for each in index.params if each.name == option)  # type: ignore[arg-type]


# --- the runs -------------------------------------------------------------------------------------------------------


class Bench:
    """A server with our templates, a file of events and one of prepared requests."""

    def __init__(self, server: Elasticsearch, folder: Path, events: int, in_flight: int, *, apart: bool) -> None:
        self.events = events
        self.size = 0
        self._in_flight = in_flight
        self._pid = server.pid
        self._url = server.url
        self._server = Server(server.url, server.pid)
        self._source = folder / "events.ndjson"
        self._bodies = folder / "bodies"
        self._letters = folder / "dead-letters.ndjson"
        self._mine: list[str] = []
        self._clients = 0.0
        if apart:
            subprocess.run(["taskset", "-acp", "0", str(server.pid)], stdout=subprocess.DEVNULL, check=True)
            self._mine = ["taskset", "-c", "1"]
        with self._source.open("wb") as file:
            file.writelines(lines(events))
        self._environment = {**os.environ, "ELASTICSEARCH_URL": server.url}
        setup = [sys.executable, "-m", "normalizer", "setup"]
        subprocess.run(setup, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL, check=True)

    def write_bodies(self, bulk: float) -> None:
        """The requests of the floor, with so many documents in each: their lengths on the first line, then they."""
        count = max(1, round(bulk))
        normalizer = Normalizer.load(options=Options(namespace=FLOOR))
        with self._source.open("rb") as source:
            items = (_item(normalizer, line.rstrip(b"\n")) for line in source)
            bodies = [b"".join(part) for part in iter(lambda: [*itertools.islice(items, count)], [])]
        self.size = sum(map(len, bodies)) // self.events
        with self._bodies.open("wb") as file:
            file.write(orjson.dumps([len(each) for each in bodies], option=orjson.OPT_APPEND_NEWLINE))
            file.writelines(bodies)

    def measure(self, warm_up: int, rounds: int) -> dict[str, list[Times]]:
        """The times of each round that counts; each round begins with another of those that are compared."""
        times: dict[str, list[Times]] = {name: [] for name in LABELS}
        for number in range(1 - warm_up, rounds + 1):
            tell(f"round {number} of {rounds}" if number > 0 else f"warming up: {1 - number}")
            first = number % len(LABELS)
            for name in [*LABELS][first:] + [*LABELS][:first]:
                one = self.run(name)
                if number > 0:
                    times[name].append(one)
        return times

    def run(self, name: str) -> Times:
        """Every document once into a new data stream."""
        stream = f"{NAME}-{name}"
        command = [*self._mine, *(self._floor() if name == FLOOR else self._ours(name))]
        worked = self._worked()
        done = subprocess.run(
            [sys.executable, "-S", "-c", STARTER, shutil.which(command[0]) or command[0], *command[1:]],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            check=True,
        )
        end, worked = time.time(), self._worked() - worked
        code, whole, cpu, _ = json.loads(done.stdout)
        self._clients += cpu
        self._server.ask("POST", f"/{stream}/_refresh")
        count = self._server.ask("GET", f"/{stream}/_count")["count"]
        if code != 0 or count != self.events:
            sys.exit(f"{LABELS[name]} ended with code {code} and indexed {count:,} of {self.events:,} documents.")
        requests = self._server.ask("GET", f"/{stream}/_stats/bulk")["_all"]["primaries"]["bulk"]["total_operations"]
        (settings,) = self._server.ask("GET", f"/{stream}/_settings").values()
        sending = end - int(settings["settings"]["index"]["creation_date"]) / 1e3
        self._server.ask("DELETE", f"/_data_stream/{stream}")
        return Times(sending, whole, cpu, self.events / requests, worked / sending)

    def _floor(self) -> list[str]:
        path = f"/{NAME}-{FLOOR}/_bulk?require_data_stream=true"
        address = urlsplit(self._url).netloc
        return [sys.executable, "-m", "benchmarks.sending", address, path, str(self._bodies), str(self._in_flight)]

    def _ours(self, name: str) -> list[str]:
        command = [sys.executable, "-m", "normalizer", "index", str(self._source), "--quiet", "--namespace", name]
        command += ["--dead-letters", str(self._letters), "--in-flight", str(self._in_flight)]
        return [*command, "--workers", "2"] if name == TWO else command

    def others(self) -> float:
        """Seconds of CPU time of all cores since the machine started that neither server nor clients have taken.

        Time that the machine itself was not given (steal) counts as taken by others.
        """
        name, *fields = Path("/proc/stat").read_text().partition("\n")[0].split()
        assert name == "cpu"
        user, nice, system, _idle, _wait, irq, soft, steal = map(int, fields[:8])
        mine = time.process_time()
        return (user + nice + system + irq + soft + steal) / TICKS - self._worked() - self._clients - mine

    def _worked(self) -> float:
        """Seconds of CPU time of the server so far."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def _item(normalizer: Normalizer, event: bytes) -> bytes:
    """The two lines of one document."""
    done = normalizer.normalize_text(event)
    document = orjson.loads(done.document)
    document["event"]["ingested"] = "2026-09-20T00:00:00.000Z"
    return b'{"create":{"_id":%b}}\n%b\n' % (orjson.dumps(done.id), orjson.dumps(document))


# --- output ---------------------------------------------------------------------------------------------------------


def show(times: Mapping[str, Sequence[Times]], events: int, *, judged: bool) -> None:
    """The tables. After the sign ± stands half of what the middle half of the rounds spans."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("what")
    for heading in ("documents/s", "of the floor", "with the start", "of the floor", "CPU s", "documents", "server"):
        table.add_column(heading, justify="right")
    speeds = {name: [events / each.sending for each in found] for name, found in times.items()}
    wholes = {name: [events / each.whole for each in found] for name, found in times.items()}
    for name, found in times.items():
        cells = [figure(speeds[name], 0), f"{ratio(speeds[name], speeds[FLOOR]):.1%}"]
        cells += [figure(wholes[name], 0), f"{ratio(wholes[name], wholes[FLOOR]):.1%}"]
        cells += [f"{median(each.cpu for each in found):.2f}", f"{median(each.bulk for each in found):.0f} a request"]
        table.add_row(LABELS[name], *cells, f"{median(each.busy for each in found):.0%} busy")
    aims = Table(box=None, header_style="bold", pad_edge=False)
    aims.add_column("aim")
    for heading in ("figure", "aim", ""):
        aims.add_column(heading, justify="right")
    for name in (ONE, TWO):
        reached = ratio(speeds[name], speeds[FLOOR])
        verdict = "not judged: shared cores"
        if judged:
            verdict = "met" if reached >= AIM else "[bold]missed[/bold]"
        aims.add_row(f"{LABELS[name]}, of the floor", f"{reached:.1%}", f"≥ {AIM:.0%}", verdict)
    console = Console()
    console = console if console.is_terminal else Console(width=140)
    for each in (table, "", aims):
        console.print(each)


if __name__ == "__main__":
    sys.exit(main())
