"""A server of either engine: what is sent, what comes back, and one sentence for all that can go wrong."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from normalizer.errors import NormalizerError, ServerError, SettingsError
from normalizer.outputs.answers import ItemResult, NoAnswer, seconds_to_wait
from normalizer.outputs.server import Server
from tests.delivery.peer import JSON, PRODUCT, Reply, items, peer, results
from tests.outputs.engines import ENGINES, NAMES, action, connect

CANARY = "c4nary-s3cret"
TEMPLATE = "test-outputs"
STREAM = "logs-test.outputs-a"


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    engine: str = request.param
    return engine


@pytest.fixture
def server(engine: str, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A genuine one."""
    with connect(engine, request.getfixturevalue(f"{engine}_url"), connections=4) as server:
        yield server
        server.delete(f"/_data_stream/{STREAM}")
        server.delete(f"/_index_template/{TEMPLATE}")


def test_requests(server: Server, engine: str) -> None:
    assert repr(server) == f"<{NAMES[engine]} at {server.address}>"
    assert server.get("/")["version"]["number"]
    assert server.get(f"/_index_template/{TEMPLATE}") is None
    assert server.put(f"/_index_template/{TEMPLATE}", {"index_patterns": [f"{STREAM}*"]}) == {"acknowledged": True}
    assert (
        server.get(f"/_index_template/{TEMPLATE}", {"flat_settings": "true"})["index_templates"][0]["name"] == TEMPLATE
    )
    assert server.request("HEAD", f"/_index_template/{TEMPLATE}").status == 200
    assert server.request("HEAD", "/_index_template/none").status == 404
    assert server.delete(f"/_index_template/{TEMPLATE}") is True
    assert server.delete(f"/_index_template/{TEMPLATE}") is False
    answer = server.request("PUT", f"/_index_template/{TEMPLATE}", {"odd": 1})
    assert answer.status == 400
    assert answer.body["error"]["type"] == "x_content_parse_exception"
    assert answer.headers["content-type"].startswith("application/")
    with pytest.raises(ServerError, match=rf"^{NAMES[engine]} at 127\.0\.0\.1:\d+ refuses the request \(400\): .*odd"):
        server.put(f"/_index_template/{TEMPLATE}", {"odd": 1})
    with pytest.raises(ServerError, match=r"refuses the request \(404\): no such index"):
        server.post("/test-outputs-none/_search")


def test_a_bulk_request_makes_a_data_stream(server: Server) -> None:
    """On OpenSearch by our template alone, which is why commands look for it before they send."""
    server.put(f"/_index_template/{TEMPLATE}", {"index_patterns": [f"{STREAM}*"], "data_stream": {}, "priority": 500})
    done = server.bulk(STREAM, [action("a"), action("b"), action("a"), action("c", b'{"@timestamp":"never"}')])
    assert isinstance(done, list)
    assert [(each.id, each.status) for each in done] == [("a", 201), ("b", 201), ("a", 409), ("c", 400)]
    assert done[2].kind == "version_conflict_engine_exception"
    assert server.get(f"/_data_stream/{STREAM}")["data_streams"][0]["name"] == STREAM
    assert server.request("POST", f"/{STREAM}/_doc?op_type=index", {"a": 1}).status == 400


def test_elasticsearch_makes_no_plain_index(elasticsearch_url: str) -> None:
    with connect("elasticsearch", elasticsearch_url) as server:
        done = server.bulk("test-outputs-plain", [action()])
        assert isinstance(done, list)
        [result] = done
        assert (result.status, result.kind) == (404, "index_not_found_exception")
        assert server.get("/test-outputs-plain") is None


def test_requests_at_a_time(server: Server) -> None:
    server.put(f"/_index_template/{TEMPLATE}", {"index_patterns": [f"{STREAM}*"], "data_stream": {}, "priority": 500})
    with ThreadPoolExecutor(4) as pool:
        done = [*pool.map(lambda number: server.bulk(STREAM, [action(str(number))]), range(40))]
    assert done == [[ItemResult(str(number), 201)] for number in range(40)]


def test_the_other_engine_says_what_to_write(engine: str, elasticsearch_url: str, opensearch_url: str) -> None:
    other, url = {
        "elasticsearch": ("OpenSearch", opensearch_url),
        "opensearch": ("Elasticsearch", elasticsearch_url),
    }[engine]
    sentence = rf"^The server at 127\.0\.0\.1:\d+ is {other}; give --engine {other.lower()}\.$"
    with connect(engine, url) as server:
        with pytest.raises(ServerError, match=sentence):
            server.get("/")
        with pytest.raises(ServerError, match=sentence):
            server.put("/_index_template/test-outputs-other", {"index_patterns": ["x"]})
        with pytest.raises(ServerError, match=sentence):
            server.bulk("test-outputs-other", [action()])


