"""`mim-ecs index --exact` on both engines: after a rollover nothing stands twice, whatever the server says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from normalizer.outputs.server import Server
from tests.cli.command import letters
from tests.cli.places import ENGINES, Place, events, lines, place
from tests.cluster.ours import NAME, SETTINGS
from tests.reliability.faults import Answer, Asked, Fault, Lie, Moment, Pass, Plan, Reply, Reset
from tests.reliability.proxy import Proxy

EVENTS = events(400)
FIRST = dict(list(EVENTS.items())[:300])


def never_refresh(server: Server) -> None:
    """What is indexed stays out of searches until somebody asks for a refresh."""
    [found] = server.get(f"/_component_template/{SETTINGS}")["component_templates"]
    template = found["component_template"]
    template["template"]["settings"]["index"]["refresh_interval"] = "-1"
    kept = {name: value for name, value in template.items() if name in ("template", "version", "_meta")}
    server.put(f"/_component_template/{SETTINGS}", kept)


@pytest.fixture(scope="module", params=ENGINES)
def here(request: pytest.FixtureRequest) -> Iterator[Place]:
    engine = request.param
    with place(request.getfixturevalue(f"{engine}_url"), engine, pipelines=engine == "opensearch") as found:
        never_refresh(found.server)
        yield found


only_opensearch = pytest.mark.parametrize("here", ["opensearch"], indirect=True)
only_elasticsearch = pytest.mark.parametrize("here", ["elasticsearch"], indirect=True)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with `first`, and with `more`, which holds the same and 100 events that are new."""
    (tmp_path / "first").write_bytes(lines(FIRST))
    (tmp_path / "more").write_bytes(lines(EVENTS))
    return tmp_path


def visible(here: Place, namespace: str) -> int:
    """What a search would find now."""
    count: int = here.server.get(f"/logs-okta.mim-{namespace}/_count")["count"]
    return count


def test_a_rollover_in_between_and_nothing_stands_twice(here: Place, files: Path) -> None:
    """Without a refresh in between, with several requests at once; and without --exact all of it does stand twice."""
    done = here.index(files, "twice", "first", "--exact")  # there is no data stream yet
    assert (done.counts["indexed"], done.counts["duplicates"]) == (300, 0)
    here.rollover("twice")
    assert visible(here, "twice") == 0
    done = here.index(files, "twice", "more", "--exact", "--in-flight", "8")
    assert (done.counts["indexed"], done.counts["duplicates"], done.counts["retried"]) == (100, 300, 0)
    found = here.judge("twice", EVENTS)
    assert (found.complaints, found.held) == ([], 400)

    done = here.index(files, "twice", "more")
    assert (done.counts["indexed"], done.counts["duplicates"]) == (300, 100)
    assert here.judge("twice", EVENTS).doubled == FIRST.keys()


@only_opensearch
def test_events_that_a_pipeline_makes_documents_of(here: Place, files: Path) -> None:
    """They go by a digest and stand by their uuid; what the pipeline cannot read stands by its digest."""
    kept = [b"junk", json.dumps(json.loads(EVENTS["event-0"]) | {"uuid": "undated", "published": "yesterday"}).encode()]
    (files / "first").write_bytes(lines([*FIRST.values(), *kept]))
    given = ("first", "--via-pipeline", "--exact")
    done = here.index(files, "raw", *given)
    assert (done.counts["indexed"], done.counts["duplicates"]) == (302, 0)
    here.rollover("raw")
    (files / "first").write_bytes(lines([*EVENTS.values(), *kept]))
    done = here.index(files, "raw", *given)
    assert (done.counts["indexed"], done.counts["duplicates"]) == (100, 302)
    here.server.post("/logs-okta.mim-raw/_refresh")
    assert visible(here, "raw") == 402
    here.index(files, "raw", "first", "--via-pipeline")
    here.server.post("/logs-okta.mim-raw/_refresh")
    assert visible(here, "raw") == 704


# What the server says to the question


def once(path: str, fault: Callable[[], Fault]) -> Plan:
    """The fault for the first request to this path."""
    left = [1]

    def plan(asked: Asked) -> Fault:
        if not asked.path.partition("?")[0].endswith(path) or not left:
            return Pass()
        left.clear()
        return fault()

    return plan


def lying(change: Callable[[dict[str, Any]], None]) -> Callable[[], Fault]:
    """The server's own answer, changed."""

    def changed(reply: Reply) -> Reply:
        body = json.loads(reply.body)
        change(body)
        return Reply(reply.status, json.dumps(body).encode(), reply.headers)

    return lambda: Lie(changed, reached=True)


def late(body: dict[str, Any]) -> None:
    body["timed_out"] = True
    body["hits"]["hits"] = []


def failed(body: dict[str, Any]) -> None:
    body["_shards"] |= {"failed": 1, "successful": body["_shards"]["total"] - 1}
    body.get("hits", {})["hits"] = []


