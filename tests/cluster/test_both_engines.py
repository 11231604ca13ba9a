"""The templates of each engine on its own genuine server: nothing that an event says makes it refuse the document.

On Elasticsearch some types have stand-ins (see tests/engines); flattened, which OpenSearch lacks, is genuine there.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from normalizer import Mappings, Normalizer, Options, load
from normalizer.authoring.golden import cases
from normalizer.backends.templates import DEPTH_LIMIT, ELASTICSEARCH, IGNORE_ABOVE, OPENSEARCH, Body, Engine, templates
from normalizer.cluster import data_stream
from normalizer.delivery import Item, Limits
from normalizer.delivery.bulks import Ready, bulks
from normalizer.delivery.items import prepare
from normalizer.names import DATASET, NAME
from tests.backends.python.events import NEEDED, ODD, documented, full, put
from tests.engines.ask import ask
from tests.golden import FOLDER

TOP = Path(__file__).resolve().parents[2]
NAMESPACE = "both_engines"
STREAM = data_stream(NAMESPACE)
INGESTED = "2026-09-14T06:00:01.000Z"

LONG = "x" * 40_000
KEY = 512  # what a key of a flattened object may have, with all above it
KEYS: dict[str, Any] = {
    "a key of 40 kB": {LONG: "v", "kept": "v"},
    "a longest key": {"k" * KEY: LONG},
    "a longest key of three bytes a letter": {"€" * KEY: "€" * IGNORE_ABOVE},
    "a longest key of four bytes a letter": {"😀" * (KEY // 2): "😀" * (IGNORE_ABOVE // 2)},
    "two keys that are one longest": {"k" * 256: {"k" * 255: "v"}},
    "a value of 40 kB": {"k": LONG},
    "40 kB in a list": {"list": [LONG, {"a": LONG}, [LONG]]},
    "all levels": json.loads('{"a":' * DEPTH_LIMIT + '"v"' + "}" * DEPTH_LIMIT),
    "odd keys": {"": "v", ".": "v", "a..b": "v", "a": "v", "a.b": "v", "_id": "v", "type": {"type": "v"}},
}
"""Objects that go into flattened fields."""


# --- what is sent


def hostile() -> Iterator[tuple[str, dict[str, Any]]]:
    """Events by what is wrong with them: every path with 40 kB, every odd value and every odd key."""
    facts = documented()
    leaves = [path for path, fact in facts.items() if fact.type != "object" and path not in NEEDED]
    for path in leaves:
        yield f"40 kB at {path}", changed({path: LONG})
    for what, value in (ODD | {"40 kB of wide letters": "€" * 13_334, "40 kB of words": "word " * 8_000}).items():
        yield f"{what} everywhere", changed(dict.fromkeys(leaves, value))
    for what, value in KEYS.items():
        yield (
            what,
            changed(
                {
                    "debugContext.debugData": value,
                    "device.device_integrator": json.dumps(value),
                    "request.ipChain": [value, value],
                    "securityContext.userBehaviors": [value, value],
                    "target.changeDetails": {"from": value, "to": value},
                    "target.detailEntry": value,
                }
            ),
        )
    yield "an event type of 40 kB", full() | {"eventType": f"mim.{LONG}"}
    yield "u" * 512, full()


def changed(values: dict[str, Any]) -> dict[str, Any]:
    event = full()
    for path, value in values.items():
        put(event, path, value)
    return event


def texts() -> Iterator[tuple[bytes, Options]]:
    """Events as JSON, each with the options that it is normalized with."""
    for line in (TOP / "examples" / "okta-mim.ndjson").read_bytes().splitlines():
        yield line, Options()
    for case in cases(FOLDER):
        yield case.text(), case.options()
    for what, event in hostile():
        yield orjson.dumps(event | {"uuid": what.replace(" ", "_")}), Options()


@cache
def documents() -> dict[str, dict[str, Any]]:
    """The documents by _id. Not of the data stream, and so not among them: two golden cases of other event types."""
    mappings = load()
    normalizers: dict[Options, Normalizer] = {}
    made: dict[str, dict[str, Any]] = {}
    for text, options in texts():
        options = replace(options, namespace=NAMESPACE)
        if options not in normalizers:
            normalizers[options] = Normalizer(mappings, options)
        document = orjson.loads(normalizers[options].normalize_text(text).document)
        if document["data_stream"]["dataset"] == DATASET:
            made[document["event"]["id"]] = document
    return made


# --- where it is sent to


@dataclass(frozen=True)
class Server:
    """A server with its own templates and the data stream of all documents."""

    engine: Engine
    url: str

    def ask(self, method: str, path: str, body: object = None) -> Any:
        status, answer = ask(self.url, method, path, body)
        assert status == http.client.OK, (method, path, answer)
        return answer

    def count(self, query: Body) -> int:
        """How many documents a search finds."""
        found: int = self.ask("POST", f"/{STREAM}/_count", {"query": query})["count"]
        return found

    def found(self, query: Body) -> list[dict[str, Any]]:
        """The documents that a search finds."""
        answer = self.ask("POST", f"/{STREAM}/_search", {"query": query, "size": 1000})
        return [hit["_source"] for hit in answer["hits"]["hits"]]

    def bulk(self, lines: bytes) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            connection.request("POST", f"/{STREAM}/_bulk", lines, {"Content-Type": "application/x-ndjson"})
            return json.load(connection.getresponse())
        finally:
            connection.close()


def files(mappings: Mappings, engine: Engine) -> Iterator[tuple[str, Body]]:
    """The generated files of an engine, as path and body of a request, in the order in which they are put."""
    for path, content in templates(mappings):
        _, folder, kind, file = path.split("/")
        if folder == engine.name.lower():
            yield f"/_{kind.removesuffix('s')}/{file.removesuffix('.json')}", orjson.loads(content)


@pytest.fixture(scope="module", params=[ELASTICSEARCH, OPENSEARCH], ids=lambda engine: engine.name)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    engine: Engine = request.param
    server = Server(engine, request.getfixturevalue(f"{engine.name.lower()}_url"))
    ours = dict(files(load(), engine))
    remove(server, ours)
    for path, body in ours.items():
        server.ask("PUT", path, body)
    server.ask("PUT", f"/_data_stream/{STREAM}")
    yield server
    remove(server, ours)


def remove(server: Server, ours: Iterable[str]) -> None:
    """Leave no data stream and template of ours behind."""
    for path in (f"/_data_stream/{NAME}-*", *reversed([*ours])):
        status, answer = ask(server.url, "DELETE", path)
        assert status in (http.client.OK, http.client.NOT_FOUND), answer


@pytest.fixture(scope="module")
def sent(server: Server) -> Server:
    """The server once it has been sent all documents."""
    items = (Item(key, orjson.dumps(document), b"", "", 1) for key, document in documents().items())
    refused: dict[str, Any] = {}
    for bulk in bulks((Ready([prepare(item)], None, []) for item in items), Limits()):
        batch = bulk.items
        answer = server.bulk(b"".join(each.line(INGESTED.encode()) for each in batch))
        verdicts = [each["create"] for each in answer["items"]]
        assert [each["_id"] for each in verdicts] == [each.item.id for each in batch]
        refused |= {each["_id"]: each for each in verdicts if not taken(each)}
    server.ask("POST", f"/{STREAM}/_refresh")
    assert refused == {}
    return server


def taken(verdict: dict[str, Any]) -> bool:
    """Whether a document is in the data stream itself, and not in its failure store."""
    place = verdict.get("_index", "").startswith(f".ds-{STREAM}-") and verdict.get("failure_store") != "used"
    return place and verdict["status"] == http.client.CREATED and verdict["result"] == "created"


# --- what must be so


def test_what_is_sent_is_hostile() -> None:
    kinds = [document["event"]["kind"] for document in documents().values()]
    assert min(kinds.count("event"), kinds.count("pipeline_error")) > 30
    assert len(kinds) > 550


def test_no_document_is_refused_and_all_are_found(sent: Server) -> None:
    assert sent.count({"match_all": {}}) == len(documents())
    (stream,) = sent.ask("GET", f"/_data_stream/{STREAM}")["data_streams"]
    assert len(stream["indices"]) == 1


def test_a_document_is_found_by_a_keyword_and_is_as_it_was_sent(sent: Server) -> None:
    key, document = next(iter(documents().items()))
    expected = document | {"event": document["event"] | {"ingested": INGESTED}}
    assert sent.found({"term": {"event.id": key}}) == [expected]


@pytest.mark.parametrize("field", ["event.action", "host.name", "related.user", "data_stream.namespace", "client.ip"])
def test_fields_of_either_engine_are_searchable(sent: Server, field: str) -> None:
    first, _, last = field.partition(".")
    having = [document[first][last] for document in documents().values() if last in document.get(first, {})]
    value = having[0][0] if isinstance(having[0], list) else having[0]
    expected = sum(value in each if isinstance(each, list) else value == each for each in having)
    assert sent.count({"term": {field: value}}) == expected > 0


def test_a_search_without_a_field_name(sent: Server) -> None:
    key, document = next((key, each) for key, each in documents().items() if "full_name" in each.get("user", {}))
    word = max(document["user"]["full_name"].split(), key=len).lower()
    assert key in [each["event"]["id"] for each in sent.found({"query_string": {"query": f'"{word}"'}})]


def test_a_keyword_that_is_too_long_is_kept_and_not_indexed(sent: Server) -> None:
    here = {"term": {"event.id": "40_kB_at_actor.displayName"}}
    (document,) = sent.found(here)
    assert document["user"]["full_name"] == LONG
    assert sent.found({"bool": {"filter": [here, {"exists": {"field": "user.full_name"}}]}}) == []
    assert sent.found({"bool": {"filter": [here, {"exists": {"field": "user.id"}}]}}) == [document]


def test_a_key_of_a_flattened_field_is_searchable_on_elasticsearch_and_only_kept_on_opensearch(sent: Server) -> None:
    having = {
        key
        for key, document in documents().items()
        for target in document["okta"].get("target", ())
        if target.get("detailEntry", {}).get("osPlatform") == "ANDROID"
    }
    assert having
    found = sent.found({"term": {"okta.target.detailEntry.osPlatform": "ANDROID"}})
    assert {each["event"]["id"] for each in found} == (having if sent.engine is ELASTICSEARCH else set())
    (kept,) = sent.found({"term": {"event.id": min(having)}})
    assert "ANDROID" in [target.get("detailEntry", {}).get("osPlatform") for target in kept["okta"]["target"]]


def test_nothing_that_an_event_says_adds_a_field(sent: Server) -> None:
    """The index mapping is what the template says, with the stand-ins of the server."""
    (index,) = sent.ask("GET", f"/{STREAM}/_mapping").values()
    (wanted,) = (body for path, body in files(load(), sent.engine) if path.endswith("@mappings"))
    assert names(index["mappings"]["properties"]) == names(wanted["template"]["mappings"]["properties"])


def names(properties: Body, prefix: str = "") -> set[str]:
    found = {prefix + key for key in properties}
    for key, body in properties.items():
        found |= names(body.get("properties", {}), f"{prefix}{key}.") | names(body.get("fields", {}), f"{prefix}{key}.")
    return found


def test_an_index_template_of_users_wins(server: Server) -> None:
    """The request of docs/elasticsearch.md: OpenSearch lets no component template be missing."""
    page = (TOP / "docs" / "elasticsearch.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```\nPUT _index_template/\S+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    body = json.loads(text)
    answer = server.ask("POST", "/_index_template/_simulate", body)
    assert [each["name"] for each in answer["overlapping"]] == [NAME]
    settings = answer["template"]["settings"]["index"]
    for name, value in body["template"]["settings"].items():
        assert settings[name.removeprefix("index.")] == str(value).lower()
    assert settings["codec"] == "best_compression"
    assert answer["template"]["mappings"]["dynamic"] == "false"
