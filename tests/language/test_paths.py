"""Event paths: what is one, how it reads in a scope, what is said about what is none."""

from __future__ import annotations

import string
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalizer.language.paths import EventPath, PathError, Segment, Selector, parse_path


def names(*parts: str) -> tuple[Segment, ...]:
    return tuple(Segment(part) for part in parts)


def selected(name: str, key: str, *values: str, negated: bool = False) -> Segment:
    return Segment(name, Selector(key, values, negated))


GOOD = {
    "uuid": EventPath(names("uuid"), absolute=False),
    "actor.id": EventPath(names("actor", "id"), absolute=False),
    "a-b_C.0.9z": EventPath(names("a-b_C", "0", "9z"), absolute=False),
    "$.actor.id": EventPath(names("actor", "id")),
    "target(type=User).id": EventPath((selected("target", "type", "User"), *names("id")), absolute=False),
    "target(type=User|App.x-1).id": EventPath(
        (selected("target", "type", "User", "App.x-1"), *names("id")), absolute=False
    ),
    "$.target(type!=User|App)": EventPath((selected("target", "type", "User", "App", negated=True),)),
    "a(b=c).d(e!=f)": EventPath((selected("a", "b", "c"), selected("d", "e", "f", negated=True)), absolute=False),
    "_original": EventPath(names("_original"), given=True),
    "_org": EventPath(names("_org"), given=True),
    "_namespace": EventPath(names("_namespace"), given=True),
    "_other": EventPath(names("_other"), absolute=False),
}


@pytest.mark.parametrize("text", GOOD)
def test_paths(text: str) -> None:
    path = parse_path(text)
    assert path == GOOD[text]
    assert str(path) == text.removeprefix("$.")


BAD = {
    "": "is not an event path; write names joined by dots",
    "$.": "is not an event path; write names joined by dots",
    ".": "has an empty name",
    ".a": "has an empty name",
    "a.": "has an empty name",
    "a..b": "has an empty name",
    "$..a": "has an empty name",
    "a,b": "write a list of paths in brackets",
    "a[0]": "select elements by a key",
    "a[].b": "select elements by a key",
    "a()": "the selector in",
    "a(b)": "the selector in",
    "a(b=)": "the selector in",
    "a(=c)": "the selector in",
    "a(b==c)": "the selector in",
    "a(b=c d)": "the selector in",
    "a(b='c')": "the selector in",
    "a(b=c|)": "the selector in",
    "a(b=c|d!=e)": "the selector in",
    "a(b.c=d)": "the selector in",
    "a(b=c": "the selector in",
    "(b=c)": "the selector in",
    "a(b=c)d": "a dot is missing after the selector",
    "a(b=c)(d=e)": "the selector in",
    "$a": '"$." can only begin',
    "$": '"$." can only begin',
    "a.$.b": '"$." can only begin',
    "a b": 'holds " "',
    " a": 'holds " "',
    "a ": 'holds " "',
    "a/b": 'holds "/"',
    "a:b": 'holds ":"',
    "é": 'holds "é"',
    "a.*": 'holds "*"',
    "a\n": 'holds "\n"',
    "$._original": "_original is given by the run time and stands alone",
    "_org.name": "_org is given by the run time and stands alone",
    "_original(a=b)": "_original is given by the run time and stands alone",
}


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(PathError) as error:
        parse_path(text)
    assert BAD[text] in str(error.value)
    assert f'"{text}"' in str(error.value)


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(st.text() | st.text(alphabet="ab._-$()=!|[], '") | st.text(alphabet=string.printable))
def test_any_text_is_a_path_or_a_sentence(text: str) -> None:
    with suppress(PathError):
        assert str(parse_path(text)) == text.removeprefix("$.")


def test_a_path_in_a_scope_follows_it() -> None:
    scope = parse_path("$.target(type=User)")
    below = parse_path("detailEntry.x").below(scope)
    assert (str(below), below.absolute) == ("target(type=User).detailEntry.x", True)
    assert below.names == "target.detailEntry.x"
    assert below.last == "x"
    assert str(below.container) == "target(type=User).detailEntry"


def test_a_path_from_the_event_leaves_the_scope() -> None:
    scope = parse_path("actor")
    assert parse_path("$.client.id").below(scope) == parse_path("$.client.id")
    assert parse_path("_org").below(scope) == parse_path("_org")
    assert parse_path("id").below(None) == parse_path("id")


def test_a_path_in_an_element_stays_relative() -> None:
    assert parse_path("id").below(parse_path("inner")).absolute is False


def test_paths_have_an_order() -> None:
    assert sorted([parse_path("b"), parse_path("a.b"), parse_path("a")]) == [
        parse_path(text) for text in ("a", "a.b", "b")
    ]