def left_out(body: dict[str, Any]) -> None:
    """As OpenSearch does with a shard that is being started."""
    body["_shards"]["successful"] -= 1
    body["hits"]["hits"] = []


def of_a_gateway(_reply: Reply) -> Reply:
    return Reply(404, b'{"message":"no Route matched with those values"}')


STREAM = "logs-okta.mim-lies"
LEFT_OUT = f" could not ask all shards of {STREAM}."
LIES = {
    "elasticsearch": [
        ("/_search", lying(late), f" could not search {STREAM} in time."),
        ("/_refresh", lying(failed), LEFT_OUT),
        (f"/_data_stream/{STREAM}", lambda: Lie(of_a_gateway, reached=True), " refuses the request (404)."),
    ],
    "opensearch": [("/_search", lying(failed), LEFT_OUT), ("/_search", lying(left_out), LEFT_OUT)],
}


def test_an_answer_that_leaves_something_out(here: Place, files: Path) -> None:
    """The run asks again; nothing is sent before."""
    here.index(files, "lies", "first")
    here.rollover("lies")
    for path, fault, said in LIES[here.engine]:
        with Proxy(here.url, once(path, fault)) as proxy:
            done = here.index(files, "lies", "first", "--exact", "--in-flight", "1", url=proxy.url)
        assert done.lines[0].partition(" Asking again")[0].endswith(said)
        assert (done.counts["indexed"], done.counts["duplicates"], proxy.bulks) == (0, 300, [])
    assert here.judge("lies", EVENTS).held == 300


@only_elasticsearch
def test_a_rollover_between_a_request_whose_answer_is_lost_and_its_second_try(here: Place, files: Path) -> None:
    """The server has taken the documents; the index that would know them is no longer the one that is written to."""
    questions = 0

    def plan(asked: Asked) -> Fault:
        nonlocal questions
        if asked.bulk and len(proxy.bulks) == 0:
            return Reset(Moment.AFTER)
        if asked.path.endswith("/_data_stream/logs-okta.mim-lost"):
            questions += 1
            if questions == 2:
                here.rollover("lost")
        return Pass()

    few = dict(list(EVENTS.items())[:100])  # one request
    (files / "few").write_bytes(lines(few))
    with Proxy(here.url, plan) as proxy:
        done = here.index(files, "lost", "few", "--exact", "--in-flight", "1", url=proxy.url)
    assert (done.counts["indexed"], done.counts["duplicates"], len(proxy.bulks)) == (0, len(few), 1)
    found = here.judge("lost", few)
    assert (found.complaints, found.held) == ([], len(few))


@only_opensearch
def test_a_backing_index_that_is_not_ready_is_waited_for(here: Place, files: Path) -> None:
    """A genuine one without a place; what it holds nobody knows."""
    stream = "logs-okta.mim-red"
    here.index(files, "red", "first")
    ours = here.server.get(f"/_index_template/{NAME}")["index_templates"][0]["index_template"]
    nowhere = {"settings": {"index.routing.allocation.require._name": "nowhere"}}
    here.server.put(f"/_index_template/{NAME}", ours | {"template": {**ours.get("template", {}), **nowhere}})
    try:
        here.server.post(f"/{stream}/_rollover?wait_for_active_shards=0")
    finally:
        here.server.put(f"/_index_template/{NAME}", ours)
    red = here.rollover("red")
    refreshed = Answer(Reply(body=b'{"_shards":{"total":1,"successful":1,"failed":0}}'))  # else the server waits there
    with (
        Proxy(here.url, once("/_refresh", lambda: refreshed)) as proxy,
        here.start(files, "red", "more", "--exact", "--in-flight", "1", url=proxy.url) as run,
    ):
        assert run.until(lambda: any(asked.status == 503 for asked in proxy.asked), 60)
        assert (run.lives, proxy.bulks) == (True, [])
        here.server.put(f"/{red}/_settings", {"index.routing.allocation.require._name": None})
        here.server.post(f"/{stream}/_refresh")
        done = run.end(0)
    assert done.lines[0].startswith(f"OpenSearch could not ask all shards of {stream}. Asking again in ")
    assert (done.counts["indexed"], done.counts["duplicates"]) == (100, 300)
    assert here.judge("red", EVENTS).complaints == []


@only_elasticsearch
def test_a_backing_index_that_is_closed_ends_the_run(here: Place, files: Path) -> None:
    """No document is to blame, so none becomes a dead letter."""
    here.index(files, "closed", "first")
    old = here.rollover("closed")
    here.server.post(f"/{old}/_close")
    done = here.index(files, "closed", "more", "--exact", "--dead-letters", "dead", code=3)
    assert done.lines[-1].startswith("Error: What logs-okta.mim-closed holds cannot be asked for: ")
    assert done.lines[-1].endswith(" refuses the request (400): closed.")
    assert (done.counts["not settled"], done.counts["refused"]) == (done.counts["written"], 0)
    assert not (files / "dead").exists() or letters(files / "dead") == []
