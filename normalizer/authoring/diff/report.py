"""All that one run of `mim-ecs diff` has found, and the words in which every format tells it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from normalizer.authoring.diff.model import Change, Difference, Said
from normalizer.authoring.diff.sides import Side
from normalizer.authoring.diff.verdicts import Verdict
from normalizer.errors import Place

if TYPE_CHECKING:
    from normalizer.authoring.diff.impact import Impact
    from normalizer.authoring.diff.samples import Samples


@dataclass(frozen=True, slots=True)
class Report:
    """Both sides and what differs; with rules also what breaks, with events their documents."""

    old: Side
    new: Side
    difference: Difference
    impact: Impact | None = None
    samples: Samples | None = None

    @property
    def verdict(self) -> Verdict:
        """The highest of all changes; a rule that breaks is major."""
        broken = self.impact is not None and self.impact.broken
        return Verdict.MAJOR if broken else self.difference.verdict

    def changes(self, verdict: Verdict) -> list[Change]:
        """The changes of one verdict."""
        return [each for each in self.difference.changes if each.verdict is verdict]

    def needs(self) -> list[str]:
        """What the changes of the index mapping ask for, the gravest first."""
        return sorted({each.index for each in self.difference.changes if each.index})

    def indexed(self, need: str) -> list[str]:
        """The fields, or new event types, that ask for it."""
        found = [each for each in self.difference.changes if each.index == need]
        return [str(each.after) if each.kind == "field-renamed" else each.subject for each in found]

    def places(self, change: Change) -> tuple[list[Place], list[Place]]:
        """Where a change was written on either side, as people know these places."""
        return [*map(self.old.told, change.old)], [*map(self.new.told, change.new)]

    def types(self, change: Change, most: int | None = None) -> str:
        """The event types that a change holds for, in words; of a long list no more than the first `most`."""
        if not change.field or not change.event_types:
            return ""
        if change.everywhere:
            return "all event types"
        others = [each for each in self.difference.event_types if each not in change.event_types]
        if others and len(others) < len(change.event_types):
            return f"all but {_and(others, most)}"
        return _and(change.event_types, most)

    def headline(self) -> str:
        """How many changes there are of each verdict."""
        if self.verdict is Verdict.NONE:
            return f"no difference from {self.old.name} to {self.new.name}"
        counts = [f"{count} {verdict}" for verdict, count in self.difference.counts.items() if count]
        noun = "change" if len(self.difference.changes) == 1 else "changes"
        told = f"{_and(counts)} {noun} from {self.old.name} to {self.new.name}"
        if self.impact is not None and self.impact.broken:
            told += f", {counted(self.impact.broken_rules, 'broken rule')}"
        return told


def pair(change: Change) -> tuple[str, str]:
    """What is before and after a change; an empty text where there is nothing."""
    return shown(change.before), shown(change.after)


def shown(value: Said) -> str:
    """A value as a mapping file has it, as far as that is plain."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return f"[{', '.join(map(shown, value))}]"
    return value if isinstance(value, str) else json.dumps(value)


def example(value: Any) -> str:
    """A value of a document."""
    return "absent" if value is None else json.dumps(value, ensure_ascii=False)


def cut(text: str, most: int) -> str:
    """A text of so many characters at most."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def counted(count: int, noun: str) -> str:
    """`1 event`, `2,000 events`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def rules_told(impact: Impact) -> str:
    """How many rules break, as a sentence or two."""
    told = f"{impact.broken_rules} of {counted(impact.rules, 'detection rule')} would break."
    if impact.elsewhere:
        told += f" {counted(impact.elsewhere, 'other rule')} search{'es' if impact.elsewhere == 1 else ''} elsewhere."
    return told


def samples_told(samples: Samples) -> list[str]:
    """What became of the events, as sentences."""
    first = "the first " if samples.more else ""
    told = [f"Of {first}{counted(samples.read, 'event')}, the documents of {samples.changed:,} change."]
    told += [f"{counted(samples.lost, 'event')} had a document, and would have none."] if samples.lost else []
    told += [f"{counted(samples.won, 'event')} had no document, and would have one."] if samples.won else []
    if left := samples.read - samples.compared - samples.lost - samples.won:
        told.append(f"{counted(left, 'event')} had no document, and would have none.")
    return told


def _and(names: Sequence[str], most: int | None = None) -> str:
    if most is not None and len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
