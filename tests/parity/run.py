"""The command: `python -m tests.parity [--events N] [--seed S] [--limit BYTES] [--url URL]`."""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from normalizer import Mappings, Options, SetupError, load
from normalizer.backends.pipelines import build
from tests.backends.python.ways import EVERY_TYPE, ways
from tests.engines.opensearch import OpenSearch
from tests.parity import cases, events, everything
from tests.parity.check import Finding, both
from tests.parity.events import generated
from tests.parity.report import explained
from tests.parity.simulate import Server

USUAL = Options()
LEAST_GOOD = 0.3
"""The least part of generated documents without problems: others say little about good events."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare; 0 when nothing differs, 1 otherwise."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.parity",
        description="Hold the documents of the Python functions against those of the ingest pipelines: golden cases, "
        "the sample events, odd values in every place, and random events.",
    )
    parser.add_argument("--events", type=int, default=5000, metavar="N", help="random events (default: 5000)")
    parser.add_argument("--seed", type=int, metavar="S", help="of the random events (default: another each time)")
    parser.add_argument("--limit", type=int, metavar="BYTES", help="also compare pipelines split at this script size")
    parser.add_argument("--url", metavar="URL", help="an OpenSearch that runs already (default: one started for this)")
    given = parser.parse_args(arguments)
    seed = secrets.randbelow(2**32) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    mappings = load()
    limits: dict[str, int | None] = {"whole": None}
    if given.limit is not None:
        limits[f"split at {given.limit} bytes"] = given.limit
        try:
            build(mappings, given.limit)
        except SetupError as error:
            parser.error(str(error))
    random = generated(events.texts(mappings), given.events, seed)
    of_every_form = generated(everything.texts(), given.events // 5, seed)
    differing = 0
    with nullcontext(given.url) if given.url else started() as url:
        for name, limit in limits.items():
            print(f"\nPipelines, {name}:", flush=True)
            run = Run(mappings, Server(url), limit)
            run.golden()
            run.compare("samples", cases.samples())
            run.compare("texts that are no events", cases.NO_EVENTS)
            run.compare("events in envelopes", list(cases.envelopes()))
            run.compare("odd values alone", list(cases.odd_events(whole=False)))
            run.compare("odd values in a full event", list(cases.odd_events(whole=True)))
            good = run.compare("random events", random)
            run.mappings = every_form()
            run.compare("random events for every form of rule", of_every_form, EVERY_TYPE)
            differing += run.report(seed)
            if random and good < LEAST_GOOD:
                print(f"too few random documents are without problems: {good:.0%} of them, not {LEAST_GOOD:.0%}")
                differing += 1
    return int(differing > 0)


@contextmanager
def started() -> Iterator[str]:
    """The URL of an OpenSearch of our own, while the context lasts."""
    with OpenSearch() as server:
        yield server.url


def every_form() -> Mappings:
    """The mapping that uses the whole language."""
    with tempfile.TemporaryDirectory() as folder:
        return ways(Path(folder), everything.FIELDS, everything.CUSTOM).mappings


class Run:
    """One run over pipelines that are built in one way; remembers what differs, by mappings and options."""

    def __init__(self, mappings: Mappings, server: Server, limit: int | None) -> None:
        self.mappings, self.server, self.limit = mappings, server, limit
        self.found: list[tuple[Mappings, Options, list[Finding]]] = []

    def golden(self) -> None:
        """The golden cases, each with its options."""
        groups: dict[Options, list[str]] = {}
        for case, options in cases.golden_cases():
            groups.setdefault(options, []).append(case.text().decode())
        for options, texts in groups.items():
            told = ", ".join(filter(None, (options.org, options.namespace.removeprefix("default"))))
            self.compare(f"golden cases{told and f' ({told})'}", texts, options)
        for name, reason in cases.NOT_COMPARED.items():
            print(f"  not compared: {name}: {reason}")

    def compare(self, name: str, texts: Sequence[str], options: Options = USUAL) -> float:
        """Compare, and say what the events were; the part of the documents that are without problems."""
        began = time.monotonic()
        with both(self.server, self.mappings, options, limit=self.limit) as compared:
            found = compared.findings(texts)
        self.found.append((self.mappings, options, found))
        counts = compared.counts
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        print(f"  {name}: {len(texts)} ({kinds}), {len(found)} differ, {time.monotonic() - began:.1f} s", flush=True)
        return counts["without problems"] / max(1, counts["without problems"] + counts["with problems"])

    def report(self, seed: int) -> int:
        """Tell what differs; how many events do."""
        groups: list[tuple[Mappings, Options, list[Finding]]] = []
        for mappings, options, found in self.found:
            same = next((each for each in groups if each[0] is mappings and each[1] == options), None)
            if same is None:
                groups.append((mappings, options, [*found]))
            else:
                same[2].extend(found)
        for mappings, options, found in groups:
            if found:
                with both(self.server, mappings, options, limit=self.limit) as compared:
                    print(f"\n{explained(compared, found)}")
        differing = sum(len(found) for _, _, found in groups)
        print(f"\nThe same random events again: --seed {seed}" if differing else "No differences.")
        return differing
