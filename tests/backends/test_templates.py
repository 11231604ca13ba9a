"""The templates that are compiled from the Plans, without a server."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from normalizer.backends.templates import (
    RUN_TIME_FIELDS,
    SEARCHED,
    VERSION,
    build,
    count_fields,
    default_fields,
    index_mapping,
    templates,
)
from normalizer.language import Constant, Each, Mappings, load
from normalizer.names import DATASET, MANAGED_BY


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load()


@pytest.fixture(scope="module")
def properties(mappings: Mappings) -> dict[str, Any]:
    return index_mapping(mappings)


def leaves(properties: dict[str, Any], prefix: str = "") -> dict[str, dict[str, Any]]:
    """The fields of an index mapping that hold values, by name."""
    found: dict[str, dict[str, Any]] = {}
    for key, body in properties.items():
        if "properties" in body:
            found |= leaves(body["properties"], f"{prefix}{key}.")
        else:
            found[prefix + key] = body
    return found


def test_the_files_are_pretty_json_below_schemas(mappings: Mappings) -> None:
    files = dict(templates(mappings))
    assert list(files) == [
        "schemas/elasticsearch/component_templates/logs-okta.mim@mappings.json",
        "schemas/elasticsearch/component_templates/logs-okta.mim@settings.json",
        "schemas/elasticsearch/index_templates/logs-okta.mim.json",
    ]
    for content in files.values():
        assert content.startswith(b'{\n  "')
        assert content.endswith(b"\n}\n")
        body = orjson.loads(content)
        assert body["version"] == body["_meta"]["version"] == VERSION
        assert body["_meta"]["managed_by"] == MANAGED_BY


def test_the_same_mappings_give_the_same_bytes(mappings: Mappings) -> None:
    assert dict(templates(mappings)) == dict(templates(load()))


def test_what_users_write_comes_last_and_may_be_missing(mappings: Mappings) -> None:
    body = build(mappings).index["logs-okta.mim"]
    assert body["index_patterns"] == ["logs-okta.mim-*"]
    assert body["priority"] == 250
    assert body["data_stream"] == {}
    assert body["composed_of"] == [
        "logs-okta.mim@mappings", "logs-okta.mim@settings", "logs@custom", "logs-okta.mim@custom",
    ]  # fmt: skip
    assert body["ignore_missing_component_templates"] == ["logs@custom", "logs-okta.mim@custom"]
    assert "template" not in body, "it would win over what users write in the @custom component templates"


def test_what_a_cluster_may_have_a_default_for_is_said(mappings: Mappings) -> None:
    template = build(mappings).components["logs-okta.mim@settings"]["template"]
    index = template["settings"]["index"]
    assert index["mode"] == "standard"
    assert index["codec"] == "best_compression"
    assert index["number_of_shards"] == 1
    assert index["auto_expand_replicas"] == "0-1"
    assert index["mapping"]["ignore_malformed"] is True
    assert template["lifecycle"] == {"enabled": True}
    assert template["data_stream_options"] == {"failure_store": {"enabled": True}}


def test_options(mappings: Mappings) -> None:
    built = build(mappings, index_mode="logsdb", retention="365d", failure_store=False)
    template = built.components["logs-okta.mim@settings"]["template"]
    assert template["settings"]["index"]["mode"] == "logsdb"
    assert template["lifecycle"] == {"enabled": True, "data_retention": "365d"}
    assert "data_stream_options" not in template


def test_the_index_mapping_stays_small(properties: dict[str, Any]) -> None:
    assert 200 < count_fields(properties) < 500


def test_nothing_is_added_by_an_event(mappings: Mappings) -> None:
    assert build(mappings).components["logs-okta.mim@mappings"]["template"]["mappings"]["dynamic"] is False


def test_the_index_mapping_has_what_plans_and_run_time_write_and_nothing_else(
    mappings: Mappings, properties: dict[str, Any]
) -> None:
    written = set(RUN_TIME_FIELDS)
    for plan in mappings.plans:
        dataset = plan.rule("data_stream.dataset")
        if isinstance(dataset, Constant) and dataset.value != DATASET:
            continue
        for rule in plan.rules:
            if isinstance(rule, Each) and rule.destination.type == "object":
                written |= {each.destination.name for each in rule.fields}
            else:
                written.add(rule.destination.name)
    assert set(leaves(properties)) == written


def test_only_plans_of_the_data_stream_count(mappings: Mappings) -> None:
    other = mappings.plan("user.session.start")
    assert other is not None
    dataset = other.rule("data_stream.dataset")
    assert isinstance(dataset, Constant)
    assert dataset.value != DATASET
    assert leaves(index_mapping(Mappings((other,), mappings.fields, mappings.tables))).keys() == set(RUN_TIME_FIELDS)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("@timestamp", {"type": "date", "ignore_malformed": False}),
        ("message", {"type": "match_only_text"}),
        ("error.message", {"type": "match_only_text"}),
        ("event.original", {"type": "keyword", "index": False, "doc_values": False}),
        ("event.module", {"type": "constant_keyword", "value": "okta"}),
        ("event.dataset", {"type": "constant_keyword", "value": "okta.mim"}),
        ("data_stream.type", {"type": "constant_keyword", "value": "logs"}),
        ("data_stream.dataset", {"type": "constant_keyword", "value": "okta.mim"}),
        ("data_stream.namespace", {"type": "constant_keyword"}),
        ("user.name", {"type": "keyword", "ignore_above": 1024, "fields": {"text": {"type": "match_only_text"}}}),
        ("event.ingested", {"type": "date"}),
        ("client.ip", {"type": "ip"}),
        ("client.geo.location", {"type": "geo_point"}),
        ("okta.security_context.as.number", {"type": "long"}),
        ("okta.request.ip_chain", {"type": "flattened", "ignore_above": 1024, "depth_limit": 20}),
        ("okta.target.detailEntry", {"type": "flattened", "ignore_above": 1024, "depth_limit": 20}),
    ],
)
def test_fields(properties: dict[str, Any], name: str, body: dict[str, Any]) -> None:
    assert leaves(properties)[name] == body


def test_targets_are_objects_never_nested(properties: dict[str, Any]) -> None:
    assert properties["okta"]["properties"]["target"]["type"] == "object"
    assert b'"nested"' not in orjson.dumps(properties)


def test_no_long_text_can_refuse_a_document(properties: dict[str, Any]) -> None:
    for name, body in leaves(properties).items():
        if body["type"] in ("keyword", "wildcard", "flattened") and body.get("doc_values", True):
            assert body["ignore_above"] == 1024, name


def test_a_field_that_differs_between_event_types_is_no_constant(mappings: Mappings) -> None:
    plan = next(plan for plan in mappings.plans if plan.event_type == "mim.*")
    without = tuple(rule for rule in plan.rules if rule.destination.name != "event.module")
    changed = type(plan)("mim.other", plan.summary, plan.chain, without, plan.place)
    properties = index_mapping(Mappings((*mappings.plans, changed), mappings.fields, mappings.tables))
    assert leaves(properties)["event.module"] == {"type": "keyword", "ignore_above": 1024}
    assert leaves(properties)["event.dataset"]["type"] == "constant_keyword"


def test_every_searched_field_is_there_and_holds_text(properties: dict[str, Any]) -> None:
    searched = default_fields(properties)
    assert set(SEARCHED) <= set(searched)
    assert "user.name.text" in searched
    assert searched == sorted(set(searched))


def test_a_server_without_flattened_gets_another_type(mappings: Mappings) -> None:
    properties = index_mapping(mappings, flattened={"type": "object", "enabled": False})
    assert leaves(properties)["okta.request.ip_chain"] == {"type": "object", "enabled": False}
    assert b'"flattened":{"type":"flattened"' not in orjson.dumps(properties)
