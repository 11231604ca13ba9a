"""What tests put on the shared server, and how it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from elasticsearch import Elasticsearch

from normalizer.outputs.elasticsearch import connect


@contextmanager
def clean(url: str) -> Iterator[Elasticsearch]:
    """A client of a server that has nothing of ours, before and afterwards."""
    with connect(url) as client:
        remove_ours(client)
        yield client
        remove_ours(client)


def found(client: Elasticsearch, namespace: str) -> dict[str, dict[str, Any]]:
    """The documents of a namespace, by `_id`."""
    name = f"logs-okta.mim-{namespace}"
    client.indices.refresh(index=name)
    hits = client.search(index=name, size=1000)["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def remove_ours(client: Elasticsearch) -> None:
    """Leave no data stream, template, pipeline or document of okta.mim behind."""
    quiet = client.options(ignore_status=404)
    quiet.indices.delete_data_stream(name="logs-okta.mim-*")
    quiet.indices.delete_index_template(name="logs-okta.mim")
    for name in ("logs-okta.mim@mappings", "logs-okta.mim@settings", "logs-okta.mim@custom"):
        quiet.cluster.delete_component_template(name=name)
    for name in ("logs-okta.mim", "logs-okta.mim@custom"):
        quiet.ingest.delete_pipeline(id=name)
