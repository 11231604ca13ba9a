"""A batch of texts becomes documents, dead letters and counts, in order, whatever stands in it."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

import pytest

from normalizer import Normalizer
from normalizer.inputs import Batch, Unreadable
from normalizer.runtime.batch import Counts, DeadLetter, process


def event(uuid: str, event_type: str = "mim.command.ios.new", **more: Any) -> bytes:
    published = "2026-09-14T06:00:00.123Z"
    return json.dumps({"uuid": uuid, "eventType": event_type, "published": published, **more}).encode()


ITEMS: list[bytes | Unreadable] = [
    event("1"),
    b'{"torn',
    event("2", client={"zone": []}, actor={"id": 1.5}),
    event("3", "user.session.start"),
    Unreadable(9, "too_long", "an event of 99 bytes", b'{"uuid"', 99, "ab" * 32),
    event("a b"),
    b"\xff",
    event("4", "mim.other"),
    Unreadable(12, "damaged", "a torn array", b"[1", 2, "cd" * 32),
    event("1"),
]
LINES = [1, 2, 3, 4, 9, 10, 11, 12, 12, 14]


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    return Normalizer.load()


def test_everything_that_was_read_is_accounted_for(normalizer: Normalizer) -> None:
    result = process(normalizer, Batch("in.ndjson", ITEMS, LINES, True, 5))
    assert [done.id for done in result.documents] == ["1", "2", "4", "1"]
    assert result.indices == [0, 2, 7, 9]
    assert [done.problem for done in result.documents] == [False, True, False, False]
    assert [(letter.reason, letter.line) for letter in result.dead] == [
        ("not_json", 2), ("too_long", 9), ("not_an_event", 10), ("not_json", 11), ("damaged", 12),
    ]  # fmt: skip
    counts = result.counts
    assert (counts.read, counts.written, counts.skipped, counts.dead, counts.problems) == (10, 4, 1, 5, 1)
    assert counts.by_type == {"mim.command.ios.new": 3, "mim.other": 1}
    assert counts.problems_by_type == {"mim.command.ios.new": 1}
    assert counts.reasons == {"not_json": 2, "too_long": 1, "not_an_event": 1, "damaged": 1}


def test_an_empty_batch(normalizer: Normalizer) -> None:
    result = process(normalizer, Batch("in.ndjson", [], range(1, 1), True, 0))
    assert (result.documents, result.dead, result.counts) == ([], [], Counts())


def test_where_the_text_is_not_the_events_own_it_is_written_anew(normalizer: Normalizer) -> None:
    for own_text, original in ((True, event("1").decode()), (False, event("1").decode().replace(": ", ":"))):
        done = process(normalizer, Batch("f", [event("1")], [1], own_text, 0)).documents[0]
        kept = json.loads(done.document)["event"]["original"]
        assert kept == (original if own_text else original.replace(", ", ","))


def test_a_defect_costs_one_event_only(normalizer: Normalizer, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = normalizer.normalize_text

    def broken(text: bytes, *, own_text: bool = True) -> Any:
        if b'"2"' in text:
            raise ZeroDivisionError
        return genuine(text, own_text=own_text)

    monkeypatch.setattr(normalizer, "normalize_text", broken)
    result = process(normalizer, Batch("f", [event(number) for number in "123"], [1, 2, 3], True, 0))
    assert [done.id for done in result.documents] == ["1", "3"]
    assert [letter.reason for letter in result.dead] == ["defect"]
    assert result.dead[0].message.startswith("a defect of the normalizer met this event (ZeroDivisionError)")
    assert result.dead[0].original == event("2")


def test_dead_letters_hold_what_is_needed_to_try_again(normalizer: Normalizer) -> None:
    dead = process(normalizer, Batch("in.ndjson", ITEMS, LINES, True, 5)).dead
    torn, long, named, junk, damaged = (json.loads(letter.json()) for letter in dead)
    assert all(letter.json().count(b"\n") == 1 for letter in dead)
    assert torn == {
        "reason": "not_json", "message": "not JSON: it ends too early", "file": "in.ndjson", "line": 2,
        "original": '{"torn',
    }  # fmt: skip
    assert long == {
        "reason": "too_long", "message": "an event of 99 bytes", "file": "in.ndjson", "line": 9, "original": '{"uuid"',
        "original_complete": False, "original_length": 99, "original_sha256": "ab" * 32,
    }  # fmt: skip
    assert named["original"] == event("a b").decode()
    assert base64.b64decode(junk["original_base64"]) == b"\xff"
    assert "original" not in junk
    assert damaged["original"] == "[1"
    assert "original_complete" not in damaged
    assert str(dead[0]) == "in.ndjson:2: not JSON: it ends too early"


def test_a_dead_letter_has_details() -> None:
    letter = DeadLetter("refused", "the server refuses it", "f", 3, b"{}", details={"status": 400})
    assert json.loads(letter.json())["status"] == 400


def test_counts_add_up() -> None:
    total = Counts()
    for _ in range(2):
        total.add(Counts(5, 3, 1, 1, 2, Counter(a=3), Counter(a=2), Counter(not_json=1)))
    assert total == Counts(10, 6, 2, 2, 4, Counter(a=6), Counter(a=4), Counter(not_json=2))
