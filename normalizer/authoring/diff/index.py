"""What is changed in the index mapping of Elasticsearch, and what that asks for: a rollover, or to reindex."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from normalizer.authoring.diff.declared import written_by
from normalizer.authoring.diff.model import Change
from normalizer.backends.templates import Body, index_mapping
from normalizer.language import Mappings

_KEYWORDS = {"constant_keyword", "keyword"}
"""Between these a search over old and new indices finds no difference."""


def with_index(changes: list[Change], old: Mappings, new: Mappings) -> list[Change]:
    """The changes, those that change the index mapping marked, and changes of it that none of them explains."""
    before, after = dict(_fields(index_mapping(old))), dict(_fields(index_mapping(new)))
    needs = {name: _need(before.get(name), after[name]) for name in after if before.get(name) != after[name]}
    left = {**needs}
    marked = []
    for change in changes:
        name = str(change.after) if change.kind == "field-renamed" else change.field
        left.pop(name, None)
        marked.append(replace(change, index=needs.get(name, "")))
    of_types: set[str] = set()
    for at, change in enumerate(marked):
        if change.kind == "event-type-added":
            names = written_by(plan for plan in new.plans if plan.event_type in change.event_types) & left.keys()
            marked[at] = replace(change, index=min((left[name] for name in names), default=""))  # "reindex" is first
            of_types |= names
    for name in sorted(left.keys() - of_types):
        told = None if name not in before else _text(before[name])
        marked.append(Change("index-mapping-changed", name, told, _text(after[name]), index=left[name]))
    return marked


def _need(before: Body | None, after: Body) -> str:
    if before is None:
        return "rollover"
    one, other = before.get("type"), after.get("type")
    return "rollover" if one == other or {one, other} == _KEYWORDS else "reindex"


def _fields(properties: Mapping[str, Body], prefix: str = "") -> Iterator[tuple[str, Body]]:
    """Each field's type and parameters; objects only where they are lists that a rule fills."""
    for key, body in properties.items():
        below = body.get("properties")
        if not below or "type" in body:
            yield f"{prefix}{key}", {name: value for name, value in body.items() if name != "properties"}
        yield from _fields(below or {}, f"{prefix}{key}.")


def _text(body: Body) -> str:
    return json.dumps(body, sort_keys=True)
