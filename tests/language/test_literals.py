"""Literals and tables' texts against the type and the allowed values of their field."""

from __future__ import annotations

from typing import Any

import pytest

from normalizer.ecs import Field
from normalizer.errors import Place
from normalizer.language.literals import constant, wrong_text
from normalizer.language.notes import Notes
from normalizer.language.plan import AS_IS
from normalizer.language.reader import Block, Node, Scalar, Sequence

HERE = Place("x.yml", 1, 1)


def node(value: Any) -> Node:
    match value:
        case list():
            return Sequence(HERE, tuple(node(item) for item in value))
        case dict():
            return Block(HERE, tuple((Scalar(HERE, key), node(item)) for key, item in value.items()))
        case _:
            return Scalar(HERE, value)


def literal(value: Any, **field: Any) -> Any:
    """What a literal gives for a field: its value, or the findings' messages."""
    notes = Notes()
    result = constant(node(value), Field("f", **field), notes)
    if notes.findings:
        assert result is None
        return {finding.message for finding in notes.findings}
    return result


@pytest.mark.parametrize("kind", ["keyword", "text", "match_only_text", "wildcard", "constant_keyword"])
@pytest.mark.parametrize("value", ["a", " ", "é", "true", "5"])
def test_texts(kind: str, value: str) -> None:
    assert literal(value, type=kind) == value


@pytest.mark.parametrize("value", [True, False, 0, 5, 1.5, None, "", [], {}, {"a": 1}])
def test_what_is_no_text(value: Any) -> None:
    assert isinstance(literal(value, type="keyword"), set)


@pytest.mark.parametrize(("kind", "bits"), [("long", 64), ("integer", 32), ("short", 16), ("byte", 8)])
def test_numbers_have_a_range(kind: str, bits: int) -> None:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    for value in (low, -1, 0, high):
        assert literal(value, type=kind) == value
        assert wrong_text(str(value), Field("f", kind)) is None
    for value in (low - 1, high + 1):
        assert literal(value, type=kind) == {f'"f" takes {bits} bits; write {low} to {high}'}
        assert wrong_text(str(value), Field("f", kind)) == f'"f" takes a whole number of {bits} bits; write one'


@pytest.mark.parametrize("value", [True, 1.0, 1.5, "1", "x", None, ""])
def test_what_is_no_number(value: Any) -> None:
    assert isinstance(literal(value, type="long"), set)


@pytest.mark.parametrize("text", ["007", "+1", "-0", "1.0", "1e3", " 1", "1_0", "x", "1" * 5000])
def test_texts_that_are_no_number(text: str) -> None:
    assert wrong_text(text, Field("f", "long"))


def test_booleans() -> None:
    assert literal(True, type="boolean") is True
    assert literal(False, type="boolean") is False
    for value in ("true", "yes", 0, 1, None):
        assert isinstance(literal(value, type="boolean"), set)
    assert wrong_text("true", Field("f", "boolean")) is None
    assert wrong_text("True", Field("f", "boolean"))


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("2026-09-14T06:00:00.000Z", True),
        ("1970-01-01T00:00:00.000Z", True),
        ("9998-12-31T23:59:59.999Z", True),
        ("2024-02-29T00:00:00.000Z", True),
        ("2023-02-29T00:00:00.000Z", False),
        ("1969-12-31T23:59:59.999Z", False),
        ("9999-01-01T00:00:00.000Z", False),
        ("2026-09-14T06:00:00Z", False),
        ("2026-09-14T06:00:00.000+00:00", False),
        ("2026-09-14 06:00:00.000Z", False),
        ("2026-09-14", False),
        ("2026-09-14T24:00:00.000Z", False),
        ("2026-09-14T06:00:60.000Z", False),
        ("now", False),
    ],
)
def test_dates(value: str, good: bool) -> None:
    assert (literal(value, type="date") == value) is good
    assert (wrong_text(value, Field("f", "date")) is None) is good


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("192.0.2.1", True),
        ("2001:db8::1", True),
        ("::ffff:192.0.2.1", True),
        ("::", True),
        ("192.0.2", False),
        ("192.0.2.01", False),
        ("192.0.2.1/32", False),
        ("fe80::1%eth0", False),
        ("[::1]", False),
        ("localhost", False),
    ],
)
def test_addresses(value: str, good: bool) -> None:
    assert (literal(value, type="ip") == value) is good


@pytest.mark.parametrize("kind", ["geo_point", "flattened", "object"])
def test_objects_have_no_literal(kind: str) -> None:
    for value in ("x", 5, {"a": "b"}):
        assert literal(value, type=kind) == {
            f'"f" has the type {kind}, which no literal can fill; take it from the event in `fields`'
        }
    assert wrong_text("x", Field("f", kind)) == f'"f" has the type {kind}, which no text can fill; remove the table'


def test_below_flattened_any_plain_value_is_good() -> None:
    assert [literal(value, type=AS_IS) for value in ("x", 5, True)] == ["x", 5, True]
    assert isinstance(literal(0.5, type=AS_IS), set)
    assert isinstance(literal(None, type=AS_IS), set)


def test_lists() -> None:
    assert literal(["a", "b"], type="keyword", array=True) == ("a", "b")
    assert literal("a", type="keyword", array=True) == {'"f" is a list; write [a]'}
    assert literal(5, type="long", array=True) == {'"f" is a list; write [5]'}
    assert literal(["a"], type="keyword") == {'"f" holds a single value, and this is a list; write the value alone: a'}


def test_each_bad_item_of_a_list_is_told_at_its_place() -> None:
    notes = Notes()
    items = tuple(Scalar(Place("x.yml", 1, column), value) for column, value in ((2, 5), (5, "a"), (8, None)))
    assert constant(Sequence(HERE, items), Field("f", "keyword", array=True), notes) is None
    assert [finding.place.column for finding in notes.findings] == [2, 8]


def test_allowed_values() -> None:
    allowed = {"type": "keyword", "values": ("failure", "success")}
    assert literal("success", **allowed) == "success"
    assert literal("sucess", **allowed) == {
        '"sucess" cannot be written: "f" allows only failure or success; did you mean "success"?'
    }
    assert literal("other", **allowed) == {
        '"other" cannot be written: "f" allows only failure or success; write one of these'
    }
