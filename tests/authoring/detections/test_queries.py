"""Each language: what a query reads, with the values it compares; what is no query of it, and where."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from normalizer.authoring.detections.esql import indices
from normalizer.authoring.detections.model import NotUnderstood
from normalizer.authoring.detections.queries import LANGUAGES
from normalizer.authoring.detections.trees import Found
from normalizer.errors import Place
from tests.authoring.detections.said import in_short


def found(language: str, query: str) -> Found:
    return LANGUAGES[language](query, lambda offset: Place("rule", 1, offset + 1))


def cases() -> Iterator[tuple[str, str, list[str]]]:
    """The language, the query and the uses of each case of queries.txt."""
    text = Path(__file__).with_name("queries.txt").read_text(encoding="utf-8")
    for section in text.split("\n# ")[1:]:
        language, _, rest = section.partition("\n")
        for block in filter(None, map(str.strip, rest.split("\n\n"))):
            query, _, expected = block.partition("\n=>")
            yield language, "" if query == "(nothing)" else query, list(filter(None, expected.strip().split("  ")))


READ = [*cases()]


def test_there_are_cases_of_every_language() -> None:
    assert min(Counter(language for language, *_ in READ)[language] for language in LANGUAGES) > 10


@pytest.mark.parametrize(("language", "query", "expected"), READ)
def test_what_a_query_reads(language: str, query: str, expected: list[str]) -> None:
    read = found(language, query)
    assert in_short(read.uses) == expected
    assert read.doubts == ()


NOT_READ = [
    ("kuery", "a:(x", "the KQL query ends where something is missing", 3),
    ("kuery", "a:x b:y", "the KQL query is not understood from `:y` on", 5),
    ("kuery", 'a:"x', 'the KQL query is not understood from `"x` on', 2),
    ("kuery", "a:{ b:c", "the KQL query ends where something is missing", 6),
    ("lucene", "(a:x", "the Lucene query ends where something is missing", 3),
    ("lucene", "a:x)", "the Lucene query is not understood from `)` on", 3),
    ("lucene", "a:[1 TO", "the Lucene query ends where something is missing", 6),
    ("eql", 'event.action == "x"', 'the EQL query is not understood from `== "x"` on', 13),
    ("eql", "any where a == ", "the EQL query ends where something is missing", 13),
    ("eql", "sequence by user.id", "the EQL query ends where something is missing", 18),
    (
        "esql",
        "FROM a | FORK (WHERE x) (WHERE y)",
        "the ES|QL query is not understood from `FORK (WHERE x) (WHERE y)` on",
        9,
    ),
    ("esql", "FROM a | WHERE x = 1", "the ES|QL query is not understood from `= 1` on", 17),
    ("esql", 'FROM a | WHERE KQL("x:(")', "the KQL query ends where something is missing", 15),
    ("esql", "SELECT * FROM a", "the ES|QL query is not understood from `SELECT * FROM a` on", 0),
]


@pytest.mark.parametrize(("language", "query", "why", "offset"), NOT_READ)
def test_what_is_not_understood_is_told_with_its_place(language: str, query: str, why: str, offset: int) -> None:
    with pytest.raises(NotUnderstood) as error:
        found(language, query)
    assert (error.value.why, error.value.offset) == (why, offset)


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("lucene", "x:y a:/[a-z]+/"),
        ("eql", 'any where x == "y" and a regex "[a-z]+"'),
        ("esql", 'FROM i | WHERE x == "y" AND a RLIKE "[a-z]+"'),
    ],
)
def test_a_regular_expression_that_is_no_pattern_is_a_doubt_and_the_rest_is_read(language: str, query: str) -> None:
    read = found(language, query)
    assert in_short(read.uses) == ["x:y", "a"]
    assert [why for _, why in read.doubts] == ["the regular expression [a-z]+ is not compared with values"]


DEEP = 4_000
LONG = {
    "kuery": ["(" * DEEP + "a:x" + ")" * DEEP, "not " * DEEP + "a:x", "a:(" + "x or " * DEEP + "y)", "a " * DEEP],
    "lucene": ["(" * DEEP + "a:x" + ")" * DEEP, "- " * DEEP + "a:x", "a:(" + "x OR " * DEEP + "y)"],
    "eql": ["any where " + "(" * DEEP + "a" + ")" * DEEP, "any where " + "not " * DEEP + "a"],
    "esql": ["FROM i | WHERE " + "(" * DEEP + "a" + ")" * DEEP, "FROM i " + "| WHERE a " * DEEP],
}


@pytest.mark.parametrize(("language", "query"), [(name, query) for name, queries in LONG.items() for query in queries])
def test_deep_and_long_queries_are_read(language: str, query: str) -> None:
    before = time.process_time()
    assert found(language, query).uses
    assert time.process_time() - before < 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_query_without_end_is_refused(language: str) -> None:
    with pytest.raises(NotUnderstood, match=r"is longer than 100,000 characters$"):
        found(language, "a" * 100_001)


def test_indices_of_a_query_that_is_not_understood() -> None:
    assert indices("FROM a-* | WHERE (((") == ("a-*",)
    assert indices("SELECT 1") == ()


def test_uses_stand_where_the_query_names_them() -> None:
    assert [use.place.column for use in found("kuery", "a:x and b:y").uses] == [3, 11]
    assert [use.place.column for use in found("eql", 'any where a == "x" and b in ("y")').uses] == [11, 24]


def test_indices_of_esql() -> None:
    assert found("esql", 'FROM a-*, "b", c:d-* METADATA _id | LIMIT 1').indices == ("a-*", "b", "c:d-*")
