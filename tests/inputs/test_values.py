from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from normalizer.inputs import Unreadable
from tests.inputs.reading import bad, batches, flat, found, good, only_bad


def sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


EVENTS = [{"uuid": str(n), "target": [{"id": n}, {"id": "}, {"}], "text": 'a"\\b]}' * (n % 3)} for n in range(40)]


@pytest.mark.parametrize("indent", [None, 0, 2, "\t"])
def test_an_array_of_events(tmp_path: Path, indent: int | str | None) -> None:
    text = json.dumps(EVENTS, indent=indent).encode()
    result = found(tmp_path, text)
    assert [json.loads(item) for item in good(result)] == EVENTS
    assert not bad(result)
    rows = text.split(b"\n")
    for line, item, own_text in result:
        assert not own_text
        assert isinstance(item, bytes)
        assert item.split(b"\n")[0] in rows[line - 1]
        assert item in text


@pytest.mark.parametrize("separator", [b",", b", ", b",\n", b",\r\n\r\n  ", b"\n,", b" , "])
def test_any_layout_between_elements(tmp_path: Path, separator: bytes) -> None:
    items = [json.dumps(event).encode() for event in EVENTS]
    for opening, closing in ((b"[", b"]"), (b"\n [ \n", b"\n ] \n\n"), (b"\xef\xbb\xbf[", b"]\r\n")):
        result = found(tmp_path, opening + separator.join(items) + closing)
        assert good(result) == items
        assert not bad(result)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[]", []),
        (b" [ \n ] ", []),
        (b"[{}]", [(1, b"{}")]),
        (b'[1, -2.5e3,true ,null, "a,]\\"", [1,[2,{}]], {"a":[]}]',
         [(1, b"1"), (1, b"-2.5e3"), (1, b"true"), (1, b"null"), (1, b'"a,]\\""'), (1, b"[1,[2,{}]]"),
          (1, b'{"a":[]}')]),
        (b'[\n{"a":\n1},\n\n\n2,{\n}\n]', [(2, b'{"a":\n1}'), (6, b"2"), (6, b"{\n}")]),
        (b'[{"a":"\\\\"},{"a":"\\\\\\""},{"\\"":"\\u005c"}]',
         [(1, b'{"a":"\\\\"}'), (1, b'{"a":"\\\\\\""}'), (1, b'{"\\"":"\\u005c"}')]),
        (b'[{"a":1}]\n[{"b":2}]\n\n{"c":3}\n{\n"d":4}', [(1, b'{"a":1}'), (2, b'{"b":2}'), (4, b'{"c":3}'),
                                                         (5, b'{\n"d":4}')]),
        (b'[{"a":1}][{"b":2}] []{"c":3}', [(1, b'{"a":1}'), (1, b'{"b":2}'), (1, b'{"c":3}')]),
        (b'[\x00, "\xff\xfe", nul, {"a":\xff}]', [(1, b"\x00"), (1, b'"\xff\xfe"'), (1, b"nul"), (1, b'{"a":\xff}')]),
        (b'[{"a":[1,2},{"b":1}]', [(1, b'{"a":[1,2}'), (1, b'{"b":1}')]),
        (b'[{"a":1},{"b":2]', [(1, b'{"a":1}'), (1, b'{"b":2')]),
        (b'[[1}],{"b":2}]', [(1, b"[1}]"), (1, b'{"b":2}')]),
    ],
)  # fmt: skip
def test_elements(tmp_path: Path, text: bytes, expected: list[tuple[int, bytes]]) -> None:
    assert [(line, item) for line, item, _ in found(tmp_path, text)] == expected


def test_nesting_of_ten_thousand(tmp_path: Path) -> None:
    items = [b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"{}"]
    path = tmp_path / "input"
    path.write_bytes(b"[" + b",".join(items) + b"]")
    for size in (1 << 20, 999):
        assert good(flat(batches(path, batch_bytes=size))) == items


@pytest.mark.parametrize("left", [b"", b'{"b":', b'{"b":"', b'{"b":"\\', b'{"b":"x"', b'{"b":[{', b"12", b'"x', b"["])
@pytest.mark.parametrize("separator", [b",", b",\n"])
def test_a_torn_array(tmp_path: Path, left: bytes, separator: bytes) -> None:
    result = found(tmp_path, b'\n[{"a":1},{"b":2}' + separator + left)
    assert good(result) == [b'{"a":1}', b'{"b":2}']
    line = 2 + separator.count(b"\n")
    detail = "the file ends inside the JSON array that begins at line 2"
    assert only_bad(result) == Unreadable(line, "damaged", detail, left, len(left), sha256(left))


