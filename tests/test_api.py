"""The public API: what goes in, what comes out, which error says what."""

from __future__ import annotations

import copy
import datetime
import inspect
import json
import pickle
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import normalizer as api
from normalizer import (
    EventError,
    InvalidDocument,
    MappingError,
    Mappings,
    Normalizer,
    NotAnEvent,
    NotJSON,
    Options,
    Plan,
    ProblemEvent,
    UnmappedEvent,
    errors,
)
from normalizer.backends.schemas import document_schema

EVENT: dict[str, Any] = {
    "uuid": "5a01", "eventType": "mim.command.ios.new", "published": "2026-09-14T06:00:00.123Z",
    "actor": {"displayName": "Zoë"}, "securityContext": {"asNumber": 64500},
}  # fmt: skip
COMPACT = json.dumps(EVENT, separators=(",", ":"), ensure_ascii=False)
HEAD = '"uuid": "5a01", "eventType": "mim.x", "published": "2026-09-14T06:00:00Z"'


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    return Normalizer.load()


# ---- forms of an event


def test_an_event_is_an_object_or_its_json(normalizer: Normalizer) -> None:
    expected = normalizer.normalize(EVENT)
    assert expected["event"]["original"] == COMPACT
    assert normalizer.normalize(COMPACT) == normalizer.normalize(COMPACT.encode()) == expected
    assert normalizer.normalize(MappingProxyType(EVENT)) == expected
    assert normalizer.normalize(EVENT | {"target": ()}) == normalizer.normalize(EVENT | {"target": []})


def test_the_event_is_not_changed_and_the_document_is_new(normalizer: Normalizer) -> None:
    event = copy.deepcopy(EVENT)
    document = normalizer.normalize(event)
    document["okta"]["actor"]["display_name"] = "other"
    assert event == EVENT
    assert normalizer.normalize(event)["okta"]["actor"]["display_name"] == "Zoë"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f'  {{ {HEAD} , "z":1,\t"a" : 2 }}\r\n', id="blanks and the order of keys"),
        pytest.param(f'{{{HEAD}, "displayMessage": "\\u0041\\/\\u00e9\\ud83d\\ude00"}}', id="escapes"),
        pytest.param(f'{{{HEAD}, "n": [1.0, 1e2, -0.0, 1E+2, 0.10]}}', id="numbers as they are written"),
        pytest.param(f'{{{HEAD}, "n": 123456789012345678901234567890}}', id="numbers beyond 64 bits"),
        pytest.param(f'{{"uuid": "first", {HEAD}}}', id="a key twice"),
        pytest.param(f'{{{HEAD}, "displayMessage": "\\u0000é\u2028😀"}}', id="letters beyond ASCII"),
    ],
)
def test_the_original_is_the_text_itself(normalizer: Normalizer, text: str) -> None:
    done = normalizer.normalize_text(text.encode())
    assert json.loads(done.document)["event"]["original"] == text
    anew = json.loads(normalizer.normalize_text(text.encode(), own_text=False).document)["event"]["original"]
    assert anew != text
    assert json.loads(anew)["uuid"] == "5a01"
    assert ": " not in anew


def test_normalize_text_says_what_the_document_is(normalizer: Normalizer) -> None:
    done = normalizer.normalize_text(COMPACT.encode())
    assert (done.id, done.event_type, done.problem) == ("5a01", "mim.command.ios.new", False)
    assert json.loads(done.document) == normalizer.normalize(EVENT)
    assert normalizer.normalize_text(COMPACT.replace("64500", '"x"').encode()).problem is True


# ---- envelopes


def test_eventbridge(normalizer: Normalizer) -> None:
    envelope = {
        "version": "0",
        "id": "e",
        "detail-type": "Okta",
        "source": "aws.partner/okta.com/acme",
        "detail": EVENT,
    }
    assert normalizer.normalize(envelope) == normalizer.normalize(EVENT)
    text = json.dumps(envelope, indent=1).encode()
    assert json.loads(normalizer.normalize_text(text).document)["event"]["original"] == COMPACT


def test_hec_with_an_object(normalizer: Normalizer) -> None:
    assert normalizer.normalize({"time": 1, "host": "h", "event": EVENT}) == normalizer.normalize(EVENT)


def test_hec_with_text_keeps_it_byte_for_byte(normalizer: Normalizer) -> None:
    text = f'{{ {HEAD},  "displayMessage": "\\u00e9" }}'
    document = normalizer.normalize({"time": 1, "event": text})
    assert document["event"]["original"] == text
    assert document["message"] == "é"


