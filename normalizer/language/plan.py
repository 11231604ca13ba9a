"""The Plan: one flat list of field rules for each event type, plain frozen data. Back ends read this and nothing else.

Equal rules are equal objects, wherever they were written: `origin` takes no part in comparisons. What all event types
share, and what a change of the mappings changes, are therefore set operations.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from normalizer.ecs import Field
from normalizer.errors import Place
from normalizer.language.paths import EventPath

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule was written, and the files from the event type's own (first) to the one that holds it (last).

    `place` is that of its destination; `parts` are those of its paths (of a constant: its items), `table` and `default`
    those of what it names. `segments` are, for each path, the places of its segments: those of a scope's path stand at
    its `at`. `instead_of` is the rule of a parent whose place it takes.
    """

    place: Place
    chain: tuple[str, ...]
    parts: tuple[Place, ...] = ()
    table: Place | None = None
    default: Place | None = None
    instead_of: Rule | None = None
    segments: tuple[tuple[Place, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """The field of the document that a rule writes. `keys` is its name taken apart."""

    name: str
    type: str
    array: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys from the document's root down."""
        return tuple(self.name.split("."))

    @staticmethod
    def of(known: Field) -> Destination:
        """The destination that a field of ECS or of ours is."""
        return Destination(known.name, known.type, known.array)


@dataclass(frozen=True, slots=True)
class Table:
    """A look-up from text to text, sorted by key; `places` are those of the keys.

    `name` is empty where the table was written in the rule; it takes no part in comparisons.
    """

    entries: tuple[tuple[str, str], ...] = field(repr=False)
    name: str = field(default="", compare=False)
    places: tuple[Place, ...] = field(default=(), compare=False, repr=False)

    def __hash__(self) -> int:
        return hash((len(self.entries), self.entries[:1]))  # rules are hashed often, and tables are long


@dataclass(frozen=True, slots=True)
class Constant:
    """A field that is the same in every document of the event type. A list for list fields."""

    destination: Destination
    value: Scalar | tuple[Scalar, ...]
    origin: Origin = field(compare=False)


@dataclass(frozen=True, slots=True)
class Value:
    """A field that comes from the event: pick ▶ ignore ▶ as ▶ map ▶ the field's type ▶ default.

    Without `collect` the first path that gives a present value counts; with it every value of every path, each once.
    Inside `each`, relative paths start at the element, and a destination of type "" takes the value as it is.
    """

    destination: Destination
    paths: tuple[EventPath, ...]
    collect: bool
    ignore: tuple[str, ...]
    steps: tuple[str, ...]
    table: Table | None
    default: Scalar | tuple[Scalar, ...] | None
    origin: Origin = field(compare=False)


@dataclass(frozen=True, slots=True)
class Each:
    """A list of objects, one for each element of the path; empty ones are left out.

    The names of `fields` are full names below the destination, in its order of sorting.
    """

    destination: Destination
    path: EventPath
    fields: tuple[Value, ...]
    origin: Origin = field(compare=False)


Rule = Constant | Value | Each

AS_IS = ""
"""The type of a destination below a flattened one: values go in as they are."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All rules of one event type, sorted by destination: the one order there is.

    `event_type` may end in `*` (a fallback). `chain` names its files, its own first, the root parent last.
    """

    event_type: str
    summary: str
    chain: tuple[str, ...]
    rules: tuple[Rule, ...]
    place: Place = field(compare=False)
    summary_place: Place = field(compare=False)

    @property
    def fallback(self) -> bool:
        """Whether the plan maps the types that have no file of their own."""
        return self.event_type.endswith("*")

    def rule(self, destination: str) -> Rule | None:
        """The rule that writes a field."""
        return next((rule for rule in self.rules if rule.destination.name == destination), None)
