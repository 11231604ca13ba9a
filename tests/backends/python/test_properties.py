"""What holds for every event, whatever it holds: a document without anything empty, or a dead letter; one meaning."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from normalizer import EventError, NotAnEvent, load
from normalizer.language import Constant, Each, Value
from normalizer.language.conversions import BAD_KEY, NOT_AN_OBJECT, NOT_ONE_VALUE, STEPS, TOO_DEEP, TYPES
from tests.backends.python.events import LEAST, NEEDED, ODD, documented, full, put
from tests.backends.python.ways import Document, Event, Ways, text

ROOT = Path(__file__).resolve().parents[3]
AS_THEY_ARE = re.compile(
    r"okta\.(target\[\d+\]\.(detailEntry|changeDetails\.(from|to))|device\.device_integrator|request\.ip_chain(\[\d+\].*)?"
    r"|security_context\.user_behaviors(\[\d+\])?|debug_context\.debug_data\.flattened)"
).fullmatch
"""The flattened fields: what is in them is Okta's."""
NOUNS = {each.noun for each in (*TYPES.values(), *STEPS.values())} | {NOT_AN_OBJECT, NOT_ONE_VALUE, TOO_DEEP, BAD_KEY}
SENTENCE = re.compile(
    r'(?s:(?P<path>.+?)): (?P<what>"[ -~]{0,64}"|a text|a number|a boolean|an object|a list|a key) is not (?P<noun>'
    + "|".join(sorted(map(re.escape, NOUNS), key=len, reverse=True))
    + ")"
).fullmatch


@pytest.fixture(scope="module")
def shipped() -> Ways:
    return Ways(load())


