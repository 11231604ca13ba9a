"""Removing, on a genuine server of either engine."""

from __future__ import annotations

from typing import Any

import pytest

from normalizer.cluster import Installed, Kind, State, apply, data_streams, plan, removable, remove, wanted
from normalizer.errors import SetupError
from normalizer.language import Mappings
from normalizer.outputs.server import Server
from tests.cluster.ours import CUSTOM, MAPPINGS, MINE, NAME, SETTINGS, metadata, set_up, states

OURS = {"description": "Made by okta-mim-ecs.", "version": 1, "processors": []}
EMPTY = {"description": "okta-mim-ecs never changes this.", "processors": []}
TEMPLATES = [
    (Kind.INDEX_TEMPLATE, NAME),
    (Kind.COMPONENT_TEMPLATE, MAPPINGS),
    (Kind.COMPONENT_TEMPLATE, SETTINGS),
]
PIPELINES = [(Kind.PIPELINE, NAME), (Kind.PIPELINE, CUSTOM)]


def found(server: Server, **options: Any) -> list[tuple[Kind, str]]:
    return removable(server, Installed(server), data_streams(server), **options)


def install(server: Server, mappings: Mappings) -> None:
    apply(server, plan(server, wanted(mappings, server), {NAME: OURS, CUSTOM: EMPTY}))


def test_all_of_ours_goes_and_nothing_else(server: Server, mappings: Mappings) -> None:
    server.put(f"/_component_template/{CUSTOM}", {"template": {"settings": {"index.refresh_interval": "7s"}}})
    before = metadata(server)
    install(server, mappings)
    things = found(server)
    assert things == TEMPLATES + PIPELINES
    assert found(server, pipelines=False) == TEMPLATES
    for kind, name in things:
        remove(server, kind, name)
    after = metadata(server)
    for part in ("component_template", "index_template", "ingest"):
        assert after.get(part) == before.get(part) or not any((after.get(part) or {}).values())
    assert server.get(f"/_component_template/{CUSTOM}") is not None
    assert found(server) == []
    remove(server, *things[0])  # somebody was quicker


def test_what_is_the_users_or_somebody_elses_stays(server: Server, mappings: Mappings) -> None:
    install(server, mappings)
    server.put(f"/_ingest/pipeline/{NAME}", {"description": "Mine.", "processors": []})
    server.put(f"/_ingest/pipeline/{CUSTOM}", {"description": "Mine.", "processors": []})
    assert found(server) == TEMPLATES
    server.put(f"/_index_template/{NAME}", {"index_patterns": ["logs-okta.mim-*"]})
    assert found(server) == TEMPLATES[1:]


def test_a_pipeline_for_the_users_processors_stays_when_it_has_some(opensearch: Server, mappings: Mappings) -> None:
    install(opensearch, mappings)
    opensearch.put(f"/_ingest/pipeline/{CUSTOM}", EMPTY | {"processors": [{"drop": {}}]})
    assert found(opensearch) == [*TEMPLATES, PIPELINES[0]]


def test_data_streams_in_use_forbid_it(server: Server, mappings: Mappings) -> None:
    set_up(server, mappings)
    server.put("/_data_stream/logs-okta.mim-a", None)
    with pytest.raises(SetupError) as caught:
        found(server)
    assert str(caught.value) == (
        f"Nothing was removed at {server.address}: the data stream logs-okta.mim-a uses the index template {NAME}; "
        "delete the data stream first, with all documents: `DELETE _data_stream/logs-okta.mim-a`."
    )
    server.put("/_data_stream/logs-okta.mim-b", None)
    with pytest.raises(SetupError, match=r"the data streams logs-okta\.mim-a and logs-okta\.mim-b use ") as caught:
        found(server)
    request = str(caught.value).partition("delete the data streams first, with all documents: `DELETE ")[2]
    # and so does the server
    status = server.request("DELETE", f"/_index_template/{NAME}").status
    assert status == 400
    assert server.request("DELETE", f"/{request.removesuffix('`.')}").status == 200  # what was said helps
    assert found(server) == TEMPLATES


def test_an_index_template_composed_of_ours_forbids_it(server: Server, mappings: Mappings) -> None:
    set_up(server, mappings)
    body = {"index_patterns": ["logs-okta.mim-*"], "priority": 251, "data_stream": {}}
    server.put(f"/_index_template/{MINE}", body | {"composed_of": [MAPPINGS, SETTINGS]})
    with pytest.raises(SetupError, match=rf": the index template {MINE} of yours is composed of ours; remove it first"):
        found(server)
    assert server.request("DELETE", f"/_component_template/{MAPPINGS}").status == 400
    assert states(plan(server, wanted(mappings, server)))[MINE] is State.YOURS
