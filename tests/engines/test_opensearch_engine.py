"""What the tests may rely on in the OpenSearch that they share."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Protocol

import pytest

from tests.engines.ask import ask

PIPELINE = {
    "processors": [
        {"script": {"lang": "painless", "source": "ctx.read = Processors.json(ctx.text)"}},
        {"set": {"field": "message", "value": "{{read.who}} did it"}},
    ]
}
TEMPLATE = {
    "index_patterns": ["logs-engine-*"],
    "priority": 500,
    "data_stream": {},
    "template": {
        "settings": {"index.codec": "best_compression", "index.default_pipeline": "engine"},
        "mappings": {
            "properties": {
                "message": {"type": "match_only_text"},
                "data_stream": {"properties": {"type": {"type": "constant_keyword", "value": "logs"}}},
            }
        },
    },
}
EVENT = {"@timestamp": "2026-01-01T00:00:00Z", "text": '{"who": "Ann"}', "data_stream": {"type": "logs"}}


class Ask(Protocol):
    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, Any]: ...


@pytest.fixture
def opensearch(opensearch_url: str) -> Iterator[Ask]:
    opensearch = partial(ask, opensearch_url)
    assert opensearch("PUT", "/_ingest/pipeline/engine", PIPELINE) == (200, {"acknowledged": True})
    assert opensearch("PUT", "/_index_template/engine", TEMPLATE) == (200, {"acknowledged": True})
    yield opensearch
    assert opensearch("DELETE", "/_data_stream/logs-engine-*")[0] == 200


def test_it_is_opensearch_3(opensearch: Ask) -> None:
    version = opensearch("GET", "/")[1]["version"]
    assert (version["distribution"], version["number"]) == ("opensearch", "3.8.0")


def test_a_pipeline_is_simulated(opensearch: Ask) -> None:
    status, answer = opensearch("POST", "/_ingest/pipeline/engine/_simulate", {"docs": [{"_source": EVENT}]})
    assert status == 200
    assert answer["docs"][0]["doc"]["_source"] == {**EVENT, "read": {"who": "Ann"}, "message": "Ann did it"}


def test_a_data_stream_takes_a_document_once_and_through_its_pipeline(opensearch: Ask) -> None:
    create = partial(opensearch, "PUT", "/logs-engine-default/_create/once?refresh=true", EVENT)
    assert [create()[0], create()[0]] == [201, 409]
    query = {"query": {"match": {"message": "ann"}}}
    [hit] = opensearch("POST", "/logs-engine-default/_search", query)[1]["hits"]["hits"]
    assert (hit["_id"], hit["_source"]["read"]) == ("once", {"who": "Ann"})
    [stream] = opensearch("GET", "/_data_stream/logs-engine-default")[1]["data_streams"]
    assert stream["template"] == "engine"
