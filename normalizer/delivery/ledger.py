"""Which bulks are settled: only those before which nothing is open may be acknowledged.

Requests end in any order; a file is read in one. So a checkpoint moves over the longest settled prefix, over no gap.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from normalizer.delivery.bulks import Bulk, Limits


@dataclass(slots=True)
class _Entry:
    bulk: Bulk
    settled: bool = False


class Ledger:
    """The bulks that are sent and not acknowledged, in order."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: deque[_Entry] = deque()
        self._count = 0
        self._size = 0

    def __len__(self) -> int:
        return len(self._open)

    def takes(self, bulk: Bulk) -> bool:
        """Whether this bulk may be sent too; always where nothing is open."""
        return not self._open or (
            self._count + len(bulk.items) <= self._limits.count and self._size + bulk.size <= self._limits.bytes
        )

    def add(self, bulk: Bulk) -> None:
        """A bulk that is sent now."""
        self._open.append(_Entry(bulk))
        self._count += len(bulk.items)
        self._size += bulk.size

    def settle(self, bulk: Bulk) -> list[Bulk]:
        """This bulk is settled; the bulks, in order, that may be acknowledged now."""
        for entry in self._open:
            if entry.bulk is bulk:
                entry.settled = True
        acknowledged = []
        while self._open and self._open[0].settled:
            first = self._open.popleft().bulk
            self._count -= len(first.items)
            self._size -= first.size
            acknowledged.append(first)
        return acknowledged
