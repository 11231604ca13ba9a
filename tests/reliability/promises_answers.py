"""Answers that refuse, redirect, or lie."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.reliability.faults import Fault, Lie, Pass, Reply, bulk, bulk_reply, in_turn, overloaded
from tests.reliability.load import Load
from tests.reliability.oracle import original
from tests.reliability.promises import ELASTICSEARCH, Tally, Trial, promise
from tests.reliability.proxy import Proxy
from tests.reliability.stage import LIMITED, Stage


@promise("5", "Sends again only what was refused")
def items_refused(stage: Stage, tally: Tally) -> None:
    """A tenth of all items gets a 429 in a bulk answer that is fine otherwise."""
    load = stage.load(stage.of(small=600, full=20_000))
    for _ in range(stage.of(small=1, full=2)):
        stream = stage.stream()
        with tally.trial() as trial, Proxy(stream.url, overloaded(stage.dice(), 0.1)) as proxy:
            counts = stream.index(proxy.url, load.path).end().counts
            trial.judge(stream.judge(load))
            sent, refused = proxy.sent(), proxy.refused()
            wrong = [key for key in load.events if sent[key] != 1 + refused[key]]
            trial.check(not wrong, f"{len(wrong)} documents were not sent once, and once more for each refusal")
            trial.check(refused.total() > load.count // 20, f"only {refused.total()} refusals")
            trial.check(counts["retried"] == refused.total(), f"the summary says retried {counts['retried']}")
            tally.add("items refused", refused.total())
            tally.add("items sent again", sent.total() - load.count)


# --- documents that do not fit --------------------------------------------------------------------------------------

POISONED = 20


@promise("8", "A poison event is isolated", engines=(ELASTICSEARCH,))
def poison(stage: Stage, tally: Tally) -> None:
    """The operator's own template maps as an object what twenty documents carry as text."""
    _poison(stage, tally, failure_store=False)


@promise("9", "The failure store is not success", engines=(ELASTICSEARCH,))
def failure_store(stage: Stage, tally: Tally) -> None:
    """The same where the server says 201 for a document that it has put elsewhere."""
    _poison(stage, tally, failure_store=True)


def _poison(stage: Stage, tally: Tally, *, failure_store: bool) -> None:
    count = stage.of(small=1_000, full=20_000)
    every = count // POISONED

    def change(number: int, event: dict[str, Any]) -> None:
        event["outcome"] = {"result": "FAILURE", "reason": "POISON"} if number % every == 0 else {"result": "SUCCESS"}

    load = stage.load(count, change)
    poisoned = frozenset([*load.events][::every])
    template = {
        "mappings": {"properties": {"event": {"properties": {"reason": {"type": "object"}}}}},
        "data_stream_options": {"failure_store": {"enabled": failure_store}},
    }
    stream = stage.stream()
    with tally.trial() as trial, stage.custom(template), Proxy(stream.url) as proxy:
        counts = stream.index(proxy.url, load.path).end(code=1).counts
        findings = stream.judge(load)
        trial.judge(findings, dead=poisoned)
        trial.check(findings.held == load.count - POISONED, f"{findings.held} documents are there")
        trial.check(counts["indexed"] == findings.held, f"the summary says indexed {counts['indexed']}")
        trial.check(
            {original(each) for each in stream.letters} == load.texts(poisoned), "dead letters differ from events"
        )
        trial.check(max(proxy.sent().values()) == 1, "a document was sent again")
        status, word = (201, "failure_store") if failure_store else (400, "document_parsing_exception")
        for letter in stream.letters:
            trial.check(letter["status"] == status and word in letter["message"], f"the reason is {letter['message']}")
        tally.figures["documents indexed"] = findings.held
        tally.figures["dead letters"] = len(stream.letters)


# --- lies -----------------------------------------------------------------------------------------------------------


def _items(change: Callable[[list[Any]], list[Any]]) -> Callable[[Reply], Reply]:
    return lambda reply: bulk_reply(change(json.loads(reply.body)["items"]))


def _each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Reply], Reply]:
    return _items(lambda items: [{"create": change(item["create"])} for item in items])


