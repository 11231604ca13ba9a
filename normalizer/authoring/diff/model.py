"""A difference of two sets of Plans: changes, each with its verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from normalizer.authoring.diff.verdicts import ROWS, Row, Verdict
from normalizer.errors import Place
from normalizer.language.plan import Scalar

Said = Scalar | tuple[Scalar, ...] | None
"""What something is before or after a change; None where there is nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """The same change in one event type or more.

    `kind` is a key of ROWS. `field` is empty where the change is about an event type itself. `event_types` are those
    that it holds for; empty where it is about a declaration. `old` and `new` are its places on either side, `notes`
    sentences about this change alone, `index` a key of INDEX or empty.
    """

    kind: str
    field: str = ""
    before: Said = None
    after: Said = None
    event_types: tuple[str, ...] = ()
    everywhere: bool = False
    old: tuple[Place, ...] = ()
    new: tuple[Place, ...] = ()
    notes: tuple[str, ...] = ()
    index: str = ""

    @property
    def row(self) -> Row:
        """What the change is in terms of semantic versioning."""
        return ROWS[self.kind]

    @property
    def verdict(self) -> Verdict:
        """How much it breaks."""
        return self.row.verdict

    @property
    def subject(self) -> str:
        """What is changed: a field, or an event type."""
        return self.field or ", ".join(self.event_types)


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes, the gravest first. `event_types` are those that both sides map."""

    changes: tuple[Change, ...]
    event_types: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """The highest of all changes."""
        return max((each.verdict for each in self.changes), default=Verdict.NONE)

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many changes there are of each verdict, the gravest first."""
        counts = Counter(each.verdict for each in self.changes)
        return {verdict: counts[verdict] for verdict in (Verdict.MAJOR, Verdict.MINOR, Verdict.PATCH)}
