"""A batch of candidate events ▶ documents, dead letters, counts."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from normalizer.errors import EventError, UnmappedEvent
from normalizer.inputs import Batch, Unreadable
from normalizer.runtime.normalizer import Normalized, Normalizer

MOST_TYPES = 1000
"""Event types are counted by name up to so many; what comes after them is counted as OTHER."""
OTHER = "(other)"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that gives no document, or that the server does not take, with all that is needed to try again.

    `original` are the event's bytes; where it was too long only the first ones, and `length` and `sha256` are those of
    the whole. `details` are further facts: the server's `status`, and the `document` where there is one.
    """

    reason: str
    message: str
    file: str
    line: int
    original: bytes
    complete: bool = True
    length: int | None = None
    sha256: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"

    def json(self, **facts: str) -> bytes:
        """The dead letter as one line of JSON. Bytes that are not UTF-8 stand as base64 under `original_base64`.

        `facts` stand at its beginning: the `time` when it is written (RFC 3339), and what else its file is to say.
        """
        letter: dict[str, Any] = {**facts}
        letter |= {"reason": self.reason, "message": self.message, **self.details, "file": self.file, "line": self.line}
        try:
            letter["original"] = self.original.decode()
        except UnicodeDecodeError:
            letter["original_base64"] = base64.b64encode(self.original).decode()
        if not self.complete:
            letter |= {"original_complete": False, "original_length": self.length, "original_sha256": self.sha256}
        return orjson.dumps(letter, option=orjson.OPT_APPEND_NEWLINE)


@dataclass(slots=True)
class Counts:
    """What became of the events read: `read` is `written + skipped + dead`. `problems` are among the written."""

    read: int = 0
    written: int = 0
    skipped: int = 0
    dead: int = 0
    problems: int = 0
    by_type: Counter[str] = field(default_factory=Counter)
    problems_by_type: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        """Add the counts of a later batch."""
        self.read += other.read
        self.written += other.written
        self.skipped += other.skipped
        self.dead += other.dead
        self.problems += other.problems
        for mine, theirs in (
            (self.by_type, other.by_type),
            (self.problems_by_type, other.problems_by_type),
            (self.reasons, other.reasons),
        ):
            for name, count in theirs.items():
                mine[name if name in mine or len(mine) < MOST_TYPES else OTHER] += count


@dataclass(slots=True)
class Result:
    """What a batch became. `indices` says which item of the batch each document came from."""

    counts: Counts
    documents: list[Normalized] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)


def process(normalizer: Normalizer, batch: Batch) -> Result:
    """Normalize all events of a batch, in order. Never raises for what an event holds."""
    result = Result(Counts(read=len(batch.items)))
    counts, documents, indices = result.counts, result.documents, result.indices
    normalize, own_text = normalizer.normalize_text, batch.own_text
    for index, item in enumerate(batch.items):
        if isinstance(item, Unreadable):
            result.dead.append(unreadable(batch.file, item))
            continue
        try:
            documents.append(normalize(item, own_text=own_text))
            indices.append(index)
        except UnmappedEvent:
            counts.skipped += 1
        except EventError as error:
            result.dead.append(DeadLetter(error.reason, error.message, batch.file, batch.lines[index], item))
        except Exception as error:  # a defect here must not lose the other events of the run
            message = f"a defect of the normalizer met this event ({type(error).__name__}); please report it"
            result.dead.append(DeadLetter("defect", message, batch.file, batch.lines[index], item))
    counts.written = len(documents)
    counts.dead = len(result.dead)
    counts.by_type.update(done.event_type for done in documents)
    counts.problems_by_type.update(done.event_type for done in documents if done.problem)
    counts.problems = counts.problems_by_type.total()
    counts.reasons.update(letter.reason for letter in result.dead)
    return result


def unreadable(file: str, item: Unreadable) -> DeadLetter:
    """The dead letter of what could not be handed on from a file."""
    complete = item.length is not None and item.length == len(item.head)
    return DeadLetter(
        item.reason, item.detail, file, item.line, item.head, complete=complete, length=item.length, sha256=item.sha256
    )
