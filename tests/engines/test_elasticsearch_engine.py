"""What the tests may rely on in the Elasticsearch that they share."""

from collections.abc import Iterator
from typing import Any

import elasticsearch
import pytest

from tests.engines import EngineError
from tests.engines.elasticsearch import Elasticsearch

STREAM = "logs-engine-default"
EVENT = {"@timestamp": "2026-01-01T00:00:00Z", "message": "hello", "data_stream": {"type": "logs"}}


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[elasticsearch.Elasticsearch]:
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        client.indices.put_index_template(
            name="engine",
            index_patterns=["logs-engine-*"],
            priority=500,
            data_stream={},
            template={
                "settings": {"index.codec": "best_compression", "index.lifecycle.name": "some-policy"},
                "mappings": {
                    "properties": {
                        "message": {"type": "match_only_text"},
                        "data_stream": {"properties": {"type": {"type": "constant_keyword", "value": "logs"}}},
                    }
                },
            },
        )
        yield client


def create(client: elasticsearch.Elasticsearch, identifier: str) -> int:
    """Bulk-create one event; gives the item's status."""
    answer = client.bulk(operations=[{"create": {"_index": STREAM, "_id": identifier}}, EVENT], refresh=True)
    return int(answer["items"][0]["create"]["status"])


def found(client: elasticsearch.Elasticsearch) -> set[str]:
    hits: list[dict[str, Any]] = client.search(index=STREAM, query={"match": {"message": "hello"}})["hits"]["hits"]
    return {hit["_id"] for hit in hits}


def test_it_is_elasticsearch_9(client: elasticsearch.Elasticsearch) -> None:
    assert client.info()["version"]["number"] == "9.5.3"


def test_a_data_stream_takes_a_document_once(client: elasticsearch.Elasticsearch) -> None:
    assert create(client, "once") == 201
    assert create(client, "once") == 409
    assert "once" in found(client)


def test_data_streams_are_listed_created_and_deleted(client: elasticsearch.Elasticsearch) -> None:
    client.indices.create_data_stream(name="logs-engine-other")
    listed = client.indices.get_data_stream(name="logs-engine-o*")["data_streams"]
    assert [(stream["name"], stream["template"]) for stream in listed] == [("logs-engine-other", "engine")]
    client.indices.delete_data_stream(name="logs-engine-other")
    assert not client.indices.exists(index="logs-engine-other")
    with pytest.raises(elasticsearch.NotFoundError):
        client.indices.get_data_stream(name="logs-engine-other")


def test_documents_that_do_not_fit_go_to_the_failure_store(client: elasticsearch.Elasticsearch) -> None:
    template = {
        "index_patterns": ["logs-failing-*"],
        "priority": 500,
        "data_stream": {},
        "template": {
            "data_stream_options": {"failure_store": {"enabled": True}},
            "mappings": {"properties": {"number": {"type": "long"}}},
        },
    }
    client.indices.put_index_template(name="failing", body=template)
    event = {**EVENT, "number": "none"}
    item = client.bulk(operations=[{"create": {"_index": "logs-failing-default"}}, event])["items"][0]["create"]
    assert (item["status"], item["failure_store"]) == (201, "used")


def test_one_with_security_knows_its_users_and_their_keys(secured: Elasticsearch) -> None:
    ca_certs, elastic = str(secured.ca_certs), ("elastic", secured.password)
    assert secured.url.startswith("https://")
    with elasticsearch.Elasticsearch(secured.url, basic_auth=elastic, ca_certs=ca_certs) as client:
        assert client.security.authenticate()["roles"] == ["superuser"]
        role = {"cluster": ["monitor"], "indices": [{"names": ["engine-*"], "privileges": ["create"]}]}
        key = client.security.create_api_key(name="engine", role_descriptors={"engine": role})
    with elasticsearch.Elasticsearch(secured.url, api_key=key["encoded"], ca_certs=ca_certs) as client:
        assert client.info()["version"]["number"] == "9.5.3"
        with pytest.raises(elasticsearch.AuthorizationException):
            client.index(index="other", document={})
        assert secured.ask("DELETE", "/_security/api_key", {"ids": [key["id"]]})[0] == 200
        with pytest.raises(elasticsearch.AuthenticationException):
            client.info()


def test_one_with_security_refuses_strangers_and_is_not_trusted_blindly(secured: Elasticsearch) -> None:
    with (
        elasticsearch.Elasticsearch(secured.url, ca_certs=str(secured.ca_certs)) as client,
        pytest.raises(elasticsearch.AuthenticationException),
    ):
        client.info()
    with elasticsearch.Elasticsearch(secured.url) as client, pytest.raises(elasticsearch.TransportError, match="TLS"):
        client.info()


def test_one_without_security_has_no_password() -> None:
    with pytest.raises(EngineError, match=r"has no security"):
        Elasticsearch().password  # noqa: B018 - it raises
