"""The JSON Schemas: what is committed, what they accept and refuse, and that both validators say the same."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import orjson
import pytest
import yaml

from normalizer import Normalizer, load
from normalizer.authoring.golden import DOCUMENT, cases
from normalizer.backends.schemas import document_schema, event_schema, mapping_schema, schemas
from normalizer.language import Constant
from normalizer.runtime.validation import explain_document, explain_event, part, varying
from tests.backends.instances import ANNOTATIONS, OF_EACH_TYPE, broken, good, kept, key, subschemas
from tests.golden import FOLDER

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS = load()
DOCUMENTS = {plan.chain[0]: document_schema(plan, MAPPINGS) for plan in MAPPINGS.plans}
EVENT = event_schema()
SEEN = {key(each): each for schema in (EVENT, *DOCUMENTS.values()) for each in subschemas(schema)}
DISTINCT = [pytest.param(schema, id=f"{number}") for number, schema in enumerate(SEEN.values())]
MUTANTS = 400

Valid = Callable[[Any], bool]


@cache
def _validators(name: str) -> tuple[Valid, Valid]:
    schema = orjson.loads(name)
    return jsonschema.Draft202012Validator(schema).is_valid, jsonschema_rs.Draft202012Validator(schema).is_valid


def valid(schema: dict[str, Any], instance: Any) -> bool:
    """Whether an instance obeys a schema; fails where the validators disagree."""
    slow, fast = _validators(key(schema))
    answers = slow(instance), fast(instance)
    assert answers[0] == answers[1], f"jsonschema says {answers[0]}, jsonschema-rs {answers[1]}: {instance!r:.300}"
    return answers[0]


# ---- files


def test_committed_files_are_what_the_mappings_give() -> None:
    files = dict(schemas(MAPPINGS))
    for name, content in files.items():
        assert (ROOT / name).read_bytes() == content, f"{name} is stale: mim-ecs build"
    committed = {path.relative_to(ROOT).as_posix() for path in (ROOT / "schemas").glob("documents/*")}
    assert committed == {name for name in files if name.startswith("schemas/documents/")}


def test_the_same_mappings_give_the_same_bytes() -> None:
    assert dict(schemas(MAPPINGS)) == dict(schemas(load()))


def test_schemas_are_schemas() -> None:
    files = dict(schemas(MAPPINGS))
    for content in files.values():
        schema = orjson.loads(content)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert jsonschema_rs.meta.is_valid(schema)
    for name in ("event", "mapping", "documents/mim.any"):  # by a second validator, which takes its time
        jsonschema.Draft202012Validator.check_schema(orjson.loads(files[f"schemas/{name}.schema.json"]))


def test_nothing_hangs_on_format_or_on_what_validators_do_not_share() -> None:
    for schema in SEEN.values():
        used = set(schema) - ANNOTATIONS
        assert used <= {
            "type", "const", "enum", "properties", "required", "additionalProperties", "items", "minItems", "anyOf",
            "minLength", "maxLength", "minimum", "maximum", "pattern", "not",
        }  # fmt: skip
        if "properties" in schema and schema is not SEEN[key(EVENT)]:
            assert schema["additionalProperties"] is False


# ---- keywords


@pytest.mark.parametrize("schema", DISTINCT)
def test_what_breaks_a_keyword_is_refused(schema: dict[str, Any]) -> None:
    for keyword, instance in broken(schema):
        assert not valid(schema, instance), f"{keyword}: {instance!r:.300}"


@pytest.mark.parametrize("schema", DISTINCT)
def test_what_keeps_all_keywords_is_accepted(schema: dict[str, Any]) -> None:
    for instance in kept(schema):
        assert valid(schema, instance), f"{instance!r:.300}"


@pytest.mark.parametrize("schema", DISTINCT)
def test_both_validators_say_the_same_of_anything(schema: dict[str, Any]) -> None:
    for values in OF_EACH_TYPE.values():
        for value in values:
            valid(schema, value)
            valid(schema, [value])
    for number in (2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, float(2**31), float(2**53), 1e-300, -129, 180.5):
        valid(schema, number)


def test_where_the_validators_differ() -> None:
    """A fraction that is the least whole number of 64 bits. No conversion gives fractions for whole numbers."""
    long = next(schema for schema in SEEN.values() if schema.get("minimum") == -(2**63))
    slow, fast = _validators(key(long))
    assert (slow(-(2**63)), fast(-(2**63))) == (True, True)
    assert (slow(-(2.0**63)), fast(-(2.0**63))) == (True, False)


def test_every_keyword_was_broken() -> None:
    used = {keyword for schema in SEEN.values() for keyword in schema} - ANNOTATIONS
    assert {keyword for schema in SEEN.values() for keyword, _ in broken(schema)} == used


# ---- documents


def test_example_documents_obey_their_schemas() -> None:
    normalizer = Normalizer(MAPPINGS)
    for line in (ROOT / "examples" / "okta-mim.ndjson").read_bytes().splitlines():
        done = normalizer.normalize_text(line)
        assert valid(DOCUMENTS[done.event_type], orjson.loads(done.document)), done.id


@pytest.mark.parametrize("case", list(cases(FOLDER)), ids=str)
def test_golden_documents_obey_their_schemas(case: Any) -> None:
    document = orjson.loads(case.path(DOCUMENT).read_bytes())
    assert valid(DOCUMENTS[case.mapping], document)
    for name in ("ingested", "created"):  # whoever stores or polls stamps these
        stamped = copy.deepcopy(document)
        stamped["event"][name] = "2026-09-14T06:00:01.000Z"
        assert valid(DOCUMENTS[case.mapping], stamped)


def test_mutated_documents() -> None:
    """A value anywhere in a document, or a key, becomes another: the validators agree, and mostly refuse."""
    rng = random.Random(1)
    rich = [case for case in cases(FOLDER) if case.name == "rich"]
    odd = [value for values in OF_EACH_TYPE.values() for value in values]
    refused = 0
    for _ in range(MUTANTS):
        case = rng.choice(rich)
        document = orjson.loads(case.path(DOCUMENT).read_bytes())
        holder: Any = document
        at: Any = None
        while isinstance(holder, (dict, list)) and holder:
            parent, at = holder, rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            holder = parent[at]
            if rng.random() < 0.2:
                break
        if rng.random() < 0.2 and isinstance(parent, dict):
            parent[rng.choice((f"{at}x", f"{at}\n", "", "message"))] = parent.pop(at)
        elif rng.random() < 0.2:
            del parent[at]
        else:
            parent[at] = rng.choice(odd)
        refused += not valid(DOCUMENTS[case.mapping], document)
    assert MUTANTS / 4 < refused < MUTANTS


def test_a_document_holds_what_its_mapping_writes_and_nothing_else() -> None:
    schema = DOCUMENTS["mim.command.ios.new"]
    document = good(schema)
    assert valid(schema, document)
    for place in ("okta", "event", "user", "host.os", "okta.mim"):
        changed = copy.deepcopy(document)
        holder = changed
        for step in place.split("."):
            holder = holder[step]
        holder["other"] = "x"
        assert not valid(schema, changed), place
    assert not valid(schema, {**document, "okta": {**document["okta"], "mim": {"operation": "export"}}})


def test_what_a_document_must_have() -> None:
    for name, schema in DOCUMENTS.items():
        assert {"@timestamp", "event", "ecs", "data_stream", "observer"} <= set(schema["required"])
        required = {"id", "action", "dataset", "kind", "module", "outcome", "provider"}
        assert required <= set(schema["properties"]["event"]["required"]), name


# ---- the schemas that the run time makes of these


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_varies_and_what_does_not(name: str) -> None:
    """A document obeys its schema when it obeys what varies of it, and has its constants."""
    plan = next(plan for plan in MAPPINGS.plans if plan.chain[0] == name)
    schema = DOCUMENTS[name]
    constants = [rule.destination.name for rule in plan.rules if isinstance(rule, Constant)]
    hot = varying(schema, constants)
    jsonschema.Draft202012Validator.check_schema(hot)
    document = good(schema)
    assert valid(hot, document)
    for constant in constants:
        assert part(schema, constant) != part(hot, constant)
    for destination in ("client", "okta.actor", "event", "related.ip"):
        inner = part(schema, destination)
        for keyword, bad in list(broken(inner))[:3]:
            changed = copy.deepcopy(document)
            holder = changed
            *above, last = destination.split(".")
            for step in above:
                holder = holder[step]
            holder[last] = bad
            assert valid(hot, changed) == valid(schema, changed) is False, keyword


def test_sentences_about_documents_name_the_place() -> None:
    schema = DOCUMENTS["mim.command.ios.new"]
    document = good(schema)
    document["client"]["ip"] = 5
    assert explain_document(schema, document).startswith("client.ip breaks the rule 'type' of its schema: 5 is not of")
    assert (
        explain_document(schema, []) == "the document breaks the rule 'type' of its schema: [] is not of type 'object'"
    )


# ---- events


def test_events_are_objects_with_three_values_whatever_else_they_hold() -> None:
    assert set(EVENT["properties"]) == set(EVENT["required"]) == {"uuid", "published", "eventType"}
    for value in (value for values in OF_EACH_TYPE.values() for value in values):
        assert valid(EVENT, {**good(EVENT), "actor": value, "": value})


def test_every_refused_event_gets_a_sentence() -> None:
    for keyword, event in broken(EVENT):
        if isinstance(event, dict):
            sentence = explain_event(EVENT, event)
            assert sentence != "the event is not accepted", keyword
            assert any(name in sentence for name in EVENT["required"])


# ---- mapping files, for editors


@pytest.fixture(scope="module")
def mapping_validators() -> tuple[Valid, Valid]:
    schema = mapping_schema(MAPPINGS)
    return jsonschema.Draft202012Validator(schema).is_valid, jsonschema_rs.Draft202012Validator(schema).is_valid


@pytest.mark.parametrize(
    "path",
    [path for path in sorted((ROOT / "mappings").glob("*.yml")) if path.name != "_custom_fields.yml"],
    ids=lambda path: path.stem,
)
def test_mapping_files_obey_their_schema(path: Path, mapping_validators: tuple[Valid, Valid]) -> None:
    text = path.read_text(encoding="utf-8")
    assert [accepts(yaml.safe_load(text)) for accepts in mapping_validators] == [True, True]


@pytest.mark.parametrize(
    "change",
    [
        {"summary": None}, {"sumary": "x"}, {"set": {"event.kind": "events"}}, {"set": {"event.type": "info"}},
        {"set": {"event.severity": "1"}}, {"set": {"no.field": 1}}, {"fields": {"user.id": 5}}, {"remove": "user"},
        {"fields": {"user.id": {"from": "actor.id", "form": 1}}}, {"fields": {"user.id": {"as": "upper", "from": "a"}}},
        {"fields": {"user.id": {"from": "a", "collect": ["a"]}}}, {"fields": {"okta.target": {"each": "target"}}},
        {"fields": {"user": {"at": "actor"}}}, {"extends": 5}, {"event_type": ["a"]},
    ],
)  # fmt: skip
def test_mistakes_that_an_editor_marks(change: dict[str, Any], mapping_validators: tuple[Valid, Valid]) -> None:
    mapping = {"event_type": "mim.example", "extends": "_mim", "summary": "An example."} | change
    assert [accepts(mapping) for accepts in mapping_validators] == [False, False]
