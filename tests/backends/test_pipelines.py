"""What comes into the pipelines, what stays, and what becomes of failures: on a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from normalizer import Normalizer, Options, SetupError, load
from normalizer.backends.pipelines import build
from normalizer.backends.templates import OPENSEARCH, index_mapping
from normalizer.names import NAME
from tests.engines.ask import ask
from tests.parity.simulate import Answer, Dropped, Made, Server

CUSTOM = f"{NAME}@custom"
EVENT: dict[str, Any] = {
    "uuid": "5a01",
    "eventType": "mim.command.ios.new",
    "published": "2026-09-14T06:00:00.123Z",
    "severity": "INFO",
    "actor": {"id": "00u1", "type": "User", "alternateId": "anna@example.com"},
    "client": {"ipAddress": "192.0.2.1", "geographicalContext": {"geolocation": {"lat": 59, "lon": 10.5}}},
    "device": {"name": "Pixel"},
    "outcome": {"result": "SUCCESS"},
    "target": [{"id": "d1", "type": "UDDevice", "displayName": "kiosk"}],
    "debugContext": {"debugData": {"quote": 'a "b" \\ \n\u2028\u0001é😀', "list": [1, 1.5, True, None, {}]}},
    "version": "0",
}
TEXT = orjson.dumps(EVENT).decode()
SHIPPER: dict[str, Any] = {"agent": {"name": "a"}, "input": {"type": "cel"}, "labels": {"site": "oslo"}}


@pytest.fixture(scope="module")
def server(opensearch_url: str) -> Iterator[Server]:
    server = Server(opensearch_url)
    with server.stored(build(load())):
        yield server


def simulate(server: Server, *sources: dict[str, Any]) -> list[Answer]:
    return list(server.simulate(NAME, sources))


def document(server: Server, source: dict[str, Any]) -> dict[str, Any]:
    """The document, without the time of its arrival."""
    (made,) = simulate(server, source)
    assert isinstance(made, Made), made
    assert made.id == "5a01"
    assert made.source["event"].pop("ingested").startswith("20")
    return dict(made.source)


def expected(options: Options | None = None) -> dict[str, Any]:
    """What the Python path makes of the event."""
    return Normalizer.load(options=options).normalize(TEXT)


# ---- what comes in


FORMS: dict[str, dict[str, Any]] = {
    "message": {"message": TEXT},
    "event.original": {"event": {"original": TEXT}},
    "both": {"message": "something else", "event": {"original": TEXT}},
    "message beside another event": {"message": TEXT, "event": {"dataset": "okta.system", "created": "2026"}},
    "message beside an event that is a number": {"message": TEXT, "event": 4624},
    "message beside an event.original that is a list": {"message": TEXT, "event": {"original": ["x"]}},
    "message beside an empty event.original": {"message": TEXT, "event": {"original": None}},
    "a text under event, of Splunk's collector": {"event": TEXT, "host": "collector", "time": 1, "index": "main"},
}
PARSED: dict[str, dict[str, Any]] = {
    "the root": EVENT,
    "detail, of EventBridge": {"detail": EVENT, "id": "1", "source": "aws.partner", "account": "1", "resources": []},
    "event, of Splunk's collector": {"event": EVENT, "host": "collector", "sourcetype": "okta", "time": 1},
    "message": {"message": EVENT},
    "event.original": {"event": {"original": EVENT}},
    "an envelope of EventBridge in message": {"message": json.dumps({"detail-type": "x", "detail": EVENT})},
    "an envelope of Splunk's in message": {"message": json.dumps({"host": "x", "event": EVENT})},
}


@pytest.mark.parametrize("source", FORMS.values(), ids=FORMS)
def test_the_event_as_text(server: Server, source: dict[str, Any]) -> None:
    assert document(server, source) == expected()


@pytest.mark.parametrize("source", PARSED.values(), ids=PARSED)
def test_the_event_parsed(server: Server, source: dict[str, Any]) -> None:
    got, wanted = document(server, source), expected()
    original = got["event"].pop("original")
    assert wanted["event"].pop("original") == TEXT
    assert json.loads(original) == EVENT
    assert got == wanted


def test_an_event_in_a_text_in_an_envelope_in_message(server: Server) -> None:
    """As Splunk's collector has it, twice wrapped."""
    assert document(server, {"message": json.dumps({"event": TEXT, "time": 5})}) == expected()


