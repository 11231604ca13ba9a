"""Memory is flat: 200 MB in one line, in one array, and behind 200 kB of compressed data."""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

MEASURE = """
import sys
from pathlib import Path
from normalizer.inputs import Source, Unreadable, read

def peak():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])

def run(name):
    items = long = 0
    for batch in read(Source(name, Path(name), None)):
        for item in batch.items:
            items += 1
            long += isinstance(item, Unreadable) and item.length or 0
    return items, long

run(sys.argv[1])
before = peak()
items, long = run(sys.argv[2])
print(items, long, peak() - before)
"""
MIB = 1 << 20
BIG = 200 * MIB
needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")


def repeated(piece: bytes, size: int) -> Iterator[bytes]:
    block = piece * (MIB // len(piece))
    for _ in range(size // len(block)):
        yield block


def write(path: Path, *parts: bytes | Iterator[bytes]) -> int:
    with path.open("wb") as file:
        for part in parts:
            for block in [part] if isinstance(part, bytes) else part:
                file.write(block)
    return path.stat().st_size


def measured(tmp_path: Path, big: Path) -> tuple[int, int]:
    """Items, bytes over the limit; the peak of memory must not grow by more than 16 MiB."""
    small = tmp_path / "small"
    write(small, b'{"a":1}\n')
    given = subprocess.run(
        [sys.executable, "-c", MEASURE, str(small), str(big)], check=True, capture_output=True, text=True, timeout=120
    )
    items, long, grown = map(int, given.stdout.split())
    assert grown <= 16 * 1024, f"{grown} KiB more"
    return items, long


@needs_proc
@pytest.mark.parametrize(
    ("first", "opening"),
    [
        (b"", b'{"a":"'),
        (b'{"a":1}\n', b'{"a":"'),
        (b'{"torn":[\n', b'{"a":"'),
        (b'[{"a":1},\n', b'{"a":"'),
        (b'[{"a":1},\n', b"x"),
    ],
)
def test_a_line_or_value_of_200_mb(tmp_path: Path, first: bytes, opening: bytes) -> None:
    big = tmp_path / "big"
    write(big, first, opening, repeated(b"0123456789abcdef", BIG), b'"}\n', b'{"b":2}\n')
    items, long = measured(tmp_path, big)
    assert items >= 1 + bool(first)
    assert long >= BIG


@needs_proc
def test_an_array_of_200_mb(tmp_path: Path) -> None:
    separator = b","
    big = tmp_path / "big"
    event = b'{"uuid":"0123","target":[{"id":1},{"id":2}],"text":"%s"}' % (b"x" * 1946)
    write(big, b"[", repeated(event + separator, BIG), event, b"]")
    items, long = measured(tmp_path, big)
    assert (items, long) == (200 * (MIB // len(event + separator)) + 1, 0)


@needs_proc
def test_nesting_of_many_million(tmp_path: Path) -> None:
    big = tmp_path / "big"
    opening = b'{"a":\n['
    write(big, opening, repeated(b"[", 5 * MIB))
    items, long = measured(tmp_path, big)
    assert (items, long) == (1, 5 * MIB + len(opening))


@needs_proc
@pytest.mark.parametrize(
    ("kind", "piece"),
    [("gzip", b"x"), ("zstd", b"x"), ("zstd", b" "), ("zstd", b'{"a":"' + b"x" * 1000 + b'"}\n')],
)
def test_a_decompression_bomb(tmp_path: Path, kind: str, piece: bytes) -> None:
    big = tmp_path / "big"
    packer = zlib.compressobj(wbits=31) if kind == "gzip" else zstandard.ZstdCompressor().compressobj()
    with big.open("wb") as file:
        for block in repeated(piece, BIG):
            file.write(packer.compress(block))
        file.write(packer.flush())
    assert big.stat().st_size < MIB
    items, long = measured(tmp_path, big)
    if piece == b"x":
        assert (items, long) == (1, BIG)
    else:
        assert (items, long) == (200 * (MIB // len(piece)) if len(piece) > 1 else 0, 0)
