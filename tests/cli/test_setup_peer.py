"""`mim-ecs setup`, at false servers: what one forbids, says wrongly, or says late."""

from __future__ import annotations

import json
import time

import pytest

from normalizer.cli import cli
from normalizer.errors import NormalizerError, ServerError, SetupError
from tests.delivery.peer import Reply, peer

FORBIDDEN = {"error": {"type": "security_exception", "reason": "action [x] is unauthorized"}, "status": 403}
LISTS = {
    "/": {"version": {"number": "9.5.3"}},
    "/_index_template": {"index_templates": []},
    "/_index_template/_simulate": {"overlapping": []},
    "/_nodes/ingest": {"nodes": {"a": {"roles": ["ingest"], "ingest": {"processors": []}}}},
}


@pytest.mark.parametrize(
    ("given", "forbidden", "said"),
    [
        (
            [],
            "/_ingest/pipeline/",
            "read or change ingest pipelines (403): the key needs the cluster privilege manage_ingest_pipelines; "
            "--no-pipelines leaves the ingest pipelines out.",
        ),
        (["--no-pipelines"], "/_ingest/pipeline/", ""),
        (
            [],
            "/_component_template/",
            "read or change index templates (403): the key needs the cluster privilege manage_index_templates.",
        ),
        (["--org", "a.okta.com"], "/_nodes", "look at the cluster (403): the key needs the cluster privilege monitor."),
        (
            ["--no-pipelines"],
            "/_data_stream/",
            "look at the data streams (403): the key needs the privilege view_index_metadata on logs-okta.mim-*.",
        ),
        (
            ["--remove", "--yes"],
            "/_ingest/pipeline/",
            "read or change ingest pipelines (403): the key needs the cluster privilege manage_ingest_pipelines; "
            "--no-pipelines leaves the ingest pipelines out.",
        ),
    ],
)
def test_what_the_key_lacks_is_told(given: list[str], forbidden: str, said: str) -> None:
    """By a false server, that is like one of which nothing is installed."""

    def answer(number: int, _body: bytes) -> Reply:
        path = there.requests[number - 1][0].partition("?")[0]
        if path.startswith(forbidden):
            return Reply(403, json.dumps(FORBIDDEN).encode())
        body = LISTS.get(path)
        return Reply(404 if body is None else 200, json.dumps(body or {}).encode())

    with peer(answer) as there:
        try:
            cli.main(["setup", "--dry-run", *given, "--url", there.url], standalone_mode=False)
            told = ""
        except ServerError as error:
            told = str(error)
    where = there.url.removeprefix("http://")
    assert told == (f"Elasticsearch at {where} does not allow us to {said}" if said else "")


@pytest.mark.parametrize("path", [*LISTS, "/_data_stream/", "/_component_template/"])
@pytest.mark.parametrize("body", [[], {}, {"index_templates": [{"name": 1}], "version": {"number": "x"}}, None, "x"])
def test_answers_that_are_none_are_one_sentence(path: str, body: object) -> None:
    """By a false server."""

    def answer(number: int, _body: bytes) -> Reply:
        asked = there.requests[number - 1][0].partition("?")[0]
        if asked == path or (path != "/" and path.endswith("/") and asked.startswith(path)):
            return Reply(200, json.dumps(body).encode())
        known = LISTS.get(asked)
        return Reply(404 if known is None else 200, json.dumps(known or {}).encode())

    with peer(answer) as there, pytest.raises(NormalizerError) as caught:
        cli.main(["setup", "--dry-run", "--url", there.url], standalone_mode=False)
    assert type(caught.value) in (ServerError, SetupError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", [["--dry-run", "--no-pipelines"], ["--remove"]])
def test_whoever_waits_is_told(
    given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a false server, which answers when we have said that we wait."""
    monkeypatch.setattr("normalizer.cli.setup._QUIET", 0.1)
    errors = ""

    def answer(number: int, _body: bytes) -> Reply:
        nonlocal errors
        end = time.monotonic() + 60
        while number == 1 and not errors and time.monotonic() < end:
            errors = capsys.readouterr().err
            time.sleep(0.01)
        body = LISTS.get(there.requests[number - 1][0].partition("?")[0])
        return Reply(404 if body is None else 200, json.dumps(body or {}).encode())

    with peer(answer) as there:
        cli.main(["setup", *given, "--url", there.url], standalone_mode=False)
    where = there.url.removeprefix("http://")
    assert errors == f"Waiting for an answer of Elasticsearch at {where} …\n"
    assert capsys.readouterr().err == ""
