"""Plans ▶ one list of rules for all event types: what they share stands once, what only some have knows which.

A pipeline holds one dataset: the Plan of `"*"`, for events of other parts of Okta, takes no part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from normalizer.backends.source import same
from normalizer.language import Plan
from normalizer.language.plan import Constant, Destination, Each, Origin, Scalar, Value


@dataclass(frozen=True, slots=True)
class Varying:
    """A field that is the same in every document of an event type: its value for each that has it."""

    destination: Destination
    values: dict[str, Scalar | tuple[Scalar, ...]]
    origins: tuple[Origin, ...]

    def shared(self, event_types: Iterable[str]) -> bool:
        """Whether all event types have it, with the same value."""
        return set(self.values) == set(event_types) and len(set(self.values.values())) == 1


@dataclass(frozen=True, slots=True)
class Read:
    """A value that comes from the event, with every field that it is put into.

    `number` orders problems as the Plan does; `event_types` are those that have these rules; `label` is the first
    destination, with a number of its own where event types disagree about it.
    """

    number: int
    label: str
    rule: Value | Each
    destinations: tuple[Destination, ...]
    origins: tuple[tuple[Origin, ...], ...]
    event_types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Merged:
    """The rules of all event types."""

    event_types: tuple[str, ...]
    constants: tuple[Varying, ...]
    reads: tuple[Read, ...]

    def everywhere(self, read: Read) -> bool:
        """Whether every event type has a rule."""
        return len(read.event_types) == len(self.event_types)


def merge(plans: Iterable[Plan]) -> Merged:
    """The rules of these Plans, sorted by destination as each Plan is."""
    plans = [plan for plan in plans if plan.event_type != "*"]
    constants: dict[str, dict[str, Constant]] = {}
    values: dict[tuple[str, Value | Each], dict[str, Origin]] = {}
    for plan in plans:
        for rule in plan.rules:
            name = rule.destination.name
            if isinstance(rule, Constant):
                constants.setdefault(name, {})[plan.event_type] = rule
            else:
                values.setdefault((name, rule), {})[plan.event_type] = rule.origin
    groups: dict[object, list[tuple[str, Value | Each]]] = {}
    for name, rule in sorted(values, key=lambda key: key[0]):
        groups.setdefault((same(rule), frozenset(values[name, rule])), []).append((name, rule))
    labels: dict[str, int] = {}
    reads = []
    for number, group in enumerate(groups.values()):
        label, first = group[0]
        labels[label] = labels.get(label, 0) + 1
        reads.append(
            Read(
                number,
                label if labels[label] == 1 else f"{label} ({labels[label]})",
                first,
                tuple(rule.destination for _, rule in group),
                tuple(_distinct(values[each].values()) for each in group),
                frozenset(values[group[0]]),
            )
        )
    return Merged(
        tuple(plan.event_type for plan in plans),
        tuple(
            Varying(
                next(iter(each.values())).destination,
                {event_type: rule.value for event_type, rule in each.items()},
                _distinct(rule.origin for rule in each.values()),
            )
            for _, each in sorted(constants.items())
        ),
        tuple(reads),
    )


def _distinct(origins: Iterable[Origin]) -> tuple[Origin, ...]:
    """Each place once."""
    return tuple({(origin.place.file, origin.place.line): origin for origin in origins}.values())