@pytest.mark.parametrize("text", ["cut off: {", "[]", "5"])
def test_a_text_beside_a_parsed_event_that_is_none_itself(server: Server, text: str) -> None:
    """event.original is what the document was made from."""
    for source in ({**EVENT, "event": {"original": text}}, {"message": text, "detail": EVENT}):
        got = document(server, source)
        assert json.loads(got["event"]["original"]) == EVENT
        assert got["device"]["id"] == "d1"


def test_what_is_written_anew_is_read_again(server: Server) -> None:
    """Every character of the basic plane that a JSON text must escape, long texts, numbers at their limits."""
    odd = "".join(map(chr, range(0x80))) + "\u2028\u2029\ufeff😀"
    numbers = [2**63 - 1, -(2**63), 0.1, 1e22, 5e-324, -0.0]
    values: dict[str, Any] = {"text": odd, "long": '"é' * 300_000, odd: [*numbers, {}, [], "", None]}
    event = {**EVENT, "debugContext": {"unmapped": values}}
    got = document(server, {"detail": event})
    assert json.loads(got["event"]["original"]) == event


# ---- what stays


@pytest.mark.parametrize(
    "source", [*FORMS.values(), *PARSED.values()], ids=[*FORMS, *(f"parsed {each}" for each in PARSED)]
)
def test_what_a_shipper_adds_stays_and_what_documents_have_does_not(server: Server, source: dict[str, Any]) -> None:
    plain = document(server, source)
    more = {
        **SHIPPER,
        "tags": ["forwarded", "mim"],
        "data_stream": {"namespace": "prod", "dataset": "okta.system", "type": "metrics"},
        "host": source.get("host", {"name": "collector", "ip": ["10.0.0.1"]}),
        "log": {"file": {"path": "/x"}},
        "ecs": {"version": "1.0"},
        "@timestamp": "2020-01-01T00:00:00Z",
        "cloud": {"provider": "aws"},
        "error": {"message": "old"},
    }
    got = document(server, {**more, **source})
    assert got["tags"] == ["forwarded", "mim"]
    assert got["data_stream"] == {"namespace": "prod", "dataset": "okta.mim", "type": "logs"}
    rest = {**plain, **SHIPPER, "tags": got["tags"], "data_stream": got["data_stream"]}
    assert got == rest


@pytest.mark.parametrize(
    ("given", "tags"),
    [("one", ["one", "mim"]), ([], ["mim"]), (["mim", "x", "x", 5], ["mim", "x"]), ({"a": 1}, ["mim"])],
)
def test_tags_of_every_kind(server: Server, given: Any, tags: list[str]) -> None:
    assert document(server, {"message": TEXT, "tags": given})["tags"] == tags


@pytest.mark.parametrize("given", ["x", {}, {"namespace": ""}, {"namespace": 5}, None, []])
def test_a_namespace_that_is_none(server: Server, given: Any) -> None:
    assert document(server, {"message": TEXT, "data_stream": given})["data_stream"]["namespace"] == "default"


def test_the_org_is_a_parameter_of_what_is_installed(server: Server) -> None:
    assert "acme" not in json.dumps(build(load()))
    bodies = build(load(), org="acme.okta.com")
    with server.stored(bodies, "org-"):
        (made,) = server.simulate(f"org-{NAME}", [{"message": TEXT}])
    assert isinstance(made, Made)
    made.source["event"].pop("ingested")
    assert made.source == expected(Options("acme.okta.com"))


def test_events_share_nothing(server: Server) -> None:
    """What a later processor does to one document, or to one field, is not seen elsewhere."""
    changes = """
        ctx.tags.add('seen'); ctx.event.category.add('iam'); ctx.event.type.clear();
        ctx.client.geo.location.lat = 1; ctx.okta.target[0].id = 'other';
    """
    again = document(server, {"message": TEXT})
    bodies = {**build(load()), CUSTOM: {"processors": [{"script": {"source": changes}}]}}
    with server.stored(bodies, "sharing-"):
        for made in server.simulate(f"sharing-{NAME}", [{"message": TEXT}] * 3):
            assert isinstance(made, Made)
            assert made.source["tags"] == ["mim", "seen"]
            assert made.source["event"]["category"] == ["configuration", "host", "iam"]
            assert made.source["source"]["geo"]["location"] == {"lat": 59, "lon": 10.5}
            assert made.source["okta"]["client"]["geographical_context"]["geolocation"]["lat"] == 59
    assert document(server, {"message": TEXT}) == again


