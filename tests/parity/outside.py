"""What is outside the promise that both ways give the same document: where readers of JSON themselves differ.

`python -m tests.parity.outside` prints the table that stands in docs/pipelines.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Outcome = Literal["document", "refused"]
"""A document; or none: a dead letter of the Python path, an event that the pipeline keeps as text."""

_REFUSED: Final = {"python": "not JSON: a dead letter", "pipeline": "no event: kept, with `event.kind: pipeline_error`"}


@dataclass(frozen=True, slots=True)
class Outside:
    """One matter: what an event holds, what becomes of it on each side (for people and for the test), and an event."""

    matter: str
    python: str
    pipeline: str
    outcomes: tuple[Outcome, Outcome]
    text: str


def _event(rest: str) -> str:
    """The text of an event with more in it."""
    return f'{{"uuid": "u-1", "eventType": "mim.command.ios.new", "published": "2026-09-14T06:00:00.123Z", {rest}}}'


def _debug(value: str) -> str:
    """The text of an event with a value that goes into a flattened field as it is."""
    return _event(f'"debugContext": {{"debugData": {{"value": {value}}}}}')


OUTSIDE: Final = (
    Outside(
        "a key that stands twice in an object",
        "the last one counts",
        _REFUSED["pipeline"],
        ("document", "refused"),
        _event('"version": "0", "version": "1"'),
    ),
    Outside(
        "half of a surrogate pair (`\\ud800`)",
        _REFUSED["python"],
        "taken",
        ("refused", "document"),
        _debug('"\\ud800"'),
    ),
    Outside(
        "comments (`/* */`, `//`), also in a text that `as: json` reads",
        _REFUSED["python"],
        "passed over by OpenSearch",
        ("refused", "document"),
        _event('/* why */ "version": "0"'),
    ),
    Outside(
        "a number that is too large for a double (`1e400`)",
        _REFUSED["python"],
        "read as infinite",
        ("refused", "document"),
        _debug("1e400"),
    ),
    Outside(
        "a number of more than 1,000 characters",
        "read as the nearest double",
        _REFUSED["pipeline"],
        ("document", "refused"),
        _debug("0." + "1" * 1100),
    ),
    Outside(
        "a whole number from 2⁶³ to 2⁶⁴ − 1 inside a flattened value",
        "as it is",
        "as the nearest double",
        ("document", "document"),
        _debug(str(2**63)),
    ),
    Outside(
        "a key of more than 50,000 characters",
        "passed over, or left out and reported",
        _REFUSED["pipeline"],
        ("document", "refused"),
        _event(f'"{"k" * 50_001}": 1'),
    ),
    Outside(
        "more than 250 levels of lists in a flattened value; or of anything in an event that came parsed",
        "too deep: a dead letter",
        "taken",
        ("refused", "document"),
        _debug(f"{'[' * 300}{']' * 300}"),
    ),
    Outside(
        "nesting of more than 990 levels",
        "taken up to 1,024 levels",
        _REFUSED["pipeline"],
        ("document", "refused"),
        _event(f'"unknown": {"[" * 1005}{"]" * 1005}'),
    ),
)


def table() -> str:
    """The lines of the table in the docs."""
    lines = ["| in the event | `mim-ecs normalize`, `index` | the pipelines |", "|---|---|---|"]
    lines += [f"| {each.matter} | {each.python} | {each.pipeline} |" for each in OUTSIDE]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
