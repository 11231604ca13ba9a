"""`mim-ecs index --workers N` on genuine servers: as with one process, and whoever is killed, nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Document, letters
from tests.cli.places import ENGINES, Place, events, lines, place, saved
from tests.cluster.ours import found
from tests.reliability.faults import honest, slow
from tests.reliability.proxy import Proxy

EVENTS = events(1500)
BAD = [b"junk", b"\xff\xfe", b'{"uuid":"1"}', b'{"torn":', b"7"]


@pytest.fixture(scope="module", params=ENGINES)
def here(request: pytest.FixtureRequest) -> Iterator[Place]:
    with place(request.getfixturevalue(f"{request.param}_url"), request.param) as found:
        yield found


def without_times(made: dict[str, Document]) -> dict[str, Document]:
    for document in made.values():
        assert document["event"].pop("ingested")
        assert document["data_stream"].pop("namespace")
    return made


def positions(state: Path) -> list[dict[str, Any]]:
    return [{name: value for name, value in each.items() if name != "saved"} for each in saved(state).values()]


@pytest.mark.parametrize("here", ["elasticsearch"], indirect=True)
def test_any_number_of_them_gives_the_same(here: Place, tmp_path: Path) -> None:
    """Documents, dead letters and their order, counts, and what the state says."""
    rows = list(EVENTS.values())[:400]
    rows[210] = json.dumps(json.loads(rows[210]) | {"displayMessage": "x" * 1_100_000}).encode()
    for at in range(len(rows), 0, -70):
        rows.insert(at, BAD[at // 70 % len(BAD)])
    (tmp_path / "in").write_bytes(lines(rows))
    (tmp_path / "also").write_bytes(b"[" + b",\n".join(list(EVENTS.values())[400:500]) + b"]")
    results = []
    for workers in ("1", "2", "3"):
        kept = ("--state", f"state{workers}", "--dead-letters", f"dead{workers}")
        done = here.index(tmp_path, f"by{workers}", "in", "also", "--workers", workers, *kept, code=1)
        dead = letters(tmp_path / f"dead{workers}")
        assert all(letter.pop("time") and letter.pop("data_stream") for letter in dead)
        documents = without_times(found(here.server, f"by{workers}"))
        results.append((documents, dead, done.events, positions(tmp_path / f"state{workers}")))
    assert len(results[0][0]) == 500
    assert [letter["line"] for letter in results[0][1]] == sorted(letter["line"] for letter in results[0][1])
    assert len(results[0][1]) == len(rows) - 400 == results[0][2]["dead"]
    for documents, dead, counts, state in results[1:]:
        assert documents == results[0][0]
        assert (dead, counts, state) == results[0][1:]


def children(parent: int) -> list[int]:
    """The living processes that it has started, by /proc."""
    every = (each for each in Path("/proc").iterdir() if each.name.isdigit())
    return sorted(int(each.name) for each in every if _state(each)[1:] == (str(parent),))


def _state(process: Path) -> tuple[str, ...]:
    """One letter, and the parent; nothing of a process that has ended."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ()
    return () if fields[0] in "ZX" else (fields[0], fields[1])


@pytest.mark.parametrize(
    ("here", "workers", "victim", "number", "code"),
    [
        ("opensearch", 3, "worker", signal.SIGKILL, 5),
        ("elasticsearch", 2, "parent", signal.SIGKILL, -signal.SIGKILL),
    ],
    indirect=["here"],
)
def test_one_that_is_killed(
    here: Place, tmp_path: Path, workers: int, victim: str, number: signal.Signals, code: int
) -> None:
    """The state is whole and not ahead of the server; nobody is left; the next run does the rest, and only that."""
    (tmp_path / "in").write_bytes(lines(EVENTS))
    namespace = f"killed_{victim}_{workers}"
    given = ("in", "--workers", str(workers), "--state", "state")
    with Proxy(here.url, slow(0.15)) as proxy:
        with here.start(tmp_path, namespace, *given, url=proxy.url) as run:
            assert run.until(lambda: proxy.documents > 1000)  # so some are settled
            ours = children(run.process.pid)
            assert len(ours) == workers
            os.kill(ours[-1] if victim == "worker" else run.process.pid, number)
            done = run.end(code)
        if victim == "worker":
            assert done.lines[-1].startswith(f"Error: worker {workers} was killed by SIGKILL; ")
        before = proxy.sent()
        assert max(before.values()) == 1
        deadline = time.monotonic() + 10
        while any(_state(Path(f"/proc/{each}")) for each in ours):
            assert time.monotonic() < deadline
            time.sleep(0.01)

        proxy.plan = honest
        [entry] = saved(tmp_path / "state").values()
        settled = dict(list(EVENTS.items())[: entry["items"]])
        assert 0 < len(settled) <= len(before) < len(EVENTS)
        assert here.judge(namespace, settled).lost == set()
        with here.start(tmp_path, namespace, *given, url=proxy.url) as run:
            counts = run.end(0).counts
        again = before.keys() & proxy.sent(since=run.began).keys()
    assert len(again) <= 1000
    assert counts["read"] == len(EVENTS) - len(settled)
    assert counts["duplicates"] <= len(again)
    judged = here.judge(namespace, EVENTS)
    assert (judged.complaints, judged.held) == ([], len(EVENTS))
