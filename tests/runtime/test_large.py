"""Large events among usual ones: who normalizes them, and that nothing else depends on it."""

from __future__ import annotations

import ctypes
import json
import os
from types import SimpleNamespace
from typing import Any

import pytest

from normalizer import Normalizer
from normalizer.inputs import Batch
from normalizer.language import Plan
from normalizer.runtime import heap
from normalizer.runtime.batch import Result
from normalizer.runtime.workers import run
from tests.cli.command import EVENTS

LARGE = json.dumps(json.loads(EVENTS[0]) | {"displayMessage": "x" * 1024 * 1024}).encode()


def batch(number: int, event: bytes) -> Batch:
    return Batch(f"file{number}", [event, EVENTS[number]], range(1, 3), True, 0)


def made(result: Result) -> tuple[int, list[bytes]]:
    return os.getpid(), [done.document for done in result.documents]


@pytest.mark.parametrize("large", [(), (0,), (3,), (1, 2), (8, 9), range(10)])
def test_the_parent_does_large_batches_and_order_stays(large: tuple[int, ...]) -> None:
    batches = [batch(number, LARGE if number in large else EVENTS[-1]) for number in range(10)]
    alone, shared = ([report.made for report in run(batches, Normalizer.load(), made, workers)] for workers in (1, 2))
    assert [documents for _, documents in shared] == [documents for _, documents in alone]
    assert [number for number, (pid, _) in enumerate(shared) if pid == os.getpid()] == [*large]
    assert len({pid for pid, _ in shared} - {os.getpid()}) == (0 if len(large) == 10 else 2)


def test_what_event_types_need_is_made_once_for_all_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    makers: list[int] = []
    ready = Normalizer._ready

    def noted(self: Normalizer, plan: Plan) -> Any:
        makers.append(os.getpid())
        return ready(self, plan)

    monkeypatch.setattr(Normalizer, "_ready", noted)
    batches = [batch(number, EVENTS[number]) for number in range(40)]
    seen = [report.made for report in run(batches, Normalizer.load(), lambda _: [*makers], 2)]
    assert len(makers) > 10
    assert seen == [[os.getpid()] * len(makers)] * len(batches)


def test_a_c_library_without_mallopt_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    heap.bound()
