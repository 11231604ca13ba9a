"""The proxy does what it is told, and nothing else: else no promise would be proved by it."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import orjson
import pytest
import urllib3

from tests.delivery.peer import Peer, Reply, items, peer, results
from tests.reliability.faults import Answer, Lie, Moment, Pass, Refuse, Reset, bulk_reply, first, in_turn, unavailable
from tests.reliability.proxy import Proxy

KEYS = ("a", "b", "c", "d")
BODY = b"".join(b'{"create":{"_id":"%b"}}\n{"text":"%b"}\n' % (key.encode(), b"x" * 50_000) for key in KEYS)
BULK = "/logs/_bulk"


@dataclass
class Line:
    """A client, the proxy and a server."""

    proxy: Proxy
    peer: Peer
    pool: urllib3.PoolManager

    def ask(self, body: bytes = BODY, path: str = BULK, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.pool.request("POST", self.proxy.url + path, body=body, headers=headers, retries=False, timeout=10)

    def results(self) -> list[tuple[str, int]]:
        return [(item["create"]["_id"], item["create"]["status"]) for item in self.ask().json()["items"]]


def honest(_number: int, body: bytes) -> Reply:
    body = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    return items(results(body)) if body.startswith(b'{"create"') else Reply(body=b"{}")


@pytest.fixture
def line() -> Iterator[Line]:
    with peer(honest) as server, Proxy(server.url) as proxy, urllib3.PoolManager() as pool:
        yield Line(proxy, server, pool)


def test_without_a_fault_nothing_is_changed(line: Line) -> None:
    for body, headers in ((BODY, {}), (gzip.compress(b"{}"), {"Content-Encoding": "gzip"}), (bytes(range(256)), {})):
        path = BULK if body is BODY else "/other?a=b%20c"
        answer = line.ask(body, path, **headers, **{"X-Some": "thing"})
        assert answer.status == 200
        got_path, got_headers, got = line.peer.requests[-1]
        assert (got_path, got) == (path, body)
        assert got_headers["x-some"] == "thing"
        assert got_headers["host"] == urlsplit(line.proxy.url).netloc
        assert answer.headers["X-Elastic-Product"] == "Elasticsearch"
    assert [each.path for each in line.proxy.asked] == [BULK, "/other?a=b%20c", "/other?a=b%20c"]
    [asked] = line.proxy.bulks
    assert (asked.ids, asked.whole, asked.status, asked.server) == ([*KEYS], True, 200, 200)
    assert line.proxy.documents == len(KEYS)


def test_chunks_and_compression_are_read(line: Line) -> None:
    chunks = (BODY[at : at + 1000] for at in range(0, len(BODY), 1000))
    line.pool.request("POST", line.proxy.url + BULK, body=chunks, retries=False)
    line.ask(gzip.compress(BODY), **{"Content-Encoding": "gzip"})
    assert [asked.ids for asked in line.proxy.bulks] == [[*KEYS], [*KEYS]]
    assert line.peer.requests[0][2] == BODY
    assert line.proxy.sent() == dict.fromkeys(KEYS, 2)


@pytest.mark.parametrize("moment", Moment)
def test_a_reset_is_one_and_at_its_moment(line: Line, moment: Moment) -> None:
    line.proxy.plan = first(1, Reset(moment))
    with pytest.raises(urllib3.exceptions.HTTPError) as caught:
        line.ask()
    assert any(text in str(caught.value) for text in ("reset by peer", "Broken pipe", "Remote end closed"))
    [asked] = line.proxy.bulks
    sent = {Moment.BEFORE: 0, Moment.MIDWAY: 2, Moment.AFTER: 4}[moment]
    assert (asked.status, len(asked.ids), asked.whole) == (None, sent, moment is Moment.AFTER)
    assert len(line.peer.requests) == (moment is Moment.AFTER)
    assert line.results() == [(key, 201) for key in KEYS]


def test_a_reset_is_a_reset_for_a_client_that_only_reads(line: Line) -> None:
    line.proxy.plan = first(1, Reset(Moment.AFTER))
    address = urlsplit(line.proxy.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), 10) as client:
        client.sendall(b"POST /_bulk HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_refused_items_never_reach_the_server_and_are_answered_in_their_places(line: Line) -> None:
    line.proxy.plan = in_turn([Refuse({"b", "d"}.__contains__), Refuse(lambda _key: True)])
    assert line.results() == [("a", 201), ("b", 429), ("c", 201), ("d", 429)]
    assert [json.loads(each)["create"]["_id"] for each in line.peer.requests[0][2].splitlines()[::2]] == ["a", "c"]
    assert line.results() == [(key, 429) for key in KEYS]
    assert len(line.peer.requests) == 1
    assert line.proxy.refused() == {"a": 1, "b": 2, "c": 1, "d": 2}
    packed = line.ask(gzip.compress(BODY), **{"Content-Encoding": "gzip"})
    assert packed.status == 200


def test_an_answer_instead_of_the_servers(line: Line) -> None:
    line.proxy.plan = in_turn([unavailable(7), Answer(replace(bulk_reply([]), cut=5))])
    refused = line.ask()
    assert (refused.status, refused.headers["Retry-After"]) == (503, "7")
    with pytest.raises(urllib3.exceptions.HTTPError):
        line.ask()
    assert line.peer.requests == []


@pytest.mark.parametrize("reached", [True, False])
def test_a_lie_is_told_of_the_servers_answer_or_of_one_that_was_never_given(line: Line, reached: bool) -> None:
    line.proxy.plan = first(1, Lie(lambda reply: bulk_reply(orjson.loads(reply.body)["items"][:1]), reached))
    assert line.results() == [("a", 201)]
    assert len(line.peer.requests) == reached


def test_an_answer_is_late_and_nobody_may_wait_for_it(line: Line) -> None:
    line.proxy.plan = first(2, Pass(0.3))
    began = time.monotonic()
    assert line.ask().status == 200
    assert time.monotonic() - began >= 0.3
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        line.pool.request("POST", line.proxy.url + BULK, body=BODY, retries=False, timeout=0.1)
    assert line.ask().status == 200
    assert len(line.peer.requests) == 3


def test_a_server_that_is_gone_is_a_reset(line: Line) -> None:
    with Proxy("http://127.0.0.1:9") as nowhere, pytest.raises(urllib3.exceptions.ProtocolError):
        line.pool.request("POST", nowhere.url + BULK, body=BODY, retries=False)