def test_fields_that_no_script_can_hold_are_named() -> None:
    message = r"The fields below okta make an ingest script of [0-9,]+ bytes, and 20,000 is the most"
    with pytest.raises(SetupError, match=message):
        build(load(), limit=20_000)


# ---- what is dropped, and what fails


@pytest.mark.parametrize("event_type", ["user.session.start", "mim", "mimosa.x", "system.mim.x"])
def test_events_of_other_parts_of_okta_are_dropped(server: Server, event_type: str) -> None:
    event = {**EVENT, "eventType": event_type}
    answers = simulate(server, {"message": json.dumps(event)}, event, {"detail": event})
    assert answers == [Dropped(), Dropped(), Dropped()]


def without(key: str) -> str:
    return json.dumps({name: value for name, value in EVENT.items() if name != key})


FAULTS = {
    "not JSON": ("{", "the text is no JSON object"),
    "two values": ("{} {}", "the text is no JSON object"),
    "a text that ends the list around it": (TEXT + ',"<end>"] [', "the text is no JSON object"),
    "a list": (" [{}]\n", "the text is a list; send its events one by one"),
    "a list that breaks off": ("[{", "the text is no JSON object"),
    "a word": ("Lost connection", "the text is no JSON object"),
    "an empty object": ("{}", "the event has no uuid"),
    "no uuid": (without("uuid"), "the event has no uuid"),
    "a uuid that is null": (json.dumps({**EVENT, "uuid": None}), "uuid is not a text of 1 to 512 characters"),
    "a uuid with a blank": (json.dumps({**EVENT, "uuid": "a b"}), "uuid is not"),
    "a uuid of 513 characters": (json.dumps({**EVENT, "uuid": "x" * 513}), "uuid is not"),
    "a number for a uuid": (json.dumps({**EVENT, "uuid": 5}), "uuid is not"),
    "no published": (without("published"), "published is not a date"),
    "a published of another form": (json.dumps({**EVENT, "published": "2026-09-14"}), "published is not a date"),
    "an impossible day": (
        json.dumps({**EVENT, "published": "2026-02-30T00:00:00Z"}),
        'published: "2026-02-30T00:00:00Z" is not a date',
    ),
    "no eventType": (without("eventType"), "eventType is not a text"),
    "an eventType that is none": (json.dumps({**EVENT, "eventType": ["mim.x"]}), "eventType is not a text"),
    "an empty eventType": (json.dumps({**EVENT, "eventType": ""}), "eventType is not a text"),
    "an envelope without an event": (json.dumps({"event": "Lost connection"}), 'the text under "event" is no JSON'),
}


@pytest.mark.parametrize(("text", "reason"), FAULTS.values(), ids=FAULTS)
def test_what_is_no_event_is_kept(server: Server, text: str, reason: str) -> None:
    (made,) = simulate(server, {"message": text, **SHIPPER, "tags": ["x"], "client": "x", "host": {"name": "c"}})
    assert isinstance(made, Made), made
    source = made.source
    assert source["event"].pop("ingested") == source.pop("@timestamp")
    (message,) = source.pop("error")["message"]
    # OpenSearch calls a processor that has a condition `conditional`
    assert f" with tag not_an_event in pipeline {NAME} failed with message: {reason}" in message
    assert source == {
        **SHIPPER,
        "tags": ["x", "not_normalized"],
        "event": {"original": text, "kind": "pipeline_error"},
        "data_stream": {"type": "logs", "dataset": "okta.mim", "namespace": "default"},
    }


UNKNOWN_FORMS: dict[str, dict[str, Any]] = {
    "under another root": {"okta": EVENT},
    "a list of texts": {"message": [TEXT]},
    "a list under event.original": {"event": {"original": [TEXT]}},
    "a text under event.event": {"event": {"event": TEXT}},
    "a number": {"message": 5},
    "dotted keys": {"event.original": TEXT},
    "roots of a document only": {"client": {"ip": "::1"}, "user": "anna"},
}


