"""What is known of a detection rule: which fields it reads, and which values it compares them with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from normalizer.errors import Place


@dataclass(frozen=True, slots=True, order=True)
class Bound:
    """One side of a range. `operator` is `<`, `<=`, `>` or `>=`; `limit` is as it was written."""

    operator: str
    limit: str


@dataclass(frozen=True, slots=True)
class Use:
    """One field that a rule reads.

    `field` may hold wildcards (`okta.*`), and is empty where the rule searches all default fields. `values` are
    patterns in which `*` is any text and `?` any one character; a backslash takes `*`, `?` and itself literally. None
    where any value counts: it exists, it is counted, it is compared with another field. `bounds` are the sides of a
    range.
    """

    field: str
    values: tuple[str, ...] | None
    negated: bool
    place: Place
    caseless: bool = False
    bounds: tuple[Bound, ...] = ()


@dataclass(frozen=True, slots=True)
class DetectionRule:
    """A rule, or what else people keep that searches: a dashboard, a saved search.

    `kind` is the word for it; `language` that of its query, "" where it has none. Without `indices` it may search any.
    """

    name: str
    id: str
    kind: str
    place: Place
    language: str
    indices: tuple[str, ...]
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True, order=True)
class NotChecked:
    """What could not be read, and why, in one sentence. `rule` is the name of the rule, where it is known."""

    place: Place
    why: str
    rule: str = ""

    def __str__(self) -> str:
        name = f'"{self.rule}": ' if self.rule else ""
        return f"{self.place}: {name}{self.why}"


@dataclass(frozen=True, slots=True)
class Gone:
    """What a change takes away of one field; several parts may hold at once.

    removed: why no document has the field any more ("no mapping writes it any more")
    renamed: the field that holds its values now
    retyped: the types before and after
    lost, left: the values that documents had before and have no longer, and those that they have still
    instead: for lost values those that stand in their place now
    """

    removed: str | None = None
    renamed: str | None = None
    retyped: tuple[str, str] | None = None
    lost: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    instead: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a change breaks: by which field, where, why, and what to write instead ("" where nobody knows)."""

    rule: DetectionRule
    field: str
    place: Place
    why: str
    advice: str

    def __str__(self) -> str:
        advice = f"; {self.advice}" if self.advice else ""
        return f'{self.place}: "{self.rule.name}" {self.why}{advice}'


class NotUnderstood(Exception):
    """A query, or a part of a rule, that cannot be read. `offset` is the character of the query, where it is known."""

    def __init__(self, why: str, offset: int | None = None) -> None:
        super().__init__(why)
        self.why, self.offset = why, offset
