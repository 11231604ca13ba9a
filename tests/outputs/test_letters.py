"""Files of dead letters: appended to by several processes, bounded, and whole whatever happens."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from normalizer.errors import OutputError
from normalizer.outputs.letters import DeadLetters, locked, numbered
from normalizer.runtime.batch import DeadLetter


def letter(number: int, size: int = 20) -> DeadLetter:
    return DeadLetter("refused", "no", "in", number, b"x" * size)


def numbers(*files: Path) -> list[int]:
    """The lines that the letters name; each line of each file must be a whole letter."""
    return [json.loads(line)["line"] for file in files for line in file.read_bytes().splitlines()]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """As on a disk that is full: no file grows beyond so many bytes. Python ignores the signal that says so."""
    assert signal.getsignal(signal.SIGXFSZ) is signal.SIG_IGN
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_letter_says_when_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    with DeadLetters(path) as dead:
        dead.write([])
        assert not path.exists()
        dead.write([DeadLetter("refused", "no", "in", 3, b"{}", details={"status": 400, "document": "{}"})])
    [found] = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["time"])
    assert list(found) == ["time", "reason", "message", "status", "document", "file", "line", "original"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_facts_stand_in_every_letter(tmp_path: Path) -> None:
    with DeadLetters(tmp_path / "dead", facts={"data_stream": "logs-a-b"}, now=lambda: "now") as dead:
        dead.write([letter(1), letter(2)])
    lines = (tmp_path / "dead").read_bytes().splitlines()
    assert [[*json.loads(line).items()][:2] for line in lines] == [[("time", "now"), ("data_stream", "logs-a-b")]] * 2


def test_full_files_get_numbers_and_nothing_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    size = 3 * len(letter(10).json(time="now"))
    with DeadLetters(path, size=size, files=4, now=lambda: "now") as dead:
        dead.write([letter(11), letter(12)])
        dead.write(map(letter, (13, 14, 15, 16, 17)))  # over the ends of two files
        assert dead.count == 7
        assert [each.name for each in numbered(path)] == ["dead.1", "dead.2"]
        dead.write(map(letter, (18, 19, 20, 21)))
        every = [*numbered(path), path]
        assert [numbers(each) for each in every] == [[11, 12, 13], [14, 15, 16], [17, 18, 19], [20, 21]]
        with pytest.raises(OutputError) as caught:
            dead.write([letter(22), letter(23)])
        assert str(caught.value) == (
            f"dead letters cannot be written to {path}: it and the 3 older ones beside it are full ({size:,} bytes "
            "each); send them again with `mim-ecs replay`, or move them elsewhere"
        )
        assert dead.count == 12
        assert numbers(*every) == [*range(11, 23)]
        (tmp_path / "dead.1").unlink()  # replayed: there is room for another, and numbers go on
        dead.write([letter(23)])
    assert [each.name for each in numbered(path)] == ["dead.2", "dead.3", "dead.4"]
    assert numbers(path) == [23]


def test_numbers_are_counted_as_numbers_and_other_names_are_none(tmp_path: Path) -> None:
    for name in ("dead.9", "dead.10", "dead.kept", "dead.01", "dead.2.gz", "dead.", "other.3", "dead\u0661"):
        (tmp_path / name).touch()
    path = tmp_path / "dead"
    assert [each.name for each in numbered(path)] == ["dead.9", "dead.10"]
    path.write_bytes(b"x" * 99 + b"\n")
    with DeadLetters(path, size=50) as dead:
        dead.write([letter(1)])
    assert [each.name for each in numbered(path)] == ["dead.9", "dead.10", "dead.11"]


def test_a_letter_larger_than_a_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    with DeadLetters(path, size=1000) as dead:
        dead.write([letter(1), letter(2, 5000), letter(3)])
    assert [numbers(each) for each in (*numbered(path), path)] == [[1], [2], [3]]


def test_one_file_only(tmp_path: Path) -> None:
    with DeadLetters(tmp_path / "dead", size=200, files=1) as dead:
        dead.write([letter(1)])
        with pytest.raises(OutputError, match=r": it is full \(200 bytes each\); send them again"):
            dead.write([letter(2)])
    assert numbers(tmp_path / "dead") == [1]


_WRITER = """
import sys
from pathlib import Path
from normalizer.outputs.letters import DeadLetters
from normalizer.runtime.batch import DeadLetter
path, first = sys.argv[1], int(sys.argv[2])
with DeadLetters(Path(path), size=100_000, files=100) as dead:
    print(flush=True)
    sys.stdin.read(1)
    for number in range(first, first + 2000, 5):
        dead.write(DeadLetter("refused", "no", "in", number + more, b"x" * (number % 300)) for more in range(5))
