"""Any number of workers gives the same documents in the same order, the same counts and the same dead letters."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from examples.generate import lines
from normalizer import Normalizer, OutputError, WorkerError
from normalizer.inputs import Batch
from normalizer.runtime.batch import Counts, Result
from normalizer.runtime.workers import run
from tests.cli.command import Done, mim_ecs

EVENTS = list(lines(2000, seed=7))


def with_bad_ones(every: int) -> bytes:
    rows = []
    for number, event in enumerate(EVENTS):
        rows.append(event)
        if number % every == 0:
            rows.append((b"junk\n", b"\xff\xfe\n", b'{"uuid":"1"}\n', b'{"torn":\n', b"\n")[number // every % 5])
    return b"".join(rows)


def done_by(workers: int, folder: Path) -> tuple[Done, bytes, list[str]]:
    dead = folder.parent / f"dead{workers}"
    names = ("plain", "-", "page", "packed", "also packed", "one", "empty")
    done = mim_ecs(
        "normalize",
        *names,
        "--workers",
        str(workers),
        "--dead-letters",
        dead,
        cwd=folder,
        stdin=with_bad_ones(11),
        code=1,
    )
    letters = re.sub(rb'"time":"[^"]*"', b"", dead.read_bytes())
    return done, letters, [line.partition(" (")[0] for line in done.lines[:-1]]


def test_the_output_does_not_depend_on_their_number(tmp_path: Path) -> None:
    """Plain and packed files, a pipe, an array without line ends; several batches of each, of any number of bytes."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "plain").write_bytes(with_bad_ones(7))
    (folder / "page").write_bytes(b"[" + b",".join(event.strip() for event in EVENTS) + b"]")
    (folder / "packed").write_bytes(gzip.compress(with_bad_ones(13)))
    (folder / "also packed").write_bytes(zstandard.ZstdCompressor().compress(with_bad_ones(17))[:-100])
    (folder / "one").write_bytes(EVENTS[0])
    (folder / "empty").write_bytes(b"")
    one = done_by(1, folder)
    assert one[0].counts["written"] > 4 * len(EVENTS)
    assert one[0].counts["dead"] == one[1].count(b"\n") > 500
    for workers in (2, 5):
        many = done_by(workers, folder)
        assert many[0].out == one[0].out
        assert many[1] == one[1]
        assert many[2] == one[2]


def batches(count: int) -> list[Batch]:
    return [
        Batch(f"file{number}", [event.strip() for event in EVENTS[:5]], range(1, 6), True, 0) for number in range(count)
    ]


def test_reports_come_in_order(tmp_path: Path) -> None:
    out = (tmp_path / "out").open("wb", buffering=0)

    def write(result: Result) -> None:
        out.write(b"".join(done.document + b"\n" for done in result.documents))

    with out:
        counts = Counts()
        for report in run(batches(10), Normalizer.load(), write, workers=3):
            counts.add(report.counts)
    assert (counts.read, counts.written) == (50, 50)
    ids = [line.partition(b'"id":"')[2][:36] for line in (tmp_path / "out").read_bytes().splitlines()]
    assert ids == ids[:5] * 10


def test_what_a_worker_cannot_write_is_raised() -> None:
    def write(_: Result) -> None:
        raise OutputError("the disk is full")

    for workers in (1, 2):
        with pytest.raises(OutputError, match=r"^the disk is full$"):
            list(run(batches(10), Normalizer.load(), write, workers))


def test_a_defect_in_a_worker_is_told_without_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    def write(_: Result) -> None:
        raise ZeroDivisionError

    with pytest.raises(WorkerError, match=r"^a defect met a worker \(ZeroDivisionError\); please report it$"):
        list(run(batches(10), Normalizer.load(), write, workers=2))
    assert capfd.readouterr() == ("", "")


def test_an_error_of_the_reader_ends_the_workers() -> None:
    def broken() -> Iterator[Batch]:
        yield from batches(3)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(run(broken(), Normalizer.load(), lambda _: None, workers=2))


def test_a_run_that_is_given_up_ends_the_workers() -> None:
    reports = run(batches(10), Normalizer.load(), lambda _: None, workers=2)
    next(reports)
    reports.close()


def test_event_types_are_counted_by_name_up_to_a_thousand() -> None:
    total = Counts()
    for start in range(0, 3000, 100):
        counts = Counts(read=100)
        counts.by_type.update(f"mim.{number}" for number in range(start, start + 100))
        total.add(counts)
    assert len(total.by_type) == 1001
    assert total.by_type["(other)"] == 2000
    assert total.by_type.total() == total.read == 3000
