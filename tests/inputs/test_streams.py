"""Compression, damage, encodings, standard input and pipes."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
import zstandard

from normalizer.inputs import Batch, Source, Unreadable, read, sources
from normalizer.inputs import zstd as zstd_module
from tests.inputs.reading import SIZES, Found, bad, batches, flat, found, good, only_bad

EVENTS = [b'{"uuid":"%d","x":"%s"}' % (n, bytes([97 + n % 26]) * (n % 50)) for n in range(300)]
TEXT = b"\n".join(EVENTS) + b"\n"


def gz(text: bytes) -> bytes:
    return gzip.compress(text, mtime=0)


def zst(text: bytes, **parameters: Any) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True, **parameters).compress(text)


def zst_blocks(text: bytes) -> bytes:
    """Many small blocks, of unknown size: what a program writes that flushes after each event."""
    out = io.BytesIO()
    with zstandard.ZstdCompressor(write_checksum=True).stream_writer(out, closefd=False) as writer:
        for line in text.splitlines(keepends=True):
            writer.write(line)
            writer.flush()
    return out.getvalue()


def gz_flushed(text: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    lines = text.splitlines(keepends=True)
    return b"".join(packer.compress(line) + packer.flush(zlib.Z_SYNC_FLUSH) for line in lines) + packer.flush()


SKIPPABLE = b"\x5a\x2a\x4d\x18\x05\x00\x00\x00hello"
HALF = len(TEXT) // 2


@pytest.mark.parametrize(
    "stored",
    [
        gz(TEXT),
        gz(TEXT[:HALF]) + gz(TEXT[HALF:]),
        gz(b"") + gz(TEXT) + gz(b""),
        gz(TEXT) + b"\0" * 1000,
        gz(TEXT[:HALF]) + b"\0" * 10 + gz(TEXT[HALF:]),
        gz_flushed(TEXT),
        zst(TEXT),
        zst(TEXT[:HALF]) + zst(TEXT[HALF:]),
        zst(TEXT, level=19),
        zst_blocks(TEXT),
        SKIPPABLE + zst(TEXT[:HALF]) + SKIPPABLE + zst(TEXT[HALF:]) + SKIPPABLE,
        zstandard.ZstdCompressor(write_content_size=False).compress(TEXT),
        gz(b"\xef\xbb\xbf" + TEXT),
        zst(b"\xef\xbb\xbf" + TEXT),
    ],
)
def test_compressed_text_is_the_text(tmp_path: Path, stored: bytes) -> None:
    assert found(tmp_path, stored) == [(line, event, True) for line, event in enumerate(EVENTS, 1)]


@pytest.mark.parametrize("stored", [gz(b""), zst(b""), SKIPPABLE, gz(b"\n\n"), zst(b" ")])
def test_compressed_nothing_is_nothing(tmp_path: Path, stored: bytes) -> None:
    assert found(tmp_path, stored) == []


@pytest.mark.parametrize("level", [1, 3, 19])
def test_large_and_repetitive_text(tmp_path: Path, level: int) -> None:
    text = b'{"a":"' + b"x" * 1000 + b'"}\n'
    path = tmp_path / "input"
    for stored in (gzip.compress(text * 5000, level % 10), zst(text * 5000, level=level)):
        path.write_bytes(stored)
        given = batches(path)
        assert sum(len(batch.items) for batch in given) == 5000
        assert given[-1].consumed == len(stored)


def check_torn(result: list[Found], stored: bytes, told: str) -> None:
    lines = good(result)
    assert lines == EVENTS[: len(lines)]
    error = only_bad(result)
    assert result[-1].item is error
    assert (error.line, error.reason, error.length, error.sha256) == (len(lines) + 1, "damaged", None, None)
    assert (EVENTS[len(lines)] if len(lines) < len(EVENTS) else b"").startswith(error.head)
    assert told in error.detail, stored


@pytest.mark.parametrize("pack", [gz, gz_flushed, zst, zst_blocks])
def test_a_torn_stream_gives_all_lines_before(tmp_path: Path, pack: Any) -> None:
    stored = pack(TEXT)
    path = tmp_path / "input"
    seen = set()
    for cut in [*range(4, 40), *range(40, len(stored), 37), *range(len(stored) - 12, len(stored))]:
        path.write_bytes(stored[:cut])
        result = flat(batches(path))
        assert result == flat(batches(path, batch_bytes=13))
        check_torn(result, stored, "is torn: the file ends inside it")
        seen.add(len(result))
    if pack in (gz_flushed, zst_blocks):
        assert len(seen) > 100, "text before the damage is kept back"


@pytest.mark.parametrize("pack", [gz, gz_flushed, zst, zst_blocks])
def test_damage_in_the_middle(tmp_path: Path, pack: Any) -> None:
    stored = pack(TEXT)
    path = tmp_path / "input"
    for at in range(len(stored) // 2, len(stored) - 20, 101):
        path.write_bytes(stored[:at] + bytes(byte ^ 0x55 for byte in stored[at : at + 16]) + stored[at + 16 :])
        result = flat(batches(path))
        assert result == flat(batches(path, batch_bytes=13))
        (error,) = bad(result)
        assert error.reason == "damaged"
        before = pack(TEXT)[:at]
        if pack is gz_flushed:  # Each event is a piece of its own, so what stands before the damage is known.
            whole = zlib.decompressobj(31).decompress(before).split(b"\n")[:-1]
            assert good(result)[: len(whole)] == whole


def test_a_wrong_checksum_is_said_after_all_lines(tmp_path: Path) -> None:
    for stored in (gz(TEXT), zst(TEXT)):
        wrong = stored[:-6] + bytes([stored[-6] ^ 1, stored[-5]]) + bytes([stored[-4] ^ 1]) + stored[-3:]
        result = found(tmp_path, wrong)
        assert good(result) == EVENTS or stored.startswith(b"\x28")
        assert only_bad(result).line == len(good(result)) + 1


@pytest.mark.parametrize(
    ("stored", "detail"),
    [
        (gz(TEXT) + b"junk", "the gzip data is damaged: incorrect header check"),
        (zst(TEXT) + b"junk", "the zstd data is damaged: something else follows it"),
        (zst(TEXT) + b"ju", "the zstd data is damaged: something else follows it"),
        (zst(TEXT) + SKIPPABLE[:-1], zstd_module.TORN),
        (zst(TEXT) + SKIPPABLE[:6], zstd_module.TORN),
        (zst(TEXT) + zstd_module.FRAME, zstd_module.TORN),
        (gz(TEXT[:-1]) + b"junk", "the gzip data is damaged: incorrect header check"),
    ],
)
def test_what_follows_compressed_data(tmp_path: Path, stored: bytes, detail: str) -> None:
    result = found(tmp_path, stored)
    error = only_bad(result)
    assert (error.reason, error.detail) == ("damaged", detail)
    assert good(result) == (EVENTS if error.line == 301 else EVENTS[:-1])


def test_damage_in_an_array(tmp_path: Path) -> None:
    text = b"[" + b",\n".join(EVENTS) + b"]"
    result = found(tmp_path, gz_flushed(text)[:-200])
    lines = good(result)
    assert 200 < len(lines) < 300
    assert lines == EVENTS[: len(lines)]
    error = only_bad(result)
    assert error.detail == "the gzip data is torn: the file ends inside it"
    assert (error.length, error.sha256) == (None, None)


def test_damage_after_broken_text(tmp_path: Path) -> None:
    result = found(tmp_path, gz_flushed(b'[\n{"a":1},\n{"b":"x\n"y"\n ')[:-10])
    assert good(result) == [b'{"a":1}']
    broken, damage = bad(result)
    assert (broken.line, broken.head, broken.length) == (3, b'{"b":"x\n"y"\n ', None)
    assert broken.detail == "a JSON value breaks off inside a string, at the end of line 3"
    assert (damage.line, damage.detail) == (5, "the gzip data is torn: the file ends inside it")


def test_a_torn_line_longer_than_its_head_says_how_long_it_was(tmp_path: Path) -> None:
    text = b"{}\n" + b'"' * 100_000
    result = found(tmp_path, gz_flushed(text + b"\n" + os.urandom(5000))[:-4000])
    assert good(result)[0] == b"{}"
    (tmp_path / "input").write_bytes(gz_flushed(text)[:-10])
    error = only_bad(flat(batches(tmp_path / "input")))
    assert len(error.head) == 65536
    assert error.detail.endswith("the line that broke off has 100,000 bytes so far")


def test_a_zstd_frame_that_wants_too_much_memory(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=29, write_content_size=False)
    out = io.BytesIO()
    with zstandard.ZstdCompressor(compression_params=parameters).stream_writer(out, closefd=False) as writer:
        writer.write(TEXT)
    error = only_bad(found(tmp_path, out.getvalue()))
    assert "too much memory" in error.detail


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (TEXT.decode().encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + TEXT.decode().encode("utf-16-be"), "UTF-16"),
        (gz(b"\xff\xfe{\0}\0"), "UTF-16"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\xfd7zXZ\x00rest", "xz"),
        (b"BZh91AY&SYrest", "bzip2"),
    ],
)
def test_other_encodings_and_archives(tmp_path: Path, stored: bytes, said: str) -> None:
    error = only_bad(found(tmp_path, stored))
    assert (error.line, error.reason) == (1, "not_json")
    assert said in error.detail
    assert error.length


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "gone"
    path.write_bytes(TEXT)
    (source,) = sources([str(path)])
    path.unlink()
    detail = "the file cannot be opened: no such file or directory"
    assert list(read(source)) == [
        Batch(str(path), [Unreadable(1, "damaged", detail, b"", None, None)], range(1, 2), False, 0)
    ]


class Failing(io.BytesIO):
    """Fails after its bytes, as a disk or a network file system does."""

    def read(self, size: int | None = -1, /) -> bytes:
        if chunk := super().read(size):
            return chunk
        raise OSError(5, "Input/output error")


class Input:
    def __init__(self, buffer: Any) -> None:
        self.buffer = buffer


@pytest.mark.parametrize(
    "stored",
    [
        *(TEXT[:-5], TEXT, b"", b"{", b"\n\n", TEXT[:HALF], b"\x1f"),
        *(gz(TEXT)[:-20], gz(TEXT), gz(TEXT)[:5]),
        *(zst_blocks(TEXT)[:-20], zst_blocks(TEXT), zst(TEXT) + b"abc", zst(TEXT)[:5]),
    ],
)
def test_a_read_error_in_the_middle(monkeypatch: pytest.MonkeyPatch, stored: bytes) -> None:
    for size in (*SIZES, 1 << 20):
        monkeypatch.setattr(sys, "stdin", Input(Failing(stored)))
        given = list(read(sources([])[0], batch_bytes=size))
        result = [pair for batch in given for pair in zip(batch.lines, batch.items, strict=True)]
        *before, (line, error) = result
        assert [item for _, item in before] == EVENTS[: len(before)]
        assert isinstance(error, Unreadable)
        assert (error.reason, error.detail, error.line) == ("damaged", "reading stopped: input/output error", line)


def test_standard_input_as_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Input(io.BytesIO(gz(TEXT))))
    (batch,) = read(sources([])[0])
    assert (batch.file, batch.items, batch.own_text) == ("<stdin>", EVENTS, True)


def test_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    (batch,) = read(sources([])[0])
    assert isinstance(batch.items[0], Unreadable)
    assert batch.items[0].detail == "the file cannot be opened: standard input is closed"


READ_STDIN = """
import pickle, sys
from normalizer.inputs import read, sources
sys.stdout.buffer.write(pickle.dumps([list(read(source, batch_bytes=5000)) for source in sources(["-"])]))
"""


@pytest.mark.parametrize("pack", [bytes, gz, zst])
def test_a_pipe_gives_the_same_batches_as_a_file(tmp_path: Path, pack: Any) -> None:
    stored = pack(TEXT)
    path = tmp_path / "input"
    path.write_bytes(stored)
    expected = batches(path, batch_bytes=5000)
    child = subprocess.Popen([sys.executable, "-c", READ_STDIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    os.set_blocking(child.stdin.fileno(), True)
    for start in range(0, len(stored), 61):
        child.stdin.write(stored[start : start + 61])
        child.stdin.flush()
    out, _ = child.communicate(timeout=60)
    (given,) = pickle.loads(out)
    assert child.returncode == 0
    assert [(batch.items, batch.lines) for batch in given] == [(batch.items, batch.lines) for batch in expected]
    assert {batch.file for batch in given} == {"<stdin>"}


def test_standard_input_that_does_not_block() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with subprocess.Popen([sys.executable, "-c", READ_STDIN], stdin=reading, stdout=subprocess.PIPE) as child:
        os.close(reading)
        time.sleep(0.5)  # The child waits by then.
        os.write(writing, TEXT)
        os.close(writing)
        assert child.stdout is not None
        (given,) = pickle.loads(child.stdout.read())
    assert [item for batch in given for item in batch.items] == EVENTS


def test_a_named_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(zst(TEXT),))
    writer.start()
    assert [item for batch in read(Source("pipe", path, None)) for item in batch.items] == EVENTS
    writer.join()


def test_batches_can_be_sent_to_other_processes(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(TEXT + b"\n" + b"x" * 200)
    given = batches(path, max_event=100)
    assert pickle.loads(pickle.dumps(given)) == given


def test_a_reader_that_stops_early_closes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(TEXT)
    reading = read(Source("x", path, None), batch_bytes=100)
    next(reading)
    reading.close()  # type: ignore[attr-defined]  # a generator; an open file left behind is a warning, and so an error