def test_an_event_of_its_own_is_no_envelope(normalizer: Normalizer) -> None:
    document = normalizer.normalize(EVENT | {"detail": {"uuid": "other"}, "event": "{}"})
    assert document["event"]["id"] == "5a01"


@pytest.mark.parametrize(
    ("envelope", "error", "message"),
    [
        ({"detail": 5}, NotAnEvent, 'the event has no "uuid"'),
        ({"event": [EVENT]}, NotAnEvent, 'the event has no "uuid"'),
        ({"event": "[1]"}, NotAnEvent, 'the text under "event" holds no JSON object'),
        ({"event": "Okta"}, NotJSON, 'under "event": not JSON at character 1'),
        ({"event": ""}, NotJSON, 'under "event": the text is empty'),
        ({"detail": {"uuid": "1"}}, NotAnEvent, 'the event has no "published"'),
    ],
)
def test_envelopes_without_an_event(
    normalizer: Normalizer, envelope: dict[str, Any], error: type[EventError], message: str
) -> None:
    with pytest.raises(error) as raised:
        normalizer.normalize(envelope)
    assert str(raised.value) == message


# ---- what is not an event

MISSING = object()
NO_UUID = "is not a text of 1 to 512 characters from ! to ~"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"uuid": MISSING}, 'the event has no "uuid"'),
        ({"uuid": None}, 'the event has no "uuid"'),
        ({"uuid": ""}, 'the event has no "uuid"'),
        ({"uuid": "a b"}, f'uuid: "a b" {NO_UUID}'),
        ({"uuid": "a\n"}, f"uuid: a text {NO_UUID}"),
        ({"uuid": "é"}, f"uuid: a text {NO_UUID}"),
        ({"uuid": "x" * 513}, f"uuid: a text {NO_UUID}"),
        ({"uuid": 5}, f"uuid: a number {NO_UUID}"),
        ({"uuid": ["5a01"]}, f"uuid: a list {NO_UUID}"),
        ({"uuid": {"id": 1}}, f"uuid: an object {NO_UUID}"),
        ({"published": MISSING}, 'the event has no "published"'),
        ({"published": None}, 'the event has no "published"'),
        ({"published": 1789365600000}, "published: a number is not a date"),
        ({"published": "yesterday"}, 'published: "yesterday" is not a date'),
        ({"published": "2026-09-14T06:00:00.123Z\n"}, "published: a text is not a date"),
        ({"published": "2026-02-30T06:00:00Z"}, 'published: "2026-02-30T06:00:00Z" is not a date'),
        ({"published": "2026-09-14T24:00:00Z"}, 'published: "2026-09-14T24:00:00Z" is not a date'),
        ({"published": "1969-12-31T23:59:59Z"}, 'published: "1969-12-31T23:59:59Z" is not a date'),
        ({"published": "2026-09-14T06:00:00+18:00"}, 'published: "2026-09-14T06:00:00+18:00" is not a date'),
        ({"eventType": MISSING}, 'the event has no "eventType"'),
        ({"eventType": None}, 'the event has no "eventType"'),
        ({"eventType": ""}, 'the event has no "eventType"'),
        ({"eventType": True}, "eventType: a boolean is not text"),
        ({"eventType": ["mim.x"]}, "eventType: a list is not text"),
        ({"uuid": MISSING, "published": MISSING}, 'the event has no "uuid"'),
        # the date comes first, whatever else is wrong
        ({"published": "2026-02-30T06:00:00Z", "actor": "x"}, 'published: "2026-02-30T06:00:00Z" is not a date'),
    ],
)
def test_not_an_event(normalizer: Normalizer, change: dict[str, Any], message: str) -> None:
    event = {key: value for key, value in (EVENT | change).items() if value is not MISSING}
    with pytest.raises(NotAnEvent) as raised:
        normalizer.normalize(event)
    assert (str(raised.value), raised.value.message, raised.value.reason) == (message, message, "not_an_event")


def test_the_longest_uuid(normalizer: Normalizer) -> None:
    every = "".join(map(chr, range(0x21, 0x7F)))
    for uuid in (every, "x" * 512, "-", "null"):
        assert normalizer.normalize(EVENT | {"uuid": uuid})["event"]["id"] == uuid


