"""The ways in which the Python back end makes a document, side by side.

The plain way decides. The quick way may give up, never decide otherwise; it remembers what repeats, or not.
"""

from __future__ import annotations

import copy
import json
import textwrap
from pathlib import Path
from typing import Any

import orjson

from normalizer import Mappings, Normalizer, Options, load
from normalizer.backends.python import Problems, report
from normalizer.backends.python.generate import generate, generate_quick
from normalizer.language import Plan

Event = dict[str, Any]
Document = dict[str, Any]

EVERY_TYPE = Options(all_events=True)
HEAD = """\
event_type: mim.example
summary: An example.
"""
LEAST_FIELDS = """\
  "@timestamp": published
  event.id: uuid
  event.action: eventType
"""
EVENT: Event = {"uuid": "u-1", "eventType": "mim.example", "published": "2026-09-14T06:00:00.123Z"}
DOCUMENT: Document = {
    "@timestamp": "2026-09-14T06:00:00.123Z",
    "ecs": {"version": "9.4.0"},
    "event": {"id": "u-1", "action": "mim.example"},
}


def text(value: Any) -> str:
    """A value as a text that tells 1, 1.0 and true apart; key order means nothing."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:  # whole numbers beyond 64 bits
        return json.dumps(value, sort_keys=True, ensure_ascii=False)


class Ways:
    """All ways for the mappings of a folder. Counts what the quick ways made, and how often they gave up."""

    def __init__(self, mappings: Mappings, options: Options = EVERY_TYPE) -> None:
        self.mappings, self.options = mappings, options
        self.made = self.gave_up = 0
        self.normalizer, self._forgetful = (Normalizer(mappings, options) for _ in range(2))
        memory = self._forgetful._memory
        memory.on, memory.left = False, 10**9

    def plain(self, event: Event) -> tuple[Document, list[str]]:
        """The document of the plain way, and what is said about problems."""
        kind = self.normalizer._type(event["eventType"])
        options, problems = self.options, Problems()
        document = kind.compiled.document(event, None, options.org, options.namespace, problems)
        if problems:
            report(document, problems)
        assert kind.valid(document), document
        return document, document["error"]["message"] if problems else []

    def quick(self, event: Event) -> list[Document | None]:
        """What the quick way makes, with and without memory; None where it gives up."""
        return [self._quick(normalizer, event) for normalizer in (self.normalizer, self._forgetful)]

    def _quick(self, normalizer: Normalizer, event: Event) -> Document | None:
        kind = normalizer._type(event["eventType"])
        options, problems = self.options, Problems()
        document = kind.compiled.quick(event, None, options.org, options.namespace, problems)
        self.made += 1
        if document is None:
            self.gave_up += 1
            return None
        made: Document = orjson.loads(orjson.dumps(document))
        return made

    def document(self, event: Event) -> tuple[Document, list[str]]:
        """The document and its problems; fails where a quick way says otherwise than the plain one."""
        before = text(event)
        document, problems = self.plain(event)
        expected = text(document)
        for made in (*self.quick(event), self._quick(self.normalizer, event)):  # at last, from what is remembered
            if made is not None:
                assert not problems, f"the quick way did not see: {problems}"
                assert text(made) == expected
        assert text(event) == before, "the event was changed"
        return document, problems

    def plan(self, event_type: str = "mim.example") -> Plan:
        """A Plan by its event type."""
        plan = self.mappings.plan(event_type)
        assert plan is not None
        return plan


def sources(plan: Plan) -> tuple[str, str]:
    """The source of the plain way and of the quick way."""
    return generate(plan).text, generate_quick(plan).text


def ways(folder: Path, fields: str, custom: str = "", rest: str = "", options: Options = EVERY_TYPE) -> Ways:
    """The ways of one small mapping, written into a folder: rules under `fields`, custom fields, other directives."""
    folder.mkdir(exist_ok=True)
    (folder / "_custom_fields.yml").write_text(custom, encoding="utf-8")
    (folder / "mim.example.yml").write_text(f"{HEAD}{rest}fields:\n{LEAST_FIELDS}{indented(fields)}", encoding="utf-8")
    if not custom:
        (folder / "_custom_fields.yml").unlink()
    return Ways(load(folder), options)


def indented(rules: str) -> str:
    """Rules as they stand below a key."""
    return textwrap.indent(rules, "  ")


def with_fields(*more: Document) -> Document:
    """The least document of the small mappings with more in it, object by object."""
    document = copy.deepcopy(DOCUMENT)
    for each in more:
        _merge(document, each)
    return document


def _merge(into: Document, more: Document) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def reported(*sentences: str) -> Document:
    """What is in a document that has problems (`event.kind`, the tag and the sentences)."""
    return {
        "error": {"message": list(sentences)},
        "event": {"kind": "pipeline_error"},
        "tags": ["normalization_problem"],
    }