@pytest.mark.parametrize(
    ("text", "events", "what"),
    [
        (b'[{"a":1} {"b":2} {"c":3}]', 3, "a comma is missing between two JSON values"),
        (b'[{"a":1}\n{"b":2}\n]', 2, "a comma is missing between two JSON values"),
        (b'[{"a":1},,{"b":2}]', 2, "a comma stands where a JSON value was expected"),
        (b'[,{"a":1},{"b":2}]', 2, "a comma stands where a JSON value was expected"),
        (b'[{"a":1},{"b":2},]', 2, "a JSON array has a comma after its last value"),
        (b'[{"a":1}],[{"b":2}]', 2, "a comma stands where a JSON value was expected"),
    ],
)
def test_wrong_commas_lose_nothing(tmp_path: Path, text: bytes, events: int, what: str) -> None:
    result = found(tmp_path, text)
    assert len(good(result)) == events
    error = only_bad(result)
    assert (error.reason, error.detail) == ("damaged", f"{what} (only the first such place of a file is reported)")
    assert len(error.head) == error.length


@pytest.mark.parametrize(
    ("tail", "stray", "line", "after"),
    [
        (b" x", b"x", 1, []),
        (b"\nx y\nz\n", b"x y\nz\n", 2, []),
        (b"]", b"]", 1, []),
        (b' "x", 1\n{"c":3}', b'"x", 1', 1, [b'{"c":3}']),
        (b'\nfoo\nbar {\n [\n[{"c":3},\n4]\n{"d":4}', b"foo\nbar {\n [", 2, [b'{"c":3}', b"4", b'{"d":4}']),
    ],
)
def test_text_after_an_array(tmp_path: Path, tail: bytes, stray: bytes, line: int, after: list[bytes]) -> None:
    result = found(tmp_path, b'[{"a":1}]' + tail)
    assert good(result) == [b'{"a":1}', *after]
    detail = "text that belongs to no JSON value"
    assert only_bad(result) == Unreadable(line, "not_json", detail, stray, len(stray), sha256(stray))


@pytest.mark.parametrize("indent", ["", "  ", "\t"])
@pytest.mark.parametrize("cut", range(1, 41))
def test_a_torn_line_in_an_array_costs_no_other(tmp_path: Path, indent: str, cut: int) -> None:
    rows = [b'{"uuid":"%d","target":[{"id":"x"}],"n":[1]}' % n for n in range(6)]
    torn = rows[2][:cut]
    lines = [indent.encode() + row for row in [*rows[:2], torn, *rows[3:]]]
    result = found(tmp_path, b"[\n" + b",\n".join(lines).replace(torn + b",\n", torn + b"\n") + b"\n]\n")
    # Right after a bracket the others may be elements of the torn list, after a colon the next the missing value.
    lost = 3 if torn.endswith(b"[") else 1 if torn.endswith(b":") else 0
    assert good(result) == [*rows[:2], *rows[3 + lost :]]
    error = only_bad(result)
    assert (error.line, error.reason) == (4, "damaged")
    if lost:
        assert all(row in error.head for row in rows[3 : 3 + lost])
    else:
        assert error.head.strip() == torn
        assert error.detail.startswith("a JSON value breaks off")


def test_a_torn_value_among_pretty_printed_ones(tmp_path: Path) -> None:
    one = b'{\n  "uuid": "1",\n  "target": [\n    {\n      "id": "x"\n    }\n  ]\n}'
    for cut in range(1, len(one)):
        torn = one[:cut]
        result = found(tmp_path, b"\n".join([one, torn, one, one]))
        # After a colon or a bracket the next object may be the value that is missing: it can't be told from it.
        swallowed = torn.rstrip().endswith((b":", b"["))
        assert good(result) == [one] * (2 if swallowed else 3), torn
        error = only_bad(result)
        assert error.line == 9
        assert error.head.strip() == (torn + b"\n" + one if swallowed else torn.strip())


def test_without_a_line_to_go_on_the_rest_is_one_piece(tmp_path: Path) -> None:
    rest = b'{"b":"x\n, {"c":1}, {"d":1}]\n'
    result = found(tmp_path, b'[{"a":1}, ' + rest)
    assert good(result) == [b'{"a":1}']
    detail = "a JSON value breaks off inside a string, at the end of line 1"
    assert only_bad(result) == Unreadable(1, "damaged", detail, rest, len(rest), sha256(rest))


@pytest.mark.parametrize("noun", [b'{"a":"%s"}', b'["%s"]', b'"%s"', b"%s"])
def test_elements_over_the_limit(tmp_path: Path, noun: bytes) -> None:
    long, fits, just = (noun % (b"x" * (size + 2 - len(noun))) for size in (60, 50, 51))
    result = found(tmp_path, b"[{},\n" + long + b",{}," + fits + b",\n" + just + b"\n]", max_event=50)
    assert good(result) == [b"{}", b"{}", fits]
    first, second = bad(result)
    detail = f"a JSON value of {len(long)} bytes is over the limit of 50"
    assert first == Unreadable(2, "too_long", detail, long, len(long), sha256(long))
    assert (second.line, second.length, second.sha256) == (3, 51, sha256(just))


def test_many_objects_with_braces_in_strings(tmp_path: Path) -> None:
    events = [{"a": [{"b": "}" * (n % 5)}, {"c": "},{"}], "d": [{}] * (n % 20)} for n in range(500)]
    text = json.dumps(events, separators=(",", ":")).encode()
    path = tmp_path / "input"
    path.write_bytes(text)
    for size in (1 << 20, 5000, 97):
        assert [json.loads(item) for item in good(flat(batches(path, batch_bytes=size)))] == events
