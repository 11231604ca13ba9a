"""Setup on a genuine Elasticsearch.

Three types have stand-ins there (see tests/engines): keyword for wildcard and constant_keyword, text for
match_only_text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from normalizer.backends.templates import Templates, build, index_mapping
from normalizer.cluster import Change, Kind, State, apply, check_installed, data_stream, plan, wanted
from normalizer.cluster.setup import _has_failure_store, same
from normalizer.errors import ServerError, SettingsError, SetupError
from normalizer.language import Mappings, load
from tests.cluster.ours import clean

STAND_INS = {"constant_keyword": "keyword", "wildcard": "keyword", "match_only_text": "text"}


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load()


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    with clean(elasticsearch_url) as client:
        yield client


def states(changes: list[Change]) -> list[str]:
    return [change.state.value for change in changes]


def set_up(client: Elasticsearch, mappings: Mappings, **options: Any) -> list[Change]:
    changes = plan(client, wanted(mappings, client, **options))
    apply(client, changes)
    return changes


def modified(client: Elasticsearch) -> list[int]:
    """When the server last wrote each of our templates."""
    components = client.cluster.get_component_template(name="logs-okta.mim@*")["component_templates"]
    index = client.indices.get_index_template(name="logs-okta.mim")["index_templates"]
    bodies = [*(each["component_template"] for each in components), *(each["index_template"] for each in index)]
    return [body["modified_date_millis"] for body in bodies]


def test_a_second_setup_changes_nothing(client: Elasticsearch, mappings: Mappings) -> None:
    first = set_up(client, mappings)
    assert [(change.kind.value, change.name) for change in first] == [
        ("component template", "logs-okta.mim@mappings"),
        ("component template", "logs-okta.mim@settings"),
        ("index template", "logs-okta.mim"),
    ]
    assert states(first) == ["added", "added", "added"]
    before = modified(client)
    assert states(set_up(client, mappings)) == ["same", "same", "same"]
    assert modified(client) == before


def test_planning_alone_changes_nothing(client: Elasticsearch, mappings: Mappings) -> None:
    assert states(plan(client, wanted(mappings, client))) == ["added"] * 3
    assert states(plan(client, wanted(mappings, client))) == ["added"] * 3


def test_a_retention_changes_the_settings_and_leaves_again(client: Elasticsearch, mappings: Mappings) -> None:
    set_up(client, mappings)
    assert states(set_up(client, mappings, retention="365d")) == ["same", "changed", "same"]
    assert states(set_up(client, mappings, retention="365d")) == ["same", "same", "same"]
    got = client.cluster.get_component_template(name="logs-okta.mim@settings")["component_templates"][0]
    assert got["component_template"]["template"]["lifecycle"]["data_retention"] == "365d"
    assert states(set_up(client, mappings)) == ["same", "changed", "same"]


def test_what_somebody_changed_is_put_right(client: Elasticsearch, mappings: Mappings) -> None:
    set_up(client, mappings)
    body = client.indices.get_index_template(name="logs-okta.mim")["index_templates"][0]["index_template"]
    client.indices.put_index_template(
        name="logs-okta.mim", meta=body["_meta"], index_patterns=["logs-okta.mim-*"], data_stream={}, priority=251
    )
    assert states(set_up(client, mappings)) == ["same", "same", "changed"]
    assert states(set_up(client, mappings)) == ["same", "same", "same"]


def test_a_template_of_somebody_else_is_left_alone(client: Elasticsearch, mappings: Mappings) -> None:
    client.indices.put_index_template(name="logs-okta.mim", index_patterns=["logs-okta.mim-*"], priority=9)
    with pytest.raises(SetupError, match=r"the index template logs-okta\.mim is not of okta-mim-ecs.*rename or remove"):
        plan(client, wanted(mappings, client))
    got = client.indices.get_index_template(name="logs-okta.mim")["index_templates"][0]["index_template"]
    assert got["priority"] == 9


def test_a_newer_template_is_left_alone(client: Elasticsearch, mappings: Mappings) -> None:
    set_up(client, mappings)
    name = "logs-okta.mim@settings"
    client.cluster.put_component_template(name=name, template={}, version=99, meta={"managed_by": "okta-mim-ecs"})
    with pytest.raises(SetupError, match=rf"the component template {name} is of version 99, newer than"):
        plan(client, wanted(mappings, client))


def test_the_data_stream_has_our_index_mapping(client: Elasticsearch, mappings: Mappings) -> None:
    set_up(client, mappings)
    client.indices.create_data_stream(name=data_stream("types"))
    (index,) = client.indices.get_mapping(index=data_stream("types")).body.values()
    assert index["mappings"]["dynamic"] == "false"
    assert types(index["mappings"]["properties"]) == types(index_mapping(mappings), STAND_INS)
    (settings,) = client.indices.get_settings(index=data_stream("types"), flat_settings=True).body.values()
    assert settings["settings"]["index.mode"] == "standard"
    assert settings["settings"]["index.codec"] == "best_compression"


def types(properties: dict[str, Any], instead: dict[str, str] | None = None, prefix: str = "") -> dict[str, str]:
    """Type by name, multi-fields among them."""
    found = {}
    for key, body in properties.items():
        if kind := body.get("type", "" if "properties" in body else "object"):
            found[prefix + key] = (instead or {}).get(kind, kind)
        for group in ("properties", "fields"):
            found |= types(body.get(group, {}), instead, f"{prefix}{key}.")
    return {name: kind for name, kind in found.items() if kind != "object"}


def test_logsdb_is_accepted(client: Elasticsearch, mappings: Mappings) -> None:
    set_up(client, mappings, index_mode="logsdb")
    client.indices.create_data_stream(name=data_stream("logsdb"))
    (settings,) = client.indices.get_settings(index=data_stream("logsdb"), flat_settings=True).body.values()
    assert settings["settings"]["index.mode"] == "logsdb"
    assert states(set_up(client, mappings, index_mode="logsdb")) == ["same", "same", "same"]


def test_what_users_write_wins(client: Elasticsearch, mappings: Mappings) -> None:
    set_up(client, mappings)
    client.cluster.put_component_template(
        name="logs-okta.mim@custom", template={"settings": {"index.refresh_interval": "7s", "index.codec": "default"}}
    )
    client.indices.create_data_stream(name=data_stream("custom"))
    (settings,) = client.indices.get_settings(index=data_stream("custom"), flat_settings=True).body.values()
    assert settings["settings"]["index.refresh_interval"] == "7s"
    assert settings["settings"]["index.codec"] == "default"


def test_check_installed(client: Elasticsearch, mappings: Mappings) -> None:
    with pytest.raises(SetupError, match="run `mim-ecs setup` first"):
        check_installed(client)
    set_up(client, mappings)
    check_installed(client)
    client.indices.put_index_template(name="logs-okta.mim", index_patterns=["logs-okta.mim-*"], data_stream={})
    with pytest.raises(SetupError, match="is not of okta-mim-ecs"):
        check_installed(client)


def test_what_the_server_refuses_is_one_sentence(client: Elasticsearch) -> None:
    body = {"template": {"settings": {"index.no": 1}}}
    bad = Change(Kind.COMPONENT_TEMPLATE, "logs-okta.mim@custom", State.ADDED, body)
    sentence = r"^Elasticsearch at 127\.0\.0\.1:\d+ refuses the request \(400\): .*index\.no"
    with pytest.raises(ServerError, match=sentence):
        apply(client, [bad])


def test_options_are_checked(client: Elasticsearch, mappings: Mappings) -> None:
    for retention in ("1 year", "", "0d", "-1", "365d\n"):
        with pytest.raises(SettingsError, match="write 365d"):
            wanted(mappings, client, retention=retention)
    with pytest.raises(SettingsError, match="standard or logsdb"):
        wanted(mappings, client, index_mode="time_series")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("version", "has"),
    [("8.18.3", False), ("8.19.0", True), ("9.0.8", False), ("9.1.0", True), ("9.5.3", True), ("10.0.0-rc1", True)],
)
def test_versions_with_a_failure_store(version: str, has: bool) -> None:
    assert _has_failure_store(version) is has


@pytest.mark.parametrize("namespace", ["default", "prod", "eu_1", "a.b"])
def test_namespaces(namespace: str) -> None:
    assert data_stream(namespace) == f"logs-okta.mim-{namespace}"


@pytest.mark.parametrize("namespace", ["", "Prod", "a-b", "a b", "a/b", "a*", "x" * 101, "a\nb", "ä" * 51])
def test_bad_namespaces(namespace: str) -> None:
    with pytest.raises(SettingsError, match="namespace"):
        data_stream(namespace)


def test_a_difference_is_a_difference(mappings: Mappings) -> None:
    ours = bodies(build(mappings))
    others = build(mappings, retention="1d"), build(mappings, index_mode="logsdb"), build(mappings, failure_store=False)
    for changed in others:
        assert not all(same(one, other) for one, other in zip(ours, bodies(changed), strict=True))
    assert all(same(one, other) for one, other in zip(ours, ours, strict=True))


def bodies(templates: Templates) -> list[dict[str, Any]]:
    return [*templates.components.values(), *templates.index.values()]
