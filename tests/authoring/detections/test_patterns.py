"""Patterns of values, regular expressions as patterns, and which indices ours are."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalizer.authoring.detections import patterns
from normalizer.authoring.detections.indices import concerned
from normalizer.authoring.detections.model import NotUnderstood

TEXTS = st.text(alphabet="ab*?\\[]!.^-", max_size=6)


@given(TEXTS, TEXTS)
@settings(max_examples=60)
def test_a_literal_matches_itself_alone(text: str, other: str) -> None:
    assert patterns.matches(patterns.literal(text), other) == (text == other)
    assert patterns.shown(patterns.literal(text)) == text


@given(st.text(alphabet="ab*?", max_size=6), st.text(alphabet="abA", max_size=5), st.booleans())
@settings(max_examples=60)
def test_wildcards_are_those_of_regular_expressions(pattern: str, text: str, caseless: bool) -> None:
    expression = re.compile(pattern.replace("*", ".*").replace("?", "."), re.IGNORECASE if caseless else 0)
    assert patterns.matches(pattern, text, caseless=caseless) == (expression.fullmatch(text) is not None)


def test_many_wildcards_take_no_time() -> None:
    before = time.process_time()
    assert not patterns.matches("*a" * 60 + "b", "a" * 200)
    assert time.process_time() - before < 5


EXPRESSIONS = [
    ("abc", ["abc"]),
    (r"mim\.command\..*", ["mim.command.*"]),
    ("a.b", ["a?b"]),
    ("a.+", ["a?*"]),
    ("colou?r", ["color", "colour"]),
    ("a|b", ["a", "b"]),
    ("x(a|b)(?:c|d)", ["xac", "xad", "xbc", "xbd"]),
    (r"a\*\?", [r"a\*\?"]),
]


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_expressions_that_are_patterns(expression: str, expected: list[str]) -> None:
    assert sorted(patterns.of_expression(expression)) == sorted(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("abc", ["*abc*"]), ("^abc", ["abc*"]), ("abc$", ["*abc"]), ("^abc$", ["abc"]), ("@x", ["*@x*"])],
)
def test_expressions_that_match_anywhere(expression: str, expected: list[str]) -> None:
    assert [*patterns.of_expression(expression, anywhere=True)] == expected


@pytest.mark.parametrize(
    "expression", ["[a-z]", r"\d", "a{2}", "(a", "a+", "a**", "(?=x)", r"a\w", "a" * 3000, "(a|b)" * 20, "@x", "a&b"]
)
def test_expressions_that_are_none(expression: str) -> None:
    with pytest.raises(NotUnderstood, match=r"^the regular expression .* is not compared with values"):
        patterns.of_expression(expression)


@pytest.mark.parametrize("expression", ["^a|b$", "a^b"])
def test_anchors_inside_are_none(expression: str) -> None:
    with pytest.raises(NotUnderstood):
        patterns.of_expression(expression, anywhere=True)


INDICES = [
    ([], True),
    (["logs-okta.mim-*"], True),
    (["logs-okta.mim-prod"], True),
    (["logs-*"], True),
    (["*"], True),
    (["_all"], True),
    (["filebeat-*", "logs-okta*"], True),
    (["logs-*-default"], True),
    (["*.mim-*"], True),
    (["winlogbeat-*,logs-okta.*"], True),
    (["other:logs-okta.mim-*"], True),
    (["<logs-{now/d}>"], True),
    (["logs-okta.system-*"], False),
    (["winlogbeat-*", "logs-endpoint.events.*"], False),
    (["logs-okta"], False),
    (["logs-*", "-logs-okta.mim-*"], False),
    (["logs-*", "-logs-okta.*"], False),
    (["logs-*", "-logs-okta.mim-test"], True),
    (["-logs-okta.mim-*", "logs-*"], True),
    (["<winlog-{now/d}>"], False),
]


@pytest.mark.parametrize(("indices", "expected"), INDICES)
def test_which_indices_ours_are(indices: list[str], expected: bool) -> None:
    assert concerned(indices) is expected
