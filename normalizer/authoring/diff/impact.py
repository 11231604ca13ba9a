"""Detection rules held against a difference: those that it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from normalizer.authoring.detections import Broken, DetectionRule, NotChecked, broken, patterns, read
from normalizer.authoring.diff.declared import written_by
from normalizer.authoring.diff.gone import in_part, wholly
from normalizer.authoring.diff.model import Difference
from normalizer.language import Mappings

_EVENT_TYPE = ("event.action", "okta.event_type")


@dataclass(frozen=True, slots=True)
class Impact:
    """How many rules were read, which of them break and why, and what could not be read as one.

    `elsewhere` counts rules that search other indices, of which nothing is looked at.
    """

    rules: int
    broken: tuple[Broken, ...]
    not_checked: tuple[NotChecked, ...]
    elsewhere: int = 0

    @property
    def broken_rules(self) -> int:
        """How many rules break; each may by several of its terms."""
        return len({(each.rule.place, each.rule.name) for each in self.broken})


def impact(difference: Difference, old: Mappings, new: Mappings, folder: Path) -> Impact:
    """Ask the rules of a folder about all that is gone. Raises SettingsError where there is no such folder."""
    reading = read(folder)
    found = sorted(_broken(reading.rules, difference, old, new), key=lambda each: (each.place, each.field, each.why))
    return Impact(len(reading.rules), tuple(found), tuple(reading.not_checked), reading.elsewhere)


def _broken(rules: Sequence[DetectionRule], difference: Difference, old: Mappings, new: Mappings) -> Iterator[Broken]:
    whole = wholly(difference, old, new)
    yield from broken(rules, whole, written_by(new.plans))
    own = {plan.event_type for plan in old.plans}
    for event_types, gone in in_part(difference, old, new, whole):
        concerned = [rule for rule in rules if any(_asks_for(rule, each, own) for each in event_types)]
        left = written_by(plan for plan in new.plans if plan.event_type in event_types)
        for each in broken(concerned, gone, left):
            yield replace(each, why=f"for events of {_few(event_types)}: {each.why}")


def _asks_for(rule: DetectionRule, event_type: str, own: set[str]) -> bool:
    """Whether a rule can find events of a type: it names no event type, or this one too."""
    uses = [use for use in rule.uses if use.field in _EVENT_TYPE and not use.negated]
    named = [value for use in uses for value in use.values or ("*",)]
    if not named:
        return True
    fallback = event_type.endswith("*")
    return any(patterns.overlap(value, event_type) for value in named if not (fallback and value in own))


def _few(event_types: Sequence[str]) -> str:
    first, *others = event_types
    more = f" and {len(others)} more event type{'s' if len(others) > 1 else ''}" if others else ""
    return f"{first}{more}"
