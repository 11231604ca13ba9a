"""Generated code that finds things in an event: each object of it is looked up once, by whatever rule asks first.

An object on the way to a single value is held in a variable, EMPTY where it is missing. On the way to many values it is
a list of (place, object). Selectors that share a list and a key ask each element once.

The quick way takes for granted that objects are objects, and lists lists, where LogEvent says so; what is otherwise
makes Python raise AttributeError or TypeError, and the quick way gives up. It knows no places: its lists hold objects
alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from normalizer import okta
from normalizer.backends.source import Names, Source
from normalizer.language.paths import EventPath, Segment

Segments = tuple[Segment, ...]


def where(static: tuple[str, ...], base: str = "") -> str:
    """The expression of a place in the event: a tuple, after a base that is known only at run time."""
    own = f"({', '.join(map(repr, static))}{',' if len(static) == 1 else ''})"
    if not base:
        return own
    return f"{base} + {own}" if static else base


@dataclass(frozen=True, slots=True)
class Single:
    """A variable that holds one object; its place is `static` after the value of the variable `base` (if any)."""

    variable: str
    static: tuple[str, ...] = ()
    base: str = ""

    def where(self, name: str) -> str:
        """The place of a value of this object, as an expression."""
        return where((*self.static, name), self.base)


@dataclass(frozen=True, slots=True)
class Use:
    """One way that a rule, by its number, reads objects: on the way to a single value, or to many."""

    objects: Segments
    many: bool
    number: int


def uses(paths: Iterable[EventPath], number: int, *, many: bool, ends_in_objects: bool = False) -> list[Use]:
    """The objects that a rule's paths go through; for `each` the last ones too."""
    return [
        Use(path.segments if ends_in_objects else path.segments[:-1], many, number) for path in paths if not path.given
    ]