"""


def writer(path: Path, first: int, stdin: int) -> subprocess.Popen[bytes]:
    """A process that is about to write; it does when its standard input says so."""
    given = [sys.executable, "-c", _WRITER, str(path), str(first)]
    process: subprocess.Popen[bytes] = subprocess.Popen(given, stdin=stdin, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as out:
        assert out.readline() == b"\n"
    return process


def test_two_processes_lose_and_tear_nothing(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    processes = [writer(path, first, subprocess.PIPE) for first in (0, 10_000)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    for process in processes:
        process.wait(60)
        assert process.returncode == 0
    full = numbered(path)
    assert sorted(numbers(*full, path)) == [*range(2000), *range(10_000, 12_000)]
    assert len(full) > 5
    assert [int(each.suffix[1:]) for each in full] == [*range(1, len(full) + 1)]
    assert all(each.stat().st_size <= 100_000 for each in (*full, path))
    assert any(len({number < 10_000 for number in numbers(each)}) == 2 for each in full), "they did not write at once"


def test_a_killed_writer_leaves_at_most_a_torn_end(tmp_path: Path) -> None:
    """Killed at any moment: what it had written stays, and the next writer begins a line of its own."""
    path = tmp_path / "dead"
    for round_number in range(3):
        process = writer(path, 0, subprocess.DEVNULL)
        time.sleep(0.005 * 4**round_number)
        process.kill()
        process.wait()
        with DeadLetters(path, size=100_000, files=100) as dead:
            dead.write([letter(70_000 + round_number)])
    found, torn = [], 0
    for file in (*numbered(path), path):
        for line in file.read_bytes().splitlines():
            try:
                found.append(json.loads(line)["line"])
            except json.JSONDecodeError:
                torn += 1
    assert {70_000, 70_001, 70_002} <= set(found)
    assert torn <= 3


def test_a_line_that_does_not_fit_on_the_disk_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    with DeadLetters(path) as dead:
        dead.write([letter(1)])
        before = path.read_bytes()
        with largest_file(len(before) + 50), pytest.raises(OutputError, match=rf"{path}: file too large; name another"):
            dead.write([letter(2), letter(3)])
        assert path.read_bytes() == before
        assert dead.count == 1
        dead.write([letter(4)])
    assert numbers(path) == [1, 4]


def test_a_torn_line_that_cannot_be_ended_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    path.write_bytes(b'{"torn')
    with DeadLetters(path) as dead:
        with largest_file(6), pytest.raises(OutputError):
            dead.write([letter(1)])
        assert path.read_bytes() == b'{"torn'
        dead.write([letter(2)])
    torn, whole = path.read_bytes().splitlines()
    assert (torn, json.loads(whole)["line"]) == (b'{"torn', 2)


def test_a_file_that_was_moved_away_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    with DeadLetters(path) as dead:
        dead.write([letter(1)])
        path.rename(tmp_path / "moved")
        dead.write([letter(2)])
        path.unlink()
        dead.write([letter(3)])
    assert (numbers(tmp_path / "moved"), numbers(path)) == ([1], [3])


def test_whoever_waits_for_the_lock_looks_again_for_the_file(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    with DeadLetters(path) as dead:
        dead.write([letter(1)])
        writer = threading.Thread(target=dead.write, args=([letter(2)],))
        with path.open("rb") as file, locked(file.fileno()):
            writer.start()
            writer.join(0.2)
            assert writer.is_alive()
            assert numbers(path) == [1]
            path.rename(tmp_path / "dead.1")
        writer.join(10)
    assert (numbers(tmp_path / "dead.1"), numbers(path)) == ([1], [2])


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "dead").symlink_to("there/real")
    with DeadLetters(tmp_path / "dead", size=100) as dead:
        dead.write([letter(1), letter(2)])
    assert (tmp_path / "dead").is_symlink()
    assert (numbers(tmp_path / "there" / "real.1"), numbers(tmp_path / "dead")) == ([1], [2])


def test_what_is_no_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    """A pipe; and standard error, also where it leads to a file, which is not ours to rename."""
    os.mkfifo(tmp_path / "pipe")
    with DeadLetters(tmp_path / "pipe", size=10) as dead, (tmp_path / "pipe").open("rb") as reader:
        dead.write([letter(1), letter(2)])
        assert [json.loads(reader.readline())["line"] for _ in range(2)] == [1, 2]
    code = _WRITER.replace("size=100_000", "size=1000").replace("2000", "50")
    with (tmp_path / "log").open("wb") as log:
        subprocess.run([sys.executable, "-c", code, "/dev/stderr", "0"], stderr=log, check=True, capture_output=False)
    assert numbers(tmp_path / "log") == [*range(50)]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["log", "pipe"]


@pytest.mark.parametrize("path", ["/proc/self/dead", "file/dead", "folder"])
def test_where_nothing_can_be_written_it_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    said = rf"^dead letters cannot be written to {path}: .*; name another file with"
    with pytest.raises(OutputError, match=said), DeadLetters(Path(path)) as dead:
        dead.write([letter(1)])


def test_a_folder_that_goes_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with DeadLetters(tmp_path / "folder" / "dead") as dead:
        (tmp_path / "folder").rmdir()
        with pytest.raises(OutputError, match="no such file or directory"):
            dead.write([letter(1)])
