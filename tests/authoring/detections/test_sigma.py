"""Sigma rules: items with modifiers, conditions, correlations, and Okta's names for our fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from normalizer.authoring.detections.sigma_names import FIELDS, ours
from normalizer.language import load
from normalizer.language.plan import Each
from tests.authoring.detections.folders import not_checked, only, reading, uses
from tests.authoring.detections.said import in_short

RULE = """\
title: One
id: 0c51
logsource:
  product: okta
  service: okta
detection:
"""


def rule(detection: str) -> str:
    return RULE + "".join(f"  {line}\n" for line in detection.strip("\n").split("\n"))


def test_a_rule(tmp_path: Path) -> None:
    found = only(tmp_path, a__yml=rule("sel:\n  eventType:\n    - mim.command.ios.new\ncondition: sel"))
    assert (found.name, found.id, found.kind, found.language) == ("One", "0c51", "Sigma rule", "sigma")
    assert in_short(found.uses) == ["event.action~:mim.command.ios.new"]
    assert (found.place.line, found.uses[0].place.line, found.uses[0].place.column) == (1, 8, 5)


ITEMS = [
    ("a: x", ["a~:x"]),
    ("a: [x, 7, true]", ["a~:x|7|true"]),
    ("a: x*y?", ["a~:x*y?"]),
    (r"a: 'x\*\y\\*'", [r"a~:x\*\\y\\*"]),
    ("a|contains: x", ["a~:*x*"]),
    ("a|windash|contains: -x", ["a~:*-x*"]),
    ("a|contains|all: [x, y]", ["a~:*x*|*y*"]),
    ("a|startswith|cased: x", ["a:x*"]),
    ("a|endswith: [x, y]", ["a~:*x|*y"]),
    (r"a|re: 'mim\..*'", ["a:*mim.**"]),
    (r"a|re|i: '^mim\.x$'", ["a~:mim.x"]),
    ("a|cidr: 10.0.0.0/8", ["a"]),
    ("a|exists: true", ["a"]),
    ("a|exists: false", ["-a"]),
    ("a|gte: 3", ["a>=3"]),
    ("a|neq: x", ["-a~:x"]),
    ("a|fieldref: b", ["a", "b"]),
    ("a|base64offset|contains: x", ["a"]),
    ("a: null", ["-a"]),
    ("a: [null, x]", ["-a", "a~:x"]),
    ("a: '*'", ["a"]),
    ("a: ''", ["a~:"]),
    ("a: x\nb: y", ["a~:x", "b~:y"]),
]


@pytest.mark.parametrize(("item", "expected"), ITEMS)
def test_items(tmp_path: Path, item: str, expected: list[str]) -> None:
    block = item.replace("\n", "\n  ")
    assert uses(tmp_path, a__yml=rule(f"sel:\n  {block}\ncondition: sel")) == expected


SELECTIONS = """
one: {a: x}
two: [{b: y, c: z}, {d: w}]
words: [lost, 7]
_own: {e: v}
condition: """

CONDITIONS = [
    ("one", ["a~:x"]),
    ("not one and two", ["-a~:x", "b~:y", "c~:z", "d~:w"]),
    ("one or not (two or not words)", ["a~:x", "-b~:y", "-c~:z", "-d~:w", "~:lost|7"]),
    ("1 of one", ["a~:x"]),
    ("all of t*", ["b~:y", "c~:z", "d~:w"]),
    ("ANY OF them AND NOT one", ["a~:x", "b~:y", "c~:z", "d~:w", "~:lost|7", "-a~:x"]),
    ("_own", ["e~:v"]),
    ("one | count(actor.id) by client.zone > 5", ["okta.actor.id", "okta.client.zone", "a~:x"]),
    ("one | count() by b >= 5", ["b", "a~:x"]),
    ("[one, not _own]", ["a~:x", "-e~:v"]),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS)
def test_conditions(tmp_path: Path, condition: str, expected: list[str]) -> None:
    assert uses(tmp_path, a__yml=rule(SELECTIONS + condition)) == expected


WRONG = [
    ("sel: {a: x}", "its detection has no condition"),
    ("sel: {a: x}\ncondition: other", "its condition names other, and there is no such selection"),
    ("sel: {a: x}\ncondition: sel and", "the condition ends where something is missing"),
    ("sel: {a: x}\ncondition: sel | near other", "the condition is not understood from `near other` on"),
    ("sel: {a|new: x}\ncondition: sel", "the modifier new is not read"),
    ("sel: {a: {b: x}}\ncondition: sel", "something nests where a value should stand, at a in line 7"),
    ("sel: [[x]]\ncondition: sel", "something nests where a value should stand, at the words in line 7"),
    ("sel: {a|re: '[x]'}\ncondition: sel", "the regular expression [x] is not compared with values"),
    (f"sel: {{a: x}}\ncondition: {'sel or ' * 2000}sel", "the condition is longer than 10,000 characters"),
]


@pytest.mark.parametrize(("detection", "why"), WRONG)
def test_what_is_not_understood(tmp_path: Path, detection: str, why: str) -> None:
    (told,) = not_checked(tmp_path, a__yml=rule(detection))
    assert told.partition(": ")[2] == f'"One": {why}'


def test_a_rule_without_a_detection(tmp_path: Path) -> None:
    text = "title: One\nlogsource: {product: okta}\n"
    assert not_checked(tmp_path, a__yml=text) == ['a.yml:1:1: "One": it has no `detection`']


def test_rules_for_other_products_are_counted_and_not_read(tmp_path: Path) -> None:
    found = reading(tmp_path, a__yml=rule("sel: {a: x}").replace("product: okta", "product: windows"))
    assert (found.rules, found.not_checked, found.elsewhere) == ([], [], 1)


MANY = """\
title: First
name: first
logsource: {product: okta}
detection: {sel: {a: x}, condition: sel}
---
title: Often
correlation:
  type: value_count
  rules: [first, second]
  group-by: [actor.id, who]
  aliases:
    who: {first: client.ipAddress, second: b}
  timespan: 1h
  condition: {gte: 3, field: client.zone}
