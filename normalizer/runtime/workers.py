"""Several processes normalize; output keeps its order.

The parent reads and splits the input and deals the batches out in turn. Each worker writes its own documents to the
output, when the worker before it in the ring has written: copying documents through the parent would cost more than a
second worker gains. Counts and dead letters go to the parent, in the same order.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from normalizer.errors import OutputError, SettingsError, WorkerError
from normalizer.inputs import Batch
from normalizer.runtime.batch import Counts, DeadLetter, Result, process
from normalizer.runtime.normalizer import Normalizer

Write = Callable[[Result], None]
"""Writes the documents of a batch; raises OutputError."""

_TURN = b"turn"


@dataclass(frozen=True, slots=True)
class Report:
    """What the parent learns of a batch: all but the documents."""

    file: str
    consumed: int
    counts: Counts
    dead: list[DeadLetter]


def run(batches: Iterable[Batch], normalizer: Normalizer, write: Write, workers: int = 1) -> Iterator[Report]:
    """Normalize batches and write the documents, in order; a report for each batch.

    Raises OutputError, WorkerError. With more than one worker the documents are written by child processes, so `write`
    must reach its file by a descriptor.
    """
    if workers == 1:
        for batch in batches:
            result = process(normalizer, batch)
            write(result)
            yield Report(batch.file, batch.consumed, result.counts, result.dead)
    else:
        with _Ring(normalizer, write, workers) as ring:
            yield from ring.run(batches)


class _Ring:
    def __init__(self, normalizer: Normalizer, write: Write, workers: int) -> None:
        if "fork" not in multiprocessing.get_all_start_methods():
            raise SettingsError("several workers need a system that can fork processes; leave --workers out")
        context = multiprocessing.get_context("fork")
        turns = [context.Pipe(duplex=False) for _ in range(workers)]
        pairs = [context.Pipe() for _ in range(workers)]
        every = [end for pair in (*turns, *pairs) for end in pair]
        self._ends = [mine for mine, _ in pairs]
        self._busy = [False] * workers
        self._processes: list[BaseProcess] = []
        for index, (_, theirs) in enumerate(pairs):
            my_turn, next_turn = turns[index][0], turns[(index + 1) % workers][1]
            unused = [end for end in every if end not in (theirs, my_turn, next_turn)]
            worker = context.Process(
                target=_work, args=(normalizer, write, theirs, my_turn, next_turn, unused), name=f"worker-{index + 1}", daemon=True
            )
            self._processes.append(worker)
        for worker in self._processes:
            worker.start()
        turns[0][1].send_bytes(_TURN)
        for end in every:
            if end not in self._ends:
                end.close()

    def __enter__(self) -> _Ring:
        return self

    def __exit__(self, *_: object) -> None:
        for end in self._ends:
            end.close()
        for worker in self._processes:
            worker.join(0.2)
            if worker.is_alive():
                worker.terminate()
                worker.join()

    def run(self, batches: Iterable[Batch]) -> Iterator[Report]:
        """Deal the batches out; reports come in their order, since each worker is asked in turn."""
        turn = 0
        for batch in batches:
            if self._busy[turn]:
                yield self._receive(turn)
            try:
                self._ends[turn].send(batch)
            except OSError:
                raise WorkerError(self._died()) from None
            self._busy[turn] = True
            turn = (turn + 1) % len(self._ends)
        for index in (*range(turn, len(self._ends)), *range(turn)):
            if self._busy[index]:
                yield self._receive(index)
                self._busy[index] = False

    def _receive(self, index: int) -> Report:
        sentinels = [worker.sentinel for worker in self._processes]
        end = self._ends[index]
        while end not in (ready := wait([end, *sentinels])):
            if ready and not end.poll():
                raise WorkerError(self._died())
        try:
            report: Report | OutputError = end.recv()
        except (EOFError, OSError):
            raise WorkerError(self._died()) from None
        if isinstance(report, OutputError):
            raise report
        return report

    def _died(self) -> str:
        for worker in self._processes:
            worker.join(0.2)
            if worker.exitcode:
                how = f"was killed by {signal.Signals(-worker.exitcode).name}" if worker.exitcode < 0 else f"ended with code {worker.exitcode}"
                return f"{worker.name} {how}; the output is incomplete, so run again"
        return "a worker process ended early; the output is incomplete, so run again"


def _work(
    normalizer: Normalizer, write: Write, end: Connection, my_turn: Connection, next_turn: Connection, unused: list[Connection]
) -> None:
    """The life of a worker: until the parent closes its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends the workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in unused:
        other.close()
    while True:
        try:
            batch: Batch = end.recv()
            result = process(normalizer, batch)
            my_turn.recv_bytes()
            write(result)
            next_turn.send_bytes(_TURN)
            end.send(Report(batch.file, batch.consumed, result.counts, result.dead))
        except OutputError as error:
            end.send(error)
            os._exit(0)
        except (EOFError, OSError):
            os._exit(0)
