"""Event paths: where in an event a value stands.

`segment.segment`, a segment is `[A-Za-z0-9_-]+`; `segment(key=v|v)` keeps the elements whose `key` is a string equal to
one of the values, `segment(key!=v|v)` those where it is not; `$.` starts at the event again. `_original`, `_org` and
`_namespace` are given by the run time and stand alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

GIVEN = ("_original", "_org", "_namespace")

_MAX_SEGMENTS = 50
"""Names in a path; LogEvent has six levels."""
_SHOWN = 60

_SEGMENT = re.compile(
    r"(?P<name>[A-Za-z0-9_-]+)"
    r"(?:\((?P<key>[A-Za-z0-9_-]+)(?P<sign>!?=)(?P<values>[A-Za-z0-9_.-]+(?:\|[A-Za-z0-9_.-]+)*)\))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Selector:
    """Which elements a segment keeps: those whose `key` is (or, negated, is not) one of the values."""

    key: str
    values: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        return f"({self.key}{'!=' if self.negated else '='}{'|'.join(self.values)})"


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One step of a path."""

    name: str
    selector: Selector | None = None

    def __str__(self) -> str:
        return f"{self.name}{self.selector or ''}"


@dataclass(frozen=True, slots=True, order=True)
class EventPath:
    """A path. `absolute` is false only for paths inside `each`, which start at the element."""

    segments: tuple[Segment, ...]
    absolute: bool = True
    given: bool = False

    def __str__(self) -> str:
        return ".".join(map(str, self.segments))

    @property
    def names(self) -> str:
        """The path without selectors, as facts about LogEvent name it."""
        return ".".join(segment.name for segment in self.segments)

    @property
    def last(self) -> str:
        """The name of the value itself."""
        return self.segments[-1].name

    @property
    def container(self) -> EventPath:
        """The path of the object that holds the value."""
        return replace(self, segments=self.segments[:-1])

    @property
    def plain(self) -> EventPath:
        """The same path, the values of its selectors sorted and each once: nothing else of them counts."""
        if all(segment.selector is None for segment in self.segments):
            return self
        return replace(self, segments=tuple(map(_plain, self.segments)))

    def below(self, scope: EventPath | None) -> EventPath:
        """This path as it reads inside a scope: it follows the scope's, unless it starts at the event again."""
        if scope is None or self.absolute or self.given:
            return self
        return EventPath(scope.segments + self.segments, scope.absolute)


def _plain(segment: Segment) -> Segment:
    if segment.selector is None:
        return segment
    return replace(segment, selector=replace(segment.selector, values=tuple(sorted({*segment.selector.values}))))


class PathError(ValueError):
    """A text that is no path: what is wrong with it."""


def parse_path(text: str) -> EventPath:
    """The path that a text of the mapping language means; relative unless it begins with `$.`.

    Raises PathError.
    """
    if text in GIVEN:
        return EventPath((Segment(text),), given=True)
    absolute = text.startswith("$.")
    rest = text[2:] if absolute else text
    segments = []
    at = 0
    while True:
        match = _SEGMENT.match(rest, at)
        if match is None:
            raise PathError(_broken(text, rest, at))
        selector = None
        if match["key"]:
            selector = Selector(match["key"], tuple(match["values"].split("|")), match["sign"] == "!=")
        segments.append(Segment(match["name"], selector))
        if len(segments) > _MAX_SEGMENTS:
            raise PathError(f'"{text[:_SHOWN]}…" is no event path: it has over {_MAX_SEGMENTS} names; write fewer')
        at = match.end()
        if at == len(rest):
            if segments[0].name in GIVEN:
                raise PathError(
                    f'"{text}" is not an event path; {segments[0].name} is given by the run time and stands alone'
                )
            return EventPath(tuple(segments), absolute)
        if rest[at] != ".":
            raise PathError(_broken(text, rest, at))
        at += 1


def _broken(text: str, rest: str, at: int) -> str:
    """Why the text is no path, as one sentence that begins with the path."""
    if not rest:
        return f'"{text}" is not an event path; write names joined by dots, like actor.id'
    if "," in rest:
        return f'"{text}" is not one event path; write a list of paths in brackets: {{from: [actor.id, client.id]}}'
    if rest[at : at + 1] in ("", "."):
        return f'the event path "{text}" has an empty name; write names joined by single dots'
    if rest[at] == "[":
        return f'the event path "{text}" holds [ ]; select elements by a key, like target(type=User).id'
    if rest[at] == "(":
        return (
            f'the selector in "{text}" is not written as (key=value|value) or (key!=value), without blanks and quotes; '
            "values are letters, digits, _, . and -"
        )
    if rest[at] == "$":
        return f'"$." can only begin an event path, with its dot, and "{text}" has it otherwise; write $.actor.id'
    if rest[at - 1 : at] == ")":
        return f'a dot is missing after the selector in "{text}"; write target(type=User).id'
    return f'the event path "{text}" holds "{rest[at]}", which no name can; names are letters, digits, "_" and "-"'
