"""What reading a folder gives: rules, what was not checked, and how many search elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from normalizer.authoring.detections.gathering import Gathered
from normalizer.authoring.detections.model import DetectionRule, NotChecked


@dataclass(slots=True)
class Reading:
    """The rules that can see our documents, and what of those could not be read.

    `elsewhere` counts the others, whose index patterns match no data stream of ours: nothing of them is read.
    """

    rules: list[DetectionRule] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)
    elsewhere: int = 0

    def add(self, gathered: Gathered, identity: str, kind: str, language: str, indices: Iterable[str]) -> None:
        """A rule that was read, with all that was not understood of it."""
        self.rules.append(
            DetectionRule(gathered.name, identity, kind, gathered.place, language, tuple(indices), tuple(gathered.uses))
        )
        self.not_checked += gathered.not_checked