def test_a_server_of_neither_engine_is_no_elasticsearch() -> None:
    with (
        peer(lambda *_: Reply(body=b"{}", headers=JSON)) as there,
        connect("elasticsearch", there.url) as server,
        pytest.raises(ServerError, match=r"^The server at 127\.0\.0\.1:\d+ is not Elasticsearch\.$"),
    ):
        server.get("/")


def test_a_proxy_that_calls_everything_bad_is_no_opensearch() -> None:
    bad = Reply(400, b"{}", JSON)
    with peer(lambda *_: bad) as there, connect("elasticsearch", there.url) as server:
        answer = server.bulk("logs-a-b", [action()])
        assert answer == NoAnswer(f"{server.where} refuses the request (400).", 400)
        assert [path for path, _, _ in there.requests][1:] == ["/"]


def test_what_is_sent(engine: str) -> None:
    with (
        peer(lambda _, body: items(results(body)) if body else Reply(body=b"{}"), engine) as there,
        connect(engine, f"{there.url}/some/path/") as server,
    ):
        server.get("/_a", {"b": "c d"})
        assert server.bulk("logs-ä-b", [action("a"), action("b")], "pipe") == [
            ItemResult("a", 201),
            ItemResult("b", 201),
        ]
        server.bulk("logs-a-b", [action()])
    (path, headers, body), (bulk, bulk_headers, sent), (plain, _, _) = there.requests
    assert (path.replace("%20", "+"), body) == ("/some/path/_a?b=c+d", b"")
    assert "authorization" not in headers
    assert sent == action("a") + action("b")
    own = "&require_data_stream=true" if engine == "elasticsearch" else ""
    assert bulk == f"/some/path/logs-%C3%A4-b/_bulk?pipeline=pipe{own}"
    assert plain == f"/some/path/logs-a-b/_bulk{own.replace('&', '?')}"
    assert "x-ndjson" in bulk_headers["content-type"]


STATUSES = (300, 302, 307, 400, 401, 403, 404, 405, 406, 407, 408, 409, 410, 413, 415, 418, 429, 431)
BODIES = {
    "JSON": (b'{"error":{"type":"odd","reason":"Because."}}', "application/json"),
    "HTML": (b"<html>\xff", "text/html"),
    "another type": (b"<error/>", "application/xml"),
    "no JSON": (b"{", "application/json"),
    "JSON of another kind": (b"[1]", "application/json"),
    "nothing": (b"", "application/json"),
    "no type": (b"", ""),
}


@pytest.mark.parametrize("kind", BODIES)
def test_every_status_is_an_answer(engine: str, kind: str) -> None:
    content, type_ = BODIES[kind]
    statuses = [*STATUSES, *range(500, 512), 599] if kind == "JSON" else [302, 400, 413, 503]
    headers = PRODUCT | ({"Content-Type": type_} if type_ else {}) | {"Location": "http://127.0.0.1:1/"}
    replies = [Reply(status, content, headers) for status in statuses for _ in range(2)]
    with peer(lambda number, _: replies[number - 1], engine) as there, connect(engine, there.url) as server:
        for status in statuses:
            if status in (400, 406, 415) and engine == "elasticsearch":
                assert "x-elastic-product" in server.request("GET", "/").headers, "else it asks who is there"
            else:
                assert server.request("GET", "/").status == status
            no_answer = server.bulk("logs-a-b", [action()])
            assert isinstance(no_answer, NoAnswer)
            assert no_answer.status == status
            assert f"({status})" in no_answer.sentence
            assert no_answer.sentence.endswith(": Because." if kind == "JSON" and status != 401 else ").")
    assert len(there.requests) == len(replies)


