"""Retention, on a genuine Elasticsearch: PUT _lifecycle is a stand-in around its own service (see tests/engines)."""

from __future__ import annotations

from typing import Any

import pytest

from normalizer.cluster import DataStream, State, apply, data_streams, retention_changes, shortened
from normalizer.language import Mappings
from normalizer.outputs.server import Server
from tests.cluster.ours import SETTINGS, set_up

A, B = "logs-okta.mim-a", "logs-okta.mim-b"


def retentions(server: Server) -> dict[str, str | None]:
    return {stream.name: stream.lifecycle.get("data_retention") for stream in data_streams(server)}


def test_the_template_gives_it_to_new_data_streams(elasticsearch: Server, mappings: Mappings) -> None:
    set_up(elasticsearch, mappings, retention="365d")
    elasticsearch.put(f"/_data_stream/{A}", None)
    assert retentions(elasticsearch) == {A: "365d"}
    changed = [each for each in set_up(elasticsearch, mappings, retention="30d") if each.acts]
    assert [(each.name, each.differences) for each in changed] == [
        (SETTINGS, ("lifecycle data_retention: 365d → 30d",)),
    ]
    assert retentions(elasticsearch) == {A: "365d"}
    elasticsearch.put(f"/_data_stream/{B}", None)
    assert retentions(elasticsearch) == {A: "365d", B: "30d"}


def test_data_streams_that_are_there_get_it(elasticsearch: Server, mappings: Mappings) -> None:
    set_up(elasticsearch, mappings)
    for name in (A, B):
        elasticsearch.put(f"/_data_stream/{name}", None)
    elasticsearch.put(f"/_data_stream/{B}/_lifecycle", {"data_retention": "365d"})
    changes = retention_changes(elasticsearch, data_streams(elasticsearch), "365d")
    assert [(each.name, each.state, each.differences) for each in changes] == [
        (A, State.CHANGED, ("retention none → 365d",)),
        (B, State.SAME, ()),
    ]
    assert retentions(elasticsearch) == {A: None, B: "365d"}
    apply(elasticsearch, changes)
    assert retentions(elasticsearch) == {A: "365d", B: "365d"}
    apply(elasticsearch, retention_changes(elasticsearch, data_streams(elasticsearch), None))
    assert retentions(elasticsearch) == {A: None, B: None}


def test_what_else_a_lifecycle_says_stays(elasticsearch: Server, mappings: Mappings) -> None:
    set_up(elasticsearch, mappings)
    elasticsearch.put(f"/_data_stream/{A}", None)
    rounds = [{"after": "1d", "fixed_interval": "1h"}]
    there = {"enabled": False, "downsampling": rounds}
    elasticsearch.put(f"/_data_stream/{A}/_lifecycle", there)
    (change,) = retention_changes(elasticsearch, data_streams(elasticsearch), "30d")
    assert change.differences == ("retention none (not in force) → 30d",)
    apply(elasticsearch, [change])
    (stream,) = data_streams(elasticsearch)
    assert stream.lifecycle["enabled"] is True
    assert stream.lifecycle["downsampling"] == rounds
    assert stream.lifecycle["data_retention"] == "30d"


@pytest.mark.parametrize(
    ("there", "fewer", "as_many"),
    [
        ({}, ["1d", "999999999d"], [None]),
        ({"data_retention": "2d"}, ["1d", "47h", "2879m", "172799s"], ["2d", "48h", "3d", "172800s", None]),
        ({"data_retention": "1500ms"}, ["1s"], ["2s"]),
        ({"data_retention": "365d", "effective_retention": "30d"}, ["29d"], ["30d", "60d"]),  # a cluster's own limit
        ({"data_retention": "2d", "enabled": False}, ["2d", "3d"], [None]),
        ({"data_retention": "so long"}, ["3d"], [None]),
    ],
)
def test_what_would_delete_documents(there: dict[str, Any], fewer: list[str], as_many: list[str | None]) -> None:
    stream = DataStream(A, "x", "x", {"enabled": True} | there)
    assert [each for each in (*fewer, *as_many) if shortened([stream], each)] == fewer
    assert shortened([stream, DataStream(B, "x", "x", {"data_retention": "1s"})], fewer[0]) == [A]


def test_opensearch_has_no_lifecycle(opensearch: Server, mappings: Mappings) -> None:
    set_up(opensearch, mappings)
    opensearch.put(f"/_data_stream/{A}", None)
    assert retention_changes(opensearch, data_streams(opensearch), None) == []
