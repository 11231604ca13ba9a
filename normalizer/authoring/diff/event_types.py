"""Event types that are on one side only, and those that are one under another name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from normalizer.authoring.diff.fields import alike, field_changes
from normalizer.authoring.diff.model import Change
from normalizer.authoring.diff.verdicts import Verdict
from normalizer.language import Mappings, Plan

_MOST_FIELDS = 5
_ALL = "*"

Plans = Mapping[str, Plan]
"""Plans by event type."""


def renamed(before: Plans, after: Plans, common: Iterable[Change]) -> dict[str, str]:
    """Event types that are gone, each with the new one that does the same; where several do, the one named most alike.

    What other event types have in `common` is changed in these too, and keeps nobody from seeing that they are one.
    """
    usual = {_key(change) for change in common}
    pairs = [(name, other) for name in before.keys() - after.keys() for other in after.keys() - before.keys()]
    found: dict[str, str] = {}
    for name, other in sorted(pairs, key=lambda pair: (-alike(*pair), pair)):
        if name in found or other in found.values():
            continue
        if {_key(change) for change in field_changes({other: (before[name], after[other])})} <= usual:
            found[name] = other
    return found


def _key(change: Change) -> str:
    return repr((change.kind, change.field, change.before, change.after))


def event_type_changes(old: Mappings, new: Mappings, names: Mapping[str, str]) -> Iterator[Change]:
    """Event types that are removed, added and renamed (`names`: from old to new), and summaries that are changed."""
    before = {plan.event_type: plan for plan in old.plans}
    after = {plan.event_type: plan for plan in new.plans}
    for name, plan in before.items():
        other = after.get(names.get(name, name))
        if other is None:
            notes = (_taken_over(plan, new.plan(name)),)
            yield Change("event-type-removed", "", name, None, (name,), False, (plan.place,), (), notes)
            continue
        places = (plan.place,), (other.place,)
        if other.event_type != name:
            yield Change("event-type-renamed", "", name, other.event_type, (name,), False, *places)
        if plan.summary != other.summary:
            yield Change("summary-changed", "", plan.summary, other.summary, (other.event_type,), False, *places)
    for name in after.keys() - before.keys() - {*names.values()}:
        until_now = tuple(_taken_from(old.plan(name), after[name]))
        yield Change("event-type-added", "", None, name, (name,), False, (), (after[name].place,), until_now)


def _taken_over(plan: Plan, other: Plan | None) -> str:
    """What becomes of events whose event type is no longer mapped."""
    if other is None:
        return "No mapping takes its events any more: they are skipped."
    if other.event_type == _ALL:
        return "Only the mapping of * is left for its events: they are skipped without --all-events."
    return f"Its events become documents of {other.event_type}{_otherwise(plan, other)}."


def _taken_from(other: Plan | None, plan: Plan) -> Iterator[str]:
    """What became of events before their event type was mapped."""
    if other is not None and other.event_type != _ALL:
        yield f"Until now its events became documents of {other.event_type}{_otherwise(other, plan)}."


def _otherwise(old: Plan, new: Plan) -> str:
    """The fields in which documents of one Plan differ from those of another."""
    found = field_changes({new.event_type: (old, new)})
    names = sorted({change.field for change in found if change.verdict is Verdict.MAJOR})
    more = f" and {len(names) - _MOST_FIELDS} more" if len(names) > _MOST_FIELDS else ""
    return f", with other values in {', '.join(names[:_MOST_FIELDS])}{more}" if names else ""
