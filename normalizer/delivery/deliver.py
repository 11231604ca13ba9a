"""The loop: what is read goes out in several requests at once, and is acknowledged in the order of reading.

    works ─prepare─▶ bulks ─▶ inbox ─▶ senders (threads), each a request in flight ─▶ outbox ─▶ dead letters, ledger
                                                                                     └─▶ acknowledged: a checkpoint

Reading waits while as much is open as `Limits` allow (back-pressure), so memory is bounded, and so is what is sent
again after we were killed. Nothing is acknowledged before every item up to it is done, or is a dead letter on the disk.
Where there is a checkpoint, dead letters reach the disk just before it: what is read again must not stand there twice.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from queue import SimpleQueue
from typing import TypeAlias

from normalizer.delivery.bulks import Bulk, Limits, Mark, Ready, Work, bulks
from normalizer.delivery.counts import Counts
from normalizer.delivery.gate import Gate, Retries, Stopped, Waiting
from normalizer.delivery.items import Item, prepare
from normalizer.delivery.ledger import Ledger
from normalizer.delivery.sender import Known, Sender
from normalizer.errors import InvalidDocument, NormalizerError, WorkerError
from normalizer.outputs.answers import Send
from normalizer.outputs.letters import utc_now
from normalizer.runtime.batch import DeadLetter
from normalizer.signals import held

Letters = Callable[[Sequence[DeadLetter]], object]
"""Brings dead letters to the disk before it returns. What it raises ends the delivery."""

Acknowledged = Callable[[Sequence[Mark]], object]
"""Is told how far files have been read and settled, in order. What it raises ends the delivery."""

GRACE = 5.0
"""Seconds in which requests in flight may still be answered when the delivery is stopped."""

_Said: TypeAlias = list[DeadLetter] | Bulk | NormalizerError
_LIMITS = Limits()
_RETRIES = Retries()


def deliver(
    works: Iterable[Work],
    send: Send,
    letters: Letters,
    acknowledged: Acknowledged | None = None,
    *,
    known: Known | None = None,
    counts: Counts | None = None,
    waiting: Waiting | None = None,
    in_flight: int = 2,
    limits: Limits = _LIMITS,
    retries: Retries = _RETRIES,
    grace: float = GRACE,
    now: Callable[[], str] = utc_now,
    clock: Callable[[], float] = time.monotonic,
    jitter: Callable[[], float] = random.random,
) -> Counts:
    """Deliver everything, in `in_flight` requests at a time, and give the counts (the object given, where one was).

    `known` is asked before each request which documents the whole data stream holds already.
    Raises ServerError when the server refuses us or is given up, and what `works`, `letters` and `acknowledged` raise.
    However it ends, requests in flight get `grace` seconds, and what their answers settle is acknowledged.
    """
    works = iter(works)
    first = [*_first(works)]  # before there are threads: the works may fork processes
    counts = counts if counts is not None else Counts()
    loop = _Loop(letters, acknowledged, limits, counts)
    gate = Gate(retries, waiting, clock, jitter)
    loop.start(Sender(send, loop.bury, gate, counts, known, now), in_flight)
    try:
        for bulk in bulks(loop.prepared(chain(first, works)), limits.share(in_flight)):
            loop.submit(bulk)
        loop.finish()
    finally:
        loop.stop(gate, grace)
    return counts


def _first(works: Iterator[Work]) -> Iterator[Work]:
    with suppress(StopIteration):
        yield next(works)


class _Loop:
    """What the main thread does. Senders say in the outbox what became of their bulks, and ring the bell."""

    def __init__(self, letters: Letters, acknowledged: Acknowledged | None, limits: Limits, counts: Counts) -> None:
        self._outbox: deque[_Said] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._letters = letters
        self._acknowledged = acknowledged
        self._counts = counts
        self._ledger = Ledger(limits)
        self._inbox: SimpleQueue[Bulk | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._broken = False  # a dead letter or a checkpoint could not be written: nothing may be acknowledged any more

    def start(self, sender: Sender, count: int) -> None:
        """Start the senders' threads."""
        with held():  # signals are for the main thread
            for number in range(count):
                thread = threading.Thread(target=self._work, args=[sender], name=f"sender {number + 1}", daemon=True)
                thread.start()
                self._threads.append(thread)

    def prepared(self, works: Iterable[Work]) -> Iterator[Ready]:
        """The items of each work ready to be sent; those that cannot be are dead."""
        for work in works:
            self._counts.read += len(work.items)
            ready = Ready([], work.mark, [*work.dead])
            for item in work.items:
                try:
                    ready.items.append(prepare(item))
                except InvalidDocument as error:
                    ready.dead.append(_invalid(item, error))
                    self._counts.dead += 1
            if self._acknowledged is None:
                self._letters(ready.dead)
                ready.dead.clear()
            yield ready

    def bury(self, bulk: Bulk, dead: list[DeadLetter]) -> None:
        """What a sender learns of a bulk's items before all of them are settled."""
        if self._acknowledged is None:
            self._tell(dead)
        else:
            bulk.dead += dead

    def submit(self, bulk: Bulk) -> None:
        """Send a bulk as soon as there is room for it."""
        self._collect()
        while not self._ledger.takes(bulk):
            self._await()
        self._ledger.add(bulk)
        if bulk.items:
            self._inbox.put(bulk)
        else:
            self._tell(bulk)
            self._collect()

    def finish(self) -> None:
        """Wait until everything is settled."""
        while len(self._ledger):
            self._await()

    def stop(self, gate: Gate, grace: float) -> None:
        """End the senders, and take what they still say; nothing is asked any more."""
        gate.stop()
        for _ in self._threads:
            self._inbox.put(None)
        deadline = time.monotonic() + grace
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if not self._broken:
            self._collect(raising=False)

    def _tell(self, said: _Said) -> None:
        self._outbox.append(said)
        self._bell.put(None)

    def _await(self) -> None:
        self._bell.get()
        self._collect()

    def _collect(self, *, raising: bool = True) -> None:
        while self._outbox:
            with held():  # nothing that was said may be lost, nor a dead letter stand twice, because of a signal
                said = self._outbox.popleft()
                if not isinstance(said, NormalizerError):
                    self._broken = True
                    self._take(said)
                    self._broken = False
                elif raising:
                    raise said

    def _take(self, said: list[DeadLetter] | Bulk) -> None:
        if isinstance(said, list):
            self._letters(said)
        elif settled := self._ledger.settle(said):
            marks = {name: mark for bulk in settled for name, mark in bulk.marks.items()}
            if dead := [letter for bulk in settled for letter in bulk.dead]:
                self._letters(dead)
            if self._acknowledged is not None and marks:
                self._acknowledged([*marks.values()])

    def _work(self, sender: Sender) -> None:
        """The life of a sender's thread."""
        while (bulk := self._inbox.get()) is not None:
            try:
                sender.deliver(bulk)
                self._tell(bulk)
            except Stopped:
                return
            except NormalizerError as error:
                self._tell(error)
                return
            except Exception as error:  # else a traceback, and a main thread that waits for ever
                self._tell(WorkerError(f"a defect met a request ({type(error).__name__}); please report it"))
                return


def _invalid(item: Item, error: InvalidDocument) -> DeadLetter:
    document = item.document.decode(errors="replace")
    return DeadLetter(error.reason, error.message, item.file, item.line, item.original, details={"document": document})
