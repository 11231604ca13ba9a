"""Plan and apply, on a genuine server of either engine.

Three types of Elasticsearch have stand-ins there (see tests/engines): keyword for wildcard and constant_keyword, text
for match_only_text.
"""

from __future__ import annotations

from typing import Any

import pytest

from normalizer.backends.templates import index_mapping
from normalizer.cluster import Change, Kind, State, apply, check_installed, data_stream, plan, wanted
from normalizer.cluster.wanted import engine_of
from normalizer.errors import ServerError, SetupError
from normalizer.language import Mappings
from normalizer.outputs.server import Server
from tests.cluster.ours import CUSTOM, MAPPINGS, NAME, SETTINGS, metadata, set_up, states

STAND_INS = {"constant_keyword": "keyword", "wildcard": "keyword", "match_only_text": "text"}
NAMES = [MAPPINGS, SETTINGS, NAME]


def settings(server: Server, stream: str) -> dict[str, Any]:
    """Of the only backing index."""
    (body,) = server.get(f"/{stream}/_settings", {"flat_settings": "true"}).values()
    found: dict[str, Any] = body["settings"]
    return found


def test_a_second_setup_changes_nothing(server: Server, mappings: Mappings) -> None:
    first = set_up(server, mappings)
    assert [change.kind.value for change in first] == ["component template", "component template", "index template"]
    assert states(first) == dict.fromkeys(NAMES, State.ADDED)
    before = metadata(server)
    assert states(set_up(server, mappings)) == dict.fromkeys(NAMES, State.SAME)
    assert metadata(server) == before


def test_planning_alone_changes_nothing(server: Server, mappings: Mappings) -> None:
    before = metadata(server)
    assert states(plan(server, wanted(mappings, server))) == dict.fromkeys(NAMES, State.ADDED)
    assert metadata(server) == before


def test_what_somebody_changed_is_told_and_put_right(server: Server, mappings: Mappings) -> None:
    set_up(server, mappings)
    server.put(f"/_index_template/{NAME}", wanted(mappings, server).index[NAME] | {"priority": 251})
    component = server.get(f"/_component_template/{MAPPINGS}")["component_templates"][0]["component_template"]
    properties = component["template"]["mappings"]["properties"]
    del properties["host"]["properties"]["name"]
    properties["labels"] = {"type": "object", "enabled": False}
    properties["message"] = {"type": "keyword"}
    server.put(f"/_component_template/{MAPPINGS}", {key: component[key] for key in ("template", "_meta", "version")})
    again = set_up(server, mappings)
    assert states(again) == {MAPPINGS: State.CHANGED, SETTINGS: State.SAME, NAME: State.CHANGED}
    ours = wanted(mappings, server).components[MAPPINGS]["template"]["mappings"]["properties"]
    assert [change.differences for change in again] == [
        ("fields added: host.name", "fields removed: labels", f"field message: keyword → {ours['message']['type']}"),
        (),
        ("its priority: 251 → 250",),
    ]
    assert states(set_up(server, mappings)) == dict.fromkeys(NAMES, State.SAME)


def test_a_template_of_somebody_else_is_left_alone(server: Server, mappings: Mappings) -> None:
    server.put(f"/_index_template/{NAME}", {"index_patterns": ["logs-okta.mim-*"], "priority": 9})
    before = metadata(server)
    with pytest.raises(SetupError, match=r"the index template logs-okta\.mim is not of okta-mim-ecs.*rename or remove"):
        plan(server, wanted(mappings, server))
    assert metadata(server) == before


def test_a_newer_template_is_left_alone(server: Server, mappings: Mappings) -> None:
    set_up(server, mappings)
    newer = {"template": {}, "version": 99, "_meta": {"managed_by": "okta-mim-ecs"}}
    server.put(f"/_component_template/{SETTINGS}", newer)
    with pytest.raises(SetupError, match=rf"the component template {SETTINGS} is of version 99, newer than"):
        plan(server, wanted(mappings, server))


def test_the_data_stream_has_our_index_mapping(server: Server, mappings: Mappings) -> None:
    set_up(server, mappings)
    stream = data_stream("types")
    server.put(f"/_data_stream/{stream}", None)
    (index,) = server.get(f"/{stream}/_mapping").values()
    assert index["mappings"]["dynamic"] == "false"
    engine = engine_of(server)
    stand_ins = STAND_INS if server.engine == "Elasticsearch" else {}
    assert types(index["mappings"]["properties"]) == types(index_mapping(mappings, engine), stand_ins)
    assert settings(server, stream)["index.codec"] == "best_compression"
    assert settings(server, stream).get("index.mode") == ("standard" if engine.index_mode else None)


def types(properties: dict[str, Any], instead: dict[str, str] | None = None, prefix: str = "") -> dict[str, str]:
    """Type by name, multi-fields among them."""
    found = {}
    for key, body in properties.items():
        if kind := body.get("type", "" if "properties" in body else "object"):
            found[prefix + key] = (instead or {}).get(kind, kind)
        for group in ("properties", "fields"):
            found |= types(body.get(group, {}), instead, f"{prefix}{key}.")
    return {name: kind for name, kind in found.items() if kind != "object"}


def test_logsdb_is_accepted(elasticsearch: Server, mappings: Mappings) -> None:
    set_up(elasticsearch, mappings, index_mode="logsdb")
    elasticsearch.put(f"/_data_stream/{data_stream('logsdb')}", None)
    assert settings(elasticsearch, data_stream("logsdb"))["index.mode"] == "logsdb"
    assert states(set_up(elasticsearch, mappings, index_mode="logsdb")) == dict.fromkeys(NAMES, State.SAME)
    (changed,) = (each for each in set_up(elasticsearch, mappings) if each.acts)
    assert changed.differences == ("setting index.mode: logsdb → standard",)


def test_what_users_write_wins(elasticsearch: Server, mappings: Mappings) -> None:
    set_up(elasticsearch, mappings)
    custom = {"template": {"settings": {"index.refresh_interval": "7s", "index.codec": "default"}}}
    elasticsearch.put(f"/_component_template/{CUSTOM}", custom)
    stream = data_stream("custom")
    elasticsearch.put(f"/_data_stream/{stream}", None)
    assert settings(elasticsearch, stream)["index.refresh_interval"] == "7s"
    assert settings(elasticsearch, stream)["index.codec"] == "default"


def test_check_installed(server: Server, mappings: Mappings) -> None:
    with pytest.raises(SetupError, match="run `mim-ecs setup` first"):
        check_installed(server)
    set_up(server, mappings)
    check_installed(server)
    server.put(f"/_index_template/{NAME}", {"index_patterns": ["logs-okta.mim-*"], "data_stream": {}})
    with pytest.raises(SetupError, match="is not of okta-mim-ecs"):
        check_installed(server)


def test_what_the_server_refuses_is_one_sentence(server: Server) -> None:
    body = {"template": {"settings": {"index.no": 1}}}
    bad = Change(Kind.COMPONENT_TEMPLATE, CUSTOM, State.ADDED, body)
    sentence = rf"^{server.engine} at 127\.0\.0\.1:\d+ refuses the request \(400\): .*index\.no"
    with pytest.raises(ServerError, match=sentence):
        apply(server, [bad])


@pytest.mark.parametrize("namespace", ["default", "prod", "eu_1", "a.b"])
def test_namespaces(namespace: str) -> None:
    assert data_stream(namespace) == f"logs-okta.mim-{namespace}"
