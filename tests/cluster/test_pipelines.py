"""Ingest pipelines on a genuine OpenSearch, disguised (see tests/engines): our Elasticsearch has no processors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from elasticsearch import Elasticsearch, UnsupportedProductError

from normalizer.backends.pipelines import build
from normalizer.backends.templates import Templates
from normalizer.cluster import Change, Kind, State, apply, check_installed, obstacle, plan
from normalizer.errors import SetupError
from normalizer.language import Mappings, load
from normalizer.outputs.elasticsearch import connect
from tests.cluster.ours import clean, remove_ours
from tests.delivery.peer import Reply, peer
from tests.engines.disguise import disguised

NAME, CUSTOM = "logs-okta.mim", "logs-okta.mim@custom"
NO_TEMPLATES = Templates({}, {})
EMPTY = {"description": "Made by okta-mim-ecs.", "version": 1, "processors": []}


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load()


@pytest.fixture
def client(opensearch_url: str) -> Iterator[Elasticsearch]:
    with disguised(opensearch_url) as url, connect(url) as client:
        remove_ours(client)
        yield client
        remove_ours(client)


@pytest.fixture
def elasticsearch(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    with clean(elasticsearch_url) as client:
        yield client


def set_up(client: Elasticsearch, pipelines: dict[str, Any]) -> dict[str, str]:
    """What becomes of each pipeline, in the order of applying."""
    changes = plan(client, NO_TEMPLATES, pipelines)
    apply(client, changes)
    assert {change.kind for change in changes} == {Kind.PIPELINE}
    return {change.name: change.state.value for change in changes}


def stored(client: Elasticsearch, name: str = NAME) -> dict[str, Any]:
    body: dict[str, Any] = client.ingest.get_pipeline(id=name).body[name]
    return body


def test_a_disguise_is_needed_and_enough(opensearch_url: str) -> None:
    with connect(opensearch_url) as client, pytest.raises(UnsupportedProductError):
        client.info()
    with disguised(opensearch_url) as url, connect(url) as client:
        assert client.info()["version"]["distribution"] == "opensearch"
        assert not client.indices.exists(index="disguise")


def test_a_second_setup_changes_nothing(client: Elasticsearch, mappings: Mappings) -> None:
    pipelines = build(mappings)
    assert list(set_up(client, pipelines).items()) == [(CUSTOM, "added"), (NAME, "added")]
    assert stored(client) == pipelines[NAME]
    assert stored(client, CUSTOM) == pipelines[CUSTOM]
    assert set_up(client, pipelines) == {CUSTOM: "yours", NAME: "same"}


def test_an_org_goes_into_every_script_and_leaves_again(client: Elasticsearch, mappings: Mappings) -> None:
    set_up(client, build(mappings))
    assert set_up(client, build(mappings, 45_000, "acme.okta.com")) == {CUSTOM: "yours", NAME: "changed"}
    assert set_up(client, build(mappings, 45_000, "acme.okta.com")) == {CUSTOM: "yours", NAME: "same"}
    scripts = [each["script"] for each in stored(client)["processors"] if "script" in each]
    assert len(scripts) > 1
    assert {each["params"]["org"] for each in scripts} == {"acme.okta.com"}
    assert set_up(client, build(mappings)) == {CUSTOM: "yours", NAME: "changed"}


def test_what_somebody_changed_is_put_right(client: Elasticsearch, mappings: Mappings) -> None:
    pipelines = build(mappings)
    set_up(client, pipelines)
    client.ingest.put_pipeline(id=NAME, **(pipelines[NAME] | {"processors": pipelines[NAME]["processors"][1:]}))
    assert set_up(client, pipelines) == {CUSTOM: "yours", NAME: "changed"}
    assert stored(client) == pipelines[NAME]


def test_the_users_own_pipeline_is_never_changed(client: Elasticsearch, mappings: Mappings) -> None:
    mine: dict[str, Any] = {"processors": [{"set": {"field": "labels.mine", "value": "yes"}}], "version": 7}
    client.ingest.put_pipeline(id=CUSTOM, **mine)
    assert set_up(client, build(mappings)) == {CUSTOM: "yours", NAME: "added"}
    assert set_up(client, build(mappings, org="acme.okta.com")) == {CUSTOM: "yours", NAME: "changed"}
    assert stored(client, CUSTOM) == mine
    client.ingest.delete_pipeline(id=CUSTOM)
    assert set_up(client, build(mappings)) == {CUSTOM: "added", NAME: "changed"}


def test_a_pipeline_of_somebody_else_is_left_alone(client: Elasticsearch, mappings: Mappings) -> None:
    foreign: dict[str, Any]
    for foreign in ({"processors": []}, {"processors": [], "description": "Mine", "version": 1}):
        client.ingest.put_pipeline(id=NAME, **foreign)
        with pytest.raises(
            SetupError, match=r"the ingest pipeline logs-okta\.mim is not of okta-mim-ecs \(its descript"
        ):
            plan(client, NO_TEMPLATES, build(mappings))
        with pytest.raises(SetupError, match=r"^The ingest pipeline logs-okta\.mim at .* is not of okta-mim-ecs"):
            check_installed(client, Kind.PIPELINE)
        assert stored(client) == foreign


def test_a_newer_pipeline_is_left_alone(client: Elasticsearch, mappings: Mappings) -> None:
    pipelines = build(mappings)
    client.ingest.put_pipeline(id=NAME, **(pipelines[NAME] | {"version": 99}))
    with pytest.raises(
        SetupError, match=r"^Nothing was changed at .*logs-okta\.mim is of version 99, newer than the 1"
    ):
        plan(client, NO_TEMPLATES, pipelines)
    assert stored(client)["version"] == 99


def test_all_that_is_refused_is_told_at_once(client: Elasticsearch, mappings: Mappings) -> None:
    client.ingest.put_pipeline(id=NAME, processors=[])
    client.indices.put_index_template(name=NAME, index_patterns=["logs-okta.mim-*"])
    with pytest.raises(SetupError) as caught:
        plan(client, Templates({}, {NAME: {"index_patterns": ["logs-okta.mim-*"], "version": 1}}), build(mappings))
    assert "the ingest pipeline logs-okta.mim is not of" in str(caught.value)
    assert "the index template logs-okta.mim is not of" in str(caught.value)


def test_check_installed(client: Elasticsearch, mappings: Mappings) -> None:
    with pytest.raises(
        SetupError, match=r"^There is no ingest pipeline logs-okta\.mim at .*run `mim-ecs setup --pipelines`"
    ):
        check_installed(client, Kind.PIPELINE)
    set_up(client, build(mappings))
    check_installed(client, Kind.PIPELINE)


def test_what_is_the_users_own_is_not_put() -> None:
    acting = [Change(Kind.PIPELINE, "", state, {}).acts for state in State]
    assert dict(zip(State, acting, strict=True)) == {
        State.ADDED: True,
        State.CHANGED: True,
        State.SAME: False,
        State.YOURS: False,
    }


# --- what a cluster can run


def test_a_server_with_all_processors(client: Elasticsearch, mappings: Mappings) -> None:
    pipelines = build(mappings)
    assert obstacle(client, pipelines) is None
    held: dict[str, Any] = {"processors": [{"set": {"on_failure": [{"fail": {"on_failure": [{"no_such": {}}]}}]}}]}
    assert obstacle(client, pipelines | {"mine": held}) == "the cluster has no processor no_such"
    assert obstacle(client, {"mine": {"processors": [], "on_failure": [{"zap": {}}, {"nor": {}}]}}) == (
        "the cluster has no processors nor and zap"
    )


def test_a_server_without_processors(elasticsearch: Elasticsearch, mappings: Mappings) -> None:
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
    with peer(lambda _number, _body: Reply(body=json.dumps(answer).encode())) as there, connect(there.url) as client:
        assert obstacle(client, {NAME: {"processors": [{"set": {}}]}}) == said
    assert [path for path, _, _ in there.requests] == ["/_nodes/ingest"]


def test_what_elasticsearch_adds_is_no_difference(elasticsearch: Elasticsearch) -> None:
    """Dates, to every pipeline."""
    assert set_up(elasticsearch, {NAME: EMPTY}) == {NAME: "added"}
    assert {*stored(elasticsearch)} > {*EMPTY}
    assert set_up(elasticsearch, {NAME: EMPTY}) == {NAME: "same"}
    assert set_up(elasticsearch, {NAME: EMPTY | {"description": "By okta-mim-ecs."}}) == {NAME: "changed"}
