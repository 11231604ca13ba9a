"""A server of either engine that has our templates, and `mim-ecs index` into data streams of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from normalizer.backends.pipelines import build
from normalizer.cluster import apply, plan, wanted
from normalizer.language import load
from normalizer.outputs.server import Server
from tests.cli.command import EVENTS, Done, mim_ecs
from tests.cluster.ours import clean
from tests.reliability.oracle import Findings, judge
from tests.reliability.stage import Run

ENGINES = ("elasticsearch", "opensearch")


def events(count: int) -> dict[str, bytes]:
    """Sample events by uuids of their own, as the document keeps them, whatever stood around them."""
    made = (json.loads(EVENTS[number % len(EVENTS)]) | {"uuid": f"event-{number}"} for number in range(count))
    return {event["uuid"]: orjson.dumps(event) for event in made}


def lines(texts: Mapping[str, bytes] | Iterable[bytes]) -> bytes:
    """Events as lines."""
    return b"".join(text + b"\n" for text in (texts.values() if isinstance(texts, Mapping) else texts))


@dataclass(frozen=True)
class Place:
    """The server. Each test uses a namespace of its own."""

    engine: str
    server: Server
    url: str

    def options(self, namespace: str, url: str | None = None) -> tuple[str, ...]:
        """Where to: by `url`, a proxy, or directly."""
        return ("--url", url or self.url, "--engine", self.engine, "--namespace", namespace)

    def index(
        self, folder: Path, namespace: str, *given: str | Path, url: str | None = None, code: int = 0, **how: Any
    ) -> Done:
        """Run `index` to its end; its summary, where there is one, must add up."""
        done = mim_ecs("index", *given, *self.options(namespace, url), cwd=folder, code=code, **how)
        if code in (0, 1):
            counts = done.counts
            assert counts["read"] == counts["written"] + counts["skipped"] + counts["dead"]
            parts = ("indexed", "duplicates", "refused", "not settled")
            assert sum(counts[name] for name in parts) == counts["written"]
        assert done.out == b""
        return done

    def start(self, folder: Path, namespace: str, *given: str | Path, url: str | None = None) -> Run:
        """Begin `index`."""
        return Run(folder, *given, *self.options(namespace, url))

    def judge(self, namespace: str, sent: Mapping[str, bytes], letters: Iterable[Any] = ()) -> Findings:
        """What the oracle says of the data stream; documents are compared one by one."""
        return judge(self.url, f"logs-okta.mim-{namespace}", sent, letters, every=1)

    def rollover(self, namespace: str) -> str:
        """Start the next backing index; the name of the one before."""
        old: str = self.server.post(f"/logs-okta.mim-{namespace}/_rollover")["old_index"]
        return old


@contextmanager
def place(url: str, engine: str, *, pipelines: bool = False) -> Iterator[Place]:
    """The server with our templates, and our pipelines where it can have them; without both in the end."""
    with clean(url, engine) as server:
        mappings = load()
        apply(server, plan(server, wanted(mappings, server), build(mappings) if pipelines else None))
        yield Place(engine, server, url)


def saved(state: Path) -> dict[str, dict[str, Any]]:
    """What a state file says of each file, by its name as it was given."""
    return {os.fspath(each["path"]): each for each in json.loads(state.read_bytes())["files"]}
