"""Plans ▶ JSON Schemas (draft 2020-12): of the events we accept, of each document, and of mapping files for editors.

Patterns are never left to their anchors alone: `$` means the end in one regular expression engine and also before a
last line feed in another, so what may not occur is forbidden by a pattern of its own, or the length is fixed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from normalizer import okta
from normalizer.ecs import VERSION, Field
from normalizer.language import Constant, Each, Mappings, Plan, Value
from normalizer.language.conversions import (
    INTEGER_BITS,
    PROBLEM_KIND,
    PROBLEM_TAG,
    STEPS,
    TEXT_TYPES,
    whole_range,
)
from normalizer.language.paths import GIVEN
from normalizer.language.plan import AS_IS
from normalizer.language.resolve import REQUIRED

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_COMMENT = "Made by `mim-ecs build`: change the mappings, not this."

Schema = dict[str, Any]

_SECONDS: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
_TEXT: Schema = {"type": "string", "minLength": 1}
_OBJECT: Schema = {"type": "object"}
_TYPES: Final[dict[str, Schema]] = {
    **dict.fromkeys(TEXT_TYPES, _TEXT),
    "date": {
        "type": "string",
        "maxLength": 24,
        "pattern": rf"^{_SECONDS}\.[0-9]{{3}}Z$",
    },
    "ip": {"type": "string", "minLength": 2, "maxLength": 45, "not": {"pattern": "[^0-9A-Fa-f:.]"}},
    **{
        kind: {"type": "integer", "minimum": whole_range(kind)[0], "maximum": whole_range(kind)[1]}
        for kind in INTEGER_BITS
    },
    "boolean": {"type": "boolean"},
    "geo_point": {
        "type": "object",
        "properties": {
            "lat": {"type": "number", "minimum": -90, "maximum": 90},
            "lon": {"type": "number", "minimum": -180, "maximum": 180},
        },
        "required": ["lat", "lon"],
        "additionalProperties": False,
    },
    "flattened": {"anyOf": [_OBJECT, {"type": "array", "minItems": 1, "items": _OBJECT}]},
    AS_IS: {},
}


def schemas(mappings: Mappings) -> Iterator[tuple[str, bytes]]:
    """All schema files: their paths from the top level, and their bytes."""
    yield "schemas/event.schema.json", _file(event_schema())
    for plan in mappings.plans:
        yield f"schemas/documents/{plan.chain[0]}.schema.json", _file(document_schema(plan, mappings))
    yield "schemas/mapping.schema.json", _file(mapping_schema(mappings))


def _file(schema: Schema) -> bytes:
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def event_schema() -> Schema:
    """What we accept as an event: an object with the three values without which it cannot be indexed.

    `description` is the noun of a sentence that says what is wrong. The form of `published` is RFC 3339's; whether such
    a day exists is left to the date conversion.
    """
    return {
        "$schema": DRAFT,
        "$comment": _COMMENT,
        "title": "An event of Okta's System Log, as far as it must be right",
        "description": "an object",
        "type": "object",
        "required": ["uuid", "published", "eventType"],
        "properties": {
            "uuid": {
                "description": "a text of 1 to 512 characters from ! to ~",
                "type": "string",
                "minLength": 1,
                "maxLength": 512,
                "not": {"pattern": "[^!-~]"},
            },
            "published": {
                "description": "a date",
                "type": "string",
                "pattern": rf"^{_SECONDS}(\.[0-9]+)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})$",
                "not": {"pattern": "[^0-9TZ:.+-]"},
            },
            "eventType": {"description": "text", "type": "string", "minLength": 1},
        },
    }


# ---- documents


def document_schema(plan: Plan, mappings: Mappings) -> Schema:
    """The schema of the documents of one event type: its fields and no others.

    Required are the constants, the rules with a default, @timestamp, event.id and event.action. `event.ingested` and
    `event.created` may be there: whoever stores or polls stamps them.
    """
    properties: dict[str, Schema] = {}
    required: list[str] = [*REQUIRED]
    for rule in plan.rules:
        name = rule.destination.name
        field = mappings.fields[name]
        match rule:
            case Constant():
                properties[name] = _constant(rule, field)
                required.append(name)
            case Value():
                properties[name] = _value(rule, field)
                if rule.default is not None:
                    required.append(name)
            case Each():
                properties[name] = _each(rule)
    properties |= _written_by_run_time(properties)
    return {
        "$schema": DRAFT,
        "$comment": _COMMENT,
        "title": f"The document of an event of type {plan.event_type}",
        "description": plan.summary,
        **_tree(properties, set(required)),
    }


def _constant(rule: Constant, field: Field) -> Schema:
    if not isinstance(rule.value, tuple):
        return {"const": rule.value}
    items: Schema = {"enum": sorted({*map(str, rule.value)})}
    return (
        {"type": "array", "minItems": len(rule.value), "items": items} if field.array else {"const": list(rule.value)}
    )


def _value(rule: Value, field: Field) -> Schema:
    schema = _TYPES[rule.destination.type]
    if field.values and rule.table is not None:
        given = {text for _, text in rule.table.entries} | ({rule.default} if isinstance(rule.default, str) else set())
        schema = {"enum": sorted(given)}
    return {"type": "array", "minItems": 1, "items": schema} if field.array else schema


def _each(rule: Each) -> Schema:
    prefix = f"{rule.destination.name}."
    below = {inner.destination.name.removeprefix(prefix): inner for inner in rule.fields}
    inside = {
        name: {"type": "array", "minItems": 1, "items": _TYPES[inner.destination.type]}
        if inner.destination.array
        else _TYPES[inner.destination.type]
        for name, inner in below.items()
    }
    return {
        "type": "array",
        "minItems": 1,
        "items": _tree(inside, {name for name, rule in below.items() if rule.default is not None}),
    }


def _written_by_run_time(properties: dict[str, Schema]) -> dict[str, Schema]:
    """What the normalizer, the delivery and the poller write over or beside the mapping's fields."""
    kind = properties.get("event.kind", {"enum": []})
    kinds = [kind["const"]] if "const" in kind else kind.get("enum", [])
    tags = properties.get("tags")
    items = (
        {"enum": [*tags["items"]["enum"], PROBLEM_TAG]}
        if tags and "enum" in tags["items"]
        else _TEXT
        if tags
        else {"enum": [PROBLEM_TAG]}
    )
    return {
        "error.message": {"type": "array", "minItems": 1, "items": _TEXT},
        "event.created": _TYPES["date"],
        "event.ingested": _TYPES["date"],
        "event.kind": {"enum": [*kinds, PROBLEM_KIND]},
        "tags": {"type": "array", "minItems": tags["minItems"] if tags else 1, "items": items},
    }


