"""Okta's published catalogue of event types, held against the mappings.

The catalogue is the CSV file that Okta's page "Event Types" offers: a line for each type, its name in the column `Event
Type`, then its description, the release it came with, and its tags, each in a column of its own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from normalizer.errors import InputError, Place
from normalizer.language import Mappings

_NAME, _DESCRIPTION = "event type", "description"
_NEAR = 0.8
"""From here on two names are taken for one that was mended; 1 is equal."""


@dataclass(frozen=True, slots=True)
class EventType:
    """A line of the catalogue."""

    name: str
    description: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs. `new` are types that no mapping names and a fallback takes, `missing` mapped ones that are gone.

    `renamed` are pairs of these that are most likely one. `same` counts types with a mapping of their own, `others`
    those that only the `"*"` mapping takes, or none.
    """

    new: tuple[EventType, ...]
    missing: tuple[tuple[str, Place], ...]
    renamed: tuple[tuple[str, Place, EventType], ...]
    same: int
    others: int

    def __bool__(self) -> bool:
        return bool(self.new or self.missing or self.renamed)


def read_catalog(data: bytes, name: str) -> list[EventType]:
    """The types of a catalogue. `name` is that of its file. Raises InputError where it is none."""
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = [each.strip().lower() for each in next(rows, [])]
        if _NAME not in header:
            raise InputError(
                f'{name}: the first line has no column "Event Type"; give the CSV file of Okta\'s catalogue'
            )
        at = header.index(_NAME)
        about = header.index(_DESCRIPTION) if _DESCRIPTION in header else len(header)
        found = {}
        for row in rows:
            event_type = row[at].strip() if at < len(row) else ""
            if event_type:
                found[event_type] = EventType(event_type, row[about].strip() if about < len(row) else "", rows.line_num)
    except UnicodeDecodeError:
        raise InputError(f"{name}: this is no text in UTF-8; give the CSV file of Okta's catalogue") from None
    except csv.Error as error:
        raise InputError(f"{name}:{rows.line_num}: this is no CSV: {error}") from None
    if not found:
        raise InputError(f"{name}: the catalogue names no event type")
    return [*found.values()]


def drift(catalog: Iterable[EventType], mappings: Mappings) -> Drift:
    """What the catalogue has that the mappings lack, and the other way round."""
    listed = {each.name: each for each in catalog}
    own = {plan.event_type: plan.place for plan in mappings.plans if not plan.fallback}
    prefixes = tuple(plan.event_type[:-1] for plan in mappings.plans if plan.fallback and plan.event_type != "*")
    new = {name: each for name, each in listed.items() if name not in own and name.startswith(prefixes)}
    missing = {name: place for name, place in own.items() if name not in listed}
    renamed = []
    for name, place in sorted(missing.items()):
        near = _nearest(name, new)
        if near is not None and _nearest(near, missing) == name:
            renamed.append((name, place, new.pop(near)))
    for name, _, _ in renamed:
        del missing[name]
    return Drift(
        tuple(new[name] for name in sorted(new)),
        tuple(sorted(missing.items())),
        tuple(renamed),
        same=len(own.keys() & listed.keys()),
        others=sum(name not in own and not name.startswith(prefixes) for name in listed),
    )


def _nearest(name: str, others: Iterable[str]) -> str | None:
    """The name that is most like this one, case apart; None where none is like it."""
    by_lower = {other.lower(): other for other in others}
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=_NEAR)
    return by_lower[found[0]] if found else None
