"""Runs that keep their state in a file; and kills at each write, fsync and rename of it, to see it whole and honest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from normalizer.delivery.checkpoint import Checkpoint
from normalizer.delivery.target import Target
from normalizer.inputs import read, sources

FIRST = 1_000_000
"""The number of the first event."""
CALLS = ("write", "fsync", "rename")
A_BATCH = 5
"""Lines, all of one length, so that each block of the file holds as many."""
LINE = b'{"number":%09d}\n'
SAVES = 3
"""A process is killed in one of its first saves, each of which makes four calls: write, fsync, rename, fsync."""


def lines(first: int, count: int) -> bytes:
    """Events of 100 bytes each."""
    return b"".join(b'{"n":%d,"x":"%s"}\n' % (FIRST + number, b"x" * 79) for number in range(first, first + count))


class Run:
    """What one run of `index --state` has done: the numbers of the events it has read, and what it said."""

    def __init__(self, state: Path, *inputs: Path | str, batches: int = 1000) -> None:
        """`batches`: so many are settled, and then it is killed."""
        self.read: list[int] = []
        self.notes: list[str] = []
        with Checkpoint(state) as checkpoint:
            plan = checkpoint.resume(sources([str(each) for each in inputs]))
            self.said, self.news = plan.sentences, plan.news
            self.files = [source.name for source, _ in plan.files]
            for source, start in plan.files:
                for batch in read(source, start=start, growing=True, batch_bytes=500):
                    if not batches:
                        return
                    batches -= 1
                    self.notes += [batch.note] if batch.note else []
                    self.read += [json.loads(item)["n"] - FIRST for item in batch.items if isinstance(item, bytes)]
                    if batch.after is not None:
                        checkpoint.save(source, batch.after)


def saved(state: Path) -> list[dict[str, Any]]:
    """What the state says of each file."""
    files: list[dict[str, Any]] = json.loads(state.read_bytes())["files"]
    return files


def numbers(first: int, last: int) -> list[int]:
    return [*range(first, last)]


def checkpoint_trials(runs: int) -> tuple[int, int]:
    """So many kills; and after how many of them the state was whole, and said what had been acknowledged, or less.

    Each run goes on where the one before it was killed, in a file that grows. Less is at most one batch.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "tests.delivery.checkpoints", folder, str(runs)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=60 + runs,
        )
    killed, survived = map(int, done.stdout.split())
    return killed, survived


def _trials(folder: Path, runs: int) -> tuple[int, int]:
    log, state, acknowledged = folder / "log", folder / "state.json", folder / "acknowledged"
    acknowledged.write_text("0")
    killed = survived = written = 0
    for number in range(runs):
        with log.open("ab") as file:  # Enough for all saves to come, and a torn line.
            count = A_BATCH * (SAVES + 1)
            file.write(b"".join(LINE % each for each in range(written, written + count)))
            written += count
        child = os.fork()
        if not child:
            _deliver(log, state, acknowledged, call=number // 3 % (4 * SAVES) + 1, when=number % 3)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        survived += _is_honest(log, state, int(acknowledged.read_text()))
    return killed, survived


TARGET = Target("logs-okta.mim-trials", "cluster", "127.0.0.1:9200")


def _deliver(log: Path, state: Path, acknowledged: Path, *, call: int, when: int) -> NoReturn:
    """Read and acknowledge, until the n-th of the calls: be killed before it, after it, or (a write) in its middle."""
    checkpoint = Checkpoint(state)
    checkpoint.bind(TARGET)
    ((source, start),) = checkpoint.resume(sources([str(log)])).files
    _arm(call, when)
    for batch in read(source, start=start, growing=True, batch_bytes=A_BATCH * len(LINE % 0)):
        if batch.after is not None:
            acknowledged.write_text(str(batch.after.items))  # Python's own file does not call os.write.
            checkpoint.save(source, batch.after)
    os._exit(0)  # Nobody killed us: the trial counts as none.


def _arm(call: int, when: int) -> None:
    left = call

    def wrap(genuine: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and when == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            if left == 0 and when == 1 and genuine is write:
                genuine(arguments[0], bytes(arguments[1])[:40])
                os.kill(os.getpid(), signal.SIGKILL)
            result = genuine(*arguments, **options)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return wrapped

    write = os.write
    for name in CALLS:
        setattr(os, name, wrap(getattr(os, name)))


def _is_honest(log: Path, state: Path, acknowledged: int) -> bool:
    if not state.exists():
        return acknowledged <= A_BATCH
    if json.loads(state.read_bytes())["target"]["data_stream"] != TARGET.stream:
        return False
    with Checkpoint(state) as checkpoint:
        checkpoint.compare(TARGET)
        ((source, start),) = checkpoint.resume(sources([str(log)])).files
    items = start.items if start is not None else 0
    following = next(read(source, start=start)).items[0]
    return acknowledged - A_BATCH <= items <= acknowledged and following == (LINE % items).strip()


if __name__ == "__main__":
    print(*_trials(Path(sys.argv[1]), int(sys.argv[2])))
