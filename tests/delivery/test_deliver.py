"""The loop, against senders that answer as a test wants: no server, no waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import orjson
import pytest

from normalizer.delivery import Counts, Item, Limits, Mark, Retries, Work, deliver
from normalizer.delivery.gate import Gate
from normalizer.delivery.verdicts import TRIES_OF_UNKNOWN
from normalizer.errors import OutputError, ServerError, WorkerError
from normalizer.inputs import Position
from normalizer.outputs.answers import ItemResult, NoAnswer
from normalizer.runtime.batch import DeadLetter

BUSY = ("es_rejected_execution_exception", "queue is full")
Answer = list[ItemResult] | NoAnswer


def items(count: int, start: int = 0) -> list[Item]:
    document = b'{"event":{"kind":"event"}}'
    return [Item(f"id{number}", document, b"{}", "in.ndjson", number + 1) for number in range(start, start + count)]


def works(count: int, each: int = 1) -> list[Work]:
    """Works of so many items each; the mark of a work is the number of items up to it."""
    return [Work(items(each, at * each), Mark("in.ndjson", Position(0, 0, (at + 1) * each))) for at in range(count)]


def ids(lines: Sequence[bytes]) -> list[str]:
    return [orjson.loads(line.split(b"\n")[0])["create"]["_id"] for line in lines]


def created(lines: Sequence[bytes]) -> list[ItemResult]:
    return [ItemResult(key, 201) for key in ids(lines)]


class Clock:
    """A time that passes only where somebody waits: the gate's clock moves on by itself when it is looked at."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        self.time += 10_000
        return self.time


