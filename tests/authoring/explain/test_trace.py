"""A trace tells the truth: held against the normalizer, rules with one path alone, and changed events."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from normalizer import EventError, Mappings, Normalizer, NotAnEvent, NotJSON, Options, UnmappedEvent, load
from normalizer.authoring.explain.fates import Fate
from normalizer.authoring.explain.trace import ABSENT, Fact, State, Trace, Traced, Tracer, at
from normalizer.authoring.golden import Case, cases
from normalizer.backends.python import Memory, compile_plan
from normalizer.backends.python.compile import Make
from normalizer.backends.python.library import Where
from normalizer.language import Constant, Each, Value
from normalizer.language.conversions import PROBLEM_TAG
from tests.backends.python.ways import text, ways
from tests.parity.events import generated, texts

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
EVERY_TYPE = Options(all_events=True)
COUNT = 120


@cache
def mappings() -> Mappings:
    return load()


@cache
def tracer() -> Tracer:
    return Tracer(mappings(), EVERY_TYPE)


@cache
def odd() -> list[bytes]:
    """Events of every kind, most of them with something wrong."""
    return [each.encode() for each in generated(texts(mappings()), COUNT, seed=6)]


def golden(*names: str) -> list[Case]:
    return [case for case in cases(GOLDEN) if not names or case.name in names]


# --- what is said is what the document has


def check(trace: Trace) -> None:
    assert [each.name for each in trace.fields] == sorted({each.name for each in trace.fields})
    check_values(trace)
    told = dict.fromkeys(problem for _, problem in in_order(trace))
    assert [*told] == [*trace.problems]
    for each in trace.fields:
        check_field(each)


def in_order(trace: Trace) -> Iterator[tuple[str, str]]:
    """Each rule's problems, in the order of the rules."""
    by_name = {each.name: each for each in trace.fields}
    for rule in trace.plan.rules:
        yield from ((rule.destination.name, problem) for problem in by_name[rule.destination.name].problems)


def check_values(trace: Trace) -> None:
    """The fields put together are the document, no more and no less."""
    made: dict[str, Any] = {}
    for each in trace.fields:
        if each.is_there and not each.inside:
            *above, last = each.name.split(".")
            holder = made
            for key in above:
                holder = holder.setdefault(key, {})
            holder[last] = each.value
    assert text(made) == text(trace.document)
    for each in trace.fields:
        if each.inside:
            elements = at(trace.document, each.inside.split("."))
            keys = each.name.removeprefix(f"{each.inside}.").split(".")
            values = [at(element, keys) for element in ([] if elements is ABSENT else elements)]
            assert each.value == ([value for value in values if value is not ABSENT] or ABSENT)


def check_field(traced: Traced) -> None:
    """What is said to have arrived makes the value, and nothing else does."""
    rule = traced.rule
    if not isinstance(rule, Value):
        assert (traced.state in (State.CONSTANT, State.NORMALIZER)) == (not isinstance(rule, Each))
        return
    got = [pick.got for read in traced.reads for pick in read.picks if pick.fate is Fate.ARRIVED]
    match traced.state:
        case State.EVENT | State.GIVEN if traced.inside:
            assert {text(each) for each in got} >= {text(each) for each in traced.value} - {text(rule.default)}
        case State.EVENT | State.GIVEN if rule.collect:
            assert [*dict.fromkeys(map(text, got))] == [*map(text, traced.value)]
        case State.EVENT | State.GIVEN if rule.destination.array or rule.destination.type == "flattened":
            value = traced.value if isinstance(traced.value, list) else [traced.value]
            assert text([each for one in got for each in (one if isinstance(one, list) else [one])]) == text(value)
        case State.EVENT | State.GIVEN:
            assert text(got) == text([traced.value])
        case State.DEFAULT:
            default = [*rule.default] if isinstance(rule.default, tuple) else rule.default
            assert got == []
            assert traced.inside or traced.value == default
        case State.FAILED:
            assert got == []
            assert traced.value is ABSENT
            assert traced.problems
        case State.ABSENT:
            assert got == []
            assert traced.value is ABSENT
            assert not traced.problems


