"""Several processes normalize; output keeps its order.

The parent reads and splits the input and deals the batches out in turn. Each worker writes its own documents to the
output, when the worker before it in the ring has written: copying documents through the parent would cost more than a
second worker gains. Counts and dead letters go to the parent, in the same order. Batches with very large events the
parent does itself while the workers rest, so that memory does not grow with their number.

Workers end when the parent closes its ends of their pipes, or is killed, which does the same. A worker that ends early
takes the ring with it: the next one waits for a turn that nobody can give any more, and ends too.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

from normalizer.errors import EventError, NormalizerError, OutputError, SettingsError, WorkerError
from normalizer.inputs import Batch
from normalizer.runtime import heap
from normalizer.runtime.batch import Counts, DeadLetter, Result, process
from normalizer.runtime.normalizer import Normalizer
from normalizer.signals import held

Made = TypeVar("Made")

Write = Callable[[Result], Made]
"""Writes the documents of a batch, or picks from them what the parent is to have; raises OutputError."""

_TURN = b"turn"
_WARM = 1
"""After this batch (from 0) most of what event types need has been made."""
_LARGE = 1024 * 1024
"""Bytes of text in a batch that is not for the workers: a document has up to seven times the bytes of its event."""
_GRACE = 2.0
"""Seconds in which workers end by themselves; one that cannot write to a stalled pipe never would."""


@dataclass(frozen=True, slots=True)
class Report(Generic[Made]):
    """What the parent learns of a batch: all but the documents, and what `write` has given."""

    counts: Counts
    dead: list[DeadLetter]
    made: Made


def run(
    batches: Iterable[Batch], normalizer: Normalizer, write: Write[Made], workers: int = 1
) -> Generator[Report[Made]]:
    """Normalize batches and write the documents, in order; a report for each batch.

    Raises OutputError, WorkerError; SettingsError where the system does not allow so many workers. With more than one
    worker the documents are written by child processes, so `write` must reach its file by a descriptor. Close the
    generator (`contextlib.closing`), so that no worker outlives it.
    """
    heap.bound()
    if workers == 1:
        for number, batch in enumerate(batches):
            yield _done(normalizer, batch, write)
            if number == _WARM:
                _settle()
        return
    _warm(normalizer)
    ring = _Ring(normalizer, write)
    try:
        ring.start(workers)
        yield from ring.run(batches)
    finally:
        ring.stop()


def _done(normalizer: Normalizer, batch: Batch, write: Write[Made]) -> Report[Made]:
    result = process(normalizer, batch)
    return Report(result.counts, result.dead, write(result))


def _is_large(batch: Batch) -> bool:
    return sum(len(item) for item in batch.items if isinstance(item, bytes)) > _LARGE


def _settle() -> None:
    """Take what was made for the first batches out of the collector's sight: it stays, and looking costs time."""
    gc.collect()
    gc.freeze()


def _warm(normalizer: Normalizer) -> None:
    """Make what event types need, once for all workers: it takes a quarter of a second, and they share the memory."""
    for plan in normalizer.mappings.plans:
        event = {"uuid": "0", "eventType": plan.event_type, "published": "1970-01-01T00:00:00.000Z"}
        with suppress(EventError):  # by what is missing in it; what its type needs has been made then
            normalizer.normalize(event)
    _settle()


