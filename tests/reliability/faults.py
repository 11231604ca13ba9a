"""What the proxy may do to a request, and plans: which request it does it to."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it goes over the wire; `cut` bytes of its body are promised and never come."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    cut: int = 0


class Moment(Enum):
    """When a connection is reset: before the request's body is read, amid it, or when the server has answered."""

    BEFORE = "before the body"
    MIDWAY = "mid-body"
    AFTER = "after the server has worked"


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing: the request goes to the server and its answer comes back, after `delay` seconds."""

    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset (TCP RST)."""

    moment: Moment


@dataclass(frozen=True, slots=True)
class Answer:
    """The server never sees the request."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Refuse:
    """The items of a bulk request whose `_id` is chosen get 429, and the server never sees them."""

    chosen: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Lie:
    """The answer to a bulk request is another one than the server's.

    With `reached` the server has worked; without, it never sees the request and `change` gets the answer of a server
    that has created all of the documents. It comes `delay` seconds late.
    """

    change: Callable[[Reply], Reply]
    reached: bool
    delay: float = 0.0


Fault = Pass | Reset | Answer | Refuse | Lie

Plan = Callable[["Asked"], Fault]
"""Called for each request when its head has come; never twice at once."""


@dataclass(slots=True)
class Asked:
    """A request that the proxy got. Times are those of time.monotonic.

    `ids` are the documents whose lines have come, in order; `whole` says whether the body has come to its end. `status`
    is what the client was told, None where it got no answer; `server` is what the server said. `refused` are the ids
    that got a 429 here.
    """

    number: int
    method: str
    path: str
    at: float
    ids: list[str] = field(default_factory=list)
    whole: bool = False
    fault: Fault = field(default_factory=Pass)
    status: int | None = None
    server: int | None = None
    refused: list[str] = field(default_factory=list)
    ended: float | None = None

    @property
    def bulk(self) -> bool:
        return self.path.partition("?")[0].endswith("/_bulk")


# --- plans ----------------------------------------------------------------------------------------------------------


def honest(_asked: Asked) -> Fault:
    """No fault at all."""
    return Pass()


def bulk(plan: Plan) -> Plan:
    """The plan for bulk requests alone."""
    return lambda asked: plan(asked) if asked.bulk else Pass()


def slow(seconds: float) -> Plan:
    """Each bulk answer comes so many seconds late."""
    return bulk(lambda _asked: Pass(seconds))


def flaky(rng: random.Random, moments: Sequence[Moment] = tuple(Moment)) -> Plan:
    """Of each five requests, bulk or not, one loses its connection; the moments come in turn."""
    turns = itertools.cycle(rng.sample(moments, len(moments)))
    hand: list[Fault] = []

    def plan(_asked: Asked) -> Fault:
        if not hand:
            hand.extend(rng.sample([Reset(next(turns)), *[Pass()] * 4], 5))
        return hand.pop()

    return plan


def overloaded(rng: random.Random, share: float) -> Plan:
    """A share of all items is refused, each time they are sent."""
    return bulk(lambda _asked: Refuse(lambda _id: rng.random() < share))


def first(count: int, fault: Fault) -> Plan:
    """The fault for so many bulk requests."""
    left = [count]

    def plan(_asked: Asked) -> Fault:
        left[0] -= 1
        return fault if left[0] >= 0 else Pass()

    return bulk(plan)


def some(rng: random.Random, share: float, fault: Fault) -> Plan:
    """The fault for a share of the bulk requests."""
    return bulk(lambda _asked: fault if rng.random() < share else Pass())


def in_turn(faults: Sequence[Fault]) -> Plan:
    """One fault for each bulk request until there are none left."""
    waiting = list(faults)
    return bulk(lambda _asked: waiting.pop(0) if waiting else Pass())


# --- answers --------------------------------------------------------------------------------------------------------


def unavailable(retry_after: int | None = None) -> Answer:
    """503 as a load balancer says it."""
    headers = {"Content-Type": "text/html"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Answer(Reply(503, b"<html><body>503 Service Unavailable</body></html>", headers))


def created(key: str) -> dict[str, Any]:
    """What a server says of a document that is new."""
    return {"create": {"_index": "logs", "_id": key, "_version": 1, "result": "created", "status": 201}}


def refused(key: str) -> dict[str, Any]:
    """What a server says of a document that it has no room for."""
    error = {"type": "es_rejected_execution_exception", "reason": "rejected execution of coordinating operation"}
    return {"create": {"_index": "logs", "_id": key, "status": 429, "error": error}}


def bulk_reply(items: Sequence[Any]) -> Reply:
    """The answer to a bulk request."""
    errors = any("error" in result for item in items for result in item.values())
    return Reply(body=orjson.dumps({"took": 1, "errors": errors, "items": items}))
