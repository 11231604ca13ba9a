"""The loop: a batch is sent until each of its items is done or dead, or the server is given up.

    item ─prepare─▶ batch ─send─▶ answer ─compare with the request─▶ a verdict for each item ─▶ done, dead, or again

Only refused items are sent again, after a wait of full jitter (a random part of a doubling, capped time). An answer
that does not name the items of its request, one by one and in order, proves nothing: the batch is sent again whole,
which is harmless, since `create` with an `_id` never writes twice within a backing index.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from normalizer.delivery.batches import Item, Limits, Prepared, batches, prepare
from normalizer.delivery.verdicts import Outcome, verdict
from normalizer.errors import InvalidDocument, ServerError
from normalizer.outputs.elasticsearch import ItemResult, NoAnswer, Send, Trouble


@dataclass(slots=True)
class Counts:
    """What became of the items so far. At the end `read` is `indexed + duplicates + dropped + dead`.

    `indexed` are documents that the server says it has created; `duplicates` were there already, also from an earlier
    request of this run whose answer was lost; `dropped` are those that a pipeline of the server's wants no document of.
    `sent` counts items as often as they were sent, `retried` those that were sent before, `bytes` all requests' bodies.
    """

    read: int = 0
    sent: int = 0
    indexed: int = 0
    duplicates: int = 0
    dropped: int = 0
    retried: int = 0
    dead: int = 0
    requests: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Retries:
    """How long to try: waits below `base`, 2·`base`, 4·`base` … seconds, never above `cap`.

    After `attempts` requests in a row that settled no item the server is given up.
    """

    base: float = 1.0
    cap: float = 30.0
    attempts: int = 12

    def longest(self, fruitless: int) -> float:
        """The longest wait after so many requests (from 1) that settled nothing."""
        return min(self.cap, self.base * 2.0 ** min(fruitless - 1, 30))


Dead = Callable[[Item, str], None]
"""Takes an item that the server will never have, and the reason. What it raises ends the delivery."""

Settled = Callable[[Sequence[Item]], None]
"""Is told the items of a batch, in order, when each of them is done or dead; a checkpoint may move behind them."""

Waiting = Callable[[float, str], object]
"""Is told, before each wait, how many seconds it will take and one sentence that says why."""

_LIMITS = Limits()
_RETRIES = Retries()


def utc_now() -> bytes:
    """The time as RFC 3339 writes it, in UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


def deliver(
    items: Iterable[Item],
    send: Send,
    dead: Dead,
    *,
    settled: Settled | None = None,
    waiting: Waiting | None = None,
    counts: Counts | None = None,
    limits: Limits = _LIMITS,
    retries: Retries = _RETRIES,
    now: Callable[[], bytes] = utc_now,
    sleep: Callable[[float], object] = time.sleep,
    jitter: Callable[[], float] = random.random,
) -> Counts:
    """Deliver all items, one request at a time, and give the counts (the object given, where one was).

    Raises ServerError when the server refuses us or is given up: then the items of the batch at work are neither
    counted as indexed nor dead, unless they were settled before, and `settled` was not told of them.
    """
    counts = counts if counts is not None else Counts()
    loop = _Loop(send, dead, waiting, counts, retries, now, sleep, jitter)
    for batch in batches(_prepared(items, dead, counts), limits):
        loop.run(batch)
        if settled is not None:
            settled([each.item for each in batch])
    return counts


def _prepared(items: Iterable[Item], dead: Dead, counts: Counts) -> Iterator[Prepared]:
    for item in items:
        counts.read += 1
        try:
            yield prepare(item)
        except InvalidDocument as error:
            dead(item, f"{error.reason}: {error.message}")
            counts.dead += 1


@dataclass
class _Loop:
    send: Send
    dead: Dead
    waiting: Waiting | None
    counts: Counts
    retries: Retries
    now: Callable[[], bytes]
    sleep: Callable[[float], object]
    jitter: Callable[[], float]
    fruitless: int = field(default=0, init=False)

    def run(self, batch: list[Prepared]) -> None:
        """Send until nothing is left. Parts that were too large together are taken one after the other."""
        parts = [batch]
        while parts:
            part = parts.pop()
            answer = self._request(part)
            if isinstance(answer, NoAnswer) and answer.trouble is Trouble.TOO_LARGE:
                parts += self._split(part, answer.sentence)
                continue
            left, why = (part, answer.sentence) if isinstance(answer, NoAnswer) else self._settle(part, answer)
            if len(left) < len(part):
                self.fruitless = 0
            if left:
                self._wait(len(left), why)
                parts.append(left)

    def _request(self, part: list[Prepared]) -> list[ItemResult] | NoAnswer:
        ingested = self.now()
        lines = [each.line(ingested) for each in part]
        self.counts.requests += 1
        self.counts.sent += len(part)
        self.counts.retried += sum(each.sent > 0 for each in part)
        self.counts.bytes += sum(map(len, lines))
        for each in part:
            each.sent += 1
        answer = self.send(lines)
        if isinstance(answer, NoAnswer) or _matches(part, answer):
            return answer
        return NoAnswer(Trouble.UNREADABLE, "Elasticsearch's answer does not name the documents that were sent.")

    def _split(self, part: list[Prepared], why: str) -> list[list[Prepared]]:
        """The halves, the first one last: it is taken first. A single item is dead."""
        if len(part) > 1:
            middle = len(part) // 2
            return [part[middle:], part[:middle]]
        self._bury(part[0], f"too_large: {why}")
        return []

    def _settle(self, part: list[Prepared], answer: list[ItemResult]) -> tuple[list[Prepared], str]:
        """Count what is done, hand over what is dead; what must go again and the last reason. Raises ServerError."""
        again: list[Prepared] = []
        why = refused = ""
        for each, result in zip(part, answer, strict=True):
            each.answered += 1
            judged = verdict(result, each.answered)
            if judged.outcome is Outcome.DONE:
                self.counts.duplicates += judged.duplicate
                self.counts.indexed += not judged.duplicate
            elif judged.outcome is Outcome.DROPPED:
                self.counts.dropped += 1
            elif judged.outcome is Outcome.DEAD:
                self._bury(each, judged.reason)
            elif judged.outcome is Outcome.RETRY:
                again.append(each)
                why = judged.reason
            else:
                refused = judged.reason
        if refused:
            raise ServerError(f"Elasticsearch refuses to index anything here: {refused}.")
        return again, f"Elasticsearch does not take {len(again)} of {len(part)} documents: {why}."

    def _bury(self, each: Prepared, reason: str) -> None:
        self.dead(each.item, reason)
        self.counts.dead += 1

    def _wait(self, left: int, why: str) -> None:
        self.fruitless += 1
        if self.fruitless >= self.retries.attempts:
            raise ServerError(f"{why} Given up after {self.fruitless} requests, with {left} documents left to send.")
        seconds = self.retries.longest(self.fruitless) * self.jitter()
        if self.waiting is not None:
            self.waiting(seconds, why)
        self.sleep(seconds)


def _matches(part: list[Prepared], answer: list[ItemResult]) -> bool:
    """Whether an answer speaks of just these items. The failure store gives a document an id of its own."""
    return len(part) == len(answer) and all(
        result.id in (each.item.id, each.item.becomes) or (result.failure_store and not result.kind)
        for each, result in zip(part, answer, strict=True)
    )
