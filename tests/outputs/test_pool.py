"""What a request may cost: nobody holds us for ever, or fills our memory."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket

import pytest

from normalizer.errors import ServerError
from normalizer.outputs import pool
from normalizer.outputs.answers import NoAnswer
from tests.delivery.peer import JSON, PRODUCT, Reply, items, peer, results
from tests.outputs.engines import ENGINES, HEAD, NAMES, action, connect, drip, listening

TIMEOUT = 0.4
LONGEST = 3 * TIMEOUT + 1
"""Connecting, sending, answering, and a busy machine."""


def drip_head(there: socket) -> None:
    there.recv(100)
    drip(there, HEAD + b"X-Odd: 1\r\n" * 100)


def drip_body(there: socket) -> None:
    there.recv(100)
    there.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    drip(there, b" " * 1000)


def drip_chunks(there: socket) -> None:
    there.recv(100)
    there.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    drip(there, b"1\r\n \r\n" * 1000)


def read_slowly(there: socket) -> None:
    for _ in range(30):
        there.recv(1000)
        time.sleep(0.05)


@contextmanager
def soon() -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < LONGEST


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("serve", [drip_head, drip_body, drip_chunks, read_slowly])
def test_a_peer_that_drips_holds_nobody_up(engine: str, serve: Callable[[socket], None]) -> None:
    with listening(serve) as url, connect(engine, url, timeout=TIMEOUT) as server, soon():
        answer = server.bulk("logs-a-b", [action(document=b" " * 20_000_000)])
    assert answer == NoAnswer(f"{server.where} did not answer in time.")


@pytest.mark.parametrize("engine", ENGINES)
def test_requests_have_the_same_end(engine: str) -> None:
    with (
        listening(drip_body) as url,
        connect(engine, url, timeout=TIMEOUT) as server,
        soon(),
        pytest.raises(ServerError, match="did not answer in time"),
    ):
        server.get("/")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_slow_answer_leaves_the_next_request_all_of_its_time(engine: str) -> None:
    """Over the same connection."""
    connections = []

    def serve(there: socket) -> None:
        connections.append(there)
        for _ in range(3):
            there.recv(10_000)
            time.sleep(TIMEOUT * 0.6)
            there.sendall(HEAD + b"X-Elastic-Product: Elasticsearch\r\n" * (engine == "elasticsearch"))
            there.sendall(b"Content-Length: 2\r\n\r\n{}")

    with listening(serve) as url, connect(engine, url, timeout=TIMEOUT) as server:
        assert [server.get("/") for _ in range(3)] == [{}, {}, {}]
    assert len(connections) == 1


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("compressed", [False, True])
def test_an_answer_without_end_fills_no_memory(engine: str, compressed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MOST", 1_000_000)
    sent: list[int] = []

    def serve(there: socket) -> None:
        there.recv(10_000)
        there.sendall(HEAD + b"X-Elastic-Product: Elasticsearch\r\n" * (engine == "elasticsearch"))
        if compressed:
            content = gzip.compress(b" " * 50_000_000, 1)
            there.sendall(b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
        else:
            there.sendall(b"\r\n")
            while len(sent) < 1000:
                there.sendall(b" " * 100_000)
                sent.append(1)

    with listening(serve) as url, connect(engine, url) as server:
        answer = server.bulk("logs-a-b", [action()])
    assert answer == NoAnswer(f"{server.where} gave an answer that cannot be read.")
    assert len(sent) < 1000


@pytest.mark.parametrize("engine", ENGINES)
def test_after_a_broken_answer_the_connection_is_a_new_one(engine: str) -> None:
    """And none is lost: with one at a time, the second request would wait for ever."""

    def answer(number: int, body: bytes) -> Reply | None:
        good = items(results(body))
        return good if number > 3 else Reply(body=good.body, cut=1 + number % 2) if number != 2 else None

    with peer(answer, engine) as there, connect(engine, there.url, connections=1, timeout=5) as server:
        answers = [server.bulk("logs-a-b", [action()]) for _ in range(4)]
    lost = NoAnswer(f"{NAMES[engine]} at {server.address} cannot be reached: the connection was lost.")
    assert answers[:3] == [lost] * 3
    assert isinstance(answers[3], list)


@pytest.mark.parametrize("engine", ENGINES)
def test_compressed_answers_are_read(engine: str) -> None:
    def answer(_: int, body: bytes) -> Reply:
        return Reply(body=gzip.compress(b'{"a":1}'), headers={**JSON, **PRODUCT, "Content-Encoding": "gzip"})

    with peer(answer, engine) as there, connect(engine, there.url) as server:
        assert server.get("/") == {"a": 1}
