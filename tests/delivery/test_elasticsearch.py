"""Delivery to a genuine Elasticsearch that has our templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

from normalizer.cluster import data_stream
from normalizer.delivery import Counts, Item, Limits, Work, deliver
from normalizer.errors import ServerError
from normalizer.language import load
from normalizer.outputs.elasticsearch import connect
from normalizer.runtime.batch import DeadLetter
from tests.cluster import ours
from tests.engines.elasticsearch import Elasticsearch as Server

CUSTOM = "logs-okta.mim@custom"


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    with ours.clean(elasticsearch_url) as server, Elasticsearch(elasticsearch_url) as client:
        ours.set_up(server, load())
        yield client


def document(**fields: object) -> dict[str, Any]:
    return {
        "@timestamp": "2026-01-01T00:00:00.000Z",
        "data_stream": {"type": "logs", "dataset": "okta.mim", "namespace": "test"},
        "event": {"kind": "event", "module": "okta", "dataset": "okta.mim"},
        "message": "A device was enrolled",
        **fields,
    }


def item(key: str, **fields: object) -> Item:
    return Item(key, orjson.dumps(document(**fields)), b'{"uuid":"%b"}' % key.encode(), "in.ndjson", 1)


@dataclass
class Delivered:
    counts: Counts
    dead: list[tuple[str, str]] = field(default_factory=list)


def send(client: Elasticsearch, items: list[Item], namespace: str = "test", **options: Any) -> Delivered:
    delivered = Delivered(Counts())

    def bury(letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            reason = f"{letter.details.get('status')} {letter.reason}: {letter.message}"
            delivered.dead.append((orjson.loads(letter.original)["uuid"], reason))

    with connect(next(iter(client.transport.node_pool.all())).base_url) as server:
        works = [Work([each]) for each in items]
        send = partial(server.bulk, data_stream(namespace))
        deliver(works, send, bury, counts=delivered.counts, in_flight=1, **options)
    client.indices.refresh(index=data_stream(namespace))
    return delivered


def found(client: Elasticsearch, query: dict[str, Any]) -> list[str]:
    hits = client.search(index=data_stream("test"), query=query, size=100)["hits"]["hits"]
    return sorted(hit["_id"] for hit in hits)


def test_documents_arrive_with_the_time_of_sending(client: Elasticsearch) -> None:
    delivered = send(client, [item(f"id{number}") for number in range(50)], limits=Limits(count=20))
    assert (delivered.counts.indexed, delivered.counts.requests, delivered.dead) == (50, 3, [])
    assert client.count(index=data_stream("test"))["count"] == 50
    source = client.get(index=backing_index(client), id="id7")["_source"]
    assert source == {**document(), "event": {**document()["event"], "ingested": source["event"]["ingested"]}}
    assert len(found(client, {"range": {"event.ingested": {"gte": "now-5m", "lte": "now+5m"}}})) == 50


def backing_index(client: Elasticsearch) -> str:
    (stream,) = client.indices.get_data_stream(name=data_stream("test"))["data_streams"]
    name: str = stream["indices"][-1]["index_name"]
    return name


def test_a_replay_is_harmless(client: Elasticsearch) -> None:
    events = [item(f"id{number}") for number in range(10)]
    send(client, events)
    for _ in range(2):
        delivered = send(client, events)
        assert (delivered.counts.indexed, delivered.counts.duplicates, delivered.counts.dead) == (0, 10, 0)
    assert client.count(index=data_stream("test"))["count"] == 10
    assert send(client, [item("twice"), item("twice")]).counts.duplicates == 1


LONG = "x" * 40_000
ODD: dict[str, dict[str, object]] = {
    "a keyword of 40 kB": {"user": {"name": LONG}},
    "a flattened value of 40 kB": {"okta": {"target": [{"detailEntry": {"key": LONG}}]}},
    "a flattened key of 500 characters": {"okta": {"debug_context": {"debug_data": {"flattened": {"k" * 500: "v"}}}}},
    "a flattened key of 500 wide characters": {"okta": {"device": {"device_integrator": {"€" * 500: "v" * 1024}}}},
    "a message of 40 kB": {"message": LONG},
    "an event of 400 kB": {"event": {"original": LONG * 10, "module": "okta", "dataset": "okta.mim"}},
    "an address that is none": {"client": {"ip": "not an address"}},
    "a number that is none": {"okta": {"security_context": {"as": {"number": "many"}}}},
    "a point that is none": {"client": {"geo": {"location": {"lat": 999, "lon": "x"}}}},
    "20 levels": {"okta": {"request": {"ip_chain": [orjson.loads('{"a":' * 20 + "1" + "}" * 20)]}}},
    "a date that is none": {"event": {"created": "yesterday", "module": "okta", "dataset": "okta.mim"}},
    "fields that nobody has mapped": {"unknown": {"a.b": {"c": [1, "x", {"d": None}]}}},
    "targets of many kinds": {"okta": {"target": [{"detailEntry": {"a": 1}}, {"detailEntry": {"a": {"b": "x"}}}]}},
}


def test_no_value_of_an_event_makes_the_server_refuse_it(client: Elasticsearch) -> None:
    delivered = send(client, [item(name, **fields) for name, fields in ODD.items()])
    assert delivered.dead == []
    assert delivered.counts.indexed == len(ODD)
    assert found(client, {"match_all": {}}) == sorted(ODD)


def test_nothing_that_an_event_says_adds_a_field(client: Elasticsearch) -> None:
    send(client, [item("a")])
    before = client.indices.get_mapping(index=data_stream("test")).body
    send(client, [item(f"more {name}", **fields) for name, fields in ODD.items()])
    assert client.indices.get_mapping(index=data_stream("test")).body == before


def test_a_search_without_a_field_finds_names_words_and_ids(client: Elasticsearch) -> None:
    send(
        client,
        [
            item("a", user={"name": "ada@example.com", "full_name": "Ada Lovelace"}, host={"name": "ipad-7"}),
            item("b", okta={"target": [{"display_name": "ipad-7"}], "transaction": {"id": "W123"}}, message="Nothing"),
        ],
    )
    for words, expected in {
        "enrolled": ["a"],
        "lovelace": ["a"],
        '"ipad-7"': ["a", "b"],
        "W123": ["b"],
        "logs": [],
        "example.com": ["a"],
    }.items():
        assert found(client, {"query_string": {"query": words}}) == expected, words
    assert found(client, {"term": {"okta.target.display_name": "ipad-7"}}) == ["b"]


def conflict(client: Elasticsearch, failure_store: bool) -> None:
    """Users' own component template: it maps as an object what events carry as text."""
    client.cluster.put_component_template(
        name=CUSTOM,
        template={
            "mappings": {"properties": {"labels": {"properties": {"x": {"type": "object"}}}}},
            "data_stream_options": {"failure_store": {"enabled": failure_store}},
        },
    )


