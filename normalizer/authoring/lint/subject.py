"""What the linter looks at: each written rule once, and the paths that it reads beside what LogEvent says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from normalizer import okta
from normalizer.errors import Place
from normalizer.language import Each, Mappings, Plan, Rule, Value
from normalizer.language.paths import EventPath

Found = Iterator[tuple[Place, str]]
"""Places, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One path of a rule: its name in LogEvent, what LogEvent has there, the places of its segments.

    `start` is the list that it begins at inside `each`. What the run gives is no fact.
    """

    path: EventPath
    places: tuple[Place, ...]
    start: str
    name: str
    fact: okta.Fact | None

    @classmethod
    def of(cls, path: EventPath, places: tuple[Place, ...], start: str = "") -> Reading:
        """A path that a rule reads."""
        start = "" if path.absolute or not start else f"{start}."
        name = f"{start}{path.names}"
        return cls(path, places, start, name, None if path.given else okta.fact(name))

    def upto(self, count: int) -> str:
        """The name of what the first segments lead to."""
        return self.start + ".".join(segment.name for segment in self.path.segments[:count])


@dataclass(frozen=True, slots=True)
class Read:
    """A rule with the paths that it reads."""

    rule: Value
    readings: tuple[Reading, ...]


class Subject:
    """Mapping files as the linter sees them. A rule that many event types have is one rule."""

    def __init__(self, mappings: Mappings) -> None:
        self.mappings = mappings

    @property
    def plans(self) -> tuple[Plan, ...]:
        """All Plans."""
        return self.mappings.plans

    def own(self, plan: Plan) -> bool:
        """Whether a Plan's file lies in the folder itself, and not in the package."""
        return plan.chain[0] in self.mappings.files

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Each rule once for each field that it writes; the compiler's are left out."""
        met: dict[int, Rule] = {}
        for plan in self.plans:
            for rule in plan.rules:
                if rule.origin.chain:  # one that is inherited keeps its destination, which was made for it alone
                    met.setdefault(id(rule.destination), rule)
        return tuple(met.values())

    @cached_property
    def written(self) -> tuple[tuple[str, Place], ...]:
        """The fields that are written, in lists of objects too, and where."""
        rules = (*self.rules, *(inner for rule, _ in self.lists for inner in rule.fields))
        return tuple((rule.destination.name, rule.origin.place) for rule in rules)

    @cached_property
    def lists(self) -> tuple[tuple[Each, Reading], ...]:
        """The rules that make lists of objects, with their paths."""
        return tuple(
            (rule, Reading.of(rule.path, rule.origin.segments[0])) for rule in self.rules if isinstance(rule, Each)
        )

    @cached_property
    def values(self) -> tuple[Read, ...]:
        """The rules that read values, those inside `each` too."""
        alone = [Read(rule, _readings(rule)) for rule in self.rules if isinstance(rule, Value)]
        inside = [Read(inner, _readings(inner, reading.name)) for rule, reading in self.lists for inner in rule.fields]
        return (*alone, *inside)

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """All paths that rules read, those of lists of objects too."""
        return (
            *(reading for read in self.values for reading in read.readings),
            *(reading for _, reading in self.lists),
        )


def _readings(rule: Value, start: str = "") -> tuple[Reading, ...]:
    return tuple(Reading.of(path, places, start) for path, places in zip(rule.paths, rule.origin.segments, strict=True))
