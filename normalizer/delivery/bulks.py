"""What was read ▶ bulks: what is sent together, and acknowledged together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from normalizer.delivery.items import Item, Prepared
from normalizer.inputs import Position
from normalizer.runtime.batch import DeadLetter


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a file was read: what a checkpoint says once everything before it is settled."""

    file: str
    after: Position


@dataclass(slots=True)
class Work:
    """What one read batch has given: items to deliver, and dead letters."""

    items: list[Item]
    mark: Mark | None = None
    dead: list[DeadLetter] = field(default_factory=list)


@dataclass(slots=True)
class Ready:
    """The same, ready to be sent; its dead letters are those that have not reached the disk."""

    items: list[Prepared]
    mark: Mark | None
    dead: list[DeadLetter]

    @property
    def size(self) -> int:
        """In bytes, all together."""
        return sum(each.size for each in self.items) + sum(len(letter.original) for letter in self.dead)


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
    """Items that are sent together, and how far their files have been read when all of them are settled.

    `dead` are the dead letters of these read batches that are to reach the disk before they are acknowledged; `size`
    counts the bytes of both.
    """

    items: list[Prepared] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)
    dead: list[DeadLetter] = field(default_factory=list)
    size: int = 0
    works: int = 0

    def add(self, ready: Ready) -> None:
        """Take what one read batch has given."""
        self.items += ready.items
        self.dead += ready.dead
        self.size += ready.size
        self.works += 1
        if ready.mark is not None:
            self.marks[ready.mark.file] = ready.mark

    def takes(self, ready: Ready, limits: Limits) -> bool:
        """Whether this fits too. An empty bulk takes anything."""
        if not self.works:
            return True
        count, size = len(self.items) + len(ready.items), self.size + ready.size
        return self.works < MOST_WORKS and count <= limits.count and size <= limits.bytes

    def is_full(self, limits: Limits) -> bool:
        """Whether nothing more would fit."""
        return self.works >= MOST_WORKS or len(self.items) >= limits.count or self.size >= limits.bytes


def bulks(works: Iterable[Ready], limits: Limits) -> Iterator[Bulk]:
    """Bulks in order, each of whole read batches and within the limits, unless a single read batch is larger."""
    bulk = Bulk()
    for ready in works:
        if not bulk.takes(ready, limits):
            yield bulk
            bulk = Bulk()
        bulk.add(ready)
        if bulk.is_full(limits):  # at once: the next read batch may be as large, and both would be in memory
            yield bulk
            bulk = Bulk()
    if bulk.works:
        yield bulk
