"""What must hold for any input."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from normalizer.inputs import Unreadable
from tests.inputs.reading import batches, flat, good

PIECES = [
    *"{}[],:\"\\ \t\r\n", "\r\n", '{"a":1}', '{"a":"', '"}', '{"b":[', "]}", "[1]", "12", "null", '"x"', "\n  {", "\n{",
    "\\\"", "x", "\0", "\ufeff", "ü",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=60).map(lambda pieces: "".join(pieces).encode())
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=5)
INDENTS = st.sampled_from([None, 0, 1, 2, "\t"])
many = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "input"


@many
@given(text=TEXTS, size=st.integers(1, 40), limit=st.sampled_from([5, 12, 30, 1 << 20]), packed=st.booleans())
@example(text=b'{"a":[\n{"a":1}', size=3, limit=30, packed=False)
def test_blocks_of_any_size_give_the_same(path: Path, text: bytes, size: int, limit: int, packed: bool) -> None:
    path.write_bytes(gzip.compress(text, mtime=0) if packed else text)
    whole = flat(batches(path, max_event=limit))
    assert flat(batches(path, max_event=limit, batch_bytes=size)) == whole
    lines = [line for line, _, _ in whole]
    assert lines == sorted(lines)
    assert not lines or lines[-1] <= text.count(b"\n") + 1


@many
@given(text=TEXTS)
def test_nothing_is_lost(path: Path, text: bytes) -> None:
    """All that was handed on, in order, is the input but for blanks, NULs before lines, the punctuation of arrays."""
    path.write_bytes(text)
    position = text.startswith(b"\xef\xbb\xbf") * 3
    for _, item, _ in flat(batches(path)):
        piece = item.head if isinstance(item, Unreadable) else item
        start = text.index(piece, position)
        assert re.fullmatch(rb"[ \t\r\n,\[\]\0]*", text[position:start])
        position = start + len(piece)
    assert re.fullmatch(rb"[ \t\r\n,\[\]\0]*", text[position:])


@many
@given(values=st.lists(VALUES, max_size=6), indent=INDENTS, packed=st.booleans(), size=st.integers(1, 99))
def test_every_element_of_a_good_array(path: Path, values: list[Any], indent: Any, packed: bool, size: int) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=packed).encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    assert [json.loads(item) for item in good(flat(batches(path, batch_bytes=size)))] == values


@many
@given(
    values=st.lists(OBJECTS, max_size=6),
    indent=INDENTS,
    size=st.integers(1, 99),
    between=st.sampled_from("\n |\n|\r\n\n"),
)
def test_every_value_of_a_good_sequence(path: Path, values: list[Any], indent: Any, size: int, between: str) -> None:
    path.write_bytes(between.replace("|", "").join(json.dumps(value, indent=indent) for value in values).encode())
    if indent is not None and values and not values[0]:
        return  # A first line that is a whole value means lines.
    assert [json.loads(item) for item in good(flat(batches(path, batch_bytes=size)))] == values


@many
@given(
    first=TEXTS.map(lambda text: text.replace(b"\n", b"").replace(b"\r", b"")),
    objects=st.lists(OBJECTS, min_size=1, max_size=5),
    size=st.integers(1, 99),
)
def test_no_first_line_costs_a_good_one(path: Path, first: bytes, objects: list[Any], size: int) -> None:
    rows = [json.dumps(value).encode() for value in objects]
    path.write_bytes(b"\n".join([first, *rows, b""]))
    if re.match(rb"(\xef\xbb\xbf)?[ \t]*(\[|\{.*[,{\[])", first):
        return  # Arrays and several values on one line: another test.
    assert good(flat(batches(path, batch_bytes=size)))[-len(rows) :] == rows