def test_a_conflict_is_a_dead_letter_with_the_servers_reason(client: Elasticsearch) -> None:
    conflict(client, failure_store=False)
    delivered = send(client, [item("a"), item("b", labels={"x": "text"}), item("c")])
    ((key, reason),) = delivered.dead
    assert key == "b"
    assert reason.startswith("400 refused: document_parsing_exception: ")
    assert "labels.x" in reason
    assert (delivered.counts.indexed, delivered.counts.sent) == (2, 3)
    assert found(client, {"match_all": {}}) == ["a", "c"]


def test_the_failure_store_is_not_success(client: Elasticsearch) -> None:
    """The node feature that lets the server redirect is a stand-in (see tests/engines)."""
    conflict(client, failure_store=True)
    delivered = send(client, [item("a"), item("b", labels={"x": "text"}), item("c")])
    assert [key for key, _ in delivered.dead] == ["b"]
    assert "failure_store" in delivered.dead[0][1]
    assert delivered.counts.indexed == 2
    assert found(client, {"match_all": {}}) == ["a", "c"]


def test_without_our_index_template_nothing_is_written(client: Elasticsearch) -> None:
    client.indices.delete_index_template(name="logs-okta.mim")
    with pytest.raises(
        ServerError, match=r"refuses to index anything here: 404 index_not_found_exception: .*data stream"
    ):
        send(client, [item("a")])
    assert not client.indices.exists(index=data_stream("test"))


@pytest.fixture(scope="module")
def narrow() -> Iterator[Elasticsearch]:
    """A server that takes requests of at most 128 kB."""
    with Server({"http.max_content_length": "128kb"}) as engine, Elasticsearch(engine.url) as client:
        with connect(engine.url) as server:
            ours.set_up(server, load())
        yield client


def test_a_request_that_is_too_large_is_split(narrow: Elasticsearch) -> None:
    events = [item(f"id{number}", message="x" * 10_000) for number in range(40)]
    events.insert(17, item("large", message="x" * 140_000))
    delivered = send(narrow, events)
    assert [key for key, _ in delivered.dead] == ["large"]
    assert delivered.dead[0][1].startswith("413 too_large: Elasticsearch at ")
    assert delivered.counts.indexed == 40
    assert narrow.count(index=data_stream("test"))["count"] == 40