@pytest.mark.parametrize("case", golden(), ids=str)
def test_golden_cases(case: Case) -> None:
    own = case.options()
    trace = (tracer() if own in (Options(), EVERY_TYPE) else Tracer(mappings(), own)).trace(case.text())
    assert trace.document == Normalizer(mappings(), own).normalize(case.text())
    check(trace)


def test_odd_events() -> None:
    normalizer, traced, with_problems = Normalizer(mappings(), EVERY_TYPE), 0, 0
    for each in odd():
        try:
            expected = normalizer.normalize(each)
        except EventError as error:
            with pytest.raises(type(error)):
                tracer().trace(each)
            continue
        trace = tracer().trace(each)
        assert text(trace.document) == text(expected)
        check(trace)
        traced += 1
        with_problems += bool(trace.problems)
    assert traced > COUNT / 2
    assert with_problems > COUNT / 5


# --- rules with one of their paths


@cache
def alone(rule: Value) -> Make:
    """A rule as the only one of a Plan."""
    plan = replace(mappings().plans[0], rules=(rule,))
    return compile_plan(plan, lambda _: lambda _: True, Memory()).document


def test_the_first_path_that_gives_a_value_is_said_to_serve() -> None:
    served = set()
    for each in [*odd()[:80], *(case.text() for case in golden("rich", "details-in-snake-case", "placeholders"))]:
        try:
            trace = tracer().trace(each)
        except EventError:
            continue
        for traced in trace.fields:
            rule = traced.rule
            if not isinstance(rule, Value) or traced.inside or any(path.given for path in rule.paths):
                continue
            for index, read in enumerate(traced.reads):
                path = replace(rule, paths=(rule.paths[index],), default=None)
                there = bool(alone(path)(trace.event, None, None, "default", []))
                before = any(pick.fate is not Fate.IGNORED for one in traced.reads[:index] for pick in one.picks)
                assert read.served == (there and (rule.collect or not before)), (traced.name, str(read.path))
                if read.served and index:
                    served.add(str(read.path))
    assert any("serial_number" in path for path in served)


# --- changed events


OTHER = "changed-7"


def changed(event: dict[str, Any], where: Where, value: Any) -> bytes:
    event = copy.deepcopy(event)
    holder: Any = event
    for key in where[:-1]:
        holder = holder[key]
    holder[where[-1]] = value
    return orjson.dumps(event)


NEEDED = ("uuid", "eventType", "published")


def is_there_twice(traced: Traced, fact: Fact) -> bool:
    """Whether a `collect` has what it drops from another place too."""
    if not (isinstance(traced.rule, Value) and traced.rule.collect):
        return False
    got = [pick.got for read in traced.reads for pick in read.picks if pick.fate is Fate.ARRIVED]
    return any(got.count(pick.got) > 1 for each, pick in fact.picks if each is traced)


@pytest.mark.parametrize("name", ["rich", "wrong-types", "keys-that-are-too-long", "targets-in-another-order"])
def test_fields_hang_on_the_values_that_they_are_said_to_come_from(name: str) -> None:
    """Without a value, each field that has it is another; whatever stands where no rule reads, no field is."""
    case = golden(name)[-1]
    event = orjson.loads(case.text()) | {"unheard": {"of": [1, {"it": "x"}]}}
    event.setdefault("target", []).append({"type": "Device", "id": "second", "unheard": "of"})
    trace = tracer().trace(orjson.dumps(event))
    check(trace)
    for fact in trace.facts:
        if fact.where[0] in NEEDED or fact.where[-1] == "type":  # by which selectors choose
            continue
        arrived = {each.inside or each.name for each in fact.arrived()}
        without = tracer().normalizer.normalize(changed(event, fact.where, None if fact.is_read else OTHER))
        for traced in trace.fields:
            if traced.state in (State.EVENT, State.DEFAULT) and not (traced.inside or is_there_twice(traced, fact)):
                now = at(without, traced.name.split("."))
                assert (now != traced.value) == (traced.name in arrived), (traced.name, fact.place)
    assert any(not fact.is_read for fact in trace.facts)


