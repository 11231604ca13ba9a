"""From files with parents to Plans: what a child replaces and removes, where rules come from, what a change changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from normalizer import ecs
from normalizer.language import Constant, Each, Mappings, Plan, Value, load
from normalizer.language.conversions import TYPES
from normalizer.language.plan import AS_IS
from tests.language.folders import HEAD, HERE, ONE, findings, lay, loaded, plan

SHIPPED = HERE.parent.parent / "mappings"


def written(found: Plan) -> set[str]:
    return {rule.destination.name for rule in found.rules}


def value(found: Plan, name: str) -> Value:
    rule = found.rule(name)
    assert isinstance(rule, Value)
    return rule


def paths(found: Plan, name: str) -> list[str]:
    return [str(path) for path in value(found, name).paths]


def constants(found: Plan) -> dict[str, Any]:
    return {rule.destination.name: rule.value for rule in found.rules if isinstance(rule, Constant)}


# ---- parents


def test_a_child_has_its_parents_rules(tmp_path: Path) -> None:
    found = plan(tmp_path, HEAD)
    assert {"@timestamp", "event.id", "event.module", "event.category", "client.user.id", "okta.target"} <= written(
        found
    )
    assert found.chain == ("mim.example", "_mim", "_log_event")
    assert (found.event_type, found.summary, found.fallback) == ("mim.example", "An example.", False)
    assert found.place.file.endswith("mappings/mim.example.yml")


def test_the_nearest_rule_for_a_destination_holds(tmp_path: Path) -> None:
    parent = "extends: _mim\nsummary: A.\nset: {event.provider: parent, event.reason: parent}\n"
    child = HEAD.replace("_mim", "_a") + "set: {event.provider: child}\nfields: {event.reason: outcome.reason}\n"
    found = plan(tmp_path, child, _a=parent)
    assert constants(found)["event.provider"] == "child"
    assert paths(found, "event.reason") == ["outcome.reason"]


def test_a_constant_replaces_a_parents_rule(tmp_path: Path) -> None:
    found = plan(tmp_path, HEAD + "set: {event.outcome: failure}\n")
    assert constants(found)["event.outcome"] == "failure"


def test_a_list_replaces_the_whole_list(tmp_path: Path) -> None:
    assert constants(plan(tmp_path, HEAD + "set: {tags: [other]}\n"))["tags"] == ("other",)


def test_each_is_one_destination_and_replaced_whole(tmp_path: Path) -> None:
    found = plan(tmp_path, HEAD + "fields: {okta.target: {each: target(type=User), fields: {id: id}}}\n")
    rule = found.rule("okta.target")
    assert isinstance(rule, Each)
    assert str(rule.path) == "target(type=User)"
    assert [inner.destination.name for inner in rule.fields] == ["okta.target.id"]


def test_remove_takes_a_rule_or_all_below_a_prefix(tmp_path: Path) -> None:
    all_of_them = written(plan(tmp_path / "a", HEAD))
    without = written(plan(tmp_path / "b", HEAD + "remove: [message, client.geo, source.user]\n"))
    assert all_of_them - without == {
        "message",
        *("client.geo.city_name", "client.geo.country_name", "client.geo.location"),
        *("source.user.id", "source.user.name", "source.user.email"),
    }
    assert without < all_of_them


def test_a_prefix_ends_at_a_dot(tmp_path: Path) -> None:
    fields = "_custom_fields"
    text = (HERE / "base" / f"{fields}.yml").read_text() + (
        "acme.a: {type: keyword, description: A.}\nacme.ab: {type: keyword, description: B.}\n"
    )
    parent = "extends: _mim\nsummary: A.\nset: {acme.a: x, acme.ab: x}\n"
    found = plan(tmp_path, HEAD.replace("_mim", "_a") + "remove: [acme.a]\n", _a=parent, _custom_fields=text)
    assert "acme.ab" in written(found)
    assert "acme.a" not in written(found)


def test_what_is_removed_may_be_written_anew(tmp_path: Path) -> None:
    found = plan(tmp_path, HEAD + "remove: [client.geo]\nfields: {client.geo.name: client.geographicalContext.city}\n")
    assert {name for name in written(found) if name.startswith("client.geo")} == {"client.geo.name"}


def test_a_grandchild_may_write_what_its_parent_removed(tmp_path: Path) -> None:
    parent = "extends: _mim\nsummary: A.\nremove: [message]\n"
    assert "message" not in written(plan(tmp_path / "a", HEAD.replace("_mim", "_a"), _a=parent))
    child = HEAD.replace("_mim", "_a") + "fields: {message: displayMessage}\n"
    assert "message" in written(plan(tmp_path / "b", child, _a=parent))
    again = HEAD.replace("_mim", "_a") + "remove: [message]\n"
    assert findings(lay(tmp_path / "c", {ONE: again, "_a.yml": parent})) == [
        'mim.example.yml:4:10: no parent writes "message"; drop it'
    ]


def test_rules_are_sorted_and_say_where_they_come_from(tmp_path: Path) -> None:
    found = plan(tmp_path, HEAD + "set:\n  event.provider: okta\n")
    names = [rule.destination.name for rule in found.rules]
    assert names == sorted(names)
    chains = {rule.destination.name: rule.origin.chain for rule in found.rules}
    assert chains["event.provider"] == ("mim.example",)
    assert chains["event.dataset"] == ("mim.example", "_mim")
    assert chains["event.kind"] == ("mim.example", "_mim", "_log_event")
    assert chains["ecs.version"] == ()
    rule = found.rule("event.provider")
    assert rule is not None
    assert (rule.origin.place.line, rule.origin.place.column) == (5, 3)
    assert rule.origin.place.file.endswith("mappings/mim.example.yml")
    assert found.rule("event.reason") is None


def test_the_compiler_writes_the_version_of_ecs(tmp_path: Path) -> None:
    for each in loaded(tmp_path, {}).plans:
        assert constants(each)["ecs.version"] == ecs.VERSION


# ---- equality


def test_moving_a_rule_to_a_parent_changes_nothing(tmp_path: Path) -> None:
    here = plan(tmp_path / "a", HEAD + "set: {event.provider: okta}\nfields: {event.reason: outcome.reason}\n")
    parent = "extends: _mim\nsummary: A.\nset: {event.provider: okta}\nfields: {event.reason: {from: outcome.reason}}\n"
    there = plan(tmp_path / "b", HEAD.replace("_mim", "_a"), _a=parent)
    assert set(here.rules) == set(there.rules)
    assert here.rules == there.rules
    assert [rule.origin for rule in here.rules] != [rule.origin for rule in there.rules]


def test_naming_a_table_changes_nothing(tmp_path: Path) -> None:
    named = plan(tmp_path / "a", HEAD)
    here = HEAD + (
        "fields:\n  event.outcome:\n    from: outcome.result\n    default: unknown\n"
        "    map: {DENY: failure, FAILURE: failure, ALLOW: success, SUCCESS: success}\n"
    )
    assert set(plan(tmp_path / "b", here).rules) == set(named.rules)


CHANGES = {
    "a constant": ("  event.module: okta", "  event.module: mim"),
    "a path": ("  message: displayMessage", "  message: outcome.reason"),
    "a default": ("default: unknown", "default: failure"),
    "a conversion": ("as: email", "as: [lower, email]"),
    "an ignored value": ("ignore: [unknown,", "ignore: [none,"),
    "a path inside each": ("detailEntry: detailEntry", "detailEntry: changeDetails"),
    "a selector": ("each: target", "each: target(type=User)"),
    "one path more": ("client.ip: client.ipAddress", "client.ip: {from: [client.ipAddress, client.id]}"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows_as_that_change_alone(change: str, tmp_path: Path) -> None:
    wrong, right = CHANGES[change]
    text = (HERE / "base" / "_log_event.yml").read_text()
    assert text.count(wrong) == 1
    before = set(plan(tmp_path / "a", HEAD).rules)
    after = set(plan(tmp_path / "b", HEAD, _log_event=text.replace(wrong, right)).rules)
    names = {rule.destination.name for rule in after - before}
    assert names == {rule.destination.name for rule in before - after}
    also = {"a conversion": 2, "an ignored value": 6}  # in a scope that `also` writes under a second prefix
    assert len(names) == also.get(change, 1)


def test_a_changed_table_shows_in_the_rules_that_use_it(tmp_path: Path) -> None:
    before = plan(tmp_path / "a", HEAD)
    after = loaded(tmp_path / "b", {ONE: HEAD, "tables/outcome.yml": "SUCCESS: success\n"}).plan("mim.example")
    assert after is not None
    assert {rule.destination.name for rule in set(after.rules) ^ set(before.rules)} == {"event.outcome"}


def test_plans_of_equal_files_are_equal_wherever_the_folder_is(tmp_path: Path) -> None:
    assert load(SHIPPED).plans == load(lay(tmp_path, {}, SHIPPED)).plans


# ---- scopes


def test_a_scope_is_unrolled(tmp_path: Path) -> None:
    text = HEAD + (
        "fields:\n  client:\n    at: securityContext\n    also: [source, server]\n    ignore: [a]\n    fields:\n"
        "      as: {fields: {number: {from: asNumber, ignore: [b]}, organization.name: $.actor.displayName}}\n"
        "      user: {at: $.actor, ignore: [c], fields: {id: id, email: {from: [alternateId, $.client.id]}}}\n"
        "      domain: domain\n"
    )
    found = plan(tmp_path, text)
    for prefix in ("client", "source", "server"):
        assert paths(found, f"{prefix}.as.number") == ["securityContext.asNumber"]
        assert paths(found, f"{prefix}.as.organization.name") == ["actor.displayName"]
        assert paths(found, f"{prefix}.user.id") == ["actor.id"]
        assert paths(found, f"{prefix}.user.email") == ["actor.alternateId", "client.id"]
        assert paths(found, f"{prefix}.domain") == ["securityContext.domain"]
        assert value(found, f"{prefix}.as.number").ignore == ("a", "b")
        assert value(found, f"{prefix}.user.id").ignore == ("a", "c")
        assert value(found, f"{prefix}.domain").ignore == ("a",)
    assert all(path.absolute for rule in found.rules if isinstance(rule, Value) for path in rule.paths)


def test_a_scope_in_a_scope_follows_it(tmp_path: Path) -> None:
    text = HEAD + (
        "fields:\n  client:\n    at: client\n    fields:\n"
        "      geo: {at: geographicalContext, also: [nat], fields: {name: city}}\n".replace(", also: [nat]", "")
    )
    assert paths(plan(tmp_path, text), "client.geo.name") == ["client.geographicalContext.city"]


def test_also_in_a_scope_is_below_each_of_the_outer_prefixes(tmp_path: Path) -> None:
    fields = (HERE / "base" / "_custom_fields.yml").read_text() + "".join(
        f"{outer}.{inner}.id: {{type: keyword, description: Id.}}\n"
        for outer in ("acme", "corp")
        for inner in ("a", "b")
    )
    text = HEAD + "fields: {acme: {also: [corp], fields: {a: {at: actor, also: [b], fields: {id: id}}}}}\n"
    found = plan(tmp_path, text, _custom_fields=fields)
    assert {name for name in written(found) if name.startswith(("acme", "corp"))} == {
        *("acme.a.id", "acme.b.id", "corp.a.id", "corp.b.id")
    }


def test_selectors_of_a_scope_hold_inside(tmp_path: Path) -> None:
    text = (
        HEAD + "fields: {device: {at: target(type=Device|UDDevice), fields: {id: id, model.name: detailEntry.model}}}\n"
    )
    found = plan(tmp_path, text)
    assert paths(found, "device.model.name") == ["target(type=Device|UDDevice).detailEntry.model"]


def test_paths_in_each_start_at_the_element(tmp_path: Path) -> None:
    text = HEAD + (
        "fields:\n  okta.request.ip_chain:\n    each: request.ipChain\n    fields:\n      ip: ip\n"
        "      who: $.actor.id\n      org: _org\n      geo: {at: geographicalContext, fields: {city: city}}\n"
        "      b.a: source\n"
    )
    rule = plan(tmp_path, text).rule("okta.request.ip_chain")
    assert isinstance(rule, Each)
    assert rule.path.absolute
    found = {inner.destination.name: inner.paths[0] for inner in rule.fields}
    assert list(found) == sorted(found)
    assert {
        name.removeprefix("okta.request.ip_chain."): (str(path), path.absolute) for name, path in found.items()
    } == {
        "b.a": ("source", False),
        "geo.city": ("geographicalContext.city", False),
        "ip": ("ip", False),
        "org": ("_org", True),
        "who": ("actor.id", True),
    }
    assert {inner.destination.type for inner in rule.fields} == {AS_IS}


def test_each_in_a_scope_follows_its_path_and_ignores_what_it_ignores(tmp_path: Path) -> None:
    text = HEAD + (
        "fields:\n  okta.request: {at: request, ignore: [x], fields: {ip_chain: {each: ipChain, fields: {ip: ip}}}}\n"
    )
    rule = plan(tmp_path, text).rule("okta.request.ip_chain")
    assert isinstance(rule, Each)
    assert str(rule.path) == "request.ipChain"
    assert rule.fields[0].ignore == ("x",)


def test_a_rule_keeps_all_that_was_written(tmp_path: Path) -> None:
    text = HEAD + (
        "fields:\n  related.user:\n    collect: [actor.id, client.id]\n    ignore: [z, a, z]\n    as: [lower, email]\n"
        "    map: {a@b: c}\n    default: [none]\n"
    )
    rule = value(plan(tmp_path, text), "related.user")
    assert rule.collect
    assert [str(path) for path in rule.paths] == ["actor.id", "client.id"]
    assert rule.ignore == ("a", "z")
    assert rule.steps == ("lower", "email")
    assert rule.table is not None
    assert (rule.table.entries, rule.table.name) == ((("a@b", "c"),), "")
    assert rule.default == ("none",)
    assert rule.destination.array
    assert rule.destination.keys == ("related", "user")


# ---- which Plan


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Mappings:
    names = {"any": '"*"', "mim.any": "mim.*", "mim.command.any": "mim.command.*", "user.any": "user.*"}
    files = {f"{name}.yml": f"event_type: {kind}\nextends: _mim\nsummary: A.\n" for name, kind in names.items()}
    return loaded(
        tmp_path_factory.mktemp("some"), {**files, "mim.command.new.yml": HEAD.replace("example", "command.new")}
    )


@pytest.mark.parametrize(
    ("event_type", "chosen"),
    [
        ("mim.command.new", "mim.command.new"),
        ("mim.command.new.er", "mim.command.*"),
        ("mim.command.NEW", "mim.command.*"),
        ("mim.command.", "mim.command.*"),
        ("mim.command", "mim.*"),
        ("mim.commander.new", "mim.*"),
        ("mim.*", "mim.*"),
        ("mim", "*"),
        ("MIM.command.new", "*"),
        ("user.session.start", "user.*"),
        ("system.x", "*"),
        ("", "*"),
        ("*", "*"),
    ],
)
def test_the_longest_prefix_wins(some: Mappings, event_type: str, chosen: str) -> None:
    found = some.plan(event_type)
    assert found is not None
    assert found.event_type == chosen


def test_without_a_fallback_there_may_be_none(tmp_path: Path) -> None:
    assert loaded(tmp_path, {}).plan("user.session.start") is None


# ---- facts that the compiler stands on


def test_no_field_of_ecs_that_a_mapping_can_write_lies_below_another() -> None:
    """Custom fields are checked where they are declared; so no Plan can hold `a` and `a.b`."""
    known = ecs.fields()
    for name in known:
        parts = name.split(".")
        for length in range(1, len(parts)):
            above = known.get(".".join(parts[:length]))
            assert above is None or above.type in ("object", "nested"), name


def test_facts_are_made_when_they_are_asked_for() -> None:
    known = ecs.fields()
    assert known["event.kind"] is known["event.kind"]
    assert "event.kind" in known
    assert "event.kinds" not in known
    assert known.get("event.kinds") is None
    assert len(known) == len(list(known)) == 2605
    assert list(known) == sorted(known)
    assert {known[name].type for name in known} >= {*TYPES} - {"text", "short", "byte"}


def test_all_fields_are_ecs_and_the_declared_ones() -> None:
    fields = load().fields
    assert len(fields) == len(list(fields)) == len(set(fields))
    assert fields["okta.uuid"].ours
    assert not fields["event.id"].ours
    assert "okta.uuid" in fields
    assert fields.get("okta.nothing") is None
