"""What a search no longer finds of a field: of a difference, what detection rules are asked about.

    wholly    fields, and values of fields, that no document has any more
    in_part   those that documents of some event types lose: a search finds fewer events then, and nobody is told

Values are known of constants, tables, defaults and the event type itself; what else an event says may be anything. Of
an event type that is removed only what no other one gives counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from normalizer.authoring.detections.model import Gone
from normalizer.authoring.diff.declared import written_by
from normalizer.authoring.diff.fields import written
from normalizer.authoring.diff.model import Difference
from normalizer.authoring.same import values
from normalizer.language import Constant, Mappings, Plan, Value
from normalizer.language.plan import Rule, Scalar

_EVENT_TYPE = "eventType"
_ALL = "*"
_NOT_WRITTEN = "no mapping writes it any more"

AllGone = dict[str, Gone]
"""What is gone of each field that lost anything, by name."""


def wholly(difference: Difference, old: Mappings, new: Mappings) -> AllGone:
    """What no document has any more."""
    left = written_by(_searched(new))
    removed = dict.fromkeys(written_by(_searched(old)) - left, _NOT_WRITTEN)
    told = {kind: _told(difference, kind) for kind in ("field-renamed", "field-retyped")}
    renamed = {name: after for name, (_, after) in told["field-renamed"].items() if name not in left}
    retyped = told["field-retyped"]
    lost, given = _values(old, new), _given(new)
    types = {str(each.before): str(each.after) for each in difference.changes if each.kind == "event-type-renamed"}
    for name, each in lost.items():
        each.values = {value for value in each.values if not given[name].may_be(value)}
        each.instead |= {before: after for before, after in types.items() if after in given[name].values}
    return {
        name: Gone(
            None if name in renamed else removed.get(name),
            renamed.get(name),
            retyped.get(name),
            frozenset(lost[name].values),
            frozenset(given[name].values),
            lost[name].instead_of_lost(),
        )
        for name in sorted({*removed, *renamed, *retyped, *(name for name, each in lost.items() if each.values)})
    }


def in_part(difference: Difference, old: Mappings, new: Mappings, whole: AllGone) -> list[tuple[list[str], AllGone]]:
    """What documents of some event types lose, and others keep: the event types, and what is gone there."""
    found: list[tuple[list[str], AllGone]] = []
    for event_type, one, other in _pairs(old, new):
        gone = _in_type(difference, one, other, whole)
        same = next((types for types, each in found if each == gone), None)
        if same is not None:
            same.append(event_type)
        elif gone:
            found.append(([event_type], gone))
    return found


def _in_type(difference: Difference, old: Plan, new: Plan, whole: AllGone) -> AllGone:
    before, after = written(old), written(new)
    renamed = {
        change.field: str(change.after)
        for change in difference.changes
        if change.kind == "field-renamed" and new.event_type in change.event_types
    }
    gone: AllGone = {}
    for name in before.keys() - after.keys():
        if name not in whole:
            gone[name] = Gone(removed=None if name in renamed else _NOT_WRITTEN, renamed=renamed.get(name))
    for name, lost in _lost(old, new).items():
        lost.values -= whole[name].lost if name in whole else set()
        if lost.values:
            left = _known(after[name].rule, new).values - lost.values
            gone[name] = Gone(lost=frozenset(lost.values), left=left, instead=lost.instead_of_lost())
    return gone


def _told(difference: Difference, kind: str) -> dict[str, tuple[str, str]]:
    """The fields of changes of one kind, with what they are before and after."""
    return {each.field: (str(each.before), str(each.after)) for each in difference.changes if each.kind == kind}


def _pairs(old: Mappings, new: Mappings) -> Iterator[tuple[str, Plan, Plan]]:
    """The event types of either side of which both make documents; a fallback stands for a type that it takes."""
    for name in dict.fromkeys(plan.event_type for plan in (*old.plans, *new.plans)):
        one, other = _taking(name, old), _taking(name, new)
        if one is not None and other is not None:
            yield name, one, other


def _taking(event_type: str, mappings: Mappings) -> Plan | None:
    """What maps the events of a type; the mapping of `*` counts for itself alone, for it is rarely asked."""
    found = mappings.plan(event_type) if not event_type.endswith("*") else None
    found = found or next((plan for plan in mappings.plans if plan.event_type == event_type), None)
    if found is None or found.event_type == event_type:
        return found
    return replace(found, event_type=event_type) if found.event_type != _ALL else None


def _searched(mappings: Mappings) -> tuple[Plan, ...]:
    """Whose documents are searched together: not those of `*`, which no data stream of ours holds beside others."""
    return tuple(plan for plan in mappings.plans if plan.event_type != _ALL) or mappings.plans


# ---- values


@dataclass(slots=True)
class _Lost:
    values: set[str] = field(default_factory=set)
    instead: dict[str, str] = field(default_factory=dict)

    def instead_of_lost(self) -> dict[str, str]:
        return {value: other for value, other in self.instead.items() if value in self.values}


@dataclass(frozen=True, slots=True)
class _Known:
    """The values that are known to be given. `open`: any other may be, too, but those that are `never`.

    Of what is open all that may be begins with one of `prefixes`, where there are any.
    """

    values: frozenset[str] = frozenset()
    open: bool = False
    never: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()

    def may_be(self, value: str) -> bool:
        fits = self.open and value.startswith(tuple(self.prefixes or [""]))
        return value in self.values or (fits and value not in self.never)

    def __or__(self, other: _Known) -> _Known:
        values = self.values | other.values
        if not (self.open and other.open):
            one = self if self.open else other
            return _Known(values, one.open, one.never, one.prefixes)
        every = not self.prefixes or not other.prefixes
        return _Known(values, True, self.never & other.never, frozenset() if every else self.prefixes | other.prefixes)


def _values(old: Mappings, new: Mappings) -> defaultdict[str, _Lost]:
    """The values that a field loses in any event type, or with an event type."""
    found: defaultdict[str, _Lost] = defaultdict(_Lost)
    for _, one, other in _pairs(old, new):
        for name, lost in _lost(one, other).items():
            found[name].values |= lost.values
            found[name].instead |= lost.instead
    before, after = _given(old), _given(new)
    for name in before.keys() & after.keys():
        found[name].values |= before[name].values - after[name].values
    return found


def _lost(old: Plan, new: Plan) -> dict[str, _Lost]:
    """The values that documents of one event type lose, by field."""
    before, after = written(old), written(new)
    found = {}
    for name in before.keys() & after.keys():
        rule, other = before[name].rule, after[name].rule
        known, left = _known(rule, old), _known(other, new)
        lost = {value for value in known.values - left.values if not left.open or isinstance(rule, Value)}
        if isinstance(rule, Value) and isinstance(other, Value) and known.open and left.open:
            lost |= left.never - known.never
        if lost:
            found[name] = _Lost(lost, dict(_instead(rule, other)))
    return found


def _known(rule: Rule, plan: Plan) -> _Known:
    match rule:
        case Constant():
            return _Known(_texts(rule.value))
        case Value(table=table) if table is not None:
            return _Known(frozenset(value for _, value in table.entries) | _texts(rule.default))
        case Value(paths=[path], steps=()) if str(path) == _EVENT_TYPE:
            if plan.fallback:
                return _Known(open=True, prefixes=frozenset({plan.event_type.rstrip("*")}))
            return _Known(frozenset({plan.event_type}))
        case Value():
            never = frozenset() if rule.steps else frozenset(rule.ignore) - _texts(rule.default)
            return _Known(_texts(rule.default), open=True, never=never)
    return _Known(open=True)


def _instead(old: Rule, new: Rule) -> Iterator[tuple[str, str]]:
    """Values that stand in the place of others."""
    if isinstance(old, Constant) and isinstance(new, Constant):
        one, other = values(old.value), values(new.value)
        if len(one) == len(other):
            yield from ((_text(before), _text(after)) for before, after in zip(one, other, strict=True))
    elif isinstance(old, Value) and isinstance(new, Value):
        if old.table is not None and new.table is not None:
            after = dict(new.table.entries)
            yield from ((value, after[key]) for key, value in old.table.entries if key in after)
        if len(values(old.default)) == len(values(new.default)) == 1:
            yield _text(values(old.default)[0]), _text(values(new.default)[0])


def _given(mappings: Mappings) -> defaultdict[str, _Known]:
    """What all event types together give of each field."""
    given: defaultdict[str, _Known] = defaultdict(_Known)
    for plan in _searched(mappings):
        for name, each in written(plan).items():
            given[name] |= _known(each.rule, plan)
    return given


def _texts(value: Scalar | tuple[Scalar, ...] | None) -> frozenset[str]:
    return frozenset(map(_text, values(value)))


def _text(value: Scalar) -> str:
    """A value as queries write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