# --- what is said about a rule


def field(trace: Trace, name: str) -> Traced:
    [found] = [each for each in trace.fields if each.name == name]
    return found


def test_where_rules_are_written() -> None:
    [case] = [case for case in golden("rich") if case.mapping == "mim.command.ios.error"]
    trace = tracer().trace(case.text())
    for each in trace.fields:
        if each.place is not None:
            line = (GOLDEN.parents[1] / each.place.file).read_text().splitlines()[each.place.line - 1]
            last = each.name.rpartition(".")[2]
            assert last in line or each.name.startswith(("client", "source", "user_agent", "okta", "host")), each.name
            assert each.chain[-1] == Path(each.place.file).stem
    outcome = field(trace, "event.outcome")
    assert (outcome.state, outcome.value) == (State.CONSTANT, "failure")
    assert outcome.chain == ("mim.command.ios.error",)
    assert outcome.instead_of is not None
    assert Path(outcome.instead_of.file).name == "_log_event.yml"
    version = field(trace, "ecs.version")
    assert (version.state, version.place) == (State.NORMALIZER, None)


def test_what_the_normalizer_writes() -> None:
    case = golden("wrong-types")[0]
    trace = tracer().trace(case.text())
    changed = {each.name for each in trace.fields if each.state is State.NORMALIZER}
    assert changed == {"ecs.version", "error.message", "event.kind", "tags"}
    assert PROBLEM_TAG in field(trace, "tags").value
    kind = field(trace, "event.kind").rule
    assert isinstance(kind, Constant)
    assert kind.value == "event"


