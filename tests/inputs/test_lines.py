from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from normalizer.inputs import HEAD_BYTES, Unreadable
from tests.inputs.reading import Found, bad, batches, found, good, only_bad


def lines(path: Path, text: bytes, **options: int) -> list[tuple[int, bytes | Unreadable]]:
    result = found(path, text, **options)
    assert all(own_text for _, _, own_text in result)
    return [(line, item) for line, item, _ in result]


@pytest.mark.parametrize("text", [b"", b"\n", b"  \r\n\t\n \r", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"\n" * 300])
def test_an_empty_or_blank_file_gives_nothing(tmp_path: Path, text: bytes) -> None:
    assert found(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a":1}', [(1, b'{"a":1}')]),
        (b'{"a":1}\n{"b":2}\n', [(1, b'{"a":1}'), (2, b'{"b":2}')]),
        (b'{"a":1}\r\n{"b":2}\r\n', [(1, b'{"a":1}'), (2, b'{"b":2}')]),
        (b'{"a":1}\n\r\n \t \n\n{"b":2}', [(1, b'{"a":1}'), (5, b'{"b":2}')]),
        (b'\n \r\n  {"a":1} \n {"b":2} \n', [(3, b'{"a":1} '), (4, b' {"b":2} ')]),
        (b'{"a":\r1}\n{}', [(1, b'{"a":\r1}'), (2, b"{}")]),
        (b'{"a":1}\r\r\n{}\r\r', [(1, b'{"a":1}\r'), (2, b"{}\r\r")]),
        (b'\xef\xbb\xbf{"a":1}\n\xef\xbb\xbf{"b":2}', [(1, b'{"a":1}'), (2, b'\xef\xbb\xbf{"b":2}')]),
        (b'{"a":1}\nnull\n[1]\n"x"\n', [(1, b'{"a":1}'), (2, b"null"), (3, b"[1]"), (4, b'"x"')]),
        (b'hello\n{"a":1}\n\x00\x00\n\xff\xfe\n', [(1, b"hello"), (2, b'{"a":1}'), (3, b"\0\0"), (4, b"\xff\xfe")]),
        (
            b'\0\0{"a":1}\r\n\0\0\r\n\0 \n\0{"b":\0}\0\n \0\n',
            [(1, b'{"a":1}'), (2, b"\0\0"), (4, b'{"b":\0}\0'), (5, b" \0")],
        ),
        (b'{"a":1}\n\r\0x\n\0\rx\n\0\0', [(1, b'{"a":1}'), (2, b"\r\0x"), (3, b"\rx"), (4, b"\0\0")]),
        (b'{"a":1}\n\x0b\n\x0c\n', [(1, b'{"a":1}'), (2, b"\x0b"), (3, b"\x0c")]),
        (b"\x1f\n\x28\xb5\n", [(1, b"\x1f"), (2, b"\x28\xb5")]),
    ],
)
def test_lines(tmp_path: Path, text: bytes, expected: list[tuple[int, bytes]]) -> None:
    assert lines(tmp_path, text) == expected


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("excess", [0, 1, 2, 100])
def test_a_long_line_is_hashed_and_reading_goes_on(tmp_path: Path, end: bytes, excess: int) -> None:
    line = b'{"a":"' + b"x" * (92 + excess) + b'"}'
    before = b'{"b":1}\n\n'
    after = b'{"c":2}\n' if end else b""
    result = lines(tmp_path, before + line + end + after, max_event=100)
    expected: bytes | Unreadable = line
    if excess:
        detail = f"a line of {100 + excess} bytes is over the limit of 100"
        expected = Unreadable(3, "too_long", detail, line, len(line), hashlib.sha256(line).hexdigest())
    assert result == [(1, b'{"b":1}'), (3, expected), *([(4, b'{"c":2}')] if end else [])]


def test_the_head_of_a_long_line_is_64_kib(tmp_path: Path) -> None:
    line = b"{" + bytes(range(65, 91)) * 10_000
    path = tmp_path / "input"
    path.write_bytes(b"{}\n" + line + b"\r\n{}\n")
    for size in (1000, HEAD_BYTES, 1 << 20):
        for limit in (100, HEAD_BYTES, 200_000):
            result = [item for batch in batches(path, max_event=limit, batch_bytes=size) for item in batch.items]
            assert result[0] == result[2] == b"{}"
            long = result[1]
            assert isinstance(long, Unreadable)
            assert long.head == line[:HEAD_BYTES]
            assert long.detail == f"a line of 260,001 bytes is over the limit of {limit:,}"
            assert (long.length, long.sha256) == (len(line), hashlib.sha256(line).hexdigest())


def test_a_long_blank_line_is_blank(tmp_path: Path) -> None:
    text = b'{"a":1}\n' + b" \t\r" * 100 + b'\n{"b":2}\n' + b" " * 200
    assert lines(tmp_path, text, max_event=50) == [(1, b'{"a":1}'), (3, b'{"b":2}')]


def test_a_hole_before_an_event_counts_against_no_limit(tmp_path: Path) -> None:
    """A program writes on where it was in a file that somebody has emptied: NULs stand before that."""
    event = b'{"a":"xxxxxxxxxxxx"}'
    for before in (b"", b"{}\n"):
        result = lines(tmp_path, before + b"\0" * 300 + event + b"\n" + event + b"\n", max_event=20)
        assert result == [*([(1, b"{}")] if before else []), *((before.count(b"\n") + n, event) for n in (1, 2))]


def test_line_ends_count_against_no_limit(tmp_path: Path) -> None:
    text = b'{"a":"xxxxxxxxxxxx"}\r\n' * 3
    assert good(found(tmp_path, text, max_event=20)) == [b'{"a":"xxxxxxxxxxxx"}'] * 3
    assert [item.length for item in bad(found(tmp_path, text, max_event=19))] == [20, 20, 20]


def test_lines_are_a_range_where_none_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"{}\n" * 10)
    (batch,) = batches(path)
    assert (batch.lines, batch.own_text, batch.consumed) == (range(1, 11), True, 30)


def test_many_blocks(tmp_path: Path) -> None:
    path = tmp_path / "input"
    events = [b'{"n":%d,"x":"%s"}' % (n, b"y" * (n % 777)) for n in range(20_000)]
    path.write_bytes(b"\n".join(events))
    given = batches(path)
    assert [item for batch in given for item in batch.items] == events
    assert [line for batch in given for line in batch.lines] == list(range(1, 20_001))
    assert len(given) == -(-path.stat().st_size // (1 << 20)) + 1  # The last line has no end, and comes on its own.


def test_a_long_first_line_that_begins_no_json(tmp_path: Path) -> None:
    result = found(tmp_path, b"x" * 101 + b"\n{}\n", max_event=100)
    assert only_bad(result).reason == "too_long"
    assert result[1] == Found(2, b"{}", True)
