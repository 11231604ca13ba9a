"""What differs, for people: by cause, each with a small event that shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from tests.parity.check import Both, Finding
from tests.parity.reduce import reduced

MOST_CAUSES: Final = 20
MOST_PLACES: Final = 5
LONGEST: Final = 1000
"""Characters of an event that is shown as it is; in longer ones what repeats is shortened."""


def explained(ways: Both, findings: Iterable[Finding]) -> str:
    """All findings; what most events have in common first."""
    ordered = sorted(findings, key=lambda finding: finding.cause)
    causes = [list(found) for _, found in groupby(ordered, key=lambda finding: finding.cause)]
    causes.sort(key=len, reverse=True)
    lines = [f"{len(ordered)} events differ, in {len(causes)} ways:"]
    lines += [one_cause(ways, found) for found in causes[:MOST_CAUSES]]
    if len(causes) > MOST_CAUSES:
        lines.append(f"and in {len(causes) - MOST_CAUSES} more ways")
    return "\n\n".join(lines)


def one_cause(ways: Both, found: Sequence[Finding]) -> str:
    """The smallest event of one cause, made smaller still, and the places where its documents differ."""
    finding = min(found, key=lambda each: len(each.text))

    def differs(texts: Sequence[str]) -> list[bool]:
        differing = {each.text for each in ways.findings(texts) if each.cause == finding.cause}
        return [text in differing for text in texts]

    small = reduced(finding.text, differs)
    shown = next(iter(ways.findings([small])), finding)  # none where only the options of a golden case make it differ
    lines = [f"{len(found)} times, such as the event", f"  {short(small)}"]
    lines += [f"  {each}" for each in shown.differences[:MOST_PLACES]]
    if len(shown.differences) > MOST_PLACES:
        lines.append(f"  and {len(shown.differences) - MOST_PLACES} more places")
    return "\n".join(lines)


def short(text: str) -> str:
    """An event's text in ASCII; where it is long, with `{…520 times "k"…}` for what repeats."""
    if not text.strip() or not text.isascii() or not text.isprintable():
        text = json.dumps(text)
    if len(text) <= LONGEST:
        return text
    text = re.sub(
        r"((?:\\{1,2}u[0-9A-Fa-f]{4}){1,2}|.)\1{30,}",
        lambda run: f'{{…{len(run[0]) // len(run[1])} times "{run[1]}"…}}',
        text,
    )
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
