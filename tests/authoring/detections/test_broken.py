"""What a change breaks: fields that are gone, renamed, retyped, values that nobody gives any more."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalizer.authoring.detections import Bound, DetectionRule, Gone, Use, broken
from normalizer.authoring.detections.queries import LANGUAGES
from normalizer.errors import Place
from tests.authoring.detections.folders import folder, reading

PLACE = Place("rules/one.toml", 3, 1)
REMOVED = Gone(removed="no mapping writes it any more")
VALUES = Gone(
    lost=frozenset({"mim.command.ios.new", "mim.command.ios.error"}),
    left=frozenset({"mim.command.generic.new", "mim.createEnrollment.IOS"}),
    instead={"mim.command.ios.new": "mim.command.ios.created"},
)
NUMBERS = Gone(lost=frozenset({"4"}), left=frozenset({"1", "2", "3"}))


def rule(query: str, language: str = "kuery") -> DetectionRule:
    found = LANGUAGES[language](query, lambda offset: Place("rules/one.toml", 3, offset + 1))
    return DetectionRule("One", "1", "detection rule", PLACE, language, (), found.uses)


def told(query: str, fields: tuple[str, ...] = (), language: str = "kuery", **gone: Gone) -> list[str]:
    """Why and advice of each entry; `__` in the names of fields is a dot."""
    found = broken([rule(query, language)], {name.replace("__", "."): each for name, each in gone.items()}, fields)
    return [f"{each.why}; {each.advice}".removesuffix("; ") for each in found]


GONE_FIELDS = [
    ("user.name:x", ["uses user.name: no mapping writes it any more"]),
    ("not user.name:x", ["uses user.name: no mapping writes it any more"]),
    ("user.name:* and user.name:(x or y)", ["uses user.name: no mapping writes it any more"]),
    ("user.name > 3", ["uses user.name: no mapping writes it any more"]),
    ("user.name.text:x", ["uses user.name.text: no mapping writes it any more"]),
    ("user.na*:x", ["uses user.na*, which matched user.name: no mapping writes it any more"]),
    ("user:{ name:x }", ["uses user.name: no mapping writes it any more"]),
    ("user.names:x and user:y and name:z", []),
    ("user.name", []),
    ("*:x", []),
]


@pytest.mark.parametrize(("query", "expected"), GONE_FIELDS)
def test_a_field_that_is_gone(query: str, expected: list[str]) -> None:
    assert told(query, user__name=REMOVED) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("okta.mim.command.status", "user.id"), []),
        (("user.id",), ["uses okta.mim.c*, which matched okta.mim.command.channel: no mapping writes it any more"]),
    ],
)
def test_a_wildcard_is_broken_when_nothing_is_left_that_it_matches(
    fields: tuple[str, ...], expected: list[str]
) -> None:
    assert told("okta.mim.c*:x", fields, okta__mim__command__channel=REMOVED) == expected


def test_renamed() -> None:
    gone = {"okta.mim.report": Gone(renamed="okta.mim.result")}
    found = broken([rule("okta.mim.report:x or okta.mim.report.os:y or okta.mim.re*:z")], gone)
    assert [(each.field, each.why, each.advice) for each in found] == [
        ("okta.mim.report", "uses okta.mim.report, which is okta.mim.result now", "use okta.mim.result"),
        ("okta.mim.report.os", "uses okta.mim.report.os, which is okta.mim.result.os now", "use okta.mim.result.os"),
    ]


def test_a_wildcard_whose_only_field_is_renamed() -> None:
    assert told("okta.mim.rep*:x", okta__mim__report=Gone(renamed="okta.mim.outcome")) == [
        "uses okta.mim.rep*, which matched okta.mim.report: that is okta.mim.outcome now; use okta.mim.outcome"
    ]


RETYPED = [
    ("keyword", "long", "a:x", True),
    ("keyword", "long", "a:*", False),
    ("keyword", "wildcard", "a:x*", False),
    ("long", "integer", "a >= 3", False),
    ("keyword", "text", "a:*", True),
    ("long", "keyword", "a >= 3", True),
    ("flattened", "keyword", "a.b:x", True),
]


@pytest.mark.parametrize(("before", "after", "query", "is_broken"), RETYPED)
def test_retyped(before: str, after: str, query: str, is_broken: bool) -> None:
    field = query.split(":")[0].split(" ")[0]
    why = f"uses {field}, whose type was {before} and is {after} now; look whether the query still works"
    assert told(query, a=Gone(retyped=(before, after))) == ([why] if is_broken else [])


LOST = [
    ("mim.command.ios.new", "uses event.action:mim.command.ios.new, {}; use mim.command.ios.created"),
    ("(mim.command.generic.new or mim.command.ios.error)", "uses event.action:mim.command.ios.error, {}"),
    ("(not mim.command.ios.error)", "excludes event.action:mim.command.ios.error, {}"),
    ("mim.command.ios.*", "uses event.action:mim.command.ios.*, {}; use mim.command.ios.created"),
    ("mim.command.*", ""),
    ("*", ""),
    ("mim.command.generic.new", ""),
    ("user.session.start", ""),
    ("MIM.command.ios.new", ""),
]


@pytest.mark.parametrize(("values", "expected"), LOST)
def test_values_that_are_lost(values: str, expected: str) -> None:
    found = told(f"event.action:{values}", event__action=VALUES)
    assert found == ([expected.format("which no event gives any more")] if expected else [])


def test_a_wildcard_among_fields_is_no_matter_of_values() -> None:
    assert told("event.act*:mim.command.ios.new", event__action=VALUES) == []


def test_values_without_regard_to_capitals() -> None:
    query = 'any where event.action : "MIM.Command.ios.Error"'
    assert told(query, language="eql", event__action=VALUES) == [
        "uses event.action:MIM.Command.ios.Error, which no event gives any more"
    ]


@pytest.mark.parametrize(
    ("query", "is_broken"), [("a >= 4", True), ("a > 2", False), ("a < 9", False), ("a <= 4", False), ("a > x", False)]
)
def test_ranges(query: str, is_broken: bool) -> None:
    field, operator, limit = query.split()
    why = f"uses {field} {operator} {limit}, and no event gives such a value any more"
    assert told(query, a=NUMBERS) == ([why] if is_broken else [])


def test_where_and_how_it_is_told() -> None:
    (found,) = broken([rule("a:x and user.email:y")], {"user.email": Gone(renamed="user.mail")})
    assert str(found) == 'rules/one.toml:3:20: "One" uses user.email, which is user.mail now; use user.mail'


NAMES = st.sampled_from(["user.name", "user.na*", "okta.*", "event.action", "a", "", "*"])
PATTERNS = st.text(alphabet="abmi.*?\\", max_size=6)
USES = st.builds(
    Use,
    field=NAMES,
    values=st.none() | st.lists(PATTERNS, min_size=1, max_size=3).map(tuple),
    negated=st.booleans(),
    place=st.just(PLACE),
    caseless=st.booleans(),
    bounds=st.lists(st.builds(Bound, st.sampled_from(["<", "<=", ">", ">="]), PATTERNS), max_size=2).map(tuple),
)
RULES = st.builds(
    DetectionRule,
    name=st.just("One"),
    id=st.just("1"),
    kind=st.just("detection rule"),
    place=st.just(PLACE),
    language=st.just("kuery"),
    indices=st.just(()),
    uses=st.lists(USES, max_size=5).map(tuple),
)
KEPT = st.frozensets(PATTERNS, max_size=3)


@given(st.lists(RULES, max_size=3), KEPT)
@settings(max_examples=40)
def test_nothing_gone_breaks_nothing(rules: list[DetectionRule], left: frozenset[str]) -> None:
    assert broken(rules, {}) == []
    assert broken(rules, {"user.name": Gone(left=left), "event.action": Gone()}) == []


@given(st.lists(RULES, max_size=3), st.sampled_from(["user.name", "okta.x", "b"]))
@settings(max_examples=40)
def test_only_what_uses_a_field_breaks_by_it(rules: list[DetectionRule], name: str) -> None:
    matching = {"user.name": {"user.name", "user.na*"}, "okta.x": {"okta.*"}, "b": set()}[name]
    assert {each.field for each in broken(rules, {name: REMOVED})} == {
        use.field for rule in rules for use in rule.uses if use.field in matching
    }


def test_rules_of_a_folder(tmp_path: Path) -> None:
    one = '[rule]\nname = "One"\nlanguage = "kuery"\ntype = "query"\nquery = "event.action:mim.command.ios.new"\n'
    two = "title: Two\nlogsource: {product: okta}\ndetection: {s: {eventtype: MIM.command.ios.NEW}, condition: s}\n"
    found = broken(reading(folder(tmp_path), one__toml=one, two__yml=two).rules, {"event.action": VALUES})
    assert [(each.rule.name, each.field, each.place.line) for each in found] == [
        ("One", "event.action", 5),
        ("Two", "event.action", 3),
    ]
