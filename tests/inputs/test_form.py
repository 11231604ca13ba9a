"""Lines or values? No good line may be lost to a bad first one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from normalizer.inputs import Unreadable
from tests.inputs.reading import found, good, only_bad

GOOD = [b'{"uuid":"%d","target":[{"id":"x"}]}' % number for number in range(1, 101)]
DEEP = 10_000


@pytest.mark.parametrize(
    "first",
    [
        b'{"uuid": "a", "ev',
        b'{"uuid": "a", "ev\\',
        b'{"uuid": "a", "event": "x\\"',
        b'{"uuid": "a",',
        b'{"uuid": "a", ',
        b'{"uuid": "a"',
        b'{"uuid":',
        b'{"uuid"',
        b"{",
        b'{"target":[',
        b'{"target":[{"id":1},',
        b'{"target":[{"id":1}',
        b'{"target":[{"id":1}]',
        b'{"n":12',
        b'{"n":tr',
        b'{"n":[1, 2}',
        b'{"a":1} and more',
        b'{"a":1}}',
        b'{"a":1}]',
        b'{"a":"\xff\xfe"}',
        b'{"a":"\x00"}',
        b'{"a":\x00}',
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"a":' * DEEP,
        b'{"a":' + b"[" * DEEP,
        b"hello",
        b'"quoted"',
        b"2024-01-01 started",
        b"\x00\x00\x00",
        b"}",
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n \n"])
def test_a_bad_first_line_costs_no_good_one(tmp_path: Path, first: bytes, end: bytes) -> None:
    for lines in (GOOD, GOOD[:1], GOOD[:2]):
        result = found(tmp_path, end.join([first, *lines]) + end)
        assert [(item, own_text) for _, item, own_text in result] == [(first, True), *((line, True) for line in lines)]


@pytest.mark.parametrize("first", [b"[2024-01-01 12:00:00] started", b"[INFO] it's up", b'["quoted', b"[1] {", b"[]x"])
def test_a_first_line_in_square_brackets_costs_no_good_one(tmp_path: Path, first: bytes) -> None:
    result = found(tmp_path, b"\n".join([first, *GOOD]) + b"\n")
    assert [item for item in good(result) if item.startswith(b'{"uuid"')] == GOOD


@pytest.mark.parametrize(
    "first", [b'{"uuid": "a",', b'{"uuid": "a"', b"{", b'{"target":[', b'{"uuid":', b'{"uuid": "a", "e']
)
@pytest.mark.parametrize("second", [b"hello", b'{"uuid":"b", "eve', b'{"uuid":', b'"x"', b'"x', b"]", b"12"])
def test_two_bad_first_lines_cost_no_good_one(tmp_path: Path, first: bytes, second: bytes) -> None:
    result = good(found(tmp_path, b"\n".join([first, second, *GOOD]) + b"\n"))
    assert result[-len(GOOD) :] == GOOD


def test_a_torn_line_alone_is_a_line(tmp_path: Path) -> None:
    text = b'{"uuid": "a", "target": ['
    assert found(tmp_path, text) == [(1, text, True)]
    assert found(tmp_path, b"\n" + text + b"\n\n") == [(2, text, True)]


VALUE = {
    "empty": {},
    "list": [{}, {"a": []}, [], [[1, 2], {"x": "{"}]],
    "text": 'quote " back\\slash \n [ { ] } ü \U0001f600',
    "object": {"a": {"b": {"c": None}}},
}


@pytest.mark.parametrize("indent", [0, 1, 2, 4, "\t", 40])
def test_pretty_printed_values(tmp_path: Path, indent: int | str) -> None:
    one = json.dumps(VALUE, indent=indent).encode()
    expected = [(1 + (one.count(b"\n") + 1) * number, one, False) for number in range(3)]
    assert found(tmp_path, b"\n".join([one] * 3) + b"\n") == expected
    with_returns = one.replace(b"\n", b"\r\n")
    assert good(found(tmp_path, with_returns * 3)) == [with_returns] * 3


@pytest.mark.parametrize(
    "text",
    [
        b"{\n}",
        b'{\n"a":\n{}\n}',
        b'{"a":\n{}\n}',
        b'{"a":\n{"b":1}\n}',
        b'{"a":\n\n{"b":1}\n\n,\n"c":1}',
        b'{"events": [\n{"uuid":"1"}\n]}',
        b'{"events": [\n{"uuid":"1"},\n{"uuid":"2"}\n]}',
        b'{"events": [ {},\n{"uuid":"1"}]}',
        b'{"events":\n[\n{"uuid":"1"}\n,\n{"uuid":"2"}\n]\n}',
        b'{ "a": [1,\n2,\n{\n}\n] }',
        b'{ "a"\n:\n"b"\n,\n"c"\n:\n[\n]\n}',
        b'{"a": [' + b"[" * DEEP + b"\n" + b"]" * DEEP + b"\n]}",
    ],
)
def test_a_value_over_many_lines(tmp_path: Path, text: bytes) -> None:
    assert found(tmp_path, text) == [(1, text, False)]
    assert good(found(tmp_path, text + b"\n" + text)) == [text, text]


def test_objects_on_one_line(tmp_path: Path) -> None:
    text = b'{"a":1}{"b":{}} {"c":[]}\n{"d":4}\n\n{\n}{}'
    assert found(tmp_path, text) == [
        (1, b'{"a":1}', False),
        (1, b'{"b":{}}', False),
        (1, b'{"c":[]}', False),
        (2, b'{"d":4}', False),
        (4, b"{\n}", False),
        (5, b"{}", False),
    ]


def test_lines_with_commas_between_them(tmp_path: Path) -> None:
    result = found(tmp_path, b'{"a":1},\n{"b":2},\n{"c":3}\n')
    assert good(result) == [b'{"a":1}', b'{"b":2}', b'{"c":3}']
    assert only_bad(result).detail.startswith("a comma stands where a JSON value was expected")


def test_a_first_line_over_the_limit_means_lines(tmp_path: Path) -> None:
    long = b'{"a":"' + b"x" * 100 + b'"}'
    result = found(tmp_path, long + b'\n{"b":\n{"c":1}\n', max_event=50)
    assert [item if isinstance(item, bytes) else item.reason for _, item, _ in result] == [
        "too_long",
        b'{"b":',
        b'{"c":1}',
    ]


@pytest.mark.parametrize("between", [b"", b" ", b",", b" , "])
def test_a_first_line_over_the_limit_of_many_objects(tmp_path: Path, between: bytes) -> None:
    """The longest event ends where the limit is: what follows decides all the same."""
    for size in (10, 49, 50):
        one = b'{"a":"' + b"x" * (size - 8) + b'"}'
        result = found(tmp_path, between.join([one] * 9) + b"\n{}\n", max_event=50)
        if size < 50 or between[:1] in (b"", b","):
            assert good(result) == [one] * 9 + [b"{}"]
        else:  # a line that is too long, and one more
            assert [only_bad(result).reason, *good(result)] == ["too_long", b"{}"]


@pytest.mark.parametrize("limit", [10, 20, 30])
def test_a_value_over_many_lines_and_over_the_limit(tmp_path: Path, limit: int) -> None:
    one = b'{\n "a": "' + b"x" * 30 + b'",\n "b": "' + b"x" * 30 + b'"\n}'
    result = found(tmp_path, one + b"\n{}\n" + one, max_event=limit)
    assert [item if isinstance(item, bytes) else (item.reason, item.line, item.length) for _, item, _ in result] == [
        ("too_long", 1, len(one)),
        b"{}",
        ("too_long", 6, len(one)),
    ]


def test_a_torn_value_over_many_lines(tmp_path: Path) -> None:
    text = b'{\n "a": 1,\n "b": {\n  "c": 2\n'
    detail, digest = "the file ends inside a JSON value", hashlib.sha256(text).hexdigest()
    assert found(tmp_path, text) == [(1, Unreadable(1, "damaged", detail, text, len(text), digest), False)]
