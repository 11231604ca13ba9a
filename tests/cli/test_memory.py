"""Memory is bounded: by no line, by no number of events. What Linux has seen as the most is read from /proc."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from examples.generate import lines
from tests.cli.command import EVENTS, environment, letters

MIB = 1024 * 1024
needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")

# The peak is the process's own: what `wait` tells would begin with that of the tests, which started it.
MEASURED = """
import sys
from pathlib import Path
from normalizer.cli import main
try:
    main()
except SystemExit as stop:
    status = Path("/proc/self/status").read_text()
    print("peak", status.partition("VmHWM:")[2].split()[0], "code", stop.code, file=sys.stderr)
"""


def measured(*given: str | Path) -> tuple[float, int]:
    """Peak of resident memory in MiB, and the exit code."""
    command = [sys.executable, "-c", MEASURED, "normalize", "-q", *map(str, given)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=600)
    assert "Traceback" not in done.stderr
    _, peak, _, code = done.stderr.splitlines()[-1].split()
    return int(peak) / 1024, int(code)


def write(path: Path, parts: Iterator[bytes]) -> Path:
    with path.open("wb") as file:
        file.writelines(parts)
    return path


@needs_proc
def test_a_line_of_200_mb(tmp_path: Path) -> None:
    """Row 12 of the promises: 16 MiB more, its first 64 KiB kept, the lines around it normalized."""
    good = EVENTS[0] + b"\n"

    def text(size: int) -> Iterator[bytes]:
        yield good
        yield b'{"uuid":"'
        for _ in range(size // MIB):
            yield b"x" * MIB
        yield b'"}\n'
        yield good

    without, _ = measured(
        write(tmp_path / "small", text(0)), "-o", tmp_path / "out0", "--dead-letters", tmp_path / "dead0"
    )
    peak, code = measured(
        write(tmp_path / "big", text(200 * MIB)), "-o", tmp_path / "out", "--dead-letters", tmp_path / "dead"
    )
    assert code == 1
    assert peak <= without + 16
    assert (tmp_path / "out").read_bytes().count(b"\n") == 2
    (letter,) = letters(tmp_path / "dead")
    assert (letter["line"], letter["reason"], letter["original_length"]) == (2, "too_long", 200 * MIB + 11)
    assert len(letter["original"]) == 64 * 1024


@needs_proc
def test_memory_does_not_grow_with_the_number_of_events(tmp_path: Path) -> None:
    few = write(tmp_path / "few", lines(20_000))
    ten_times = b"".join([few.read_bytes()] * 10)
    many = write(tmp_path / "many", iter([ten_times]))
    del ten_times
    with ThreadPoolExecutor(2) as pool:
        (small, _), (large, code) = pool.map(lambda path: measured(path, "-o", "/dev/null"), (few, many))
    assert code == 0
    assert large <= small * 1.2
    assert large <= 150
