"""A mapping file as it was written, with scopes unrolled.

`shapes` makes it from the tree of a file; what the names mean is looked at in `check`.
"""

from __future__ import annotations

from dataclasses import dataclass

from normalizer.errors import Place
from normalizer.language.paths import EventPath
from normalizer.language.reader import Node, Scalar


@dataclass(frozen=True, slots=True)
class Target:
    """A destination as written.

    `blame` is the item of `also` that gave it its prefix, `instead_of` its name without that `also`. `prefix` is the
    scope that it stands in: its name, with the dot, and where that was written.
    """

    name: str
    place: Place
    blame: Place | None = None
    instead_of: str = ""
    prefix: Target | None = None


@dataclass(frozen=True, slots=True)
class WrittenPath:
    """An event path and its place.

    `path` is what a rule reads: the scope's path is in it; inside `each` it starts at the element. `whole` starts at
    the event in any case. `scope` is the `at` or `each` that the path follows, if it does, `text` what the file says.
    """

    path: EventPath
    place: Place
    whole: EventPath
    scope: WrittenPath | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class WrittenSet:
    """A constant: the literal is checked once its field is known."""

    target: Target
    literal: Node


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A path or a rule, the scope's prefix, path and `ignore` already in it. `steps` are the words of `as`."""

    target: Target
    paths: tuple[WrittenPath, ...]
    collect: Place | None = None
    ignore: tuple[str, ...] = ()
    steps: tuple[Scalar, ...] = ()
    table: Node | None = None
    default: Node | None = None


@dataclass(frozen=True, slots=True)
class WrittenEach:
    """A list of objects."""

    target: Target
    path: WrittenPath
    fields: tuple[WrittenRule, ...]


Written = WrittenSet | WrittenRule | WrittenEach


@dataclass(frozen=True, slots=True)
class MappingFile:
    """One mapping file.

    `scopes` are the paths of `at`. `broken` are destinations whose rule holds a mistake: they count as written. `gaps`
    is true where a mistake hides what the file says at its top: nobody should miss anything then.
    """

    name: str
    file: str
    place: Place
    event_type: Scalar | None
    extends: Scalar | None
    summary: str
    summary_place: Place
    written: tuple[Written, ...]
    scopes: tuple[WrittenPath, ...]
    removes: tuple[Scalar, ...]
    broken: frozenset[str]
    gaps: bool