def _tree(properties: dict[str, Schema], required: set[str]) -> Schema:
    """Dotted names as objects inside objects that allow nothing else."""
    heads: dict[str, dict[str, Schema]] = {}
    here: dict[str, Schema] = {}
    for name in sorted(properties):
        head, dot, rest = name.partition(".")
        if dot:
            heads.setdefault(head, {})[rest] = properties[name]
        else:
            here[head] = properties[name]
    for head, below in heads.items():
        here[head] = _tree(below, {name.removeprefix(f"{head}.") for name in required if name.startswith(f"{head}.")})
    schema: Schema = {"type": "object", "additionalProperties": False, "properties": dict(sorted(here.items()))}
    needed = sorted({name.partition(".")[0] for name in required})
    if needed:
        schema["required"] = needed
    return schema


# ---- mapping files, for editors


def mapping_schema(mappings: Mappings) -> Schema:
    """What an editor completes and marks in a mapping file. The loader knows more: paths, tables, parents, meaning."""
    constants = {name: _literal(field) for name, field in sorted(mappings.fields.items())}
    values = {
        name: {"description": _describe(field), "$ref": "#/$defs/value"}
        for name, field in sorted(mappings.fields.items())
    }
    texts: Schema = {"type": "array", "items": {"type": "string"}}
    value: Schema = {"$ref": "#/$defs/value"}
    path: Schema = {"$ref": "#/$defs/path"}
    return {
        "$schema": DRAFT,
        "$comment": _COMMENT,
        "title": "A mapping file of okta-mim-ecs",
        "description": "How an event of Okta becomes a document of the Elastic Common Schema.",
        "type": "object",
        "additionalProperties": False,
        "required": ["summary"],
        "properties": {
            "event_type": {
                "type": "string",
                "description": 'What the file maps: a name, `prefix.*` or "*". A parent has none.',
            },
            "extends": {
                "description": "The parent's file without .yml; its rules hold unless this file writes the same field.",
                "anyOf": [
                    {"enum": sorted({name for plan in mappings.plans for name in plan.chain[1:]})},
                    {"type": "string"},
                ],
            },
            "summary": {"type": "string", "description": "One sentence that says what the mapping is for."},
            "set": {
                "type": "object",
                "description": "Constants: the same in every document of the event type.",
                "properties": constants,
                "additionalProperties": False,
            },
            "fields": {
                "type": "object",
                "description": "What comes from the event: for each field a path, a rule, a scope or a list.",
                "properties": values,
                "additionalProperties": value,
            },
            "remove": {**texts, "description": "A parent's fields that do not hold here, or a prefix of them."},
        },
        "$defs": {
            # No description: editors would show it instead of the field's that the path stands in.
            "path": {
                "anyOf": [{"enum": [*sorted(okta.log_event()), *GIVEN]}, {"type": "string"}],
            },
            "table": {
                "description": "A table's name, or {text: value}.",
                "anyOf": [
                    {"enum": sorted(mappings.tables)},
                    {"type": "object", "additionalProperties": {"type": "string"}},
                ],
            },
            "step": {"enum": list(STEPS)},
            "ignore": {**texts, "description": "Texts that count as absent."},
            "rule": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "from": {
                        "description": "The first present value of these paths.",
                        "anyOf": [path, {"type": "array", "items": path}],
                    },
                    "collect": {"description": "Every value of every path, each once.", "type": "array", "items": path},
                    "ignore": {"$ref": "#/$defs/ignore"},
                    "as": {
                        "description": " ".join(
                            [
                                "Named conversions, left to right.",
                                *(f"{each.name}: {each.summary}" for each in STEPS.values()),
                            ]
                        ),
                        "anyOf": [{"$ref": "#/$defs/step"}, {"type": "array", "items": {"$ref": "#/$defs/step"}}],
                    },
                    "map": {"$ref": "#/$defs/table"},
                    "default": {"description": "What is written when the rule gives nothing."},
                },
                "oneOf": [{"required": ["from"]}, {"required": ["collect"]}],
            },
            "scope": {
                "type": "object",
                "additionalProperties": False,
                "required": ["fields"],
                "properties": {
                    "at": {**path, "description": "The object of the event that the paths inside follow."},
                    "also": {**texts, "description": "More prefixes that the same fields are written under."},
                    "ignore": {"$ref": "#/$defs/ignore"},
                    "fields": {"type": "object", "additionalProperties": value},
                },
            },
            "each": {
                "type": "object",
                "additionalProperties": False,
                "required": ["each", "fields"],
                "properties": {
                    "each": {**path, "description": "The list of the event: one object for each of its elements."},
                    "fields": {"type": "object", "additionalProperties": value},
                },
            },
            "value": {"anyOf": [path, *({"$ref": f"#/$defs/{name}"} for name in ("rule", "scope", "each"))]},
        },
    }


def _describe(field: Field) -> str:
    """A field in one line: its type, whose it is, what it means where it is ours."""
    kind = f"list of {field.type}" if field.array else field.type
    if field.ours:
        return f"{kind}. {field.description}"
    return f"{kind}, ECS {VERSION} ({field.level}{', beta' if field.beta else ''})"


def _literal(field: Field) -> Schema:
    """What a constant of a field looks like."""
    if field.values:
        literal: Schema = {"enum": list(field.values)}
    elif field.type in INTEGER_BITS:
        literal = {"type": "integer"}
    elif field.type == "boolean":
        literal = {"type": "boolean"}
    else:
        literal = {"type": "string"}
    if field.array:
        literal = {"type": "array", "minItems": 1, "items": literal}
    return {"description": _describe(field), **literal}