def nested(levels: int) -> bytes:
    return b'{"uuid": ' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "the text is empty"),
        (b" \r\n\t", "the text is empty"),
        (b'{"uuid": "5a0', "not JSON: it ends too early"),
        (b'{"uuid": "5a01"', "not JSON: it ends too early"),
        (b'{"uuid": NaN}', "not JSON at character 10"),
        (b'{"uuid": -Infinity}', "not JSON at character 11"),
        (b'{"uuid": 1e400}', "not JSON at character 10"),
        (b'{"uuid": 01}', "not JSON at character 10"),
        (b"{'uuid': 1}", "not JSON at character 2"),
        (b'{"uuid": 1,}', "not JSON at character 11"),
        (b'{"uuid": 1} {}', "not JSON at character 13"),
        (b'{"uuid": "a\nb"}', "not JSON at character 12"),
        (b"\xef\xbb\xbf{}", "not JSON at character 1"),
        (b'{"uuid": \x00}', "not JSON at character 10"),
        (b'{"uuid": "\xff"}', "not JSON: byte 11 is not UTF-8"),
        (b'{"uuid": "\xed\xa0\x80"}', "not JSON: byte 11 is not UTF-8"),
        (b'{"uuid": "\xc0\xaf"}', "not JSON: byte 11 is not UTF-8"),
        (b'{"uuid": "\\ud800"}', "not JSON: a surrogate without its other half near character 11"),
        (b'{"uuid": "\\udc00x"}', "not JSON: a surrogate without its other half near character 11"),
        (nested(10_000), "not JSON: it is nested too deeply"),
        (b"[" * 100_000, "not JSON: it is nested too deeply"),
        ("Ümläute".encode("utf-16"), "not JSON: byte 1 is not UTF-8"),
    ],
)
def test_not_json(normalizer: Normalizer, text: bytes, message: str) -> None:
    with pytest.raises(NotJSON) as raised:
        normalizer.normalize(text)
    assert (str(raised.value), raised.value.reason) == (message, "not_json")


def test_text_with_half_a_letter(normalizer: Normalizer) -> None:
    with pytest.raises(NotJSON, match="byte 11 is not UTF-8"):
        normalizer.normalize('{"uuid": "\ud800"}')


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"[]", "a list"),
        (b'"x"', '"x"'),
        (b"5", "a number"),
        (b"1.5", "a number"),
        (b"true", "a boolean"),
        (b"null", "null"),
    ],
)
def test_json_that_is_no_object(normalizer: Normalizer, text: bytes, what: str) -> None:
    with pytest.raises(NotAnEvent) as raised:
        normalizer.normalize(text)
    assert str(raised.value) == f"{what} is not an event; an event is a JSON object"


def circle() -> dict[str, Any]:
    event = {**EVENT}
    event["actor"] = event
    return event


@pytest.mark.parametrize(
    "event",
    [
        {**EVENT, "actor": {"id": float("nan")}},
        {**EVENT, "target": [{"id": float("-inf")}]},
        {**EVENT, "actor": {"id": 2**64}},
        {**EVENT, "actor": {"id": {1}}},
        {**EVENT, "actor": {1: "id"}},
        {**EVENT, "actor": {"id": "\ud800"}},
        {**EVENT, "published": datetime.datetime(2026, 9, 14)},
        {**EVENT, "actor": object()},
        circle(),
    ],
    ids=["NaN", "-inf", "number", "set", "key", "surrogate", "datetime", "object", "circle"],
)
def test_objects_that_json_cannot_hold(normalizer: Normalizer, event: dict[str, Any]) -> None:
    with pytest.raises(NotJSON, match="the event holds what JSON cannot"):
        normalizer.normalize(event)


@pytest.mark.parametrize("where", ["debugContext", "detail", "unmapped"])
@pytest.mark.parametrize("key", ["a", "k" * 600])
def test_lists_in_lists_beyond_what_can_be_written(normalizer: Normalizer, where: str, key: str) -> None:
    """They are a document, or no JSON for us: never an error of another package."""
    for levels in (100, 300, 900):
        value: Any = 1
        for _ in range(levels):
            value = [value]
        inner = {key: value, "k" * 700: 1}
        event = {
            "debugContext": {**EVENT, "debugContext": {"debugData": inner}},
            "detail": {"detail": {**EVENT, "unmapped": inner}},
            "unmapped": {**EVENT, "unmapped": inner},
        }[where]
        try:
            document = normalizer.normalize(json.dumps(event))
        except NotJSON as error:
            assert "nested too deeply" in str(error)  # noqa: PT017 - either is right
            assert levels > 100
        else:
            assert document["event"]["id"] == "5a01"


# ---- the other errors of an event


def test_unmapped(normalizer: Normalizer) -> None:
    with pytest.raises(UnmappedEvent) as raised:
        normalizer.normalize(EVENT | {"eventType": "user.session.start"})
    assert str(raised.value) == 'events of type "user.session.start" are not mapped'
    every = Normalizer(normalizer.mappings, Options(all_events=True))
    assert every.normalize(EVENT | {"eventType": "user.session.start"})["event"]["dataset"] == "okta.system"


