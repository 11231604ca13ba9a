"""Measures the ingest pipeline against its aims: `make bench-pipeline`, or `python -m benchmarks.pipeline`.

On one OpenSearch, in turns, the time in the pipeline of

* the floor: one script that parses the event and writes one value;
* by hand: a pipeline with one processor for a field, as people write them, and one that is tuned to OpenSearch
  (`pipeline_by_hand.py`);
* ours for the fields that these write: all make the same documents, which is checked before;
* ours, with all fields.

The time is what the server's statistics say. The CPU time of the threads that take in events stands beside it: it does
not grow while these threads wait for a core, but reading the events and writing them into the index are in it as well.
The first rounds do not count: the server still compiles. Compare ratios, which are taken round by round, and not times
of two runs.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from benchmarks import pipeline_by_hand
from benchmarks.bench import cores, tell
from examples.generate import lines
from normalizer import Mappings, load
from normalizer.backends.pipelines import build
from normalizer.names import NAME
from tests.engines.opensearch import OpenSearch

Body = dict[str, Any]

FLOOR, BY_HAND, TUNED, SAME, WHOLE = "floor", "by-hand", "tuned", "same-fields", "all-fields"
FLOOR_SCRIPT = """
List all = (List) Processors.json('[' + ctx.message + ',"<end>"]');
ctx.put('event', ['id': ((Map) all.get(0)).get('uuid')]);
"""
AIM_TIME, AIM_GAIN = 35.0, 3.0
INDEX: Body = {
    "settings": {"number_of_replicas": 0, "refresh_interval": -1, "translog.durability": "async"},
    "mappings": {"enabled": False},
}
COMPARED, SHOWN = 1_000, 20
"""Events whose documents are compared, and differences that are told."""


@dataclass(frozen=True, slots=True)
class Times:
    """Of one round with one pipeline, in µs per event."""

    pipeline: float
    cpu: float


def main() -> int:
    """The command line; the exit code is 1 where documents differ, and 0 also where an aim is missed."""
    about = "Time in the ingest pipeline against its aims."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=about)
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="that count (default: %(default)s)")
    parser.add_argument("--warm-up", type=int, default=8, metavar="N", help="rounds before (default: %(default)s)")
    parser.add_argument("--events", type=int, default=5_000, metavar="N", help="of each round (default: %(default)s)")
    parser.add_argument("--bulk", type=int, default=100, metavar="N", help="events of a request (default: %(default)s)")
    options = parser.parse_args()
    by_hand, tuned = (pipeline_by_hand.build(tuned=each) for each in (False, True))
    mappings = load()
    fields = pipeline_by_hand.fields(by_hand["processors"])
    all_fields = {rule.destination.name for plan in mappings.plans for rule in plan.rules}
    floor = {"processors": [{"script": {"source": FLOOR_SCRIPT}}]}
    whole, same = build(mappings), build(only(mappings, fields))
    # The whole ones bring the pipeline for the user's own processors, which ours calls by its name.
    bodies = {**whole, FLOOR: floor, BY_HAND: by_hand, TUNED: tuned, SAME: same[NAME], WHOLE: whole[NAME]}
    source = [line.decode() for line in lines(max(options.events // options.bulk, 1) * options.bulk)]
    with OpenSearch({"node.name": "n"}, heap="1g", optimized=True) as opensearch:
        server = Server(opensearch.url, opensearch.pid)
        for name, body in bodies.items():
            server.ask("PUT", f"/_ingest/pipeline/{name}", body)
        different = [f"{name} is no field of ours" for name in fields - all_fields]
        different += differences(server, BY_HAND, source[:COMPARED])
        different += differences(server, TUNED, source[:COMPARED])
        if different:
            print("By hand and ours differ:", *different[:SHOWN], sep="\n  ")
            return 1
        before = os.getloadavg()[0]
        times = measure(server, source, options.warm_up, options.rounds, options.bulk)
    size = sum(map(len, source)) // len(source)
    print(f"\n{OpenSearch.name} {OpenSearch.version}, {cores()} cores, load {before:.1f} to {os.getloadavg()[0]:.1f}")
    print(f"{options.rounds} rounds of {len(source):,} events of {size:,} characters, in bulks of {options.bulk}\n")
    labels = {
        FLOOR: "floor: parses only",
        BY_HAND: f"by hand: {len(by_hand['processors'])} processors, {len(fields)} fields",
        TUNED: "by hand, tuned to OpenSearch",
        SAME: f"ours: the same {len(fields)} fields",
        WHOLE: f"ours: all {len(all_fields)} fields",
    }
    show(labels, times)
    return 0


def only(mappings: Mappings, fields: set[str]) -> Mappings:
    """Mappings that write only some fields."""
    plans = (
        replace(plan, rules=tuple(rule for rule in plan.rules if rule.destination.name in fields))
        for plan in mappings.plans
    )
    return replace(mappings, plans=tuple(plans))


# --- the server -----------------------------------------------------------------------------------------------------


class Server:
    """A server, by one connection that stays open."""

    def __init__(self, url: str, pid: int) -> None:
        # Not urllib: that would ask the user's HTTP proxy for a server on this machine.
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._tasks = Path(f"/proc/{pid}/task")

    def ask(self, method: str, path: str, body: Body | bytes | None = None) -> Any:
        """The JSON of an answer. Ends the program where it is an error."""
        content = body if isinstance(body, bytes | None) else json.dumps(body)
        self._connection.request(method, path, content, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != http.client.OK:
            sys.exit(f"{method} {path}: {answer.status} {text.decode(errors='replace')[:2000]}")
        return json.loads(text)

    def spent(self, pipeline: str, bulk: int) -> tuple[int, float]:
        """Events and seconds of a pipeline since the server's start.

        The server works on a bulk as a whole, and counts the time of the whole for each of its events.
        """
        (node,) = self.ask("GET", "/_nodes/stats/ingest")["nodes"].values()
        found = node["ingest"]["pipelines"][pipeline]
        if found["failed"]:
            sys.exit(f"The pipeline {pipeline} has failed.")
        return found["count"], found["time_in_millis"] / 1e3 / bulk

    def cpu(self) -> float:
        """Seconds of CPU time of the threads that take in events, so far.

        The system cuts names off after 15 characters: with a node called n the pool "write" is known by its w.
        """
        found = 0
        for task in self._tasks.iterdir():
            with suppress(OSError):  # a thread has ended
                if (task / "comm").read_text().startswith("opensearch[n][w"):
                    found += int((task / "schedstat").read_text().split()[0])
        return found / 1e9


# --- the same documents ---------------------------------------------------------------------------------------------


def differences(server: Server, peer: str, source: list[str]) -> Iterator[str]:
    """Where the documents by hand and ours for the same fields differ; by hand, nothing is said of problems."""
    for at in range(0, len(source), 100):
        docs = {"docs": [{"_source": {"message": text}} for text in source[at : at + 100]]}
        answers = [server.ask("POST", f"/_ingest/pipeline/{name}/_simulate", docs)["docs"] for name in (peer, SAME)]
        for number, pair in enumerate(zip(*answers, strict=True), start=at + 1):
            by_hand, ours = (flat(each["doc"]) for each in pair)
            if "error.message" in ours:
                continue
            for field in sorted(by_hand.keys() | ours.keys()):
                if by_hand.get(field) != ours.get(field):
                    yield f"event {number}, {field}: by hand {by_hand.get(field)}, ours {ours.get(field)}"


def flat(document: Body) -> dict[str, str]:
    """The values of a document by their paths, with its _id and without the time of its arrival."""
    found: dict[str, str] = {"_id": document["_id"]}

    def inside(value: Any, path: str) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                inside(inner, f"{path}.{key}" if path else key)
        else:
            found[path] = json.dumps(value, sort_keys=True)

    inside(document["_source"], "")
    del found["event.ingested"]
    return found


# --- times ----------------------------------------------------------------------------------------------------------


def measure(server: Server, source: list[str], warm_up: int, rounds: int, bulk: int) -> dict[str, list[Times]]:
    """The times of each round that counts, for each pipeline."""
    events = ['{"index":{}}\n' + json.dumps({"message": text}) + "\n" for text in source]
    requests = ["".join(events[at : at + bulk]).encode() for at in range(0, len(events), bulk)]
    times: dict[str, list[Times]] = {name: [] for name in (FLOOR, BY_HAND, TUNED, SAME, WHOLE)}
    for number in range(1 - warm_up, rounds + 1):
        tell(f"round {number} of {rounds}" if number > 0 else f"warming up: {1 - number}")
        for name, found in times.items():
            one = one_round(server, name, requests, bulk)
            if number > 0:
                found.append(one)
    return times


def one_round(server: Server, name: str, requests: list[bytes], bulk: int) -> Times:
    """Every event once through a pipeline, into a new index."""
    server.ask("PUT", "/bench", INDEX)
    (count, seconds), cpu = server.spent(name, bulk), server.cpu()
    for body in requests:
        answer = server.ask("POST", f"/bench/_bulk?pipeline={name}&filter_path=errors", body)
        if answer["errors"]:
            sys.exit(f"Documents of the pipeline {name} were refused.")
    cpu = server.cpu() - cpu
    count_after, seconds_after = server.spent(name, bulk)
    server.ask("DELETE", "/bench")
    events = count_after - count
    return Times((seconds_after - seconds) / events * 1e6, cpu / events * 1e6)


# --- output ---------------------------------------------------------------------------------------------------------


def show(labels: Mapping[str, str], times: Mapping[str, Sequence[Times]]) -> None:
    """The tables. After the sign ± stands half of what the middle half of the rounds spans."""
    pipeline = {name: [each.pipeline for each in found] for name, found in times.items()}
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("pipeline")
    for heading in ("µs per event", "to the floor", "to by hand", "CPU µs, with reading and writing"):
        table.add_column(heading, justify="right")
    for name, found in times.items():
        ratios = (f"{ratio(pipeline[name], pipeline[other]):.2f} ×" for other in (FLOOR, BY_HAND))
        table.add_row(labels[name], figure(pipeline[name]), *ratios, figure([each.cpu for each in found]))
    whole, gain = median(pipeline[WHOLE]), ratio(pipeline[BY_HAND], pipeline[SAME])
    aims = Table(box=None, header_style="bold", pad_edge=False)
    aims.add_column("aim")
    for heading in ("figure", "aim", ""):
        aims.add_column(heading, justify="right")
    for what, reached, aim, met in (
        ("all fields, on a quiet machine", f"{whole:.1f} µs", f"≤ {AIM_TIME:g} µs", whole <= AIM_TIME),
        ("by hand takes so many times as long as ours", f"{gain:.2f} ×", f"≥ {AIM_GAIN:g} ×", gain >= AIM_GAIN),
    ):
        aims.add_row(what, reached, aim, "met" if met else "[bold]missed[/bold]")
    console = Console()
    console = console if console.is_terminal else Console(width=120)
    for each in (table, "", aims):
        console.print(each)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of what each round gives."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def figure(values: Sequence[float], digits: int = 1) -> str:
    """The median of all rounds, with how far they lie apart."""
    middle = median(values)
    if len(values) < 2:
        return f"{middle:,.{digits}f}"
    low, _, high = quantiles(values, n=4, method="inclusive")
    return f"{middle:,.{digits}f} ± {(high - low) / 2 / middle:.0%}"


if __name__ == "__main__":
    sys.exit(main())