@dataclass
class Picks:
    """The objects of an event (or of an element of a list) that generated code has at hand.

    `given` are variables that hold the value under a first segment already, `above` the names on the way to the root
    (for what LogEvent says of a path). `uses` are those of all rules to come:
    they say which selectors share a loop, and which rule is the first to report what is no object.
    """

    source: Source
    names: Names
    root: Single
    uses: list[Use]
    quick: bool = False
    above: tuple[str, ...] = ()
    given: dict[str, str] = field(default_factory=dict)
    _singles: dict[Segments, Single] = field(default_factory=dict)
    _lists: dict[Segments, str] = field(default_factory=dict)
    _raws: dict[Segments, str] = field(default_factory=dict)

    def single(self, objects: Segments, number: int) -> Single:
        """The one object that a path to a single value goes through."""
        if not objects:
            return self.root
        if objects not in self._singles:
            *before, last = objects
            if last.selector is None:
                self._look_up(tuple(before), last, number)
            else:
                self._select(tuple(before), last, number, many=False)
        return self._singles[objects]

    def many(self, objects: Segments, number: int) -> str:
        """The variable with all objects that a path to many values goes through, with their places."""
        if objects not in self._lists:
            if objects and objects[-1].selector is not None:
                self._select(objects[:-1], objects[-1], number, many=True)
            else:
                self._list(objects)
        return self._lists[objects]

    def _look_up(self, before: Segments, last: Segment, number: int) -> None:
        parent = self.single(before, number)
        made = Single(self.names.new("e", _text((*before, last))), (*parent.static, last.name), parent.base)
        self._singles[(*before, last)] = made
        self.source.add(f"{made.variable} = {self._value(parent, last, before)}")
        if self.quick:
            with self.source.block(f"if {made.variable} is None:"):
                self.source.add(f"{made.variable} = EMPTY")
            return
        with self.source.block(f"if type({made.variable}) is not dict:"):
            self.source.add(
                f"{made.variable} = no_object({made.variable}, {where(made.static, made.base)}, problems, {number})"
            )

    def _value(self, parent: Single, segment: Segment, before: Segments) -> str:
        """The expression of what stands under a segment's name: looked up once, also where it is read in two ways."""
        if not before and segment.name in self.given:
            return self.given[segment.name]
        value = f"{parent.variable}.get({segment.name!r})"
        if len(self._ways(before, segment.name)) < 2:
            return value
        name = (*before, Segment(segment.name))
        if name not in self._raws:
            self._raws[name] = self.names.new("raw", _text(name))
            self.source.add(f"{self._raws[name]} = {value}")
        return self._raws[name]

    def _ways(self, before: Segments, name: str) -> set[bool]:
        """How the value under a name is read: as one object (False), as a list to choose from or go through (True)."""
        at = len(before)
        return {
            use.many or use.objects[at].selector is not None
            for use in self.uses
            if len(use.objects) > at and use.objects[:at] == before and use.objects[at].name == name
        }

    def _list(self, objects: Segments) -> None:
        """All objects at a path whose last segment selects nothing."""
        if self.quick:
            self._quick_list(objects)
            return
        self._lists[objects] = variable = self.names.new("all", _text(objects) or self.root.variable)
        if not objects:
            self.source.add(f"{variable} = [({where(self.root.static, self.root.base)}, {self.root.variable})]")
            return
        *before, last = objects
        # a selector passes over what is no object in silence; the first rule that does not reports it
        reporting = [use.number for use in self.uses if use.many and use.objects[: len(objects)] == objects]
        report = f"problems, {min(reporting)}" if reporting else "None, 0"
        if before:
            parents = self.many(tuple(before), min(reporting, default=0))
            self.source.add(f"{variable} = elements_below({parents}, {last.name!r}, {report})")
        else:
            place = where((*self.root.static, last.name), self.root.base)
            self.source.add(f"{variable} = elements({self._value(self.root, last, ())}, {place}, {report})")

    def _quick_list(self, objects: Segments) -> None:
        """The same without places: what LogEvent calls a list is taken as one, anything else as an object."""
        *before, last = objects or (Segment(""),)
        if not objects or not (self._is_list(objects) or self._many_above(tuple(before))):
            self._lists[objects] = f"({self.single(objects, 0).variable},)"
            return
        self._lists[objects] = variable = self.names.new("all", _text(objects))
        if not self._many_above(tuple(before)):
            self.source.add(f"{variable} = {self._value(self.single(tuple(before), 0), last, tuple(before))}")
            with self.source.block(f"if {variable} is None:"):
                self.source.add(f"{variable} = ()")
            return
        parents = self.many(tuple(before), 0)
        self.source.add(f"{variable} = []")
        with self.source.block(f"for element in {parents}:"):
            self.source.add(f"element = element.get({last.name!r})")
            with self.source.block("if element is not None:"):
                self.source.add(f"{variable}.{'extend' if self._is_list(objects) else 'append'}(element)")

    def _is_list(self, objects: Segments) -> bool:
        known = okta.fact(".".join((*self.above, *(segment.name for segment in objects))))
        return known is not None and known.list

    def _many_above(self, objects: Segments) -> bool:
        return any(
            segment.selector is not None or self._is_list(objects[: at + 1]) for at, segment in enumerate(objects)
        )

    def _select(self, before: Segments, segment: Segment, number: int, *, many: bool) -> None:
        """One loop over a list, for all selectors of it that have the same key."""
        assert segment.selector is not None
        key = segment.selector.key
        elements = self._elements(before, segment, number, many=many)
        wanted = self._selectors(before, segment)
        listed, chosen = [], []
        for last in wanted:
            objects = (*before, last)
            use_many = [use.many for use in self.uses if use.objects[: len(objects)] == objects]
            if True in use_many and (many or not before):
                self._lists[objects] = self.names.new("all", _text(objects))
                listed.append(last)
            if False in use_many and (not many or not before):
                made = Single(self.names.new("e", _text(objects)), base=self.names.new("at", _text(objects)))
                self._singles[objects] = made
                chosen.append(last)
        for last in listed:
            self.source.add(f"{self._lists[(*before, last)]} = []")
        for last in chosen:
            if last not in listed:
                one = self._singles[(*before, last)]
                self.source.add(f"{one.variable} = EMPTY" if self.quick else f"{one.variable}, {one.base} = EMPTY, ()")
        with self.source.block(f"for element in {elements}:" if self.quick else f"for where, element in {elements}:"):
            self.source.add(f"kind = element.get({key!r})")
            if not self.quick:  # no text that a selector names is equal to anything but itself
                with self.source.block("if type(kind) is not str:"):
                    self.source.add('kind = ""')
            for last in wanted:
                if last in listed:
                    with self.source.block(f"if {_test(last)}:"):
                        self.source.add(
                            f"{self._lists[(*before, last)]}.append({'element' if self.quick else '(where, element)'})"
                        )
                elif last in chosen:
                    one = self._singles[(*before, last)]
                    with self.source.block(f"if {one.variable} is EMPTY and {_test(last)}:"):
                        self.source.add(
                            f"{one.variable} = element"
                            if self.quick
                            else f"{one.variable}, {one.base} = element, where"
                        )
        for last in chosen:
            if last in listed:
                one, found = self._singles[(*before, last)], self._lists[(*before, last)]
                if self.quick:
                    self.source.add(f"{one.variable} = {found}[0] if {found} else EMPTY")
                else:
                    self.source.add(f"{one.base}, {one.variable} = {found}[0] if {found} else ((), EMPTY)")

    def _elements(self, before: Segments, segment: Segment, number: int, *, many: bool) -> str:
        """What a selector chooses from. Below the root, a way to a single value has no lists on it, one to many may."""
        plain = Segment(segment.name)
        if self.quick and not many and before:
            many = True  # the same objects, where nothing is a list that should not be one
        if many or not before:
            if (*before, plain) not in self._lists:
                self._list((*before, plain))
            return self._lists[(*before, plain)]
        parent = self.single(before, number)
        place = where((*parent.static, segment.name), parent.base)
        return f"elements({self._value(parent, segment, before)}, {place}, None, 0)"

    def _selectors(self, before: Segments, segment: Segment) -> list[Segment]:
        """The selecting segments that rules use after the same objects, with the same name and key."""
        assert segment.selector is not None
        found: dict[Segment, None] = {}
        for use in self.uses:
            if use.objects[: len(before)] == before and len(use.objects) > len(before):
                other = use.objects[len(before)]
                if (
                    other.name == segment.name
                    and other.selector is not None
                    and other.selector.key == segment.selector.key
                ):
                    found[other] = None
        return sorted(found)


def _text(segments: Iterable[Segment]) -> str:
    return ".".join(map(str, segments))


def _test(segment: Segment) -> str:
    """The condition of a selector on the variable `kind`, which is a text."""
    selector = segment.selector
    assert selector is not None
    if len(selector.values) == 1:
        return f"kind {'!=' if selector.negated else '=='} {selector.values[0]!r}"
    return f"kind {'not in' if selector.negated else 'in'} {selector.values!r}"