RULES = """\
event.reason: {from: [outcome.reason, displayMessage], ignore: [none], map: {A: first, B: second}}
host.name: {from: target(type=Device).displayName, default: nobody}
user.email: {from: actor.alternateId, as: [lower, email]}
okta.x.list: {from: [debugContext.debugData.one, debugContext.debugData.two]}
okta.x.things:
  each: target
  fields: {id: {from: [id, $.actor.id], default: none}, size: detailEntry.size}
"""
CUSTOM = """\
okta.x.list: {type: long, array: true, description: Numbers.}
okta.x.things: {type: object, array: true, description: Objects.}
okta.x.things.id: {type: keyword, description: A text.}
okta.x.things.size: {type: byte, description: A number.}
"""
EVENT: dict[str, Any] = {
    "uuid": "u-1",
    "eventType": "mim.example",
    "published": "2026-09-14T06:00:00Z",
    "outcome": {"reason": "none"},
    "displayMessage": "B",
    "actor": {"alternateId": "Anna", "id": "a"},
    "debugContext": {"debugData": {"one": [1, "two", "3"], "two": 4}},
    "target": [{"id": "d1", "detailEntry": {"size": 300}}, "x", {"type": "Device", "detailEntry": {"size": "7"}}],
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    made = ways(tmp_path_factory.mktemp("small") / "mappings", RULES, CUSTOM)
    trace = Tracer(made.mappings).trace(orjson.dumps(EVENT))
    check(trace)
    return trace


def fates(traced: Traced) -> list[tuple[str, Where, Fate]]:
    return [(str(read.path), pick.where, pick.fate) for read in traced.reads for pick in read.picks]


def test_ignored_values_and_tables(small: Trace) -> None:
    reason = field(small, "event.reason")
    assert fates(reason) == [
        ("outcome.reason", ("outcome", "reason"), Fate.IGNORED),
        ("displayMessage", ("displayMessage",), Fate.ARRIVED),
    ]
    hit = reason.reads[1].picks[0].hit
    assert hit is not None
    assert (hit.key, hit.gives) == ("B", "second")
    assert hit.place is not None
    assert hit.place.line == next(
        number for number, line in enumerate(source(hit.place.file), 1) if "B: second" in line
    )


def source(file: str) -> list[str]:
    return Path(file).read_text().splitlines()


def test_defaults_and_what_gives_nothing(small: Trace) -> None:
    assert (field(small, "host.name").state, field(small, "host.name").value) == (State.DEFAULT, "nobody")
    email = field(small, "user.email")
    assert (email.state, fates(email)) == (
        State.ABSENT,
        [("actor.alternateId", ("actor", "alternateId"), Fate.NOTHING)],
    )


def test_lists(small: Trace) -> None:
    listed = field(small, "okta.x.list")
    one, two = ("debugContext", "debugData", "one"), ("debugContext", "debugData", "two")
    assert listed.value == [1, 3]
    assert [(where, fate) for _, where, fate in fates(listed)] == [
        ((*one, 0), Fate.ARRIVED),
        ((*one, 1), Fate.PROBLEM),
        ((*one, 2), Fate.ARRIVED),
        (two, Fate.PASSED_OVER),
    ]
    assert listed.problems == ('debugContext.debugData.one[1]: "two" is not a whole number',)


def test_lists_of_objects(small: Trace) -> None:
    things, ids, sizes = (field(small, f"okta.x.things{name}") for name in ("", ".id", ".size"))
    assert (things.value, things.inside) == ([{"id": "d1"}, {"id": "a", "size": 7}], "")
    assert things.problems == (
        'target[1]: "x" is not an object',
        "target[0].detailEntry.size: a number is not a whole number",
    )
    assert (ids.inside, ids.value, sizes.value) == ("okta.x.things", ["d1", "a"], [7])
    assert ("target.id", ("target", 0, "id"), Fate.ARRIVED) in fates(ids)
    assert ("actor.id", ("actor", "id"), Fate.ARRIVED) in fates(ids)
    assert [fate for *_, fate in fates(sizes)] == [Fate.PROBLEM, Fate.ARRIVED]


def test_values_of_the_event(small: Trace) -> None:
    facts = {fact.place: fact for fact in small.facts}
    assert not facts["target[2].type"].is_read
    assert facts["target[1]"].problem == 'target[1]: "x" is not an object'
    assert [each.name for each in facts["target[2].detailEntry.size"].arrived()] == ["okta.x.things.size"]
    lost = {place for place, fact in facts.items() if fact.is_read and not any(fact.arrived())}
    assert lost == {
        "actor.alternateId",
        "outcome.reason",
        "debugContext.debugData.one[1]",
        "debugContext.debugData.two",
        "target[0].detailEntry.size",
        "target[1]",
    }


# --- events that give no document


def test_events_without_a_document() -> None:
    plain = Tracer(mappings())
    for given, error in (
        (b"{", NotJSON),
        (b"[1]", NotAnEvent),
        (b'{"uuid": "1"}', NotAnEvent),
        (b'{"uuid": "1", "eventType": "user.x", "published": "2026-09-14T06:00:00Z"}', UnmappedEvent),
        (b'{"uuid": "1", "eventType": "mim.x", "published": "2026-02-30T06:00:00Z"}', NotAnEvent),
    ):
        with pytest.raises(error):
            plain.trace(given)


def test_events_that_are_nested_deeply() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    event = EVENT | {"eventType": "mim.command.ios.new", "unheard": deep, "target": []}
    event |= {"debugContext": {"debugData": {"url": "https://example.com"}}}
    [fact] = [fact for fact in tracer().trace(orjson_deep(event)).facts if fact.where[0] == "unheard"]
    assert (len(fact.where), fact.is_read) == (901, False)


def orjson_deep(event: dict[str, Any]) -> bytes:
    """orjson writes 254 levels; it reads 1,024."""
    shallow = orjson.dumps(event | {"unheard": "DEEP"})
    return shallow.replace(b'"DEEP"', b"[" * 900 + b'"x"' + b"]" * 900)
