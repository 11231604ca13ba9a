"""Validation of every event and document.

`jsonschema` is the authority: it explains what is wrong. On the way of every event stands `jsonschema-rs`, which
decides the same, much faster; tests hold both together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jsonschema_rs

from normalizer.backends.python import what
from normalizer.backends.schemas import Schema

Valid = Callable[[Any], bool]


def fast(schema: Schema) -> Valid:
    """Whether something obeys a schema."""
    return jsonschema_rs.Draft202012Validator(schema).is_valid


def part(schema: Schema, destination: str) -> Schema:
    """The schema of what stands at a destination of a document; of the whole document for ""."""
    for key in filter(None, destination.split(".")):
        schema = schema["properties"][key]
    return schema


def varying(schema: Schema, constants: Iterable[str]) -> Schema:
    """The schema of a document without what is the same in every document of its type: that needs to be checked once.

    Types that differ in constants only have one such schema, so one validator serves them.
    """
    schema = {key: value for key, value in schema.items() if key not in ("title", "description")}
    for name in constants:
        schema = _without(schema, name.split("."))
    return schema


def _without(schema: Schema, keys: list[str]) -> Schema:
    head, *rest = keys
    if rest:
        return {**schema, "properties": {**schema["properties"], head: _without(schema["properties"][head], rest)}}
    left = {
        **schema,
        "properties": {**schema["properties"], head: True},
        "required": [key for key in schema["required"] if key != head],
    }
    return left if left["required"] else {key: value for key, value in left.items() if key != "required"}


def explain_event(schema: Schema, event: Any) -> str:
    """Why an event is not accepted: one sentence with the first thing that is wrong."""
    import jsonschema  # takes a tenth of a second to load, and most runs have nothing to explain

    for error in jsonschema.Draft202012Validator(schema).iter_errors(event):
        if error.validator == "required":
            missing = next(name for name in schema["required"] if name not in event)
            return f'the event has no "{missing}"'
        name = ".".join(map(str, error.absolute_path))
        if error.instance is None or error.instance == "":
            return f'the event has no "{name}"'
        noun = schema["properties"][name]["description"]
        return f"{name}: {what(error.instance)} is not {noun}"
    return "the event is not accepted"


def explain_document(schema: Schema, document: Any) -> str:
    """Where a document breaks its schema: the first place, and the rule that it breaks."""
    import jsonschema

    for error in jsonschema.Draft202012Validator(schema).iter_errors(document):
        place = ".".join(map(str, error.absolute_path)) or "the document"
        return f"{place} breaks the rule {error.validator!r} of its schema: {error.message[:200]}"
    return "the two validators disagree about the document"
