"""How commands end: signals, workers and parents that are killed, readers that go, outputs that are full."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

from tests.cli.command import EVENTS, SAMPLE, TIMEOUT, arguments, checked, ended, environment, mim_ecs, processes, start

LINE = EVENTS[0] + b"\n"
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are listed by /proc")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More events than pipes hold: 12 MB, 48 batches."""
    path = tmp_path_factory.mktemp("large") / "large.ndjson"
    path.write_bytes(SAMPLE.read_bytes() * 16)
    return path


@contextmanager
def stalled(large: Path, workers: int) -> Iterator[subprocess.Popen[bytes]]:
    """A command in the middle of its work: nobody reads the rest of its documents."""
    process = start("normalize", large, "--workers", str(workers))
    try:
        assert process.stdout is not None
        assert os.read(process.stdout.fileno(), 1) == b"{"
        yield process
    finally:
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.kill()
        process.wait()
        nobody_left(process)


def nobody_left(process: subprocess.Popen[bytes]) -> None:
    """No process of the command's session lives on."""
    until = time.monotonic() + TIMEOUT
    while left := list(processes(process.pid)):
        assert time.monotonic() < until, f"{left} are left"
        time.sleep(0.05)


def said(process: subprocess.Popen[bytes], code: int) -> str:
    """Its end without anybody reading its documents, and what it says."""
    process.wait(TIMEOUT)
    assert process.stderr is not None
    return checked(process.returncode, b"", process.stderr.read().decode(), code).err


@needs_proc
@pytest.mark.parametrize(
    ("workers", "number", "kill"),
    [
        (1, signal.SIGINT, os.kill),
        (1, signal.SIGTERM, os.kill),
        (3, signal.SIGTERM, os.kill),
        (3, signal.SIGINT, os.killpg),
        (3, signal.SIGTERM, os.killpg),
    ],
)
def test_signals(large: Path, workers: int, number: signal.Signals, kill: Callable[[int, int], None]) -> None:
    """Ctrl-C and service managers reach the whole group; that must not look like a worker that died."""
    with stalled(large, workers) as process:
        kill(process.pid, number)
        assert said(process, 128 + number) == f"Error: stopped by {number.name}.\n"


def test_a_signal_in_the_middle_of_an_event() -> None:
    """What turns every Exception into a dead letter must not take a signal for one."""
    process = start("normalize", "-o", os.devnull)
    stdin = process.stdin
    assert stdin is not None

    def feed() -> None:
        with suppress(BrokenPipeError):
            while True:
                stdin.write(LINE * 100)

    feeder = threading.Thread(target=feed)
    feeder.start()
    time.sleep(2)
    process.terminate()
    assert process.wait(TIMEOUT) == 143
    feeder.join(TIMEOUT)
    with suppress(BrokenPipeError):
        stdin.close()
    assert said(process, 143) == "Error: stopped by SIGTERM.\n"
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()


@needs_proc
def test_interrupted_while_it_loads() -> None:
    """Python itself would show what it was loading."""
    process = start("normalize")
    deadline = time.monotonic() + TIMEOUT
    for way in (True, False):  # Python's own is in place, then ours
        while catches(process, signal.SIGINT) is not way:
            assert time.monotonic() < deadline
            time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    done = ended(process, None)
    assert (done.code, done.err) in [(-signal.SIGINT, ""), (130, "Error: stopped by SIGINT.\n")]


def catches(process: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    """Whether it handles a signal itself."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    return bool(int(status["SigCgt"], 16) >> (number - 1) & 1)


def test_ignored_signals_stay_ignored(large: Path) -> None:
    """As nohup, or a shell for a job in the background, wants it."""
    process = subprocess.Popen(
        arguments("normalize", "-q", large),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert process.stdout is not None
    assert os.read(process.stdout.fileno(), 1) == b"{"
    process.send_signal(signal.SIGINT)
    assert ended(process, 0).out.count(b"\n") == 16 * len(EVENTS)


@needs_proc
@pytest.mark.parametrize("victim", [0, 1, 2])
def test_a_killed_worker(large: Path, victim: int) -> None:
    """One of them is writing, the others wait for their turn; the output has whole lines up to where it ends."""
    with stalled(large, 3) as process:
        workers = sorted(set(processes(process.pid)) - {process.pid})
        assert len(workers) == 3
        os.kill(workers[victim], signal.SIGKILL)
        done = ended(process, 5)
        assert done.lines == [
            f"Error: worker {victim + 1} was killed by SIGKILL; the output is incomplete, so run again."
        ]


@needs_proc
def test_a_killed_parent_leaves_no_workers(large: Path, tmp_path: Path) -> None:
    for out in ("-", str(tmp_path / "out")):
        process = start("normalize", large, "--workers", "3", "-o", out)
        until = time.monotonic() + TIMEOUT
        while len(list(processes(process.pid))) < 4:
            assert time.monotonic() < until
        process.kill()
        process.communicate()
        nobody_left(process)


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_reader_that_goes(large: Path, workers: str) -> None:
    process = start("normalize", large, "--workers", workers)
    assert process.stdout is not None
    assert os.read(process.stdout.fileno(), 1) == b"{"
    process.stdout.close()
    assert said(process, 141) == ""
    for stream in (process.stdin, process.stderr):
        assert stream is not None
        stream.close()
    nobody_left(process)


def test_a_reader_that_goes_from_a_table(large: Path) -> None:
    process = start("normalize", large, "--table")
    assert process.stdout is not None
    assert os.read(process.stdout.fileno(), 1) == b"t"
    process.stdout.close()
    assert said(process, 141) == ""
    for stream in (process.stdin, process.stderr):
        assert stream is not None
        stream.close()


@pytest.mark.parametrize("given", [["explain", "--pipeline"], ["normalize"], ["--help"]])
def test_a_reader_that_is_not_there(given: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        assert mim_ecs(*given, stdin=LINE, stdout=pipe, code=141).err == ""


def test_a_named_pipe_whose_reader_goes_is_an_error(large: Path, tmp_path: Path) -> None:
    """So is a file of dead letters that cannot be written, though nobody reads standard output either."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    process = start("normalize", large, "-o", str(path))
    with path.open("rb") as reader:
        assert reader.read(1) == b"{"
    assert ended(process, 4).lines == [f"Error: {path} cannot be written: its reader has closed it."]
    process = start("normalize", "--dead-letters", "/dev/full")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    assert process.stdin is not None
    process.stdin.write(b"junk\n")
    said = "Error: dead letters cannot be written to /dev/full: no space left on device; "
    assert ended(process, 4).err.startswith(said)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (["normalize"], "standard output"),
        (["normalize", "--workers", "3"], "standard output"),
        (["normalize", "-o", "/dev/full"], "/dev/full"),
        (["normalize", "--table"], "standard output"),
        (["--help"], "standard output"),
        (["build", "--check"], "standard output"),
    ],
)
def test_a_full_disk(given: list[str], name: str) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - it is no path, it is a device
        done = mim_ecs(*given, stdin=LINE * 1000, stdout=full, code=4)
    assert done.lines == [f"Error: {name} cannot be written: no space left on device."]


