"""The data streams of ours that a cluster has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from normalizer.backends.templates import Body
from normalizer.cluster.asking import Privilege, ask, unreadable
from normalizer.names import NAME
from normalizer.outputs.server import Server


@dataclass(frozen=True, slots=True)
class DataStream:
    """A data stream, the index that takes its documents, the name of the index template that matches it now.

    `own` are settings and mappings of its own, which Elasticsearch 9.1 and later lay over those of the template.
    """

    name: str
    write_index: str
    template: str
    lifecycle: Body = field(default_factory=dict)
    own: Body = field(default_factory=dict)


def data_streams(server: Server) -> list[DataStream]:
    """Those of all namespaces, by name; not those that follow another cluster's. Raises ServerError."""
    answer = ask(server, Privilege.VIEW, "GET", f"/_data_stream/{NAME}-*")
    found = {"data_streams": []} if answer is None else answer
    try:
        streams = [_data_stream(each) for each in found["data_streams"] if not each.get("replicated")]
    except (AttributeError, IndexError, KeyError, TypeError):
        raise unreadable(server) from None
    return sorted(streams, key=lambda stream: stream.name)


def _data_stream(body: Any) -> DataStream:
    own = {key: value.get("_doc", value) for key in ("settings", "mappings") if (value := body.get(key))}
    write_index = body["indices"][-1]["index_name"]
    return DataStream(body["name"], write_index, body.get("template", ""), body.get("lifecycle", {}), own)
