"""Which rules can see the documents of this project: those whose index patterns match its data streams."""

from __future__ import annotations

import re
from collections.abc import Iterable

from normalizer.authoring.detections import patterns

STREAMS = "logs-okta.mim-*"
_ANY_STREAM = "logs-okta.mim-\0"
"""A data stream of no name: a pattern that matches it matches all of them."""

_COMPUTED = re.compile(r"<[^>]*>|\{[^}]*\}")


def concerned(indices: Iterable[str]) -> bool:
    """Whether a search in these indices can meet a document of ours; without any it searches where the user says.

    An index of another cluster counts by its own name. A pattern with `-` before it takes away what stands before.
    """
    names = [name for each in indices for name in _names(each)]
    if not names:
        return True
    found = False
    for name in names:
        if name.startswith("-"):
            found = found and not patterns.matches(name[1:].replace("?", "\\?"), _ANY_STREAM)
        else:
            found = found or patterns.overlap(name, STREAMS)
    return found


def _names(written: str) -> Iterable[str]:
    """The names of a list with commas, without their cluster; what is computed from the date is any text."""
    for each in written.split(","):
        sign = "-" if each.strip().startswith("-") else ""
        name = _COMPUTED.sub(lambda match: _dated(match[0]), each.strip().removeprefix("-")).rpartition(":")[2]
        if name:
            yield sign + ("*" if name == "_all" else name)


def _dated(text: str) -> str:
    """`<logs-{now/d}>` as a pattern."""
    return re.sub(r"\{.*\}", "*", text.strip("<>"))
