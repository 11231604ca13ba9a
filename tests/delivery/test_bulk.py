"""The loop, against senders that answer as a test wants: no server, no waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import orjson
import pytest

from normalizer.delivery import Counts, Item, Limits, Retries, deliver
from normalizer.errors import OutputError, ServerError
from normalizer.outputs.elasticsearch import ItemResult, NoAnswer, Trouble

BUSY = ("es_rejected_execution_exception", "queue is full")
Answer = list[ItemResult] | NoAnswer


def items(count: int) -> list[Item]:
    document = b'{"event":{"kind":"event"}}'
    return [Item(f"id{number}", document, b"{}", "in.ndjson", number + 1) for number in range(count)]


def ids(lines: Sequence[bytes]) -> list[str]:
    return [orjson.loads(line.split(b"\n")[0])["create"]["_id"] for line in lines]


def created(lines: Sequence[bytes]) -> list[ItemResult]:
    return [ItemResult(key, 201) for key in ids(lines)]


@dataclass
class Run:
    """One delivery: what was sent, how long was waited, what became dead."""

    answer: Callable[[int, Sequence[bytes]], Answer]
    limits: Limits = Limits()  # noqa: RUF009 - frozen
    retries: Retries = Retries()  # noqa: RUF009 - frozen
    requests: list[list[str]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    dead: list[tuple[str, str]] = field(default_factory=list)
    settled: list[list[str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    def send(self, lines: Sequence[bytes]) -> Answer:
        self.requests.append(ids(lines))
        return self.answer(len(self.requests), lines)

    def deliver(self, events: Sequence[Item] | Iterator[Item]) -> Counts:
        return deliver(
            events,
            self.send,
            lambda item, reason: self.dead.append((item.id, reason)),
            settled=lambda batch: self.settled.append([each.id for each in batch]),
            waiting=lambda seconds, why: self.said.append(f"{seconds:g} {why}"),
            counts=self.counts,
            limits=self.limits,
            retries=self.retries,
            now=lambda: b"2026-01-01T00:00:00.000Z",
            sleep=self.waits.append,
            jitter=lambda: 1.0,
        )


def test_all_is_well() -> None:
    run = Run(lambda _, lines: created(lines), limits=Limits(count=2))
    counts = run.deliver(items(5))
    assert run.requests == run.settled == [["id0", "id1"], ["id2", "id3"], ["id4"]]
    assert (counts.read, counts.sent, counts.indexed, counts.requests) == (5, 5, 5, 3)
    assert (counts.duplicates, counts.retried, counts.dead) == (0, 0, 0)
    assert counts.bytes > 5 * 80
    assert counts is run.counts
    assert run.waits == []


def test_nothing_to_deliver() -> None:
    assert Run(lambda _, lines: created(lines)).deliver([]) == Counts()


def test_only_refused_items_are_sent_again() -> None:
    def answer(number: int, lines: Sequence[bytes]) -> Answer:
        busy = ("id1", "id3") if number == 1 else ()
        return [ItemResult(key, 429, *BUSY) if key in busy else ItemResult(key, 201) for key in ids(lines)]

    run = Run(answer)
    counts = run.deliver(items(4))
    assert run.requests == [["id0", "id1", "id2", "id3"], ["id1", "id3"]]
    assert (counts.sent, counts.retried, counts.indexed) == (6, 2, 4)
    assert run.waits == [1.0]
    assert run.settled == [["id0", "id1", "id2", "id3"]]
    assert "does not take 2 of 4 documents: 429 es_rejected_execution_exception: queue is full" in run.said[0]


def test_waits_double_up_to_a_cap_and_the_server_is_given_up() -> None:
    run = Run(lambda _, lines: [ItemResult(key, 429, *BUSY) for key in ids(lines)])
    with pytest.raises(ServerError, match=r"429 .*Given up after 12 requests, with 3 documents left"):
        run.deliver(items(3))
    assert run.waits == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30]
    assert run.counts.indexed == run.counts.dead == 0
    assert run.settled == []


def test_the_wait_is_a_random_part() -> None:
    waits: list[float] = []
    parts = iter([0.5, 0.25])
    answers = iter([NoAnswer(Trouble.BUSY, "Busy."), NoAnswer(Trouble.BUSY, "Busy."), None])
    deliver(
        items(1),
        lambda lines: next(answers) or created(lines),
        lambda item, reason: None,
        sleep=waits.append,
        jitter=lambda: next(parts),
        retries=Retries(base=8, cap=10),
    )
    assert waits == [4, 2.5]


def test_progress_starts_the_waits_anew() -> None:
    def answer(number: int, lines: Sequence[bytes]) -> Answer:
        busy = [ItemResult(key, 429, *BUSY) for key in ids(lines)]
        return busy if number % 3 else [ItemResult(ids(lines)[0], 201), *busy[1:]]

    run = Run(answer, retries=Retries(attempts=4))
    assert run.deliver(items(3)).indexed == 3
    assert run.waits == [1, 2, 1, 2, 4, 1, 2, 4]


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.UNREACHABLE, Trouble.UNREADABLE])
def test_a_request_without_answer_is_sent_again_whole(trouble: Trouble) -> None:
    run = Run(lambda number, lines: NoAnswer(trouble, "Why.") if number < 3 else created(lines))
    counts = run.deliver(items(2))
    assert run.requests == [["id0", "id1"]] * 3
    assert (counts.sent, counts.retried, counts.indexed) == (6, 4, 2)


def test_an_unreachable_server_is_given_up() -> None:
    run = Run(lambda _, lines: NoAnswer(Trouble.UNREACHABLE, "No way to h:1."), retries=Retries(attempts=3))
    sentence = r"^No way to h:1\. Given up after 3 requests, with 2 documents left to send\.$"
    with pytest.raises(ServerError, match=sentence):
        run.deliver(items(2))
    assert len(run.waits) == 2


def test_a_poison_event_is_isolated() -> None:
    def answer(_: int, lines: Sequence[bytes]) -> Answer:
        bad = ItemResult("id1", 400, "document_parsing_exception", "bad")
        return [bad if key == bad.id else ItemResult(key, 201) for key in ids(lines)]

    run = Run(answer)
    counts = run.deliver(items(3))
    assert run.dead == [("id1", "400 document_parsing_exception: bad")]
    assert (counts.indexed, counts.dead, counts.requests, counts.retried) == (2, 1, 1, 0)
    assert run.settled == [["id0", "id1", "id2"]]


def test_a_duplicate_is_done_and_counted() -> None:
    run = Run(lambda _, lines: [ItemResult(key, 409, "version_conflict_engine_exception") for key in ids(lines)])
    counts = run.deliver(items(2))
    assert (counts.indexed, counts.duplicates, counts.dead) == (0, 2, 0)


def test_the_failure_store_is_a_dead_letter() -> None:
    used = [ItemResult(f"other{number}", 201, failure_store=True) for number in range(2)]
    run = Run(lambda _, lines: used)
    counts = run.deliver(items(2))
    assert [key for key, reason in run.dead if "failure_store" in reason] == ["id0", "id1"]
    assert counts.indexed == 0


def test_an_unknown_failure_is_tried_three_times() -> None:
    run = Run(lambda _, lines: [ItemResult(key, 500, "odd_exception", "?") for key in ids(lines)])
    counts = run.deliver(items(1))
    assert run.dead == [("id0", "500 odd_exception: ?")]
    assert (counts.sent, counts.retried) == (3, 2)


def test_requests_without_answer_do_not_count_against_an_item() -> None:
    def answer(number: int, lines: Sequence[bytes]) -> Answer:
        if number <= 5:
            return NoAnswer(Trouble.UNREACHABLE, "Gone.")
        return created(lines) if number == 8 else [ItemResult(key, 500, "odd_exception") for key in ids(lines)]

    assert Run(answer).deliver(items(1)).indexed == 1


def test_a_refusal_stops_everything() -> None:
    def answer(_: int, lines: Sequence[bytes]) -> Answer:
        return [ItemResult("id0", 201), ItemResult("id1", 403, "security_exception", "not allowed")]

    run = Run(answer, limits=Limits(count=2))
    with pytest.raises(ServerError, match="403 security_exception: not allowed"):
        run.deliver(items(4))
    assert run.counts.indexed == 1
    assert (run.dead, run.settled, run.waits) == ([], [], [])


def test_413_splits_and_one_item_alone_is_dead() -> None:
    def answer(_: int, lines: Sequence[bytes]) -> Answer:
        keys = ids(lines)
        return NoAnswer(Trouble.TOO_LARGE, "413.") if "id2" in keys or len(keys) > 2 else created(lines)

    run = Run(answer)
    counts = run.deliver(items(5))
    assert run.dead == [("id2", "too_large: 413.")]
    assert (counts.indexed, counts.dead) == (4, 1)
    assert run.requests == [
        ["id0", "id1", "id2", "id3", "id4"], ["id0", "id1"], ["id2", "id3", "id4"], ["id2"], ["id3", "id4"],
    ]  # fmt: skip
    assert run.waits == []


@pytest.mark.parametrize(
    "lie",
    [
        lambda results: [],
        lambda results: results[:-1],
        lambda results: [*results, results[-1]],
        lambda results: results[::-1],
        lambda results: [results[0]] * len(results),
        lambda results: [*results[:-1], ItemResult("another", 201)],
        lambda results: [*results[:-1], ItemResult("another", 409, "version_conflict_engine_exception")],
        lambda results: [*results[:-1], ItemResult("", 201)],
    ],
)
def test_an_answer_that_does_not_match_proves_nothing(lie: Callable[[list[ItemResult]], list[ItemResult]]) -> None:
    run = Run(lambda _, lines: lie(created(lines)), retries=Retries(attempts=3))
    with pytest.raises(ServerError, match="does not name the documents that were sent"):
        run.deliver(items(3))
    assert run.requests == [["id0", "id1", "id2"]] * 3
    assert (run.counts.indexed, run.counts.duplicates, run.counts.dead) == (0, 0, 0)
    assert run.settled == []


def test_a_document_that_is_none_is_dead_and_the_next_goes_on() -> None:
    run = Run(lambda _, lines: created(lines))
    counts = run.deliver([Item("bad", b"[]", b"", "f", 1), *items(1)])
    assert run.dead == [("bad", "document_invalid: The document is not an object with an object `event`.")]
    assert (counts.read, counts.dead, counts.indexed) == (2, 1, 1)


def test_dead_letters_that_cannot_be_written_stop_the_delivery() -> None:
    def dead(item: Item, reason: str) -> None:
        raise OutputError("The disk is full.")

    counts, settled = Counts(), list[object]()
    with pytest.raises(OutputError):
        deliver(
            items(2),
            lambda lines: [ItemResult(key, 400) for key in ids(lines)],
            dead,
            settled=settled.append,
            counts=counts,
        )
    assert (counts.dead, counts.indexed) == (0, 0)
    assert settled == []


def test_the_time_is_that_of_the_request() -> None:
    times = iter([b"2026-01-01T00:00:00.001Z", b"2026-01-01T00:00:00.002Z"])
    sent: list[str] = []

    def send(lines: Sequence[bytes]) -> Answer:
        sent.append(orjson.loads(lines[0].split(b"\n")[1])["event"]["ingested"])
        return NoAnswer(Trouble.BUSY, "Busy.") if len(sent) == 1 else created(lines)

    deliver(items(1), send, lambda item, reason: None, now=lambda: next(times), sleep=lambda _: None)
    assert sent == ["2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.002Z"]


def test_items_are_read_as_they_are_needed() -> None:
    read: list[int] = []

    def source() -> Iterator[Item]:
        for number, each in enumerate(items(10)):
            read.append(number)
            yield each

    def answer(number: int, lines: Sequence[bytes]) -> Answer:
        return created(lines) if number == 1 else NoAnswer(Trouble.BUSY, "Busy.")

    run = Run(answer, Limits(count=2), Retries(attempts=1))
    with pytest.raises(ServerError):
        run.deliver(source())
    assert len(read) == 5
