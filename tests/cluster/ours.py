"""What tests put on the shared servers, and how it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from normalizer.cluster import Change, Installed, apply, data_streams, needed, plan, wanted
from normalizer.cluster.plan import State
from normalizer.language import Mappings
from normalizer.outputs import elasticsearch, opensearch
from normalizer.outputs.server import Server

NAME, CUSTOM = "logs-okta.mim", "logs-okta.mim@custom"
MAPPINGS, SETTINGS = "logs-okta.mim@mappings", "logs-okta.mim@settings"
MINE = "test-mine"
"""An index template that a test makes as somebody else would."""

CONNECT: dict[str, Callable[[str], Server]] = {"elasticsearch": elasticsearch.connect, "opensearch": opensearch.connect}


@contextmanager
def clean(url: str, engine: str = "elasticsearch") -> Iterator[Server]:
    """A server that has nothing of ours, before and afterwards."""
    with CONNECT[engine](url) as server:
        remove_ours(server)
        yield server
        remove_ours(server)


def set_up(server: Server, mappings: Mappings, **options: Any) -> list[Change]:
    """What `mim-ecs setup --no-pipelines` does."""
    changes = plan(server, wanted(mappings, server, **options))
    apply(server, changes)
    return changes


def pending(server: Server, changes: list[Change]) -> dict[str, tuple[str, ...]]:
    """The data streams that need a rollover once these changes are applied, and why."""
    found = needed(server, Installed(server), changes, data_streams(server))
    return {rollover.name: rollover.differences for rollover in found}


def states(changes: list[Change]) -> dict[str, State]:
    """What becomes of each, by name, in the order of applying."""
    return {change.name: change.state for change in changes}


def metadata(server: Server) -> Any:
    """All that a server keeps about templates, pipelines, data streams and indices."""
    return server.get("/_cluster/state/metadata")["metadata"]


def found(server: Server, namespace: str) -> dict[str, dict[str, Any]]:
    """The documents of a namespace, by `_id`."""
    name = f"logs-okta.mim-{namespace}"
    server.post(f"/{name}/_refresh")
    hits = server.post(f"/{name}/_search", {"size": 1000})["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def remove_ours(server: Server) -> None:
    """Leave no data stream, template, pipeline or document of okta.mim behind."""
    server.delete("/_data_stream/logs-okta.mim-*")
    for name in (NAME, MINE):
        server.delete(f"/_index_template/{name}")
    for name in (MAPPINGS, SETTINGS, CUSTOM):
        server.delete(f"/_component_template/{name}")
    for name in (NAME, CUSTOM):
        server.delete(f"/_ingest/pipeline/{name}")