@pytest.mark.parametrize("source", UNKNOWN_FORMS.values(), ids=UNKNOWN_FORMS)
def test_where_no_event_is_found_all_is_kept(server: Server, source: dict[str, Any]) -> None:
    (made,) = simulate(server, {**source, **SHIPPER})
    assert isinstance(made, Made), made
    kept = json.loads(made.source["event"]["original"])
    if "event" in kept and "message" in source:  # renamed on the way
        kept["message"] = kept.pop("event")["original"]
    assert kept == {**source, **SHIPPER}
    assert made.source["event"]["kind"] == "pipeline_error"
    assert "_okta_mim" not in made.source


@pytest.mark.parametrize(
    "source",
    [{}, {"message": None}, {"message": ""}, {"event": []}, {"event": {}}, {"message": 5}, {"event": 5, "tags": 1}],
    ids=str,
)
def test_nothing_to_read(server: Server, source: dict[str, Any]) -> None:
    (made,) = simulate(server, source)
    assert isinstance(made, Made), made
    assert made.source["event"]["kind"] == "pipeline_error"
    assert made.source["@timestamp"].startswith("20")
    assert len(made.source["error"]["message"]) == 1
    assert made.source["tags"] == ["not_normalized"]
    assert "_okta_mim" not in made.source


def test_a_parsed_number_that_the_engine_cannot_copy(server: Server, index: str) -> None:
    """OpenSearch's script processors fail on whole numbers beyond 64 bits in a document; all that came stays."""
    event = {**EVENT, "debugContext": {"debugData": {"big": 2**70}}}
    for source in ({**event, **SHIPPER}, {"detail": event}):
        stored = created(server, index, source)[1]
        assert stored["event"]["kind"] == "pipeline_error"
        assert "BigInteger" in stored["error"]["message"][0]
        held = stored.get("detail", stored)
        assert held["debugContext"] == event["debugContext"]
        assert held["actor"] == event["actor"]


@pytest.mark.parametrize("root", ["data_stream", "event", "host", "ecs", "log", "cloud", "user", "error"])
def test_such_a_number_where_documents_have_an_object(server: Server, opensearch_url: str, root: str) -> None:
    """It must not stay in the way of the index mapping: the document would be refused."""
    index = "pipelines-mapped"
    mapping = index_mapping(load(), OPENSEARCH)
    server.request("PUT", f"/{index}", {"mappings": {"dynamic": False, "properties": mapping}})
    try:
        status, stored = created(server, index, {"message": TEXT, root: 2**70})
        assert status == 201
        assert stored["event"]["kind"] == "pipeline_error"
    finally:
        ask(opensearch_url, "DELETE", f"/{index}")


def test_the_same_number_in_a_text(server: Server) -> None:
    event = {**EVENT, "debugContext": {"debugData": {"big": 2**70, "url": 2**70}}, "version": 2**70}
    text = json.dumps(event)
    got = document(server, {"message": text})
    assert got["okta"]["debug_context"]["debug_data"]["flattened"] == {"big": float(2**70), "url": float(2**70)}
    assert got == Normalizer.load().normalize(text)


# ---- processors of the user's own


def test_processors_of_ones_own_run_at_the_end(server: Server) -> None:
    own = {"processors": [{"set": {"field": "labels.who", "value": "{{{user.name}}}"}}]}
    with server.stored({**build(load()), CUSTOM: own}, "own-"):
        (made,) = server.simulate(f"own-{NAME}", [{"message": TEXT}])
    assert isinstance(made, Made)
    assert made.source["labels"] == {"who": "anna@example.com"}


def test_processors_of_ones_own_that_fail_are_named(server: Server) -> None:
    own = {"processors": [{"fail": {"tag": "mine", "message": "no luck"}}]}
    with server.stored({**build(load()), CUSTOM: own}, "failing-"):
        (made,) = server.simulate(f"failing-{NAME}", [{"message": TEXT}])
    assert isinstance(made, Made)
    assert made.source["event"].pop("kind") == "pipeline_error"
    assert made.source["tags"].pop() == "custom_pipeline_failed"
    (message,) = made.source.pop("error")["message"]
    assert message == f"Processor fail with tag mine in pipeline {CUSTOM} failed with message: no luck"
    made.source["event"].pop("ingested")
    wanted = expected()
    wanted["event"].pop("kind")
    assert made.source == wanted


