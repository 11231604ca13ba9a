"""Generated Painless that finds things in an event: each object of it is looked up once, by whatever rule asks first.

An object on the way to a single value is held in a variable with its place, and is empty where it is missing. On the
way to many values it is a list of such pairs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from normalizer.backends.source import Names, Source
from normalizer.language.paths import EventPath, Segment

Segments = tuple[Segment, ...]

NOWHERE = -1
"""The number of a rule that passes over what is no object in silence."""


@dataclass(frozen=True, slots=True)
class Use:
    """One way that a rule reads objects: on the way to a single value, or to many.

    `number` is the rule's, `condition` the variable that says whether the event's type has it ("" where all have).
    """

    objects: Segments
    many: bool
    number: int
    condition: str = ""


def uses(
    paths: Iterable[EventPath], number: int, condition: str, *, many: bool, ends_in_objects: bool = False
) -> list[Use]:
    """The objects that a rule's paths go through; for `each` the last ones too."""
    return [
        Use(path.segments if ends_in_objects else path.segments[:-1], many, number, condition)
        for path in paths
        if not path.given
    ]


@dataclass
class Picks:
    """The objects of an event (or of an element of a list) that generated code has at hand, as names of variables.

    `uses` are those of all rules to come: they say which rule is the first to report what is no object.
    """

    source: Source
    names: Names
    root: str
    uses: list[Use]
    _ones: dict[Segments, str] = field(default_factory=dict)
    _manys: dict[Segments, str] = field(default_factory=dict)

    def one(self, objects: Segments) -> str:
        """The one object that a path to a single value goes through."""
        if not objects:
            return self.root
        if objects not in self._ones:
            *before, last = objects
            self._ones[objects] = (
                self._look_up(tuple(before), last) if last.selector is None else self._first(tuple(before), last)
            )
        return self._ones[objects]

    def many(self, objects: Segments) -> str:
        """All objects that a path to many values goes through."""
        if objects not in self._manys:
            self._manys[objects] = self._all(objects)
        return self._manys[objects]

    def _look_up(self, before: Segments, last: Segment) -> str:
        number = self._number((*before, last), many=False)
        return self._new("e", last, f"object({self.one(before)}, '{last.name}', {number}, c)")

    def _first(self, before: Segments, last: Segment) -> str:
        """The first element that a selector chooses. Below the root a way to one value has no lists on it."""
        among = (
            f"elements({self.one(before)}, '{last.name}', {NOWHERE}, c)" if before else self.many((Segment(last.name),))
        )
        return self._new("e", last, f"first({among}, {_test(last)})")

    def _all(self, objects: Segments) -> str:
        if not objects:
            return self._new("all", Segment(self.root), f"[{self.root}]")
        *before, last = objects
        if last.selector is not None:
            return self._new("all", last, f"selected({self.many((*before, Segment(last.name)))}, {_test(last)})")
        # a selector passes over what is no object in silence; the first rule that does not reports it
        number = self._number(objects, many=True)
        among = f"below({self.many(tuple(before))}" if before else f"elements({self.root}"
        return self._new("all", last, f"{among}, '{last.name}', {number}, c)")

    def _new(self, prefix: str, last: Segment, expression: str) -> str:
        name = self.names.new(prefix, f"{last.name}_{last.selector.values[0]}" if last.selector else last.name)
        self.source.add(f"{'List' if prefix == 'all' else 'Object[]'} {name} = {expression};")
        return name

    def _number(self, objects: Segments, *, many: bool) -> str:
        """An expression: the number of the first rule that reads these objects in such a way and is the type's."""
        found = sorted(
            {
                (use.number, use.condition)
                for use in self.uses
                if use.many is many and use.objects[: len(objects)] == objects
            }
        )
        expression = ""
        for number, condition in found:
            if not condition:
                return f"{expression}{number}"
            expression += f"{condition} ? {number} : "
        return f"{expression}{NOWHERE}"


def _test(segment: Segment) -> str:
    """The arguments that say which elements a segment keeps."""
    assert segment.selector is not None
    values = ", ".join(f"'{value}'" for value in segment.selector.values)
    return f"'{segment.selector.key}', [{values}], {'false' if segment.selector.negated else 'true'}"
