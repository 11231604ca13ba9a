"""What of many events never arrives in documents by a rule: event paths, how often, an example of each.

A path is a place without list indices. A value of it is mapped where it arrived in the document by a rule: one that
another path passed over, that did not convert or that no table has is not, and event.original is no rule's work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from normalizer.authoring.explain.fates import Fate, Pick
from normalizer.authoring.explain.leaves import cut, folded, leaves, written
from normalizer.authoring.explain.picks import Given
from normalizer.authoring.explain.trace import Tracer, by_place, stuck
from normalizer.backends.python.library import Where
from normalizer.errors import EventError, UnmappedEvent
from normalizer.inputs import Batch, Unreadable
from normalizer.language.plan import Value
from normalizer.runtime.decode import decode

MOST_PATHS = 10_000
"""So many different event paths are counted; those that come later are counted together."""
MOST_TYPES = 1000
"""So many unmapped event types are counted by name."""
LONGEST = 200
"""Characters of a path, and of an example's value."""


@dataclass(slots=True)
class Seen:
    """One event path: in how many events it has values, in how many one of them arrived, in how many one is missing.

    `uuid` and `value` are those of the first event in which one is missing, `why` says what became of it.
    """

    path: str
    events: int = 0
    arrived: int = 0
    missing: int = 0
    uuid: str = ""
    value: str = ""
    why: str = ""


@dataclass(slots=True)
class _OfEvent:
    """One path in one event: whether a value arrived, the first that is missing, and why."""

    arrived: bool = False
    missing: tuple[Any, str] | None = None


@dataclass(slots=True)
class Coverage:
    """Counts over events. `mapped` gave documents, `unmapped` are those of skipped types, `dead` by their reason."""

    tracer: Tracer
    events: int = 0
    mapped: int = 0
    unmapped: Counter[str] = field(default_factory=Counter)
    more_unmapped: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    more_paths: int = 0
    """Events' paths beyond the limit, each once for an event."""
    _paths: dict[str, Seen] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        """Count the events of a batch. Never raises for what an event holds."""
        for item in batch.items:
            self.events += 1
            if isinstance(item, Unreadable):
                self.dead[item.reason] += 1
                continue
            try:
                self._count(item, own_text=batch.own_text)
            except UnmappedEvent:
                self._skip(item, own_text=batch.own_text)
            except EventError as error:
                self.dead[error.reason] += 1
            except RecursionError:
                self.dead["not_json"] += 1

    @property
    def paths(self) -> int:
        """How many different event paths were seen."""
        return len(self._paths)

    def never(self) -> list[Seen]:
        """The paths of which nothing ever arrived, the most frequent first."""
        return _sorted(each for each in self._paths.values() if not each.arrived)

    def sometimes(self) -> list[Seen]:
        """The paths of which some values arrived and others did not, the most often missing first."""
        return _sorted(each for each in self._paths.values() if each.arrived and each.missing)

    def _count(self, text: bytes, *, own_text: bool) -> None:
        done = self.tracer.normalizer.normalize_text(text, own_text=own_text)
        event, _ = decode(text, own_text=own_text)
        options = self.tracer.options
        given = Given(None, options.org, options.namespace)
        found: dict[Where, list[tuple[Value, Pick]]] = {}
        for rule, pick in self.tracer.ready(done.event_type).picks(event, given):
            found.setdefault(pick.where, []).append((rule, pick))
        self.mapped += 1
        sentences = by_place(orjson.loads(done.document)["error"]["message"]) if done.problem else {}
        paths: dict[str, _OfEvent] = {}
        for where, value in leaves(event):
            picks = [each for length in range(1, len(where) + 1) for each in found.get(where[:length], ())]
            path = paths.setdefault(cut(folded(where), LONGEST), _OfEvent())
            if any(pick.arrives(where[len(pick.where) :]) for _, pick in picks):
                path.arrived = True
            elif path.missing is None:
                path.missing = value, _why(picks) or stuck(where, sentences) or "no rule reads it"
        for name, path in paths.items():
            self._see(name, done.id, path)

    def _see(self, name: str, uuid: str, path: _OfEvent) -> None:
        seen = self._paths.get(name)
        if seen is None:
            if len(self._paths) >= MOST_PATHS:
                self.more_paths += 1
                return
            seen = self._paths[name] = Seen(name)
        seen.events += 1
        seen.arrived += path.arrived
        if path.missing is not None:
            seen.missing += 1
            if not seen.uuid:
                value, reason = path.missing
                seen.uuid, seen.value, seen.why = uuid, cut(written(value), LONGEST), cut(reason, LONGEST)

    def _skip(self, text: bytes, *, own_text: bool) -> None:
        event_type = cut(str(decode(text, own_text=own_text)[0]["eventType"]), LONGEST)
        if event_type in self.unmapped or len(self.unmapped) < MOST_TYPES:
            self.unmapped[event_type] += 1
        else:
            self.more_unmapped += 1


def _sorted(paths: Iterable[Seen]) -> list[Seen]:
    return sorted(paths, key=lambda each: (-each.missing, each.path))


def _why(picks: Iterable[tuple[Value, Pick]]) -> str:
    """Why a value is in no field, as the first rule that found it has it; empty where none did."""
    return next((why(rule, pick) for rule, pick in picks), "")


def why(rule: Value, pick: Pick) -> str:
    """Why a pick is not in the field, or not all of it, as a clause about the field."""
    name = rule.destination.name
    match pick.fate:
        case Fate.IGNORED:
            return f"{name} ignores it"
        case Fate.PASSED_OVER:
            return f"{name} has an earlier path's value"
        case Fate.NO_ENTRY if pick.hit is not None:
            return f"the table of {name} has no {written(pick.hit.key)}"
        case Fate.NOTHING:
            return (
                f"it is nothing for {name} ({', '.join(f'as {step}' for step in rule.steps) or rule.destination.type})"
            )
        case _:
            return pick.problems[0] if pick.problems else f"{name} leaves it out"
