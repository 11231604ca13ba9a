"""Which data streams need a rollover, on a genuine server of either engine."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from normalizer.backends.templates import Templates
from normalizer.cluster import Installed, apply, data_streams, needed, plan, roll_over, wanted
from normalizer.language import Mappings
from normalizer.outputs.server import Server
from tests.cluster.ours import CUSTOM, MAPPINGS, MINE, NAME, SETTINGS, metadata, pending, set_up

A, B = "logs-okta.mim-a", "logs-okta.mim-b"
DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "elasticsearch.md"


@pytest.fixture
def ready(server: Server, mappings: Mappings) -> Server:
    """With the templates and two data streams of them."""
    set_up(server, mappings)
    for name in (A, B):
        server.put(f"/_data_stream/{name}", None)
    return server


def newer(server: Server, mappings: Mappings) -> Templates:
    """A release later: a field is new, one is gone, one has another type, and a setting another value."""
    templates = deepcopy(wanted(mappings, server))
    properties = templates.components[MAPPINGS]["template"]["mappings"]["properties"]
    properties["labels"] = {"properties": {"test": {"type": "keyword"}}}
    properties["event"]["properties"]["severity"] = {"type": "keyword", "ignore_above": 9}
    del properties["tags"]
    templates.components[SETTINGS]["template"]["settings"]["index"]["codec"] = "default"
    return templates


DIFFERENCES = (
    "fields added: labels.test",
    "field event.severity: long → keyword",
    "field event.severity.ignore_above: none → 9",
    "setting index.codec: best_compression → default",
)


def test_nothing_is_needed_right_after_setup(ready: Server, mappings: Mappings) -> None:
    assert pending(ready, set_up(ready, mappings)) == {}


def test_a_changed_template_is_needed_by_all_until_they_roll_over(ready: Server, mappings: Mappings) -> None:
    changes = plan(ready, newer(ready, mappings))
    before = metadata(ready)
    told = pending(ready, changes)  # as in a dry run: the changes are not applied yet
    assert told == {A: DIFFERENCES, B: DIFFERENCES}
    assert metadata(ready) == before
    apply(ready, changes)
    assert pending(ready, changes) == told
    first, second = needed(ready, Installed(ready), changes, data_streams(ready))
    assert roll_over(ready, first).endswith("-000002")
    assert pending(ready, plan(ready, newer(ready, mappings))) == {B: DIFFERENCES}
    roll_over(ready, second)
    assert pending(ready, plan(ready, newer(ready, mappings))) == {}
    assert [stream.write_index[-7:] for stream in data_streams(ready)] == ["-000002", "-000002"]


def test_a_data_stream_of_another_template_needs_one(server: Server, mappings: Mappings) -> None:
    """Made before the first setup, by the server's own template for logs."""
    server.put(f"/_index_template/{MINE}", {"index_patterns": ["logs-*-*"], "priority": 100, "data_stream": {}})
    server.put(f"/_data_stream/{A}", None)
    (lines,) = pending(server, plan(server, wanted(mappings, server))).values()
    assert lines[0].startswith("fields added: client.as.number, ")
    assert lines[0].endswith(" more")
    assert "setting index.codec: none → best_compression" in lines


def test_fields_and_settings_of_an_index_alone_need_none(ready: Server, mappings: Mappings) -> None:
    ready.put(f"/{A}/_mapping", {"properties": {"labels": {"properties": {"mine": {"type": "keyword"}}}}})
    ready.put(f"/{A}/_settings", {"index.refresh_interval": "7s"})
    assert pending(ready, set_up(ready, mappings)) == {}


CUSTOMS: dict[str, Any] = {
    "settings": {"refresh_interval": "7s", "index.codec": "default", "index": {"number_of_shards": 2}},
    "mappings": {"properties": {"host.name": {"type": "text"}, "labels": {"properties": {"test": {"type": "long"}}}}},
}
OF_CUSTOMS = {
    "fields added: labels.test",
    "field host.name: keyword → text",
    "field host.name.ignore_above: 1024 → none",
    "setting index.codec: best_compression → default",
    "setting index.number_of_shards: 1 → 2",
    "setting index.refresh_interval: none → 7s",
}


def test_what_users_write_counts_too(ready: Server, mappings: Mappings) -> None:
    """In the way that the engine has for it."""
    if ready.engine == "Elasticsearch":
        ready.put(f"/_component_template/{CUSTOM}", {"template": CUSTOMS})
    else:
        body = {"index_patterns": ["logs-okta.mim-*"], "priority": 251, "data_stream": {}, "template": CUSTOMS}
        ready.put(f"/_index_template/{MINE}", body | {"composed_of": [MAPPINGS, SETTINGS]})
    told = pending(ready, set_up(ready, mappings))
    assert {name: {*lines} for name, lines in told.items()} == {A: OF_CUSTOMS, B: OF_CUSTOMS}
    for rollover in needed(ready, Installed(ready), set_up(ready, mappings), data_streams(ready)):
        roll_over(ready, rollover)
    assert pending(ready, set_up(ready, mappings)) == {}


def test_the_example_of_the_documentation_is_told_by_what_it_changes(ready: Server, mappings: Mappings) -> None:
    """The field is written out whole there; what it adds are multi-fields."""
    documented = DOCUMENTS.read_text().partition(f"PUT _component_template/{CUSTOM}\n")[2].partition("\n```")[0]
    template = json.loads(documented)["template"]
    if ready.engine == "Elasticsearch":
        ready.put(f"/_component_template/{CUSTOM}", {"template": template})
    else:  # which has no such policies
        del template["settings"]["index.lifecycle.name"]
        body = {"index_patterns": ["logs-okta.mim-*"], "priority": 251, "data_stream": {}, "template": template}
        ready.put(f"/_index_template/{MINE}", body | {"composed_of": [MAPPINGS, SETTINGS]})
    told = pending(ready, set_up(ready, mappings))
    kind = "text" if ready.engine == "Elasticsearch" else "match_only_text"  # a stand-in, in tests alone
    assert [line for line in told[A] if "field" in line] == [f"field host.name.fields.text: none → {kind}"]


def test_an_index_template_of_users_counts_where_its_pattern_matches(ready: Server, mappings: Mappings) -> None:
    body = {"index_patterns": ["logs-okta.mim-b*"], "priority": 260, "data_stream": {}, "template": CUSTOMS}
    ready.put(f"/_index_template/{MINE}", body | {"composed_of": [MAPPINGS, SETTINGS]})
    assert {*pending(ready, set_up(ready, mappings))} == {B}
    assert ready.get(f"/_index_template/{NAME}")["index_templates"][0]["index_template"]["priority"] == 250
