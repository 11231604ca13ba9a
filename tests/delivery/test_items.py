"""Bulks, and the place where the time of sending goes."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.delivery.bulks import Limits, Ready, bulks
from normalizer.delivery.items import Item, Prepared, prepare
from normalizer.errors import InvalidDocument

TIME = b"2026-01-02T03:04:05.678Z"


def item(document: bytes, key: str = "a") -> Item:
    return Item(key, document, b"{}", "events.ndjson", 1)


def stamped(document: bytes) -> Any:
    action, line, end = prepare(item(document)).line(TIME).split(b"\n")
    assert orjson.loads(action) == {"create": {"_id": "a"}}
    assert end == b""
    assert line.count(b'"ingested"') >= 1
    return orjson.loads(line)


@pytest.mark.parametrize(
    "document",
    [
        {"event": {"kind": "event"}},
        {"event": {}},
        {},
        {"@timestamp": "x", "event": {"kind": "event", "original": '{"event":{"a":1}}'}, "x": 1},
        {"a": {"event": {"x": 1}}, "event": {"kind": "event"}},
        {"a": {"event": {"x": 1}}},
        {"a": [{"event": {}}, {"event": {"b": 1}}], "event": {"b": 2}, "z": {"event": {"c": 1}}},
        {"a": '","event":{', "event": {"b": "}"}},
        {"a": "\\", "event": {"b": 1}},
        {"a": "{{{", "event": {"b": 1}},
        {"okta": {"ingested": 1}, "event": {"b": 1}},
        {"ingested": "x", "event": {"b": 1}},
    ],
)
def test_the_time_goes_into_the_roots_event(document: dict[str, Any]) -> None:
    event = {**document.get("event", {}), "ingested": TIME.decode()}
    assert stamped(orjson.dumps(document)) == {**document, "event": event}


def test_a_time_that_is_there_already_is_replaced() -> None:
    assert stamped(b'{"event":{"ingested":"old","a":1}}') == {"event": {"ingested": TIME.decode(), "a": 1}}


def test_a_document_of_several_lines_becomes_one() -> None:
    assert stamped(b'{\n  "event": {\n    "a": 1\n  }\n}\n') == {"event": {"ingested": TIME.decode(), "a": 1}}


keys = st.sampled_from(["event", "ingested", "a", '"event":{', "", "\\"])
leaves = st.text('{}",:\\evnt') | st.integers(0, 9)
trees = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner))


@given(st.dictionaries(keys, trees), st.dictionaries(keys, trees) | st.none())
def test_any_document(document: dict[str, Any], event: dict[str, Any] | None) -> None:
    document.pop("event", None)
    if event is not None:
        document["event"] = event
    assert stamped(orjson.dumps(document)) == {**document, "event": {**(event or {}), "ingested": TIME.decode()}}


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b"1", b'{"event":1}', b'{"event":[]}', b'[{"event":{"a":1}}]', b"\xff"]
)
def test_what_is_no_document(document: bytes) -> None:
    with pytest.raises(InvalidDocument):
        prepare(item(document))


def test_an_id_is_written_as_json() -> None:
    action = prepare(item(b"{}", 'a"\\b')).line(TIME).split(b"\n")[0]
    assert orjson.loads(action) == {"create": {"_id": 'a"\\b'}}


def prepared(*sizes: int) -> list[Ready]:
    return [Ready([Prepared(item(b"{}", str(size)), b"", b"x" * (size - 1))], None, []) for size in sizes]


def cut(works: list[Ready], limits: Limits) -> list[list[int]]:
    return [[each.size for each in bulk.items] for bulk in bulks(works, limits)]


def test_bulks_are_cut_by_bytes_and_by_count() -> None:
    assert cut(prepared(40, 40, 40), Limits(bytes=80)) == [[40, 40], [40]]
    assert cut(prepared(40, 41), Limits(bytes=80)) == [[40], [41]]
    assert cut(prepared(40, 500, 40), Limits(bytes=80)) == [[40], [500], [40]]
    assert cut(prepared(*[30] * 5), Limits(count=2)) == [[30, 30], [30, 30], [30]]
    assert cut([], Limits()) == []


def test_the_size_is_the_size_that_is_sent() -> None:
    each = prepare(item(b'{"event":{"a":1}}'))
    assert each.size == len(each.line(TIME))