LIES: dict[str, Callable[[Reply], Reply]] = {
    "one item short": _items(lambda items: items[:-1]),
    "no items": _items(lambda items: []),
    "truncated": lambda reply: replace(reply, cut=len(reply.body) // 2),
    "truncated, as if whole": lambda reply: replace(reply, body=reply.body[: len(reply.body) // 2]),
    "not JSON": lambda reply: replace(reply, body=b"<html>It works!</html>"),
    "empty": lambda reply: replace(reply, body=b""),
    "no bulk answer": lambda reply: replace(reply, body=b'{"acknowledged": true}'),
    "ids of others": _each(lambda item: item | {"_id": item["_id"][::-1]}),
    "another order": _items(lambda items: items[1:] + items[:1]),
    "one item twice": _items(lambda items: items[:1] + items[:-1]),
    "another action": _items(lambda items: [{"index": item["create"]} for item in items]),
    "no status": _each(lambda item: {name: value for name, value in item.items() if name != "status"}),
    "a success without what was done": _each(
        lambda item: {key: value for key, value in item.items() if key != "result"}
    ),
    "a status that is text": _each(lambda item: item | {"status": "201"}),
}


@promise("10", "Distrusts bad bulk answers")
def lies(stage: Stage, tally: Tally) -> None:
    """Answers that say done, and say it badly; of half of the requests the server has never heard."""
    both = (False, True)
    if stage.full:
        load = stage.load(20_000)
        for change, reached in itertools.product(LIES.values(), both):
            with tally.trial() as trial:
                _lied_to(stage, trial, load, [Lie(change, reached), Pass()] * 3)
    else:
        load = stage.load(2_000)
        # Lies that come together cost one wait: so many requests are in flight, and none is answered before the last.
        told = [[Lie(change, reached, delay=0.4) for change in LIES.values()] for reached in both]
        with tally.trial() as trial:
            _lied_to(stage, trial, load, [*told[0], Pass(), *told[1]], "--in-flight", str(len(LIES)))
    with tally.trial() as trial:
        _always_lied_to(stage, trial, stage.load(300))
    tally.figures["kinds of lies"] = len(LIES)


def _lied_to(stage: Stage, trial: Trial, load: Load, faults: Sequence[Fault], *given: str) -> None:
    stream = stage.stream()
    with Proxy(stream.url, in_turn(faults)) as proxy:
        stream.index(proxy.url, load.path, *given).end()
        told = sum(isinstance(each.fault, Lie) for each in proxy.bulks)
    trial.check(told == sum(isinstance(each, Lie) for each in faults), f"only {told} lies were told")
    trial.judge(stream.judge(load))


def _always_lied_to(stage: Stage, trial: Trial, load: Load) -> None:
    """A server that has nothing and says done: nothing may be counted, and an honest one gets all of it later."""
    stream = stage.stream()
    with Proxy(stream.url, bulk(lambda _asked: Lie(LIES["ids of others"], reached=False))) as proxy:
        counts = stream.index(proxy.url, load.path, "--patience", "1s").end(code=3).counts
    trial.check(counts["indexed"] == 0, f"the summary says indexed {counts['indexed']}")
    trial.check(counts["not settled"] == load.count, f"the summary says not settled {counts['not settled']}")
    stream.index(stream.url, load.path).end()
    trial.judge(stream.judge(load))


# --- too large ------------------------------------------------------------------------------------------------------


@promise("11", "413 is split", small=(ELASTICSEARCH,), apart=True)
def too_large(stage: Stage, tally: Tally) -> None:
    """The server takes requests of 128 kB; an event of 33 kB makes a document that fits alone, one of 60 kB none."""
    count = stage.of(small=500, full=20_000)
    large, huge = {count // 3, count // 2}, {count // 4, count - 1}

    def change(number: int, event: dict[str, Any]) -> None:
        # The text stands in the document three times: in two fields, and in event.original.
        if number in large or number in huge:
            event["displayMessage"] = "x" * (33_000 if number in large else 60_000)

    load = stage.load(count, change)
    keys = [*load.events]
    dead = frozenset(keys[number] for number in huge)
    server = stage.server(**LIMITED)
    stream = stage.stream(server.url)
    with tally.trial() as trial, Proxy(server.url) as proxy:
        stream.index(proxy.url, load.path).end(code=1)
        trial.judge(stream.judge(load), dead=dead)
        trial.check({original(each) for each in stream.letters} == load.texts(dead), "dead letters differ from events")
        refused = [each for each in proxy.bulks if each.status == 413]
        tally.figures["requests refused with 413"] = len(refused)
        tally.figures["requests in all"] = len(proxy.bulks)
        tally.figures["dead letters"] = len(stream.letters)
        trial.check(bool(refused), "no request was too large")
