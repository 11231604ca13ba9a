"""What was read ▶ bulks: what is sent together, and acknowledged together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from normalizer.delivery.items import Item, Prepared
from normalizer.inputs import Position


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a file was read: what a checkpoint says once everything before it is settled."""

    file: str
    after: Position


@dataclass(slots=True)
class Work:
    """What one read batch has given: items to deliver. Its dead letters have reached the disk before."""

    items: list[Item]
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that may be sent and not acknowledged, in all requests in flight together: documents, and bytes.

    It is also the most that is sent again after we were killed. A single document may be larger.
    """

    count: int = 1000
    bytes: int = 5 * 1024 * 1024

    def share(self, requests: int) -> Limits:
        """What each of so many requests in flight may hold."""
        return Limits(max(1, self.count // requests), max(1, self.bytes // requests))


MOST_WORKS = 64
"""So many read batches make a bulk, even where they hold nothing to send: a checkpoint must move on."""


@dataclass(slots=True)
class Bulk:
    """Items that are sent together, and how far their files have been read when all of them are settled."""

    items: list[Prepared] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)
    size: int = 0
    works: int = 0

    def add(self, prepared: list[Prepared], mark: Mark | None) -> None:
        """Take the items of one read batch."""
        self.items += prepared
        self.size += sum(each.size for each in prepared)
        self.works += 1
        if mark is not None:
            self.marks[mark.file] = mark

    def takes(self, prepared: list[Prepared], limits: Limits) -> bool:
        """Whether these items fit too. An empty bulk takes anything."""
        if not self.works:
            return True
        count = len(self.items) + len(prepared)
        size = self.size + sum(each.size for each in prepared)
        return self.works < MOST_WORKS and count <= limits.count and size <= limits.bytes


def bulks(works: Iterable[tuple[list[Prepared], Mark | None]], limits: Limits) -> Iterator[Bulk]:
    """Bulks in order, each of whole read batches and within the limits, unless a single read batch is larger."""
    bulk = Bulk()
    for prepared, mark in works:
        if not bulk.takes(prepared, limits):
            yield bulk
            bulk = Bulk()
        bulk.add(prepared, mark)
    if bulk.works:
        yield bulk
