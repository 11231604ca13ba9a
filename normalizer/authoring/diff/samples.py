"""Events before and after: the documents that both sides make of them, compared field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from normalizer.ecs import Field
from normalizer.inputs import Batch, read, sources
from normalizer.language import Mappings
from normalizer.runtime.batch import process
from normalizer.runtime.normalizer import Normalized, Normalizer, Options

MOST_EVENTS = 1000
MOST_EXAMPLES = 3
_WHOLE = ("flattened", "geo_point")


@dataclass(frozen=True, slots=True)
class Example:
    """What a field holds in the documents of one event on both sides; None where it is absent."""

    id: str
    event_type: str
    before: Any
    after: Any


@dataclass(slots=True)
class Changed:
    """A field that differs: in how many events' documents, and the first of them."""

    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, example: Example) -> None:
        """One more."""
        self.count += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(example)


@dataclass(slots=True)
class Samples:
    """What became of events: `read` of them, all that there were or (`more`) the first ones.

    `compared` have a document on both sides, of which `changed` differ; `lost` have one on the old side only, `won` on
    the new one only. `fields` are those that differ, by name.
    """

    read: int = 0
    more: bool = False
    compared: int = 0
    changed: int = 0
    lost: int = 0
    won: int = 0
    fields: dict[str, Changed] = field(default_factory=dict)


def samples(old: Mappings, new: Mappings, inputs: str, most: int = MOST_EVENTS) -> Samples:
    """Hold the documents of a file's events, at most so many of them, against each other. Raises InputError."""
    options = Options(all_events=True)
    one, other = Normalizer(old, options), Normalizer(new, options)
    found = Samples()
    for batch in _first(inputs, most, found):
        before, after = _documents(one, batch), _documents(other, batch)
        found.read += len(batch.items)
        found.lost += len(before.keys() - after.keys())
        found.won += len(after.keys() - before.keys())
        for index in sorted(before.keys() & after.keys()):
            found.compared += 1
            sides = (before[index], old.fields), (after[index], new.fields)
            found.changed += _compare(*sides, found)
    found.fields = dict(sorted(found.fields.items(), key=lambda item: (-item[1].count, item[0])))
    return found


def _first(inputs: str, most: int, found: Samples) -> Iterator[Batch]:
    """Batches of so many events at most; whether there were more is noted."""
    left = most
    for source in sources([inputs]):
        for batch in read(source):
            if len(batch.items) > left:
                found.more = True
                if left:
                    yield replace(batch, items=batch.items[:left], lines=batch.lines[:left])
                return
            left -= len(batch.items)
            yield batch


def _documents(normalizer: Normalizer, batch: Batch) -> dict[int, Normalized]:
    """The documents of a batch, by the number of the item."""
    result = process(normalizer, batch)
    return dict(zip(result.indices, result.documents, strict=True))


_Document = tuple[Normalized, Mapping[str, Field]]
"""A document, and the fields that its mappings know."""


def _compare(old: _Document, new: _Document, found: Samples) -> bool:
    """Note each field that differs; whether any does."""
    (before, _), (after, _) = old, new
    if before.document == after.document:
        return False
    one, other = (_flat(orjson.loads(done.document), fields) for done, fields in (old, new))
    names = [name for name in sorted(one.keys() | other.keys()) if not _equal(one.get(name), other.get(name))]
    for name in names:
        example = Example(before.id, before.event_type, one.get(name), other.get(name))
        found.fields.setdefault(name, Changed()).add(example)
    return bool(names)


def _equal(one: Any, other: Any) -> bool:
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)


def _flat(document: Any, fields: Mapping[str, Field]) -> dict[str, Any]:
    """The values of a document by their fields' names; of a list of objects those of each field in it as a list."""
    flat: dict[str, Any] = {}
    waiting: list[tuple[str, Any, bool]] = [("", document, False)]
    while waiting:
        name, value, listed = waiting.pop()
        whole = name in fields and fields[name].type in _WHOLE
        if isinstance(value, dict) and not whole:
            below = f"{name}." if name else ""
            waiting += [(f"{below}{key}", each, listed) for key, each in reversed(value.items())]
        elif isinstance(value, list) and not whole and any(isinstance(each, dict) for each in value):
            waiting += [(name, each, True) for each in reversed(value)]
        elif listed:
            flat.setdefault(name, []).append(value)
        else:
            flat[name] = value
    return flat
