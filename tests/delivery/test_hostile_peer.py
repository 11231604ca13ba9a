"""Delivery to a peer that lies, refuses or breaks off: nothing is ever counted as indexed that was not confirmed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from normalizer.delivery import Counts, Item, Retries, Work, deliver
from normalizer.errors import ServerError
from normalizer.runtime.batch import DeadLetter
from tests.delivery.peer import JSON, PRODUCT, Peer, Reply, items, results
from tests.delivery.peer import peer as any_peer
from tests.outputs.engines import ENGINES, connect

ITEMS = [Item(f"id{number}", b'{"event":{"kind":"event"}}', b"{}", "in.ndjson", number + 1) for number in range(3)]
CANARY = "c4nary-s3cret"

peer = partial(any_peer, engine="opensearch")


@pytest.fixture(params=ENGINES, autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test is of either engine."""
    engine: str = request.param
    monkeypatch.setitem(peer.keywords, "engine", engine)
    return engine


def attempt(there: Peer, *, attempts: int = 3, timeout: float = 5, **credentials: Any) -> tuple[Counts, list[str]]:
    """Deliver ITEMS without waiting; each request counts as a second of patience."""
    counts, dead = Counts(), list[DeadLetter]()
    with connect(peer.keywords["engine"], there.url, timeout=timeout, **credentials) as server:
        deliver(
            [Work(ITEMS)],
            partial(server.bulk, "logs-okta.mim-test"),
            dead.extend,
            counts=counts,
            in_flight=1,
            retries=Retries(patience=attempts),
            clock=lambda: float(len(there.requests)),
            jitter=lambda: 0.0,
        )
    return counts, [f"{letter.reason}: {letter.message}" for letter in dead]


def test_the_request(engine: str) -> None:
    with peer(lambda _, body: items(results(body))) as there:
        counts, dead = attempt(there)
    assert (counts.indexed, dead) == (3, [])
    path, headers, body = there.requests[0]
    own = "?require_data_stream=true" if engine == "elasticsearch" else ""
    assert path == f"/logs-okta.mim-test/_bulk{own}"
    assert "x-ndjson" in headers["content-type"]
    assert counts.bytes == len(body)
    lines = body.split(b"\n")
    assert lines[0] == b'{"create":{"_id":"id0"}}'
    assert set(json.loads(lines[1])["event"]) == {"kind", "ingested"}
    assert len(lines) == 7


