"""Findings as they are collected: all of them, each mistake once, at the place where it was written."""

from __future__ import annotations

from normalizer.errors import Finding, Place


class Notes:
    """Collects findings. A scope writes one rule under several prefixes: its mistake is told once."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._told: set[tuple[Place, str]] = set()

    def add(self, place: Place, message: str, topic: str = "") -> None:
        """Note a mistake. With a topic, only the first one of that topic at a place counts."""
        if (place, topic or message) not in self._told:
            self._told.add((place, topic or message))
            self.findings.append(Finding(place, _in_one_line(message)))

    def extend(self, findings: list[Finding]) -> None:
        """Note what another step has found."""
        for finding in findings:
            self.add(finding.place, finding.message)


def _in_one_line(message: str) -> str:
    """What a file holds is quoted in messages: line ends and blanks that nobody sees are written out."""
    if message.isprintable():
        return message
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in message)
