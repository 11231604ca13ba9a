"""The comparison is held against every kind of difference that it must see; a blind one would prove nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.parity.compare import MISSING, SHOWN, Difference, differences, read, shown

DIFFER = {
    "1 and 1.0": ("1", "1.0"),
    "1 and true": ("1", "true"),
    '1 and "1"': ("1", '"1"'),
    "1.0 and true": ("1.0", "true"),
    '1.0 and "1.0"': ("1.0", '"1.0"'),
    '"true" and true': ('"true"', "true"),
    "0 and false": ("0", "false"),
    "0 and null": ("0", "null"),
    "0.0 and -0.0": ("0.0", "-0.0"),
    "0 and -0.0": ("0", "-0.0"),
    "neighbours among fractions": ("0.1", "0.10000000000000002"),
    "the least fraction and none": ("5e-324", "0.0"),
    "large fractions": ("1e300", "1.0000000000000002e300"),
    "64 bits and one more": ("9223372036854775807", "9223372036854775808"),
    "numbers that are one as fractions": ("9007199254740993", "9007199254740992"),
    "numbers beyond 64 bits": ("18446744073709551617", "18446744073709551618"),
    "a number and its fraction beyond 64 bits": ("18446744073709551616", "18446744073709551616.0"),
    "null and an empty text": ("null", '""'),
    "null and an empty list": ("null", "[]"),
    "null and an empty object": ("null", "{}"),
    "an empty list and an empty object": ("[]", "{}"),
    "an empty text and an empty list": ('""', "[]"),
    "a value and a list of it": ('"x"', '["x"]'),
    "an object and a list of it": ('{"a":1}', '[{"a":1}]'),
    "letters of another case": ('"a"', '"A"'),
    "a blank at the end": ('"a"', '"a "'),
    "a line feed at the end": ('"a"', '"a\\n"'),
    "a NUL at the end": ('"a"', '"a\\u0000"'),
    "composed and decomposed": ('"é"', '"e\u0301"'),
    "look-alikes": ('"a"', '"а"'),
    "an emoji and half of what it was": ('"😀"', '"?"'),
    "escaped and not": ('"\\\\n"', '"\\n"'),
}


@pytest.mark.parametrize(("one", "other"), DIFFER.values(), ids=DIFFER)
@pytest.mark.parametrize("around", ["%s", '{"a":{"b":%s}}', "[[%s]]", '{"a":[1,{"b":%s}]}'])
def test_a_difference_is_seen_wherever_it_stands(around: str, one: str, other: str) -> None:
    for python, pipeline in ((one, other), (other, one)):
        found = list(differences(read(around % python), read(around % pipeline)))
        assert found == [Difference(found[0].path, read(python), read(pipeline))]
        assert list(map(type, (found[0].python, found[0].pipeline))) == [type(read(python)), type(read(pipeline))]
        told = shown(found[0].python, found[0].pipeline)
        assert told[0] != told[1]
        assert str(found[0]).isascii()
    for text in (one, other):
        assert list(differences(read(around % text), read(around % text))) == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": 1}, {}, [("a", 1, MISSING)]),
        ({}, {"a": 1}, [("a", MISSING, 1)]),
        ({"a": None}, {}, [("a", None, MISSING)]),
        ({"a": ""}, {}, [("a", "", MISSING)]),
        ({"a": []}, {}, [("a", [], MISSING)]),
        ({"a": {}}, {}, [("a", {}, MISSING)]),
        ({"a": 1}, {"b": 1}, [("a", 1, MISSING), ("b", MISSING, 1)]),
        ({"é": 1}, {"e\u0301": 1}, [("e\u0301", MISSING, 1), ("é", 1, MISSING)]),
        ({"a.b": 1}, {"a": {"b": 1}}, [("a", MISSING, {"b": 1}), ("a.b", 1, MISSING)]),
        ({"": 1}, {}, [("", 1, MISSING)]),
        ([1, 2], [2, 1], [("[0]", 1, 2), ("[1]", 2, 1)]),
        ([1], [1, 1], [("[1]", MISSING, 1)]),
        ([1, None], [1], [("[1]", None, MISSING)]),
        ([], [None], [("[0]", MISSING, None)]),
        ({"a": [{"b": [1, {"c": 1}]}]}, {"a": [{"b": [1, {"c": 2}]}]}, [("a[0].b[1].c", 1, 2)]),
        ({"a": {"b": 1, "c": 2}}, {"a": 5}, [("a", {"b": 1, "c": 2}, 5)]),
    ],
)  # fmt: skip
def test_the_place_and_both_values_are_told(one: Any, other: Any, expected: list[tuple[str, Any, Any]]) -> None:
    assert list(differences(one, other)) == [Difference(*each) for each in expected]


@pytest.mark.parametrize("one", [text for pair in DIFFER.values() for text in pair])
def test_what_is_equal_gives_nothing(one: str) -> None:
    value = {"a": read(one), "b": [read(one), {"c": read(one), "": None}]}
    turned = {key: value[key] for key in reversed(value)}
    assert list(differences(value, copy.deepcopy(value))) == []
    assert list(differences(value, turned)) == []
    assert list(differences(value, read(json.dumps(value)))) == []


def test_a_difference_is_told_with_place_and_values() -> None:
    told = str(Difference("a[0].b", 1, 1.0))
    assert told == "a[0].b\n    Python:   1\n    pipeline: 1.0"
    assert str(Difference("a", "é", MISSING)) == 'a\n    Python:   "\\u00e9"\n    pipeline: nothing'
    assert str(Difference("", {}, None)).startswith("the whole\n")


def test_of_long_texts_the_place_is_shown_where_they_part() -> None:
    one, other = "x" * 5000 + "1" + "y" * 5000, "x" * 5000 + "2" + "y" * 5000
    for told, letter in zip(shown(one, other), "12", strict=True):
        assert f"x{letter}y" in told
        assert len(told) < 2 * SHOWN
        assert told.endswith("(10001 characters, these from 4920)")
    assert shown("x" * 500, "x" * 501)[0] != shown("x" * 500, "x" * 501)[1]


def test_differences_of_one_cause_are_alike() -> None:
    causes = {each.cause for each in (Difference("a[0].b[7]", 1, "1"), Difference("a[12].b[0]", 5, "5"))}
    assert causes == {("a[].b[]", "whole number", "text")}
    assert Difference("a", 1, MISSING).cause != Difference("a", 1, None).cause