@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_redirect_is_no_success(engine: str, method: str) -> None:
    reply = Reply(302, b"", {**PRODUCT, "Location": "http://127.0.0.1:1/"})
    with (
        peer(lambda *_: reply, engine) as there,
        connect(engine, there.url) as server,
        pytest.raises(ServerError, match=r"refuses the request \(302\)\.$"),
    ):
        getattr(server, method)("/a")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        (" 7 ", 7),
        ("9" * 400, 86400),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400),
        ("Fri, 99 Dec 1999 23:59:59 GMT", None),
    ],
)
def test_retry_after(said: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(said) == seconds


def test_the_wait_that_a_server_asks_for(engine: str) -> None:
    reply = Reply(429, b"", {**PRODUCT, "retry-after": "17"})
    with peer(lambda *_: reply, engine) as there, connect(engine, there.url) as server:
        answer = server.bulk("logs-a-b", [action()])
    assert isinstance(answer, NoAnswer)
    assert (answer.status, answer.retry_after) == (429, 17.0)


UNREADABLE = {
    "no JSON": Reply(body=b'{"items":['),
    "not UTF-8": Reply(body=b'{"items":"\xff\xfe"}'),
    "half of a character": Reply(body=b'{"items":"\\ud800"}'),
    "too deep": Reply(body=b"[" * 100_000),
    "text": Reply(body=b"OK", headers={**PRODUCT, "Content-Type": "text/plain"}),
    "an unknown media type": Reply(body=b"OK", headers={**PRODUCT, "Content-Type": "a/b"}),
    "nothing": Reply(),
    "null": Reply(body=b"null"),
    "broken compression": Reply(body=b"OK", headers={**PRODUCT, **JSON, "Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_no_answer(engine: str, kind: str) -> None:
    with peer(lambda *_: UNREADABLE[kind], engine) as there, connect(engine, there.url) as server:
        answer = server.bulk("logs-a-b", [action()])
        assert isinstance(answer, NoAnswer)
        assert answer.status is None
        assert answer.sentence in (
            f"{server.where} gave an answer that cannot be read.",
            "The server's answer to a bulk request has no list of items.",
        )


def test_a_connection_that_breaks(engine: str) -> None:
    lost = "cannot be reached: the connection was lost."
    with peer(lambda *_: None, engine) as there, connect(engine, there.url) as server:
        assert server.bulk("logs-a-b", [action()]) == NoAnswer(f"{server.where} {lost}")
        with pytest.raises(ServerError, match=lost):
            server.get("/")


def test_a_server_that_is_not_there(engine: str) -> None:
    with connect(engine, "http://127.0.0.1:1") as server:
        answer = server.bulk("logs-a-b", [action()])
    assert answer == NoAnswer(f"{NAMES[engine]} at 127.0.0.1:1 cannot be reached: Connection refused.")


def test_a_name_that_nobody_knows(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with connect(engine, "http://host.invalid") as server:
        answer = server.bulk("logs-a-b", [action()])
    assert answer == NoAnswer(f"{NAMES[engine]} at host.invalid:80 cannot be reached: Name or service not known.")


def test_no_answer_in_time(engine: str) -> None:
    late = threading.Event()

    def answer(_: int, body: bytes) -> Reply:
        late.wait(5)
        return items(results(body))

    with peer(answer, engine) as there, connect(engine, there.url, timeout=0.2) as server:
        assert server.bulk("logs-a-b", [action()]) == NoAnswer(f"{server.where} did not answer in time.")
        late.set()


def test_warnings_of_a_server_are_not_printed(engine: str) -> None:
    """They would be errors here."""
    reply = Reply(body=b"{}", headers={**JSON, **PRODUCT, "Warning": '299 Elasticsearch-9 "odd"'})
    with peer(lambda *_: reply, engine) as there, connect(engine, there.url) as server:
        assert server.get("/") == {}


CREDENTIALS: dict[str, tuple[str, dict[str, str], str]] = {
    "user": ("", {"username": "me", "password": "se€ret"}, "Basic bWU6c2XigqxyZXQ="),
    "user in the address": ("me:se%63ret@", {}, "Basic bWU6c2VjcmV0"),
    "another user in the address": ("other:one@", {"username": "me", "password": "secret"}, "Basic bWU6c2VjcmV0"),
    "a name alone in the address": ("me@", {}, "Basic bWU6"),
    "API key": ("other:one@", {"api_key": "key"}, "ApiKey key"),
}


@pytest.mark.parametrize("how", CREDENTIALS)
def test_credentials(engine: str, how: str) -> None:
    user, options, header = CREDENTIALS[how]
    with ExitStack() as stack:
        there = stack.enter_context(peer(lambda *_: Reply(body=b"{}"), engine))
        url = there.url.replace("//", f"//{user}")
        if engine == "opensearch" and how == "API key":
            stack.enter_context(pytest.raises(SettingsError, match=r"^OpenSearch has no API keys; give a user"))
        with connect(engine, url, **options) as server:
            server.get("/")
            server.bulk("a", [action()])
        assert {headers["authorization"] for _, headers, _ in there.requests} == {header}


def test_a_credential_that_is_said_again_of_an_item(engine: str) -> None:
    """By a server, or by something before it, that shows the headers of a request."""
    basic = base64.b64encode(f"me:{CANARY}".encode()).decode()
    reasons = [f"got {CANARY}.", f"got Basic {basic}", f"got me:{CANARY}", "x" * 294 + CANARY, "x" * 280 + basic]
    error = [{"create": {"_id": "1", "status": 400, "error": {"type": CANARY, "reason": each}}} for each in reasons]
    with (
        peer(lambda *_: Reply(200, json.dumps({"items": error}).encode()), engine) as there,
        connect(engine, there.url, username="me", password=CANARY) as server,
    ):
        answer = server.bulk("logs-a-b", [action()])
    assert isinstance(answer, list)
    assert [each.kind for each in answer] == ["[secret]"] * 5
    assert [each.reason for each in answer[:3]] == ["got [secret]", "got Basic [secret]", "got [secret]"]
    assert [each.reason for each in answer[3:]] == ["x" * 294 + "[secret]…", "x" * 280 + "[secret]…"]


def told(server: Server) -> object:
    """What a request says, also in what a traceback would show."""
    try:
        return server.get("/")
    except NormalizerError as error:
        return error, "".join(traceback.format_exception(error))


LOGGERS = ("", "elastic_transport", "elastic_transport.node", "elasticsearch", "opensearch", "opensearchpy", "urllib3")


@pytest.mark.parametrize("how", ["user in the address", "user", "API key"])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 503, 0])
def test_no_credential_is_ever_shown(
    engine: str, how: str, status: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also where the server says it again, and all loggers tell all they can."""
    if (engine, how) == ("opensearch", "API key"):
        how = "user"
    for name in (*LOGGERS, "opensearchpy.trace"):
        logger = logging.getLogger(name)
        caplog.set_level(logging.DEBUG, name)
        logger.addHandler(caplog.handler)
    error = {"error": {"type": CANARY, "reason": f"no {CANARY}, " * 20}}
    reply = Reply(status, json.dumps(error if status >= 400 else {}).encode())
    shown = []
    try:
        with peer(lambda *_: reply if status else None, engine) as there:
            user = f"me:{CANARY}@" if how == "user in the address" else ""
            options: dict[str, Any] = {"api_key": CANARY} if how == "API key" else {}
            if how == "user":
                options = {"username": "me", "password": CANARY}
            with connect(engine, there.url.replace("//", f"//{user}"), **options) as server:
                shown += [repr(server), str(server), repr(vars(server))]
                shown.append(repr(server.bulk("logs-a-b", [action()])))
                shown.append(repr(told(server)))
    finally:
        for name in (*LOGGERS, "opensearchpy.trace"):
            logging.getLogger(name).removeHandler(caplog.handler)
    assert there.requests[0][1]["authorization"].split(" ")[0] in ("Basic", "ApiKey")
    out = capfd.readouterr()
    assert "urllib3" in caplog.text, "it tells nothing at all"
    everything = "\n".join([*shown, caplog.text, out.out, out.err])
    assert CANARY not in everything
    assert "bWU6YzRuYXJ5" not in everything, "the same in base64"


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("", {}),
        ("host:9200", {}),
        ("ftp://host", {}),
        ("http://", {}),
        ("http://me:c4nary@host:99999", {}),
        ("http://me:c4nary@host:port", {}),
        ("http://me:c4nary@host/?a=1", {}),
        ("http://[me:c4nary@host", {}),
        ("http://host", {"api_key": "c4nary", "username": "me", "password": "x"}),
        ("http://host", {"api_key": "c4näry"}),
        ("http://host", {"username": "me"}),
        ("http://host", {"password": "c4nary"}),
        ("http://host", {"ca_certs": "ca.pem"}),
    ],
)
def test_bad_settings(engine: str, url: str, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        connect(engine, url, **options)
    assert "c4n" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h", "h:80"),
        ("https://h", "h:443"),
        ("https://h:9200/", "h:9200"),
        ("https://h/elastic/", "h:443"),
        ("http://[::1]:9200", "[::1]:9200"),
        ("http://me:secret@h:9200", "h:9200"),
    ],
)
def test_addresses(engine: str, url: str, shown: str) -> None:
    with connect(engine, url) as server:
        assert server.address == shown
        assert repr(server) == f"<{NAMES[engine]} at {shown}>"
