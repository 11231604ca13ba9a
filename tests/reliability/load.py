"""The load: files of mim.* events whose uuids are known."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.generate import lines

MOST = 20_000
"""Events of a full load."""

Change = Callable[[int, dict[str, Any]], None]
"""Changes an event in its place; the number counts from 0."""


@dataclass(frozen=True, slots=True)
class Load:
    """A file of events, and the text of each by its uuid, in the file's order."""

    path: Path
    events: Mapping[str, bytes]

    @property
    def count(self) -> int:
        return len(self.events)

    def texts(self, keys: Iterable[str]) -> set[bytes]:
        """The texts of some events."""
        return {self.events[key] for key in keys}


def write(path: Path, count: int, change: Change | None = None) -> Load:
    """Write so many events, the first of MOST, as NDJSON."""
    texts = list(_texts(count))
    if change is not None:
        for number, text in enumerate(texts):
            event = json.loads(text)
            change(number, event)
            texts[number] = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    path.write_bytes(b"".join(text + b"\n" for text in texts))
    return Load(path, {json.loads(text)["uuid"]: text for text in texts})


@functools.cache
def _texts(count: int) -> tuple[bytes, ...]:
    """The same first events for every count, since a published time says how many there are in all."""
    return tuple(line.rstrip(b"\n") for line in itertools.islice(lines(MOST), count))