@dataclass
class Run:
    """One delivery in one request at a time: what was sent, which waits were told, what became dead."""

    answer: Callable[[int, Sequence[bytes]], Answer]
    limits: Limits = Limits()  # noqa: RUF009 - frozen
    retries: Retries = Retries(patience=float("inf"))  # noqa: RUF009 - frozen
    in_flight: int = 1
    requests: list[list[str]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    def send(self, lines: Sequence[bytes]) -> Answer:
        self.requests.append(ids(lines))
        return self.answer(len(self.requests), lines)

    def deliver(self, given: Iterable[Work]) -> Counts:
        def waiting(seconds: float, why: str) -> None:
            self.waits.append(seconds)
            self.said.append(why)

        return deliver(
            given,
            self.send,
            self.dead.extend,
            lambda marks: self.acknowledged.extend(mark.after.items for mark in marks),
            counts=self.counts,
            waiting=waiting,
            in_flight=self.in_flight,
            limits=self.limits,
            retries=self.retries,
            now=lambda: "2026-01-01T00:00:00.000Z",
            clock=Clock(),
            jitter=lambda: 1.0,
        )

    @property
    def buried(self) -> list[tuple[int, str, str]]:
        return [(letter.line, letter.reason, letter.message) for letter in self.dead]


def test_all_is_well() -> None:
    run = Run(lambda _, lines: created(lines), limits=Limits(count=2))
    counts = run.deliver(works(5))
    assert run.requests == [["id0", "id1"], ["id2", "id3"], ["id4"]]
    assert run.acknowledged == [2, 4, 5]
    assert (counts.read, counts.sent, counts.indexed, counts.requests) == (5, 5, 5, 3)
    assert (counts.duplicates, counts.retried, counts.dead) == (0, 0, 0)
    assert counts.bytes > 5 * 80
    assert counts is run.counts
    assert run.waits == []


def test_nothing_to_deliver() -> None:
    assert Run(lambda _, lines: created(lines)).deliver([]) == Counts()


def test_what_holds_nothing_to_send_is_acknowledged_in_its_turn() -> None:
    run = Run(lambda _, lines: created(lines), limits=Limits(count=1))
    run.deliver([Work([], Mark("a", Position(0, 0, 1))), *works(1), Work([], Mark("b", Position(0, 0, 3)))])
    assert run.requests == [["id0"]]
    assert run.acknowledged == [1, 1, 3]


def test_a_long_stretch_of_nothing_moves_the_checkpoint() -> None:
    run = Run(lambda _, lines: created(lines))
    run.deliver([Work([], Mark("a", Position(0, 0, at))) for at in range(1, 130)])
    assert run.requests == []
    assert run.acknowledged == [64, 128, 129]


def test_a_read_batch_is_never_cut() -> None:
    run = Run(lambda _, lines: created(lines), limits=Limits(count=4))
    run.deliver(works(3, each=3))
    assert [len(request) for request in run.requests] == [3, 3, 3]
    assert run.acknowledged == [3, 6, 9]


def test_only_refused_items_are_sent_again() -> None:
    def answer(number: int, lines: Sequence[bytes]) -> Answer:
        busy = ("id1", "id3") if number == 1 else ()
        return [ItemResult(key, 429, *BUSY) if key in busy else ItemResult(key, 201) for key in ids(lines)]

    run = Run(answer)
    counts = run.deliver(works(4))
    assert run.requests == [["id0", "id1", "id2", "id3"], ["id1", "id3"]]
    assert (counts.sent, counts.retried, counts.indexed) == (6, 2, 4)
    assert run.waits == [0.5]
    assert run.acknowledged == [4]
    assert "does not take 2 of 4 documents: 429 es_rejected_execution_exception: queue is full" in run.said[0]


def test_waits_double_up_to_a_cap_and_the_server_is_given_up() -> None:
    run = Run(lambda number, lines: NoAnswer("Busy.", 503), retries=Retries(patience=1_000_000))
    with pytest.raises(ServerError, match=r"^Busy\. Given up after [0-9]+ s, with 3 documents of this request left"):
        run.deliver(works(3))
    assert run.waits[:6] == [4, 8, 16, 30, 30, 30]
    assert 6 < len(run.waits) < 100
    assert run.counts.indexed == run.counts.dead == 0
    assert run.acknowledged == []


def test_the_wait_is_a_random_part() -> None:
    waits: list[float] = []
    parts = iter([0.5, 0.25])
    answers = iter([NoAnswer("Busy.", 503), NoAnswer("Busy.", 503), None])
    deliver(
        works(1),
        lambda lines: next(answers) or created(lines),
        lambda letters: None,
        waiting=lambda seconds, _: waits.append(seconds),
        clock=Clock(),
        jitter=lambda: next(parts),
        retries=Retries(base=8, cap=10, patience=float("inf")),
    )
    assert waits == [4, 2.5]


def test_a_server_that_says_how_long_to_wait_is_obeyed() -> None:
    run = Run(lambda number, lines: NoAnswer("Busy.", 429, 77.0) if number < 3 else created(lines))
    run.deliver(works(1))
    assert run.waits == [77, 77]


def test_no_answer_makes_us_wait_longer_than_our_patience() -> None:
    waits: list[float] = []
    gate = Gate(Retries(patience=60), lambda seconds, _: waits.append(seconds))
    gate.shut(gate.enter(), "Busy.", 1e9)
    assert waits == [60]


def test_progress_starts_the_waits_anew() -> None:
    def answer(number: int, lines: Sequence[bytes]) -> Answer:
        return created(lines) if number % 3 == 0 else NoAnswer("Busy.", 503)

    run = Run(answer, limits=Limits(count=1))
    assert run.deliver(works(3)).indexed == 3
    assert run.waits == [4, 8, 4, 8, 4, 8]


@pytest.mark.parametrize("status", [None, 302, 404, 418, 429, 500, 502, 503, 504, 599, 200])
def test_a_request_without_results_is_sent_again_whole(status: int | None) -> None:
    run = Run(lambda number, lines: NoAnswer("Why.", status) if number < 3 else created(lines))
    counts = run.deliver(works(2))
    assert run.requests == [["id0", "id1"]] * 3
    assert (counts.sent, counts.retried, counts.indexed) == (6, 4, 2)


@pytest.mark.parametrize("status", [401, 403, 407])
def test_a_server_that_refuses_us_ends_it_at_once(status: int) -> None:
    run = Run(lambda number, lines: NoAnswer("No.", status))
    with pytest.raises(ServerError, match=r"^No\.$"):
        run.deliver(works(2))
    assert len(run.requests) == 1
    assert run.acknowledged == []


def test_a_poison_event_is_isolated() -> None:
    def answer(_: int, lines: Sequence[bytes]) -> Answer:
        bad = ItemResult("id1", 400, "document_parsing_exception", "bad")
        return [bad if key == bad.id else ItemResult(key, 201) for key in ids(lines)]

    run = Run(answer)
    counts = run.deliver(works(3))
    assert run.buried == [(2, "refused", "document_parsing_exception: bad")]
    assert run.dead[0].details == {"document": '{"event":{"kind":"event"}}', "status": 400}
    assert (counts.indexed, counts.dead, counts.requests, counts.retried) == (2, 1, 1, 0)
    assert run.acknowledged == [3]


def test_an_event_that_takes_its_request_with_it_is_isolated() -> None:
    def answer(_: int, lines: Sequence[bytes]) -> Answer:
        return NoAnswer("Bad.", 400) if "id5" in ids(lines) else created(lines)

    run = Run(answer)
    counts = run.deliver(works(8))
    assert run.buried == [(6, "refused", "Bad.")]
    assert (counts.indexed, counts.dead) == (7, 1)
    assert run.acknowledged == [8]


def test_a_server_that_calls_everything_bad_is_not_the_documents_fault() -> None:
    run = Run(lambda _, lines: NoAnswer("Bad.", 400))
    with pytest.raises(ServerError, match=r"^Bad\.$"):
        run.deliver(works(8))
    assert (run.dead, run.acknowledged) == ([], [])


def test_a_duplicate_is_done_and_counted() -> None:
    run = Run(lambda _, lines: [ItemResult(key, 409, "version_conflict_engine_exception") for key in ids(lines)])
    counts = run.deliver(works(2))
    assert (counts.indexed, counts.duplicates, counts.dead) == (0, 2, 0)


def test_the_failure_store_is_a_dead_letter() -> None:
    used = [ItemResult(f"other{number}", 201, failure_store=True) for number in range(2)]
    run = Run(lambda _, lines: used)
    counts = run.deliver(works(2))
    assert [line for line, _, message in run.buried if "failure_store" in message] == [1, 2]
    assert counts.indexed == 0


def odd(lines: Sequence[bytes], *keys: str) -> list[ItemResult]:
    """These fail in a way that nobody knows."""
    return [ItemResult(key, 500, "odd_exception", "?") if key in keys else ItemResult(key, 201) for key in ids(lines)]


QUICK = Retries(base=0.001, item_base=0.001, cap=0.002)


def test_an_unknown_failure_is_tried_a_few_times() -> None:
    run = Run(lambda _, lines: odd(lines, "id1"))
    counts = Counts()
    deliver(works(2), run.send, run.dead.extend, counts=counts, retries=QUICK, in_flight=1)
    assert run.buried == [(2, "refused", "odd_exception: ?")]
    assert (counts.sent, counts.retried) == (1 + TRIES_OF_UNKNOWN, TRIES_OF_UNKNOWN - 1)


def test_a_server_that_fails_whatever_it_is_sent_says_nothing_of_an_event() -> None:
    """A shard is broken for a while: no event's fault, so none of them is dead after a few tries."""
    run = Run(lambda number, lines: odd(lines, *(ids(lines) if number < 20 else ())))
    counts = deliver(works(2), run.send, run.dead.extend, retries=QUICK, in_flight=1)
    assert (counts.indexed, run.dead) == (2, [])


def test_unless_it_goes_on_for_long() -> None:
    run = Run(lambda _, lines: odd(lines, *ids(lines)))  # whose clock counts hours
    assert run.deliver(works(1)).dead == 1


@pytest.mark.parametrize("status", [400, 413])
def test_a_whole_request_that_is_refused_for_a_while_is_no_document_s_fault(status: int) -> None:
    """A balancer in trouble says so to everything; small documents went through before."""
    run = Run(lambda number, lines: NoAnswer("Bad.", status) if 1 < number < 20 else created(lines))
    given = [*works(1, 8), Work(items(1, 8))]
    counts = deliver(given, run.send, run.dead.extend, retries=QUICK, in_flight=1, limits=Limits(count=8))
    assert (counts.indexed, run.dead) == (9, [])


def test_a_document_larger_than_any_that_was_taken_is_dead_at_once() -> None:
    large = Item("large", b'{"event":{"kind":"%s"}}' % (b"x" * 5000), b"{}", "in.ndjson", 9)
    run = Run(lambda _, lines: NoAnswer("Large.", 413) if sum(map(len, lines)) > 5000 else created(lines))
    counts = deliver([*works(1, 8), Work([large])], run.send, run.dead.extend, in_flight=1, limits=Limits(count=8))
    assert counts.indexed == 8
    assert run.buried == [(9, "too_large", "Large.")]


def test_requests_without_answer_do_not_count_against_an_item() -> None:
    def answer(number: int, lines: Sequence[bytes]) -> Answer:
        if number <= 9:
            return NoAnswer("Gone.")
        return created(lines) if number == 12 else [ItemResult(key, 500, "odd_exception") for key in ids(lines)]

    run = Run(answer)
    assert deliver(works(1), run.send, run.dead.extend, retries=Retries(cap=0.001)).indexed == 1


def test_a_refusal_of_an_item_stops_everything() -> None:
    def answer(_: int, lines: Sequence[bytes]) -> Answer:
        return [ItemResult("id0", 201), ItemResult("id1", 403, "security_exception", "not allowed")]

    run = Run(answer, limits=Limits(count=2))
    with pytest.raises(ServerError, match="403 security_exception: not allowed"):
        run.deliver(works(4))
    assert run.counts.indexed == 1
    assert (run.dead, run.acknowledged, run.waits) == ([], [], [])


def test_413_splits_and_one_item_alone_is_dead() -> None:
    def answer(_: int, lines: Sequence[bytes]) -> Answer:
        keys = ids(lines)
        return NoAnswer("413.", 413) if "id2" in keys or len(keys) > 2 else created(lines)

    run = Run(answer)
    counts = run.deliver(works(5))
    assert run.buried == [(3, "too_large", "413.")]
    assert (counts.indexed, counts.dead) == (4, 1)
    assert run.requests == [
        ["id0", "id1", "id2", "id3", "id4"], ["id0", "id1"], ["id2", "id3", "id4"], ["id2"], ["id3", "id4"],
    ]  # fmt: skip
    assert run.waits == []


def test_what_is_as_large_as_a_413_is_halved_before_it_is_sent() -> None:
    def answer(_: int, lines: Sequence[bytes]) -> Answer:
        return NoAnswer("413.", 413) if len(lines) > 2 else created(lines)

    run = Run(answer, limits=Limits(count=4))
    assert run.deliver(works(8)).indexed == 8
    assert [len(each) for each in run.requests] == [4, 2, 2, 2, 2]


def test_where_none_of_many_is_taken_fewer_are_sent() -> None:
    """A server may have room for some large documents and not for all, and says 429 of each of them."""

    def answer(_: int, lines: Sequence[bytes]) -> Answer:
        return [ItemResult(key, 429, *BUSY) for key in ids(lines)] if len(lines) > 2 else created(lines)

    run = Run(answer)
    counts = run.deliver(works(5))
    assert [len(each) for each in run.requests] == [5, 2, 3, 1, 2]
    assert (counts.indexed, counts.retried, counts.dead) == (5, 8, 0)


def test_what_is_as_large_as_a_400_is_sent_as_it_is() -> None:
    """A bad request is one document's fault, and says nothing of sizes."""

    def answer(_: int, lines: Sequence[bytes]) -> Answer:
        return NoAnswer("400.", 400) if "id1" in ids(lines) else created(lines)

    run = Run(answer, limits=Limits(count=2))
    assert run.deliver(works(6)).indexed == 5
    assert run.requests[-2:] == [["id2", "id3"], ["id4", "id5"]]


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
    run = Run(lambda _, lines: lie(created(lines)), retries=Retries(patience=100_000))
    with pytest.raises(ServerError, match="does not name the documents that were sent"):
        run.deliver(works(3))
    assert len(run.requests) > 1
    assert set(map(tuple, run.requests)) == {("id0", "id1", "id2")}
    assert (run.counts.indexed, run.counts.duplicates, run.counts.dead) == (0, 0, 0)
    assert run.acknowledged == []


def test_a_document_that_is_none_is_dead_and_the_next_goes_on() -> None:
    run = Run(lambda _, lines: created(lines))
    counts = run.deliver([Work([Item("bad", b"[]", b"", "f", 7), *items(1)])])
    assert run.buried == [(7, "document_invalid", "The document is not an object with an object `event`.")]
    assert (counts.read, counts.dead, counts.indexed) == (2, 1, 1)


def test_dead_letters_that_cannot_be_written_stop_the_delivery() -> None:
    def full(letters: Sequence[DeadLetter]) -> None:
        if letters:
            raise OutputError("The disk is full.")

    acknowledged: list[object] = []
    with pytest.raises(OutputError, match="disk is full"):
        deliver(works(2), lambda lines: [ItemResult(key, 400) for key in ids(lines)], full, acknowledged.append)
    assert acknowledged == []


def test_a_defect_of_a_sender_ends_the_delivery() -> None:
    def send(lines: Sequence[bytes]) -> Answer:
        raise ZeroDivisionError

    with pytest.raises(WorkerError, match="ZeroDivisionError"):
        deliver(works(2), send, lambda letters: None)


def test_the_time_is_that_of_the_request() -> None:
    times = iter(["2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.002Z"])
    sent: list[str] = []

    def send(lines: Sequence[bytes]) -> Answer:
        sent.append(orjson.loads(lines[0].split(b"\n")[1])["event"]["ingested"])
        return NoAnswer("Busy.", 503) if len(sent) == 1 else created(lines)

    deliver(works(1), send, lambda letters: None, now=lambda: next(times), retries=Retries(base=0.001))
    assert sent == ["2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.002Z"]


def test_reading_waits_for_the_server() -> None:
    read: list[int] = []
    hold = threading.Event()

    def source() -> Iterator[Work]:
        for number, each in enumerate(works(100)):
            read.append(number)
            if number == 11:
                hold.set()
            yield each

    def send(lines: Sequence[bytes]) -> Answer:
        assert hold.wait(10)
        return NoAnswer("No.", 401)

    with pytest.raises(ServerError):
        deliver(source(), send, lambda letters: None, limits=Limits(count=8), in_flight=2)
    assert len(read) <= 8 + 4 + 1  # what may be open, the next bulk, and the work that did not fit into it


def test_several_requests_are_in_flight_and_acknowledged_in_order() -> None:
    both = threading.Barrier(2, timeout=10)
    late = threading.Event()

    def send(lines: Sequence[bytes]) -> Answer:
        keys = ids(lines)
        if "id0" in keys or "id2" in keys:
            both.wait()
        if "id0" in keys:
            assert late.wait(10)
        else:
            late.set()
        return created(lines)

    acknowledged: list[int] = []
    counts = deliver(
        works(6),
        send,
        lambda letters: None,
        lambda marks: acknowledged.extend(mark.after.items for mark in marks),
        in_flight=2,
        limits=Limits(count=4),
    )
    assert counts.indexed == 6
    assert acknowledged == sorted(acknowledged)
    assert acknowledged[-1] == 6


def test_a_stop_waits_for_what_is_in_flight() -> None:
    started, acknowledged = threading.Event(), list[int]()

    def source() -> Iterator[Work]:
        yield works(1)[0]  # a full bulk, which waits for no other
        assert started.wait(10)
        raise KeyboardInterrupt

    def send(lines: Sequence[bytes]) -> Answer:
        started.set()
        threading.Event().wait(0.2)
        return created(lines)

    counts = Counts()
    with pytest.raises(KeyboardInterrupt):
        deliver(
            source(),
            send,
            lambda letters: None,
            lambda marks: acknowledged.extend(mark.after.items for mark in marks),
            counts=counts,
            limits=Limits(count=2),
        )
    assert counts.indexed == 1
    assert acknowledged == [1]


def test_a_stop_does_not_wait_for_ever() -> None:
    hang = threading.Event()

    def source() -> Iterator[Work]:
        yield from works(2)
        raise KeyboardInterrupt

    def send(lines: Sequence[bytes]) -> Answer:
        hang.wait(30)
        return created(lines)

    acknowledged: list[object] = []
    with pytest.raises(KeyboardInterrupt):
        deliver(source(), send, lambda letters: None, acknowledged.append, limits=Limits(count=2), grace=0.1)
    assert acknowledged == []
    hang.set()


def test_what_the_stream_holds_already_is_not_sent() -> None:
    run = Run(lambda _, lines: created(lines))
    counts = Counts()
    deliver(works(4), run.send, run.dead.extend, known=lambda keys: {"id1", "id3"}, counts=counts)
    assert run.requests == [["id0", "id2"]]
    assert (counts.indexed, counts.duplicates) == (2, 2)


def test_without_an_answer_to_what_it_holds_nothing_is_sent() -> None:
    run = Run(lambda _, lines: created(lines))
    answers: Iterator[NoAnswer] = iter([NoAnswer("Busy.", 503), NoAnswer("Busy.")])
    counts = Counts()
    quick = Retries(base=0.001)
    deliver(works(1), run.send, run.dead.extend, known=lambda keys: next(answers, ()), counts=counts, retries=quick)
    assert run.requests == [["id0"]]
    with pytest.raises(ServerError, match=r"^No\.$"):
        deliver(works(1), run.send, run.dead.extend, known=lambda keys: NoAnswer("No.", 403))
