"""The templates that are compiled from the Plans, without a server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from normalizer.backends.templates import (
    OPENSEARCH,
    RUN_TIME_FIELDS,
    SEARCHED,
    VERSION,
    build,
    count_fields,
    default_fields,
    index_mapping,
    templates,
)
from normalizer.errors import SettingsError
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
        f"schemas/{engine}/{name}.json"
        for engine in ("elasticsearch", "opensearch")
        for name in (
            "component_templates/logs-okta.mim@mappings",
            "component_templates/logs-okta.mim@settings",
            "index_templates/logs-okta.mim",
        )
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
    changed = replace(plan, event_type="mim.other", rules=without)
    properties = index_mapping(Mappings((*mappings.plans, changed), mappings.fields, mappings.tables))
    assert leaves(properties)["event.module"] == {"type": "keyword", "ignore_above": 1024}
    assert leaves(properties)["event.dataset"]["type"] == "constant_keyword"


def test_every_searched_field_is_there_and_holds_text(properties: dict[str, Any]) -> None:
    searched = default_fields(properties)
    assert set(SEARCHED) <= set(searched)
    assert "user.name.text" in searched
    assert searched == sorted(set(searched))


# --- OpenSearch

NOT_IN_OPENSEARCH = (
    "flattened", "depth_limit", "mode", "logsdb", "lifecycle", "data_stream_options", "failure_store", "subobjects",
    "ignore_dynamic_beyond_limit", "ignore_missing_component_templates", "logs@custom", "logs-okta.mim@custom",
)  # fmt: skip


def test_the_body_of_a_flattened_field_is_kept_by_opensearch_and_all_other_fields_are_the_same(
    mappings: Mappings, properties: dict[str, Any]
) -> None:
    ours, theirs = leaves(properties), leaves(index_mapping(mappings, OPENSEARCH))
    assert theirs.keys() == ours.keys()
    different = {name for name in ours if ours[name] != theirs[name]}
    assert different == {name for name in ours if ours[name]["type"] == "flattened"} | {"data_stream.namespace"}
    assert theirs["data_stream.namespace"] == {"type": "keyword", "ignore_above": 1024}
    for name in different - {"data_stream.namespace"}:
        assert theirs[name] == {"type": "object", "enabled": False}


def test_the_settings_of_both_engines_are_the_same_but_for_what_opensearch_lacks(mappings: Mappings) -> None:
    ours, theirs = (
        built.components["logs-okta.mim@settings"]["template"]
        for built in (build(mappings), build(mappings, OPENSEARCH))
    )
    assert theirs.keys() == {"settings"}
    assert {"mode": "standard", **theirs["settings"]["index"]} == ours["settings"]["index"]


def test_no_file_holds_what_opensearch_lacks(mappings: Mappings) -> None:
    files = [orjson.loads(content) for path, content in templates(mappings) if "/opensearch/" in path]
    assert len(files) == 3
    assert {word for file in files for word in words(file)} & {*NOT_IN_OPENSEARCH} == {"flattened"}
    # The one that is left is a part of the field okta.debug_context.debug_data.flattened.
    assert [path for file in files for path in places(file, "flattened")] == [
        "template.mappings.properties.okta.properties.debug_context.properties.debug_data.properties.flattened"
    ]


def words(value: Any) -> set[str]:
    """Every key and every text in a JSON value."""
    if isinstance(value, dict):
        return {*value} | {word for each in value.values() for word in words(each)}
    if isinstance(value, list):
        return {word for each in value for word in words(each)}
    return {value} if isinstance(value, str) else set()


def places(value: Any, word: str, path: str = "") -> list[str]:
    """Where a key or text stands."""
    if isinstance(value, dict):
        here = [f"{path}{key}" for key in value if key == word]
        return here + [place for key, each in value.items() for place in places(each, word, f"{path}{key}.")]
    if isinstance(value, list):
        return [place for each in value for place in places(each, word, path)]
    return [path] if value == word else []


def test_opensearch_is_given_no_component_that_may_be_missing(mappings: Mappings) -> None:
    ours, theirs = build(mappings), build(mappings, OPENSEARCH)
    assert theirs.index["logs-okta.mim"]["composed_of"] == [*theirs.components]
    kept = ours.index["logs-okta.mim"].keys() - {"ignore_missing_component_templates"}
    assert theirs.index["logs-okta.mim"].keys() == kept


def test_what_opensearch_lacks_cannot_be_asked_for(mappings: Mappings) -> None:
    with pytest.raises(SettingsError, match="OpenSearch has no index mode logsdb"):
        build(mappings, OPENSEARCH, index_mode="logsdb")
    with pytest.raises(SettingsError, match="OpenSearch has no lifecycle"):
        build(mappings, OPENSEARCH, retention="365d")