def empties(value: Any, path: str = "") -> Iterator[str]:
    """Where something absent or empty stands in a document, outside values that are taken as they are."""
    if AS_THEY_ARE(path) and value not in (None, {}, []):
        return
    if value is None or value == "" or value == [] or value == {}:
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from empties(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from empties(inner, f"{path}[{index}]")


Reads = tuple[int, tuple[str, ...], set[str], set[int]]


@cache
def reads(ways: Ways, event_type: str) -> list[Reads]:
    """What rules read, in Plan order: their numbers, names, nouns, and the steps that a selector is silent at."""
    found = []
    for number, rule in enumerate(ways.plan(event_type).rules):
        if isinstance(rule, Constant):
            continue
        values = [rule] if isinstance(rule, Value) else list(rule.fields)
        above = rule.path.segments if isinstance(rule, Each) else ()
        for value in values:
            nouns = {STEPS[name].noun for name in value.steps}
            nouns |= {(TYPES["keyword"] if value.table else TYPES.get(value.destination.type, TYPES["flattened"])).noun}
            for path in value.paths:
                segments = (*above, *path.segments)
                silent = {at for at, segment in enumerate(segments) if segment.selector is not None}
                found.append((number, tuple(segment.name for segment in segments), nouns, silent))
    return found


def speakers(sentence: str, rules: list[Reads]) -> list[int]:
    """The numbers of the rules that can have said a sentence."""
    match = SENTENCE(sentence)
    assert match is not None, sentence
    names, noun = tuple(re.sub(r"\[\d+\]", "", match["path"]).split(".")), match["noun"]
    found = []
    for number, path, nouns, silent in rules:
        above = path[: len(names)] == names and len(names) - 1 not in silent
        if (
            (path == names and noun in nouns)
            or (names[: len(path)] == path and NOT_AN_OBJECT in nouns)  # inside a flattened value
            or (above and noun in (NOT_AN_OBJECT, NOT_ONE_VALUE))
        ):
            found.append(number)
    return found


def in_plan_order(problems: list[str], rules: list[Reads]) -> bool:
    """Whether rules can have said these sentences in the order of the Plan."""
    last = 0
    for sentence in problems:
        later = [number for number in speakers(sentence, rules) if number >= last]
        if not later:
            return False
        last = later[0]
    return True


def checked(shipped: Ways, event: Event) -> tuple[Document, list[str]]:
    """All that must hold for any event that is accepted."""
    document, problems = shipped.document(event)
    assert list(empties(document)) == []
    assert len(set(problems)) == len(problems)
    assert in_plan_order(problems, reads(shipped, event["eventType"])), problems
    assert ("error" in document) == bool(problems) == (document["event"]["kind"] == "pipeline_error")
    assert document.get("tags", []).count("normalization_problem") == bool(problems)
    return document, problems


# ---- events as Okta writes them


def examples() -> list[Event]:
    lines = (ROOT / "examples" / "okta-mim.ndjson").read_bytes().splitlines()
    return [orjson.loads(line) for line in lines]


def test_every_example_goes_the_quick_way(shipped: Ways) -> None:
    before = shipped.gave_up
    for event in examples():
        _, problems = checked(shipped, event)
        assert problems == []
    assert shipped.gave_up == before


def test_an_event_with_everything_goes_the_quick_way(shipped: Ways) -> None:
    before = shipped.gave_up
    document, problems = checked(shipped, full())
    assert problems == []
    assert shipped.gave_up == before
    written = {rule.destination.name for rule in shipped.plan("mim.command.ios.new").rules}
    missing = {name for name in written if not has(document, name)}
    assert missing == {
        # no table has the word, no address is an e-mail, and the run time was given nothing
        *(f"{user}.email" for user in ("user", "client.user", "source.user", "user.target")),
        *(f"{host}.os.{name}" for host in ("host", "host.target") for name in ("name", "type", "platform", "version")),
        *(f"{geo}.geo.country_iso_code" for geo in ("client", "source")),
        "device.manufacturer", "device.model.identifier", "device.model.name", "device.serial_number",
        "event.severity", "event.original", "user_agent.name", "user_agent.os.name",
        "cloud.account.id", "observer.hostname", "organization.id",
        *(name for name in written if name.startswith(("okta.debug_context.", "okta.transaction.detail."))),
    } - {"okta.debug_context.debug_data.flattened"}  # fmt: skip


def has(document: Document, name: str) -> bool:
    for key in name.split("."):
        if key not in document:
            return False
        document = document[key]
    return True


def test_documents_share_nothing(shipped: Ways) -> None:
    """Through the public door: changing one document changes no other, nor the event."""
    normalizer = shipped.normalizer
    event = full()
    before = text(event)
    one, other = normalizer.normalize(event), normalizer.normalize(event)
    shared = text(other)
    pending: list[Any] = [one]
    while pending:
        value = pending.pop()
        if isinstance(value, (dict, list)):
            pending += value.values() if isinstance(value, dict) else value
            value.clear()
    assert (text(event), text(other)) == (before, shared)
    assert text(normalizer.normalize(event)) == shared


# ---- every path, every kind of value


def dead_or_alive(shipped: Ways, event: Event, path: str) -> None:
    """With any value at a path that every event needs, an event is none and the reason names the path, or it is one."""
    good = path != "published" and isinstance(event[path], str) and event[path] != ""
    if good and (path == "eventType" or re.fullmatch(r"[!-~]{1,512}", event[path])):
        document = shipped.normalizer.normalize(text(event))
        assert document["event"]["id" if path == "uuid" else "action"] == event[path]
    else:
        with pytest.raises(NotAnEvent, match=path):
            shipped.normalizer.normalize(text(event))


@pytest.mark.parametrize("path", documented())
@pytest.mark.parametrize("around", ["alone", "in a full event"])
def test_any_value_anywhere(shipped: Ways, path: str, around: str) -> None:
    for value in ODD.values():
        event = copy.deepcopy(LEAST) if around == "alone" else full()
        if path.startswith("target.") and around == "alone":
            event["target"] = [{"type": "Device"}, {"type": "User"}]
        put(event, path, value)
        if path in NEEDED:
            dead_or_alive(shipped, event, path)
        else:
            checked(shipped, event)


@pytest.mark.parametrize("path", [path for path, fact in documented().items() if fact.type == "object"])
def test_any_value_below_an_object(shipped: Ways, path: str) -> None:
    """Keys that nobody knows, and odd keys, beside the ones that are read."""
    for value in ODD.values():
        for key in ("other", "", "a.b", "é", "__proto__", "0", "id ", "n\0"):
            event = full()
            put(event, f"{path}.other", value)
            holder = event
            for step in path.split("."):
                inner = holder[step]
                holder = inner[0] if isinstance(inner, list) else inner
            holder[key] = holder.pop("other")
            checked(shipped, event)
            if value is not None:
                break  # one odd key for each value, all of them for null


# ---- random events

PATHS = [path for path in documented() if path not in NEEDED]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["unknown", "User", "Device", "SystemPrincipal", "SUCCESS", "IOS", "192.0.2.1", "::1", "a@b", "."]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "lat", "lon", "ip", "osPlatform"]) | st.text(max_size=3), inner, max_size=3
        )
    ),
    max_leaves=6,
)
CHANGES = st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(list(ODD.values())) | JSON), max_size=10)
EVENT_TYPES = st.sampled_from(
    ["mim.command.ios.new", "mim.command.generic.error", "mim.createEnrollment.IOS", "mim.x", "user.session.start"]
)
SETTINGS = settings(
    max_examples=250, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@SETTINGS
@given(st.integers(0, 30), EVENT_TYPES, CHANGES, st.lists(st.sampled_from(PATHS), max_size=6), st.randoms())
def test_any_event(shipped: Ways, base: int, event_type: str, changes: Any, nulls: list[str], rng: Any) -> None:
    event = full() if base == 0 else copy.deepcopy(LEAST) if base == 1 else copy.deepcopy(SAMPLE[base])
    for path in nulls:
        put(event, path, None)
    for path, value in changes:
        put(event, path, copy.deepcopy(value))
    if isinstance(event.get("target"), list):
        rng.shuffle(event["target"])
    event["eventType"] = event_type
    document, problems = checked(shipped, event)
    if not problems:
        again, _ = checked(shipped, event)
        assert text(again) == text(document)


SAMPLE = examples()[:31]


@SETTINGS
@given(JSON | st.binary().map(lambda junk: junk.decode("latin-1")))
def test_anything_gives_a_document_or_an_event_error(shipped: Ways, value: Any) -> None:
    for given_text in (orjson.dumps(value), text(value)[:-1].encode(), str(value).encode(errors="surrogatepass")):
        with suppress(EventError):
            shipped.normalizer.normalize(given_text)


def test_a_flattened_value_is_exactly_as_it_came(shipped: Ways) -> None:
    for value in ODD.values():
        event = {**LEAST, "debugContext": {"debugData": {"v": value}}}
        document, problems = checked(shipped, event)
        if not problems:
            assert text(document["okta"]["debug_context"]["debug_data"]["flattened"]) == text({"v": value})