def test_what_is_no_event_is_not_unmapped(normalizer: Normalizer) -> None:
    with pytest.raises(NotAnEvent):
        normalizer.normalize({"eventType": "user.session.start", "uuid": "1"})


def test_strict(normalizer: Normalizer) -> None:
    strict = Normalizer(normalizer.mappings, Options(strict=True))
    with pytest.raises(ProblemEvent, match=r"client\.ipAddress: an object is not an IP address"):
        strict.normalize(EVENT | {"client": {"ipAddress": {"v4": 1}}})


def test_a_document_that_breaks_its_schema_is_an_error(normalizer: Normalizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a defect: here a schema that no date obeys."""

    def broken(plan: Plan, mappings: Mappings) -> dict[str, Any]:
        schema = document_schema(plan, mappings)
        schema["properties"]["@timestamp"] = {"const": "never"}
        return schema

    monkeypatch.setattr("normalizer.runtime.normalizer.document_schema", broken)
    with pytest.raises(InvalidDocument) as raised:
        Normalizer(normalizer.mappings).normalize(EVENT)
    assert str(raised.value).startswith("@timestamp breaks the rule 'const' of its schema")
    assert raised.value.reason == "document_invalid"
    assert Normalizer(normalizer.mappings, Options(validate=False)).normalize(EVENT)["event"]["id"] == "5a01"


EVENT_ERRORS = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, EventError)]


@pytest.mark.parametrize("kind", EVENT_ERRORS)
def test_errors_survive_another_process(kind: type[EventError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what was wrong")))
    assert type(error) is kind
    assert (str(error), error.message, error.reason) == ("what was wrong", "what was wrong", kind.reason)


def test_reasons_are_words_of_their_own() -> None:
    assert len({kind.reason for kind in EVENT_ERRORS}) == len(EVENT_ERRORS)


def test_every_error_is_public_and_in_the_drawing() -> None:
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, Exception):
            assert getattr(api, name) is kind
            assert f" {name} " in f"{errors.__doc__}".replace("\n", " ")


# ---- mappings and options


def test_everything_named_is_there() -> None:
    assert sorted(api.__all__) == api.__all__
    assert all(hasattr(api, name) for name in api.__all__)


def test_mappings_of_a_folder(tmp_path: Path) -> None:
    lines = (
        'event_type: mim.*\nsummary: All.\nfields: {"@timestamp": published, event.id: uuid, event.action: eventType}\n'
    )
    (tmp_path / "mim.any.yml").write_text(lines, encoding="utf-8")
    own = Normalizer.load(tmp_path)
    assert own.normalize(EVENT) == {
        "@timestamp": EVENT["published"],
        "event": {"id": "5a01", "action": EVENT["eventType"]},
        "ecs": {"version": "9.4.0"},
    }
    assert Normalizer.load(str(tmp_path)).normalize(EVENT) == own.normalize(EVENT)


def test_mistakes_in_mappings(tmp_path: Path) -> None:
    (tmp_path / "mim.any.yml").write_text("event_type: mim.*\nsummry: All.\nfields: {a: b}\n", encoding="utf-8")
    with pytest.raises(MappingError) as raised:
        Normalizer.load(tmp_path)
    assert len(raised.value.findings) >= 2
    assert all(finding.place.file.endswith("mim.any.yml") for finding in raised.value.findings)


def test_mistakes_in_mappings_survive_another_process(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as raised:
        Normalizer.load(tmp_path / "nowhere")
    again = pickle.loads(pickle.dumps(raised.value))
    assert (again.findings, str(again)) == (raised.value.findings, str(raised.value))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="there is no such folder"):
        Normalizer.load(tmp_path / "nowhere")


def test_options_are_values() -> None:
    assert Options() == Options(None, "default", True, False, False, True)
    with pytest.raises(AttributeError):
        Options().org = "acme"  # type: ignore[misc]


def test_many_types_do_not_fill_the_memory(normalizer: Normalizer) -> None:
    for number in range(2100):
        normalizer.normalize({**EVENT, "eventType": f"mim.other.{number}"})
    assert len(normalizer._types) <= 1000
    assert normalizer.normalize({**EVENT, "eventType": "mim.other.2099"})["event"]["action"] == "mim.other.2099"
    assert normalizer.normalize(EVENT)["okta"]["mim"]["command"]["status"] == "new"


@pytest.mark.parametrize(
    ("given", "what"), [([{"uuid": "a"}], "a list"), ([], "a list"), (None, "null"), (5, "a number")]
)
def test_what_is_no_event_at_all(given: Any, what: str) -> None:
    with pytest.raises(NotAnEvent, match=f"^{what} is not an event; an event is a JSON object$"):
        Normalizer.load().normalize(given)