def test_another_pipeline_that_is_missing_is_told(server: Server) -> None:
    own = {"processors": [{"pipeline": {"name": "not-there"}}]}
    with server.stored({**build(load()), CUSTOM: own}, "calling-"):
        (made,) = server.simulate(f"calling-{NAME}", [{"message": TEXT}])
    assert isinstance(made, Made)
    assert "non-existent pipeline [not-there]" in made.source["error"]["message"][0]


def test_without_a_pipeline_of_ones_own(server: Server) -> None:
    bodies = {NAME: json.loads(json.dumps(build(load())[NAME]).replace(CUSTOM, "not-there"))}
    with server.stored(bodies, "alone-"):
        (made,) = server.simulate(f"alone-{NAME}", [{"message": TEXT}])
    assert isinstance(made, Made)
    made.source["event"].pop("ingested")
    assert made.source == expected()


# ---- into an index


@pytest.fixture
def index(server: Server) -> Iterator[str]:
    """An index that takes anything."""
    server.request("PUT", "/pipelines-test", {"mappings": {"enabled": False}})
    yield "pipelines-test"
    server.request("DELETE", "/pipelines-test")


def test_the_namespace_is_that_of_the_data_stream(server: Server) -> None:
    """Where the shipper does not say it: else its first document would settle the field on another."""
    for index, given, namespace in (
        (f"{NAME}-prod", {}, "prod"),
        (f"{NAME}-a.b", {"type": "logs"}, "a.b"),
        (f"{NAME}-prod", {"namespace": "other"}, "other"),
        (f"{NAME}-", {}, "default"),
        ("elsewhere", {}, "default"),
    ):
        docs = [{"_index": index, "_source": {"message": TEXT, "data_stream": given}}]
        answer = server.request("POST", f"/_ingest/pipeline/{NAME}/_simulate", {"docs": docs})
        assert answer["docs"][0]["doc"]["_source"]["data_stream"]["namespace"] == namespace


def created(server: Server, index: str, source: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The status of a request to create a document through the pipeline, and what is stored."""
    status, answer = ask(server.url, "POST", f"/{index}/_doc?op_type=create&pipeline={NAME}", source)
    stored = ask(server.url, "GET", f"/{index}/_doc/{answer['_id']}")[1] if status == 201 else {"_source": {}}
    return status, stored["_source"]


@pytest.mark.parametrize("levels", [990, 991, 992, 993, 994, 995, 996, 997, 1000])
def test_deep_events_do_not_take_others_with_them(server: Server, index: str, levels: int) -> None:
    """What the engine reads but cannot write again makes it refuse all of a bulk request."""
    deep = "[" * levels + "]" * levels
    texts = [TEXT, f'{TEXT[:-1]}, "debugContext": {{"debugData": {{"a": {deep}}}}}}}', TEXT]
    texts = [text.replace('"5a01"', f'"{levels}-{at}"') for at, text in enumerate(texts)]
    texts[1] = texts[1].replace('"debugContext"', '"other"', 1)
    lines = "".join(f'{{"create": {{}}}}\n{json.dumps({"message": text})}\n' for text in texts)
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    try:
        path = f"/{index}/_bulk?pipeline={NAME}"
        connection.request("POST", path, lines.encode(), {"Content-Type": "application/x-ndjson"})
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    assert [item["create"]["status"] for item in answer["items"]] == [201, 201, 201]


def test_a_failure_names_its_pipeline_in_an_index_too(server: Server, index: str) -> None:
    status, stored = created(server, index, {"message": "Lost connection"})
    assert status == 201
    (message,) = stored["error"]["message"]
    assert f"with tag not_an_event in pipeline {NAME} failed with message: the text is no JSON object" in message


def test_events_are_stored_under_their_uuid_once(server: Server, index: str) -> None:
    status, stored = created(server, index, {"message": TEXT})
    assert status == 201
    assert stored["event"]["original"] == TEXT
    assert ask(server.url, "GET", f"/{index}/_doc/5a01")[1]["found"]
    assert created(server, index, {"event": EVENT})[0] == 409