def without(descriptor: int, *given: str, stdin: int | IO[bytes] | None = None) -> tuple[int, bytes, bytes]:
    """Run a command one of whose standard streams is closed."""
    process = subprocess.Popen(
        arguments(*given),
        env=environment(),
        stdin=stdin if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: os.close(descriptor),
    )
    out, err = process.communicate(timeout=TIMEOUT)
    return process.returncode, out, err


def test_closed_streams(tmp_path: Path) -> None:
    """The next file that is opened must not take the place of a closed stream."""
    dead, bad = tmp_path / "dead", tmp_path / "bad"
    bad.write_bytes(b"junk\n" + LINE)
    dead.write_bytes(b"")
    assert without(0, "normalize")[2].startswith(b"<stdin>:1: the file cannot be opened: standard input is closed\n")
    code, _, err = without(1, "normalize", str(bad), "--dead-letters", str(dead))
    assert (code, err) == (4, b"Error: standard output cannot be written: bad file descriptor.\n")
    assert dead.read_bytes() == b""
    code, out, err = without(2, "normalize", str(bad), "--dead-letters", str(dead))
    assert (code, out.count(b"\n"), err) == (1, 1, b"")
    assert dead.read_bytes().count(b"\n") == 1
    assert without(1, "build", "--check")[0] == 4


def test_pipes_that_do_not_block(tmp_path: Path) -> None:
    """Other programs leave them so; there is nothing to read, or no room, and both must be waited for."""
    in_reader, in_writer = os.pipe()
    out_reader, out_writer = os.pipe()
    for each in (in_reader, out_writer):
        os.set_blocking(each, False)
    process = subprocess.Popen(
        arguments("normalize"), env=environment(), stdin=in_reader, stdout=out_writer, stderr=subprocess.PIPE
    )
    os.close(in_reader)
    os.close(out_writer)

    def feed() -> None:
        with os.fdopen(in_writer, "wb") as pipe:
            for event in EVENTS:
                pipe.write(event + b"\n")
                if event is EVENTS[200]:
                    pipe.flush()
                    time.sleep(1)

    feeder = threading.Thread(target=feed)
    feeder.start()
    with os.fdopen(out_reader, "rb") as pipe:
        time.sleep(1)
        assert pipe.read().count(b"\n") == len(EVENTS)
    feeder.join(TIMEOUT)
    ended(process, 0)


def test_odd_surroundings(tmp_path: Path) -> None:
    """Without a home, a language, a folder that exists; warnings are errors."""
    gone = tmp_path / "gone"
    gone.mkdir()
    env = {"PYTHONWARNINGS": "error", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TERM": "dumb"}
    keep = {name: value for name, value in environment().items() if name.startswith(("COV", "COVERAGE"))}

    def leave() -> None:
        gone.rmdir()

    for workers in ("1", "2"):
        gone.mkdir(exist_ok=True)
        process = subprocess.Popen(
            arguments("normalize", "--workers", workers),
            cwd=gone,
            env=keep | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=leave,
        )
        out, err = process.communicate(SAMPLE.read_bytes(), timeout=TIMEOUT)
        assert len(checked(process.returncode, out, err.decode(), 0).documents) == len(EVENTS)


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """A limit of the system, in the middle of the documents. It holds for the file of a coverage measurement too."""
    done = subprocess.run(
        arguments("normalize", SAMPLE, "-o", tmp_path / "out"),
        env={name: value for name, value in environment().items() if not name.startswith("COV")},
        capture_output=True,
        timeout=TIMEOUT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    result = checked(done.returncode, b"", done.stderr.decode(), 4)
    assert result.err == f"Error: {tmp_path / 'out'} cannot be written: file too large.\n"