LIES: dict[str, Callable[[bytes], Reply]] = {
    "no items": lambda body: items([]),
    "short": lambda body: items(results(body)[:-1]),
    "long": lambda body: items([*results(body), results(body)[0]]),
    "in another order": lambda body: items(results(body)[::-1]),
    "wrong ids": lambda body: items([{"create": {"_id": "x", "status": 201}} for _ in results(body)]),
    "other actions": lambda body: items([{"delete": each["create"]} for each in results(body)]),
    "two actions in one": lambda body: items([{**each, "index": {}} for each in results(body)]),
    "no ids": lambda body: items([{"create": {"status": 201}} for _ in results(body)]),
    "no statuses": lambda body: items([{"create": {"_id": each["create"]["_id"]}} for each in results(body)]),
    "statuses as text": lambda body: items([{"create": {**each["create"], "status": "201"}} for each in results(body)]),
    "statuses as truth": lambda body: items([{"create": {**each["create"], "status": True}} for each in results(body)]),
    "no word of what was done": lambda body: items(
        [{"create": {"_id": each["create"]["_id"], "status": 201}} for each in results(body)]
    ),
    "another deed": lambda body: items([{"create": {**each["create"], "result": "deleted"}} for each in results(body)]),
    "items that are none": lambda body: items([None, 1, []]),
    "items that are an object": lambda body: Reply(body=b'{"items":{"create":{"status":201}}}'),
    "only errors: false": lambda body: Reply(body=b'{"errors":false,"took":1}'),
    "null": lambda body: Reply(body=b"null"),
    "a list": lambda body: Reply(body=b"[]"),
    "nothing": lambda body: Reply(),
    "no JSON": lambda body: Reply(body=b'{"items":[{"create":'),
    "text": lambda body: Reply(body=b"OK", headers={**PRODUCT, "Content-Type": "text/plain"}),
    "an unknown media type": lambda body: Reply(body=b"OK", headers={**PRODUCT, "Content-Type": "a/b"}),
    "not UTF-8": lambda body: Reply(body=b'{"items":"\xff\xfe"}'),
    "cut off": lambda body: Reply(body=items(results(body)).body, cut=5),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_never_a_success(lie: str) -> None:
    with (
        peer(lambda _, body: LIES[lie](body)) as there,
        pytest.raises(ServerError, match="Given up after 3 s, with 3 documents of this request left to send"),
    ):
        attempt(there)
    assert len(there.requests) == 3
    assert len({json.dumps(results(body)) for _, _, body in there.requests}) == 1, "the batch is sent again whole"


def test_after_a_lie_the_truth_counts() -> None:
    with peer(lambda number, body: items(results(body)[: number * 2])) as there:
        counts, _ = attempt(there)
    assert (counts.indexed, counts.sent, counts.retried) == (3, 6, 3)


def test_a_success_with_an_error_is_none() -> None:
    errors: dict[str, object] = {"id0": {"type": "odd_exception"}, "id2": {}}

    def answer(_: int, body: bytes) -> Reply:
        found = [each["create"] for each in results(body)]
        return items([{"create": {**each, "error": errors.get(each["_id"])}} for each in found])

    with peer(answer) as there:
        counts, dead = attempt(there, attempts=100)
    assert counts.indexed == 1
    assert dead == ["refused: odd_exception:", "refused: error:"]


def test_errors_in_strange_shapes_are_dead_letters_with_a_reason() -> None:
    shapes: list[object] = [
        "just text",
        {"reason": {"a": 1}},
        {"type": 5, "reason": None, "caused_by": {"reason": "deep"}},
    ]

    def answer(_: int, body: bytes) -> Reply:
        zipped = zip(results(body), shapes, strict=True)
        return items([{"create": {**each["create"], "status": 400, "error": error}} for each, error in zipped])

    with peer(answer) as there:
        _, dead = attempt(there)
    assert dead == ["refused: just text", "refused: ", "refused: deep"]


@pytest.mark.parametrize("status", [302, 404, 429, 500, 502, 503, 504])
def test_a_busy_server_is_tried_again(status: int) -> None:
    busy = Reply(status, b"<html>", {"Content-Type": "text/html", "Location": "http://127.0.0.1:1/"})
    with peer(lambda number, body: busy if number < 3 else items(results(body))) as there:
        counts, _ = attempt(there)
    assert (counts.indexed, counts.retried, counts.requests) == (3, 6, 3)


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (Reply(401, b'{"error":{"reason":"token ' + CANARY.encode() + b'"}}'), r"wants credentials, .* \(401\)\.$"),
        (Reply(403, b'{"error":{"reason":"not you."}}'), r"does not allow us to do this \(403\): not you\.$"),
    ],
)
def test_a_refusal_is_not_tried_again(reply: Reply, sentence: str) -> None:
    with peer(lambda _, body: reply) as there, pytest.raises(ServerError, match=sentence) as caught:
        attempt(there)
    assert len(there.requests) == 1
    assert CANARY not in str(caught.value)


def test_a_server_of_another_kind_is_not_tried_again(engine: str) -> None:
    other = {"elasticsearch": "opensearch", "opensearch": "elasticsearch"}[engine]
    with any_peer(lambda _, body: Reply(200, b"{}", {**JSON, **PRODUCT}), other) as there:
        with pytest.raises(ServerError, match=r"^The server at 127\.0\.0\.1:\d+ is (not )?Elasticsearch"):
            attempt(there)
        assert len([path for path, _, _ in there.requests if "_bulk" in path]) == 1


def test_a_long_reason_is_cut() -> None:
    reply = Reply(400, json.dumps({"error": {"reason": "x" * 10_000}}).encode())
    with peer(lambda _, body: reply) as there, pytest.raises(ServerError) as caught:
        attempt(there)
    assert len(str(caught.value)) < 400


def test_connections_that_break_are_tried_again() -> None:
    with peer(lambda number, body: None if number < 3 else items(results(body))) as there:
        counts, _ = attempt(there)
    assert (counts.indexed, counts.retried) == (3, 6)


def test_an_answer_that_comes_too_late_is_tried_again() -> None:
    late = threading.Event()

    def answer(number: int, body: bytes) -> Reply:
        if number == 1:
            late.wait(5)
        return items(results(body))

    with peer(answer) as there:
        counts, _ = attempt(there, timeout=0.2)
        late.set()
    assert (counts.indexed, counts.retried) == (3, 3)
