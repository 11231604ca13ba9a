"""Fields of the event types that both sides have: removed, added, renamed, or written by a rule that does otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from normalizer.authoring.diff.model import Change, Said
from normalizer.authoring.diff.rules import parts
from normalizer.authoring.same import form
from normalizer.errors import Place
from normalizer.language import Each, Plan
from normalizer.language.plan import AS_IS, Rule


@dataclass(frozen=True, slots=True)
class Written:
    """A rule that writes a field; below a list of objects also that list's rule."""

    rule: Rule
    above: Each | None = None

    @property
    def form(self) -> Hashable:
        """What it does, whatever field it writes."""
        return form(self.rule), None if self.above is None else str(self.above.path)

    @property
    def place(self) -> Place:
        """Where its destination was written."""
        return self.rule.origin.place

    @property
    def type(self) -> str:
        """What the field is, in words."""
        one = self.rule.destination
        return f"list of {one.type}" if one.array and one.type else one.type


def written(plan: Plan) -> dict[str, Written]:
    """The fields that a Plan writes, also those within lists of objects."""
    found: dict[str, Written] = {}
    for rule in plan.rules:
        found[rule.destination.name] = Written(rule)
        if isinstance(rule, Each):
            found |= {inner.destination.name: Written(inner, rule) for inner in rule.fields}
    return found


@dataclass(slots=True)
class _Same:
    """Event types that a change holds for, and its places there."""

    event_types: list[str] = field(default_factory=list)
    old: dict[Place, None] = field(default_factory=dict)
    new: dict[Place, None] = field(default_factory=dict)


class _Changes:
    """Changes of fields: those that are the same in several event types are one."""

    def __init__(self, every: Iterable[str]) -> None:
        self.every = {*every}
        self.found: dict[str, tuple[str, str, Said, Said, _Same]] = {}

    def add(self, kind: str, name: str, event_type: str, part: tuple[Said, Said, Place | None, Place | None]) -> None:
        """A change in one event type: before, after, and its places."""
        before, after, old, new = part
        key = repr((kind, name, before, after))
        *_, same = self.found.setdefault(key, (kind, name, before, after, _Same()))
        same.event_types.append(event_type)
        same.old |= {} if old is None else {old: None}
        same.new |= {} if new is None else {new: None}

    def changes(self) -> Iterator[Change]:
        """What was added, each once."""
        for kind, name, before, after, same in self.found.values():
            types = tuple(sorted(same.event_types))
            everywhere = self.every == {*types}
            yield Change(kind, name, before, after, types, everywhere, tuple(same.old), tuple(same.new))


_OneSided = dict[str, dict[str, Written]]
"""Fields that are on one side only: by name, the rule in each event type."""


def field_changes(plans: Mapping[str, tuple[Plan, Plan]]) -> list[Change]:
    """The changes of fields in event types that both sides have: by name, the Plans."""
    changes = _Changes(plans)
    gone: _OneSided = defaultdict(dict)
    more: _OneSided = defaultdict(dict)
    for event_type, (one, other) in plans.items():
        before, after = written(one), written(other)
        for name in before.keys() - after.keys():
            gone[name][event_type] = before[name]
        for name in after.keys() - before.keys():
            more[name][event_type] = after[name]
        for name in before.keys() & after.keys():
            rule, new = before[name].rule, after[name].rule
            if rule == new and rule.destination.type != AS_IS:  # which tells 1 from true, as Python does not
                continue
            for part in parts(rule, new, inside=before[name].above is not None):
                changes.add(part.kind, name, event_type, (part.before, part.after, part.old, part.new))
    _one_sided(changes, gone, more)
    return [*changes.changes()]


def _one_sided(changes: _Changes, gone: _OneSided, more: _OneSided) -> None:
    """Fields that are removed, added, or both: renamed."""
    renamed = _pairs({name: _does(rules) for name, rules in gone.items()}, {n: _does(r) for n, r in more.items()})
    for name, other in renamed.items():
        for event_type, rule in gone[name].items():
            new = more[other][event_type]
            changes.add("field-renamed", name, event_type, (name, other, rule.place, new.place))
            for part in parts(rule.rule, new.rule):
                if part.kind.startswith("field-"):
                    changes.add(part.kind, other, event_type, (part.before, part.after, part.old, part.new))
    for name in gone.keys() - renamed.keys():
        for event_type, rule in gone[name].items():
            changes.add("field-removed", name, event_type, (rule.type or None, None, rule.place, None))
    for name in more.keys() - {*renamed.values()}:
        for event_type, rule in more[name].items():
            changes.add("field-added", name, event_type, (None, rule.type or None, None, rule.place))


def _does(rules: Mapping[str, Written]) -> Hashable:
    """What writes a field, in which event types."""
    return frozenset((event_type, rule.form) for event_type, rule in rules.items())


def _pairs(gone: Mapping[str, Hashable], more: Mapping[str, Hashable]) -> dict[str, str]:
    """Names that are gone, each with the new one that does the same; where several do, that which is most alike."""
    by_form: dict[Hashable, list[str]] = defaultdict(list)
    for name, does in more.items():
        by_form[does].append(name)
    near = sorted((-alike(name, other), name, other) for name, does in gone.items() for other in by_form.get(does, ()))
    found: dict[str, str] = {}
    for _, name, other in near:
        if name not in found and other not in found.values():
            found[name] = other
    return found


def alike(one: str, other: str) -> float:
    """How much two names look alike, their last parts above all."""
    last, other_last = one.rpartition(".")[2], other.rpartition(".")[2]
    return SequenceMatcher(None, last, other_last).ratio() + SequenceMatcher(None, one, other).ratio()