---
title: But not
logsource: {product: okta}
filter:
  rules: [first]
  sel: {c: x}
  condition: not sel
---
something: else
"""


def test_many_documents_with_a_correlation_and_a_filter(tmp_path: Path) -> None:
    found = reading(tmp_path, a__yml=MANY)
    assert [(each.name, each.kind, in_short(each.uses)) for each in found.rules] == [
        ("First", "Sigma rule", ["a~:x"]),
        ("Often", "Sigma correlation", ["okta.actor.id", "okta.client.ip", "b", "okta.client.zone"]),
        ("But not", "Sigma filter", ["-c~:x"]),
    ]
    assert [rule.place.line for rule in found.rules] == [1, 6, 16]


def test_a_correlation_of_rules_for_others_is_for_others(tmp_path: Path) -> None:
    correlation = "title: Two\ncorrelation: {type: event_count, rules: [w], group-by: [a], condition: {gte: 2}}\n"
    windows = "title: W\nname: w\nlogsource: {product: windows}\ndetection: {sel: {a: x}, condition: sel}\n"
    found = reading(tmp_path, a__yml=correlation, b__yml=windows)
    assert (found.rules, found.elsewhere) == ([], 2)


def test_a_global_document_holds_for_those_behind_it(tmp_path: Path) -> None:
    text = "action: global\ntitle: All\nlogsource: {product: okta}\n---\ndetection: {sel: {a: x}, condition: sel}\n"
    assert only(tmp_path, a__yml=text).name == "All"


def test_merged_keys(tmp_path: Path) -> None:
    text = rule("sel: {<<: {a: x}, b: y}\ncondition: sel")
    assert uses(tmp_path, a__yml=text) == ["a~:x", "b~:y"]


DAMAGED = [
    ("a: [", "the file is no YAML: while parsing a flow node did not find expected node content"),
    ("a: !", None),
    ("[" * 60, "the file nests more than 50 levels deep"),
    ("- " * 100_000, "the file nests more than 50 levels deep"),
    ("a: *b", "the file is no YAML: found undefined alias"),
    ("a: \x01", None),
]


@pytest.mark.parametrize(("text", "why"), DAMAGED)
def test_files_that_are_damaged(tmp_path: Path, text: str, why: str | None) -> None:
    told = not_checked(tmp_path, a__yml=text)
    assert len(told) <= 1
    if why is not None:
        assert told[0].partition(": ")[2] == why


def test_aliases_do_not_multiply(tmp_path: Path) -> None:
    """A list of lists of lists by aliases: what would be 10,000,000 lines is refused."""
    names = "".join(f"x{number}: &x{number} [{', '.join(10 * [f'*x{number - 1}'])}]\n" for number in range(1, 3))
    block = "x0: &x0 [" + ", ".join(f"{{f{n}: 1}}" for n in range(100)) + "]\n"
    many = f"{{{', '.join(f's{n}: *x0' for n in range(200))}, condition: all of them}}"
    found = not_checked(tmp_path, a__yml=f"title: One\n{block}{names}logsource: {{}}\ndetection: {many}\n")
    assert found == ['a.yml:1:1: "One": it has more than 10,000 lines in its selections']


def test_oktas_names_are_those_of_our_mappings() -> None:
    """Each row of the table names a path of the LogEvent that some mapping reads into that field."""
    read = {
        (str(path).partition("(")[0] if isinstance(rule, Each) else str(path)).lower(): rule.destination.name
        for plan in load().plans
        for rule in plan.rules
        for path in ([rule.path] if isinstance(rule, Each) else getattr(rule, "paths", ()))
    }
    written = {rule.destination.name for plan in load().plans for rule in plan.rules}
    assert {field for field in FIELDS.values() if field.rpartition(".")[0] != "okta.target"} <= written
    assert {path for path in FIELDS if path not in read and not path.startswith("target.")} == set()
    assert FIELDS["eventtype"] == "event.action"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("eventtype", "event.action"),
        ("displaymessage", "message"),
        ("outcome.RESULT", "okta.outcome.result"),
        ("actor.alternateid", "okta.actor.alternate_id"),
        ("debugcontext.debugdata.behaviors", "okta.debug_context.debug_data.flattened.behaviors"),
        ("target.detailentry.serialNumber", "okta.target.detailEntry.serialNumber"),
        ("user.name", "user.name"),
    ],
)
def test_okta_names_in_any_case(name: str, field: str) -> None:
    assert ours(name) == field
