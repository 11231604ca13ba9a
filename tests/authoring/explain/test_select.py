"""One event out of an input: the first, by its uuid, by its number."""

from __future__ import annotations

import orjson
import pytest

from normalizer import NotJSON, SettingsError, load
from normalizer.authoring.explain.select import Selected, select
from normalizer.authoring.explain.trace import Tracer
from normalizer.inputs import Batch, Unreadable

LONG = Unreadable(4, "too_long", "a line of 9 bytes is over the limit of 8", b"", 9, "")
EVENTS = [
    orjson.dumps({"uuid": uuid, "eventType": "mim.command.ios.new", "published": "2026-09-14T06:00:00.123Z"})
    for uuid in ("a", "b", "7")
]
BATCHES = [
    Batch("one.ndjson", [b"{", EVENTS[0]], [1, 3], True, 0),
    Batch("two.json", [LONG, b'{"detail": ' + EVENTS[1] + b"}", EVENTS[2]], [4, 5, 6], False, 0),
]


@pytest.mark.parametrize(
    ("wanted", "line", "number"),
    [(None, 1, 1), ("1", 1, 1), ("2", 3, 2), ("5", 6, 5), ("a", 3, 2), ("b", 5, 4), ("003", 4, 3)],
)
def test_the_event(wanted: str | None, line: int, number: int) -> None:
    selected = select(BATCHES, wanted)
    assert (selected.line, selected.number) == (line, number)
    assert str(selected) == f"{selected.file}:{line}"


@pytest.mark.parametrize("wanted", ["0", "6", "7", "c", "", "\u0662", "-1"])
def test_there_is_none(wanted: str) -> None:
    with pytest.raises(SettingsError, match=rf"^there is no event {wanted}; the input has 5 events, and --event takes"):
        select(BATCHES, wanted)
    with pytest.raises(SettingsError, match=r"^the input holds no event$"):
        select([], wanted)


def test_its_trace() -> None:
    tracer = Tracer(load())
    assert select(BATCHES, "b").trace(tracer).event["uuid"] == "b"
    with pytest.raises(NotJSON, match="over the limit"):
        Selected("two.json", 4, 3, LONG, False).trace(tracer)
