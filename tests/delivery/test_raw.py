"""Events that are sent as they are, for an ingest pipeline to make documents of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import orjson
import pytest

from normalizer import Normalizer
from normalizer.delivery import Counts, Item, Outcome, Work, deliver, raw, verdict
from normalizer.delivery.gate import Retries
from normalizer.delivery.items import prepare
from normalizer.delivery.raw import raw_item
from normalizer.errors import NotJSON, ServerError
from normalizer.inputs import Batch, Unreadable
from normalizer.outputs.answers import ItemResult, NoAnswer, results
from normalizer.outputs.server import Server
from normalizer.runtime.batch import process
from tests.cluster.ours import clean

TIME = b"2026-01-02T03:04:05.678Z"
EVENT = b'{"uuid": "u1", "eventType": "mim.command.ios.new", "published": "2026-09-14T06:00:00.123Z"}'


def item(text: bytes = EVENT, namespace: str = "test") -> Item:
    return raw_item(text, namespace, "in.ndjson", 3)


def test_an_event_is_the_message_of_a_shipper() -> None:
    made = item(b' {"uuid":\t"u1"} ', "prod")
    assert orjson.loads(made.document) == {
        "message": ' {"uuid":\t"u1"} ',
        "data_stream": {"type": "logs", "dataset": "okta.mim", "namespace": "prod"},
    }
    assert (made.original, made.file, made.line, made.raw) == (b' {"uuid":\t"u1"} ', "in.ndjson", 3, True)


@pytest.mark.parametrize(
    ("text", "uuid"),
    [
        (EVENT, "u1"),
        (b'{"detail-type": "x", "detail": %b}' % EVENT, "u1"),
        (b'{"time": 1, "event": %b}' % EVENT, "u1"),
        (orjson.dumps({"event": EVENT.decode()}), "u1"),
        (b'{"eventType": "x"}', None),
        (b'{"uuid": 7}', None),
        (b"junk", None),
        (b"[1]", None),
        (b"", None),
        ('{"uuid": "ü"}'.encode(), "ü"),
        (b'{"uuid": "\\ud800"}', None),
    ],
)
def test_ids(text: bytes, uuid: str | None) -> None:
    """That of the request is a digest of the text, that of the document the event's uuid."""
    made = item(text)
    assert (made.id, made.becomes) == (hashlib.sha256(text).hexdigest(), uuid)


@pytest.mark.parametrize("text", [b"\xff", b'{"uuid": "\xc3"}', b'{"a": "\xed\xa0\x80"}', b"\x00\xfe"])
def test_what_is_no_text_cannot_be_sent(text: bytes) -> None:
    with pytest.raises(NotJSON, match="is not UTF-8"):
        item(text)


def test_dead_letters_are_those_of_documents() -> None:
    unreadable = Unreadable(3, "too_long", "a line of 9 bytes is over the limit of 8", b"abc", 9, "00")
    batch = Batch("in.ndjson", [EVENT, b"\xff", unreadable, EVENT], [1, 2, 3, 4], True, 100)
    made = raw(batch, "default")
    expected = process(Normalizer.load(), batch)
    assert [letter.json() for letter in made.dead] == [letter.json() for letter in expected.dead]
    assert len(made.dead) == 2
    assert [(each.line, each.original) for each in made.items] == [(1, EVENT), (4, EVENT)]
    assert expected.indices == [0, 3]


@pytest.mark.parametrize("document", [b'{"message":"\\"event\\":{"}', b'{"event":{"a":1}}', b"{}"])
def test_raw_events_go_untouched(document: bytes) -> None:
    prepared = prepare(Item("a", document, b"", "f", 1, raw=True))
    assert prepared.line(TIME) == b'{"create":{"_id":"a"}}\n' + document + b"\n"
    assert prepared.size == len(prepared.line(TIME))


# --- what is answered


def delivered(made: Sequence[ItemResult], *items: Item) -> Counts:
    """One request alone; ServerError where its answer is not believed."""
    asked: list[Sequence[bytes]] = []

    def send(lines: Sequence[bytes]) -> list[ItemResult] | NoAnswer:
        asked.append(lines)
        if len(asked) > 1:
            raise ServerError("Asked again.")
        return [*made]

    return deliver([Work([*items])], send, lambda _letters: None, retries=Retries(base=0.01))


def test_the_answer_names_the_id_of_the_request_or_that_of_the_event() -> None:
    event, junk = item(), item(b"junk")
    kept, dropped = ItemResult(junk.id, 201), ItemResult(event.id, 200, dropped=True)
    counts = delivered([ItemResult("u1", 201), kept, dropped], event, junk, event)
    assert (counts.read, counts.indexed, counts.dropped, counts.duplicates, counts.dead) == (3, 2, 1, 0, 0)
    assert delivered([ItemResult("u1", 409, "version_conflict_engine_exception")], event).duplicates == 1
    for wrong in ("u2", "", "None"):
        with pytest.raises(ServerError, match="Asked again"):
            delivered([ItemResult(wrong, 201)], event)
        with pytest.raises(ServerError, match="Asked again"):
            delivered([ItemResult(wrong, 201)], junk)


def test_verdicts() -> None:
    dropped = {"create": {"_index": "x", "_id": "a", "_version": -4, "result": "noop", "status": 200}}
    made = results({"items": [dropped]})
    assert isinstance(made, list)
    [result] = made
    assert verdict(result, 1).outcome is Outcome.DROPPED
    kind = "illegal_argument_exception"
    gone = ItemResult("a", 400, kind, "pipeline with id [logs-okta.mim] does not exist")
    assert verdict(gone, 1).outcome is Outcome.REFUSED
    assert verdict(ItemResult("a", 400, kind, "something else"), 1).outcome is Outcome.DEAD


@pytest.fixture(params=["elasticsearch", "opensearch"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with clean(request.getfixturevalue(f"{request.param}_url"), request.param) as server:
        template: dict[str, Any] = {"template": {"mappings": {"dynamic": False}}, "data_stream": {}}
        server.put("/_index_template/logs-okta.mim", {"index_patterns": ["logs-okta.mim-*"], **template})
        yield server


def test_a_pipeline_that_is_gone_stops_everything(server: Server) -> None:
    send = partial(server.bulk, "logs-okta.mim-test", pipeline="logs-okta.mim")
    with pytest.raises(ServerError, match=r"refuses to index anything here: 400 .*pipeline with id \[logs-okta\.mim\]"):
        deliver([Work([item()])], send, lambda letters: pytest.fail(str(letters)) if letters else None)
    found = server.get("/logs-okta.mim-test/_count")
    assert found is None or found["count"] == 0