class _Ring(Generic[Made]):
    def __init__(self, normalizer: Normalizer, write: Write[Made]) -> None:
        self._normalizer = normalizer
        self._write = write
        self._ends: list[Connection] = []
        self._processes: list[BaseProcess] = []

    def start(self, workers: int) -> None:
        """Fork the workers. Raises SettingsError."""
        if "fork" not in multiprocessing.get_all_start_methods():
            raise SettingsError("several workers need a system that can fork processes; leave --workers out")
        try:
            with held():  # both may reach the whole group: the parent decides, and ends its workers
                self._fork(workers)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise SettingsError(f"the system does not allow {workers} workers ({why}); give a smaller number") from None

    def _fork(self, workers: int) -> None:
        context = multiprocessing.get_context("fork")
        every: list[Connection] = []
        try:
            turns, pairs = [], []
            for _ in range(workers):
                turns.append(context.Pipe(duplex=False))
                pairs.append(context.Pipe())
                every += [*turns[-1], *pairs[-1]]
            self._ends = [mine for mine, _ in pairs]
            for index, (_, theirs) in enumerate(pairs):
                my_turn, next_turn = turns[index][0], turns[(index + 1) % workers][1]
                unused = [end for end in every if end not in (theirs, my_turn, next_turn)]
                worker = context.Process(
                    target=_work,
                    args=(self._normalizer, self._write, theirs, my_turn, next_turn, unused),
                    name=f"worker {index + 1}",
                    daemon=True,
                )
                worker.start()
                self._processes.append(worker)
            turns[0][1].send_bytes(_TURN)
        finally:
            for end in every:
                if end not in self._ends:
                    end.close()

    def stop(self) -> None:
        """End the workers: those that wait for work do so at once."""
        for end in self._ends:
            end.close()
        deadline = time.monotonic() + _GRACE
        for worker in self._processes:
            worker.join(max(0.0, deadline - time.monotonic()))
            if worker.is_alive():
                worker.kill()
                worker.join()

    def run(self, batches: Iterable[Batch]) -> Iterator[Report[Made]]:
        """Deal the batches out; reports come in their order, since each worker is asked in turn."""
        busy: deque[int] = deque()
        turn = 0
        for batch in batches:
            is_large = _is_large(batch)
            while busy and (is_large or busy[0] == turn):
                yield self._receive(busy.popleft())
            if is_large:
                yield _done(self._normalizer, batch, self._write)
                continue
            try:
                self._ends[turn].send(batch)
            except OSError:
                raise self._failure() from None
            busy.append(turn)
            turn = (turn + 1) % len(self._ends)
        while busy:
            yield self._receive(busy.popleft())

    def _receive(self, index: int) -> Report[Made]:
        end = self._ends[index]
        ready = wait([end, *(worker.sentinel for worker in self._processes)])
        # When another worker has ended, this one says what it still can, or ends for want of a turn.
        if end not in ready and not end.poll(_GRACE):
            raise self._failure()
        try:
            report: Report[Made] | NormalizerError = end.recv()
        except (EOFError, OSError):
            raise self._failure() from None
        if isinstance(report, NormalizerError):
            raise report
        return report

    def _failure(self) -> NormalizerError:
        """Why a worker has ended: what one of them says itself, else how it died."""
        for end in self._ends:
            with suppress(EOFError, OSError):
                while end.poll():
                    if isinstance(said := end.recv(), NormalizerError):
                        return said
        how = "a worker ended early"
        deadline = time.monotonic() + _GRACE
        while time.monotonic() < deadline:  # its pipes are closed a moment before the system knows how it died
            codes = {worker.name: worker.exitcode for worker in self._processes}
            if bad := next(((name, code) for name, code in codes.items() if code), None):
                name, code = bad
                how = (
                    f"{name} {f'was killed by {signal.Signals(-code).name}' if code < 0 else f'ended with code {code}'}"
                )
                break
            time.sleep(0.01)
        return WorkerError(f"{how}; the output is incomplete, so run again")


def _work(
    normalizer: Normalizer,
    write: Write[Made],
    end: Connection,
    my_turn: Connection,
    next_turn: Connection,
    unused: list[Connection],
) -> None:
    """The life of a worker: until the parent closes its end."""
    for other in unused:
        other.close()
    said: NormalizerError
    try:
        for number in count():
            batch: Batch = end.recv()
            result = process(normalizer, batch)
            if number == _WARM:
                _settle()
            my_turn.recv_bytes()
            made = write(result)
            next_turn.send_bytes(_TURN)
            end.send(Report(result.counts, result.dead, made))
    except (EOFError, OSError):  # the parent has ended, or the worker before this one
        return
    except OutputError as error:
        said = error
    except Exception as error:  # multiprocessing would print a traceback
        said = WorkerError(f"a defect met a worker ({type(error).__name__}); please report it")
    with suppress(OSError):
        end.send(said)
