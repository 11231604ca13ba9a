"""Ingest pipelines on a genuine OpenSearch: our Elasticsearch has no processors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from normalizer.backends.pipelines import build
from normalizer.backends.templates import Templates
from normalizer.cluster import Change, Kind, State, apply, check_installed, obstacle, plan
from normalizer.errors import SetupError
from normalizer.language import Mappings
from normalizer.outputs.elasticsearch import connect
from normalizer.outputs.server import Server
from tests.cluster.ours import CUSTOM, NAME
from tests.delivery.peer import Reply, peer

EMPTY_TEMPLATE = {"index_patterns": ["logs-okta.mim-*"], "version": 1, "composed_of": []}
NO_TEMPLATES = Templates({}, {})
EMPTY = {"description": "Made by okta-mim-ecs.", "version": 1, "processors": []}


def set_up(server: Server, pipelines: dict[str, Any]) -> dict[str, str]:
    """What becomes of each pipeline, in the order of applying."""
    changes = plan(server, NO_TEMPLATES, pipelines)
    apply(server, changes)
    assert {change.kind for change in changes} == {Kind.PIPELINE}
    return {change.name: change.state.value for change in changes}


def stored(server: Server, name: str = NAME) -> dict[str, Any]:
    body: dict[str, Any] = server.get(f"/_ingest/pipeline/{name}")[name]
    return body


def test_a_second_setup_changes_nothing(opensearch: Server, mappings: Mappings) -> None:
    pipelines = build(mappings)
    assert list(set_up(opensearch, pipelines).items()) == [(CUSTOM, "added"), (NAME, "added")]
    assert stored(opensearch) == pipelines[NAME]
    assert stored(opensearch, CUSTOM) == pipelines[CUSTOM]
    assert set_up(opensearch, pipelines) == {CUSTOM: "yours", NAME: "same"}


def test_an_org_goes_into_every_script_and_leaves_again(opensearch: Server, mappings: Mappings) -> None:
    set_up(opensearch, build(mappings))
    assert set_up(opensearch, build(mappings, 45_000, "acme.okta.com")) == {CUSTOM: "yours", NAME: "changed"}
    assert set_up(opensearch, build(mappings, 45_000, "acme.okta.com")) == {CUSTOM: "yours", NAME: "same"}
    scripts = [each["script"] for each in stored(opensearch)["processors"] if "script" in each]
    assert len(scripts) > 1
    assert {each["params"]["org"] for each in scripts} == {"acme.okta.com"}
    assert set_up(opensearch, build(mappings)) == {CUSTOM: "yours", NAME: "changed"}


def test_what_somebody_changed_is_put_right(opensearch: Server, mappings: Mappings) -> None:
    pipelines = build(mappings)
    set_up(opensearch, pipelines)
    opensearch.put(f"/_ingest/pipeline/{NAME}", pipelines[NAME] | {"processors": pipelines[NAME]["processors"][1:]})
    assert set_up(opensearch, pipelines) == {CUSTOM: "yours", NAME: "changed"}
    assert stored(opensearch) == pipelines[NAME]


def test_the_users_own_pipeline_is_never_changed(opensearch: Server, mappings: Mappings) -> None:
    mine: dict[str, Any] = {"processors": [{"set": {"field": "labels.mine", "value": "yes"}}], "version": 7}
    opensearch.put(f"/_ingest/pipeline/{CUSTOM}", mine)
    assert set_up(opensearch, build(mappings)) == {CUSTOM: "yours", NAME: "added"}
    assert set_up(opensearch, build(mappings, org="acme.okta.com")) == {CUSTOM: "yours", NAME: "changed"}
    assert stored(opensearch, CUSTOM) == mine
    opensearch.delete(f"/_ingest/pipeline/{CUSTOM}")
    assert set_up(opensearch, build(mappings)) == {CUSTOM: "added", NAME: "changed"}


def test_a_pipeline_of_somebody_else_is_left_alone(opensearch: Server, mappings: Mappings) -> None:
    foreign: dict[str, Any]
    for foreign in ({"processors": []}, {"processors": [], "description": "Mine", "version": 1}):
        opensearch.put(f"/_ingest/pipeline/{NAME}", foreign)
        with pytest.raises(
            SetupError, match=r"the ingest pipeline logs-okta\.mim is not of okta-mim-ecs \(its descript"
        ):
            plan(opensearch, NO_TEMPLATES, build(mappings))
        with pytest.raises(SetupError, match=r"^The ingest pipeline logs-okta\.mim at .* is not of okta-mim-ecs"):
            check_installed(opensearch, Kind.PIPELINE)
        assert stored(opensearch) == foreign


def test_a_newer_pipeline_is_left_alone(opensearch: Server, mappings: Mappings) -> None:
    pipelines = build(mappings)
    opensearch.put(f"/_ingest/pipeline/{NAME}", pipelines[NAME] | {"version": 99})
    with pytest.raises(
        SetupError, match=r"^Nothing was changed at .*logs-okta\.mim is of version 99, newer than the 1"
    ):
        plan(opensearch, NO_TEMPLATES, pipelines)
    assert stored(opensearch)["version"] == 99


def test_all_that_is_refused_is_told_at_once(opensearch: Server, mappings: Mappings) -> None:
    opensearch.put(f"/_ingest/pipeline/{NAME}", {"processors": []})
    opensearch.put(f"/_index_template/{NAME}", {"index_patterns": ["logs-okta.mim-*"]})
    with pytest.raises(SetupError) as caught:
        plan(
            opensearch,
            Templates({}, {NAME: {"index_patterns": ["logs-okta.mim-*"], "version": 1, "composed_of": []}}),
            build(mappings),
        )
    assert "the ingest pipeline logs-okta.mim is not of" in str(caught.value)
    assert "the index template logs-okta.mim is not of" in str(caught.value)


def test_check_installed(opensearch: Server, mappings: Mappings) -> None:
    with pytest.raises(
        SetupError, match=r"^There is no ingest pipeline logs-okta\.mim at .*run `mim-ecs setup --pipelines`"
    ):
        check_installed(opensearch, Kind.PIPELINE)
    set_up(opensearch, build(mappings))
    check_installed(opensearch, Kind.PIPELINE)


def test_what_is_the_users_own_is_not_put() -> None:
    acting = [Change(Kind.PIPELINE, "", state, {}).acts for state in State]
    assert dict(zip(State, acting, strict=True)) == {
        State.ADDED: True,
        State.CHANGED: True,
        State.SAME: False,
        State.YOURS: False,
    }


# --- what a cluster can run


def test_a_server_with_all_processors(opensearch: Server, mappings: Mappings) -> None:
    pipelines = build(mappings)
    assert obstacle(opensearch, pipelines) is None
    held: dict[str, Any] = {"processors": [{"set": {"on_failure": [{"fail": {"on_failure": [{"no_such": {}}]}}]}}]}
    assert obstacle(opensearch, pipelines | {"mine": held}) == "the cluster has no processor no_such"
    assert obstacle(opensearch, {"mine": {"processors": [], "on_failure": [{"zap": {}}, {"nor": {}}]}}) == (
        "the cluster has no processors nor and zap"
    )


def test_a_server_without_processors(elasticsearch: Server, mappings: Mappings) -> None:
    types = "append, drop, fail, pipeline, remove, rename, script and set"
    assert obstacle(elasticsearch, build(mappings)) == f"the cluster has no processors {types}"
    assert obstacle(elasticsearch, {NAME: EMPTY}) is None


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([(["ingest"], ["set"]), (["data"], []), (["master", "ingest"], ["set", "drop"])], None),
        ([(["ingest"], ["set"]), (["ingest"], ["drop"])], "not every node has the processor set"),
        ([(["data"], ["set"])], "no node has the role ingest"),
    ],
)
def test_every_node_that_ingests_counts_and_no_other(
    nodes: list[tuple[list[str], list[str]]], said: str | None
) -> None:
    answer = {
        "nodes": {
            str(number): {"roles": roles, "ingest": {"processors": [{"type": each} for each in types]}}
            for number, (roles, types) in enumerate(nodes)
        }
    }
    with peer(lambda _number, _body: Reply(body=json.dumps(answer).encode())) as there, connect(there.url) as server:
        assert obstacle(server, {NAME: {"processors": [{"set": {}}]}}) == said
    assert [path for path, _, _ in there.requests][-1] == "/_nodes/ingest"


def test_what_elasticsearch_adds_is_no_difference(elasticsearch: Server) -> None:
    """Dates, to every pipeline."""
    assert set_up(elasticsearch, {NAME: EMPTY}) == {NAME: "added"}
    assert {*stored(elasticsearch)} > {*EMPTY}
    assert set_up(elasticsearch, {NAME: EMPTY}) == {NAME: "same"}
    assert set_up(elasticsearch, {NAME: EMPTY | {"description": "By okta-mim-ecs."}}) == {NAME: "changed"}
