"""The loop: what is read goes out in several requests at once, and is acknowledged in the order of reading.

    works ─prepare─▶ bulks ─▶ inbox ─▶ senders (threads), each a request in flight ─▶ outbox ─▶ dead letters, ledger
                                                                                     └─▶ acknowledged: a checkpoint

Reading waits while as much is open as `Limits` allow (back-pressure), so memory is bounded, and so is what is sent
again after we were killed. Nothing is acknowledged before every item up to it is done, or is a dead letter on the disk.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from queue import Empty, SimpleQueue
from typing import TypeAlias

from normalizer.delivery.bulks import Bulk, Limits, Mark, Work, bulks
from normalizer.delivery.counts import Counts
from normalizer.delivery.gate import Gate, Retries, Stopped, Waiting
from normalizer.delivery.items import Item, Prepared, prepare
from normalizer.delivery.ledger import Ledger
from normalizer.delivery.sender import Known, Sender, utc_now
from normalizer.errors import InvalidDocument, NormalizerError, WorkerError
from normalizer.outputs.answers import Send
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
    now: Callable[[], bytes] = utc_now,
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
    loop.start(Sender(send, loop.outbox.put, gate, counts, known, now), in_flight)
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
    """What the main thread does; `outbox` is where senders say what became of their bulks."""

    def __init__(self, letters: Letters, acknowledged: Acknowledged | None, limits: Limits, counts: Counts) -> None:
        self.outbox: SimpleQueue[_Said] = SimpleQueue()
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

    def prepared(self, works: Iterable[Work]) -> Iterator[tuple[list[Prepared], Mark | None]]:
        """The items of each work ready to be sent; those that cannot be are dead."""
        for work in works:
            self._counts.read += len(work.items)
            ready: list[Prepared] = []
            dead: list[DeadLetter] = []
            for item in work.items:
                try:
                    ready.append(prepare(item))
                except InvalidDocument as error:
                    dead.append(_invalid(item, error))
            self._letters(dead)
            self._counts.dead += len(dead)
            yield ready, work.mark

    def submit(self, bulk: Bulk) -> None:
        """Send a bulk as soon as there is room for it."""
        self._collect()
        while not self._ledger.takes(bulk):
            self._take(self.outbox.get())
        self._ledger.add(bulk)
        if bulk.items:
            self._inbox.put(bulk)
        else:
            self._take(bulk)

    def finish(self) -> None:
        """Wait until everything is settled."""
        while len(self._ledger):
            self._take(self.outbox.get())

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

    def _collect(self, *, raising: bool = True) -> None:
        with suppress(Empty):
            while True:
                self._take(self.outbox.get_nowait(), raising=raising)

    def _take(self, said: _Said, *, raising: bool = True) -> None:
        if isinstance(said, NormalizerError):
            if raising:
                raise said
            return
        with held():  # a dead letter must not stand twice, nor a checkpoint lag, because of a signal in between
            self._broken = True
            if isinstance(said, list):
                self._letters(said)
            elif settled := self._ledger.settle(said):
                marks = {name: mark for bulk in settled for name, mark in bulk.marks.items()}
                if self._acknowledged is not None and marks:
                    self._acknowledged([*marks.values()])
            self._broken = False

    def _work(self, sender: Sender) -> None:
        """The life of a sender's thread."""
        while (bulk := self._inbox.get()) is not None:
            try:
                sender.deliver(bulk)
                self.outbox.put(bulk)
            except Stopped:
                return
            except NormalizerError as error:
                self.outbox.put(error)
                return
            except Exception as error:  # else a traceback, and a main thread that waits for ever
                self.outbox.put(WorkerError(f"a defect met a request ({type(error).__name__}); please report it"))
                return


def _invalid(item: Item, error: InvalidDocument) -> DeadLetter:
    document = item.document.decode(errors="replace")
    return DeadLetter(error.reason, error.message, item.file, item.line, item.original, details={"document": document})
