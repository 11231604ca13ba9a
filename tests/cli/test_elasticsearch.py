"""`mim-ecs index` against a genuine Elasticsearch, and against none."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from normalizer.cli import cli
from normalizer.errors import SettingsError
from normalizer.outputs.server import Server
from tests.cli.command import EVENTS, SAMPLE, TIMEOUT, Done, ended, environment, letters, mim_ecs, start
from tests.cluster.ours import CUSTOM, clean, found
from tests.delivery.peer import Reply, peer

TOP = Path(__file__).resolve().parents[2]
UUIDS = {json.loads(event)["uuid"] for event in EVENTS}
NOWHERE = "http://user:canary@127.0.0.1:9"


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Server]:
    with clean(elasticsearch_url) as client:
        yield client


def setup(url: str, *given: str) -> list[str]:
    return mim_ecs("setup", *given, env={"ELASTICSEARCH_URL": url}).out.decode().splitlines()


def index(url: str, folder: Path, *given: str | Path, stdin: bytes = b"", code: int = 0) -> Done:
    """Run `index`; whatever happens, its summary must add up."""
    done = mim_ecs("index", *given, "--url", url, cwd=folder, stdin=stdin, code=code)
    counts = done.counts
    assert counts["read"] == counts["written"] + counts["skipped"] + counts["dead"]
    parts = ("indexed", "duplicates", "refused", "not settled")
    assert sum(counts[name] for name in parts) == counts["written"]
    assert "canary" not in done.err
    assert done.out == b""
    return done


def test_the_sample_is_found_and_a_second_run_is_harmless(
    elasticsearch_url: str, client: Server, tmp_path: Path
) -> None:
    setup(elasticsearch_url)
    first = index(elasticsearch_url, tmp_path, SAMPLE, "--namespace", "first")
    expected = {"read": 400, "written": 400, "skipped": 0, "dead": 0, "with problems": 0, "retried": 0}
    assert first.events == expected | {"indexed": 400, "duplicates": 0, "refused": 0, "not settled": 0}
    assert first.lines[-1] == "data stream logs-okta.mim-first"
    documents = found(client, "first")
    assert set(documents) == UUIDS
    assert all(document["event"]["id"] == key for key, document in documents.items())
    assert all(document["event"]["ingested"].startswith("20") for document in documents.values())
    assert all(document["data_stream"]["namespace"] == "first" for document in documents.values())
    second = index(elasticsearch_url, tmp_path, "-", "--namespace", "first", stdin=SAMPLE.read_bytes())
    assert second.events == expected | {"indexed": 0, "duplicates": 400, "refused": 0, "not settled": 0}
    assert len(found(client, "first")) == 400
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("failure_store", "status"), [(False, 400), (True, 201)])
def test_refused_and_unreadable_events_become_dead_letters(
    elasticsearch_url: str, client: Server, tmp_path: Path, failure_store: bool, status: int
) -> None:
    """The cluster's own template maps as an object what some documents carry as text."""
    setup(elasticsearch_url)
    template = {
        "mappings": {"properties": {"okta": {"properties": {"poison": {"type": "object"}}}}},
        "data_stream_options": {"failure_store": {"enabled": failure_store}},
    }
    client.put(f"/_component_template/{CUSTOM}", {"template": template})
    with_poison(tmp_path / "mine")
    poisoned = [event for event in EVENTS if json.loads(event)["eventType"] == "mim.command.generic.error"]
    stdin = SAMPLE.read_bytes() + b"junk\n"
    done = index(elasticsearch_url, tmp_path, "--namespace", "refused", "--mappings", "mine", stdin=stdin, code=1)
    assert done.counts["refused"] == len(poisoned) > 5
    assert (done.counts["dead"], done.counts["indexed"]) == (1, 400 - len(poisoned))
    assert f"{len(poisoned) + 1} dead letters are in dead-letters.ndjson." in done.lines
    dead = letters(tmp_path / "dead-letters.ndjson")
    refused = [letter for letter in dead if letter["reason"] == "refused"]
    assert len(dead) == len(refused) + 1 == len(poisoned) + 1
    assert {letter["status"] for letter in refused} == {status}
    assert all(letter["message"].startswith("failure_store: ") is failure_store for letter in refused)
    assert all("document_parsing_exception: [1:" in letter["message"] for letter in refused), "the server's reason"
    refused.sort(key=lambda letter: letter["line"])  # requests in flight end in any order
    assert [letter["original"].encode() for letter in refused] == poisoned
    assert [EVENTS[letter["line"] - 1] for letter in refused] == poisoned
    assert all(json.loads(letter["document"])["okta"]["poison"] for letter in refused)
    assert len(found(client, "refused")) == 400 - len(poisoned)


def with_poison(folder: Path) -> None:
    """The shipped mappings, and a field of text in the documents of one event type."""
    shutil.copytree(TOP / "mappings", folder)
    with (folder / "_custom_fields.yml").open("a") as file:
        file.write("okta.poison: {type: keyword, description: A test.}\n")
    (folder / "mim.command.generic.error.yml").write_text(
        "event_type: mim.command.generic.error\nextends: _command\nsummary: A test.\n"
        "set:\n  okta.mim.command.channel: generic\n  okta.mim.command.status: error\n"
        "fields:\n  okta.poison: eventType\n"
    )


def test_dead_letters_that_cannot_be_written_end_the_run(
    elasticsearch_url: str, client: Server, tmp_path: Path
) -> None:
    setup(elasticsearch_url)
    stdin = b"junk\n" + SAMPLE.read_bytes()
    done = index(elasticsearch_url, tmp_path, "--dead-letters", "/dev/full", stdin=stdin, code=4)
    assert done.lines[-1].startswith("Error: dead letters cannot be written to /dev/full: no space left on device")
    assert client.get("/logs-okta.mim-default") is None
    (tmp_path / "dead").mkdir()
    missing = mim_ecs("index", "--url", elasticsearch_url, "--dead-letters", "no/x", cwd=tmp_path, code=4)
    assert "there is no folder no" in missing.err
    same = mim_ecs("index", "--url", "http://127.0.0.1:9", SAMPLE, "--dead-letters", SAMPLE, cwd=tmp_path, code=2)
    assert "is the same file as" in same.err


def test_without_templates_nothing_is_sent(elasticsearch_url: str, client: Server, tmp_path: Path) -> None:
    done = mim_ecs("index", "--url", elasticsearch_url, SAMPLE, cwd=tmp_path, code=2)
    assert "There is no index template logs-okta.mim at 127.0.0.1:" in done.err
    assert done.err.endswith("run `mim-ecs setup` first.\n")
    assert client.get("/logs-okta.mim-default") is None


@pytest.mark.parametrize("command", ["index", "setup"])
def test_no_server(tmp_path: Path, command: str) -> None:
    done = mim_ecs(command, cwd=tmp_path, env={"ELASTICSEARCH_URL": NOWHERE}, code=3)
    assert done.err == "Error: Elasticsearch at 127.0.0.1:9 cannot be reached: Connection refused.\n"
    none = mim_ecs(command, cwd=tmp_path, code=2)
    assert "no server is named; set ELASTICSEARCH_URL" in none.err
    flag = mim_ecs(command, "--url", NOWHERE, cwd=tmp_path, code=2)
    assert "the address of --url holds a user, and flags can be read by everybody on this machine" in flag.err
    assert "set ELASTICSEARCH_URL, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD" in flag.err
    assert "canary" not in flag.err


@pytest.mark.parametrize(
    "url",
    ["canary:9200", "ftp://canary", "http://", "http://canary:port", "http://host/?api_key=canary", "http://[canary"],
)
def test_addresses_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=r"^Elasticsearch's address ") as caught:
        cli.main(["setup", "--url", url], standalone_mode=False)
    assert caught.value.exit_code == 2
    assert "canary" not in str(caught.value)


def test_a_server_that_is_lost_and_a_signal_while_it_is_gone(tmp_path: Path) -> None:
    """It is one, with the index template; bulk requests are never answered. The summary says what is not settled."""
    template = {"index_templates": [{"index_template": {"_meta": {"managed_by": "okta-mim-ecs"}}}]}
    asked = threading.Event()

    def answer(number: int, _body: bytes) -> Reply | None:
        if number == 1:
            return Reply(body=b'{"version": {}}')
        if number == 2:
            return Reply(body=json.dumps(template).encode())
        asked.set()
        return None

    with peer(answer) as there:
        url = there.url.replace("//", "//user:canary@")
        process = start("index", SAMPLE, cwd=tmp_path, env=environment(ELASTICSEARCH_URL=url))
        assert asked.wait(TIMEOUT)
        time.sleep(1)  # the rest is read meanwhile, and waits
        os.kill(process.pid, signal.SIGTERM)
        done = ended(process, 143)
    assert "canary" not in done.err
    assert done.counts["read"] == done.counts["written"] == done.counts["not settled"] > 0
    assert done.counts["indexed"] == 0
    assert done.lines[-1] == "Error: stopped by SIGTERM."


@pytest.mark.parametrize(("status", "busy"), [(503, 1), (429, 2)])
def test_a_server_that_has_no_time_at_first(tmp_path: Path, status: int, busy: int) -> None:
    """It is waited for, and asked everything anew."""

    def answer(number: int, _body: bytes) -> Reply:
        if number == busy:
            return Reply(status, b'{"error": {"type": "busy_exception", "reason": "come back"}}')
        return Reply(body=b'{"version": {}}') if number < busy + 2 else Reply(404, b"{}")

    with peer(answer) as there:
        done = mim_ecs("index", SAMPLE, cwd=tmp_path, env={"ELASTICSEARCH_URL": there.url}, code=2)
    where = there.url.removeprefix("http://")
    said = f"Elasticsearch at {where} refuses the request ({status}): come back. Asking again in "
    assert done.lines[0].startswith(said)
    assert done.lines[-1].startswith(f"Error: There is no index template logs-okta.mim at {where}")
    assert len(done.lines) == 2


def test_a_server_that_has_no_time_at_all(tmp_path: Path) -> None:
    with peer(lambda _number, _body: Reply(504, b"<html>")) as there:
        env = {"ELASTICSEARCH_URL": there.url}
        done = mim_ecs("index", SAMPLE, "--patience", "1s", cwd=tmp_path, env=env, code=3)
    assert done.lines[-1].endswith(" refuses the request (504).")


def test_a_server_that_refuses_us(tmp_path: Path) -> None:
    refusal = json.dumps({"error": {"type": "security_exception", "reason": "the key canary is no good"}}).encode()
    with peer(lambda _number, _body: Reply(401, refusal)) as there:
        env = {"ELASTICSEARCH_URL": there.url, "ELASTICSEARCH_API_KEY": "Y2FuYXJ5OmNhbmFyeQ=="}
        done = mim_ecs("index", SAMPLE, cwd=tmp_path, env=env, code=3)
        assert done.err.endswith("refuses our credentials (401).\n")
        assert "canary" not in done.err
        assert "Y2FuYXJ5" not in done.err
        assert there.requests[0][1]["authorization"] == "ApiKey Y2FuYXJ5OmNhbmFyeQ=="


def test_credentials_of_the_settings_file(tmp_path: Path) -> None:
    """They are sent, unless the environment has others; those of two places are never mixed."""
    with peer(lambda _number, _body: Reply(404, b"{}")) as there:
        settings = {"url": there.url, "username": "anna", "password": "canary"}
        (tmp_path / "mim-ecs.yml").write_text(json.dumps({"elasticsearch": settings}))
        mim_ecs("index", cwd=tmp_path, code=2)
        mim_ecs("index", cwd=tmp_path, code=2, env={"ELASTICSEARCH_API_KEY": "a2V5\n"})
        odd = mim_ecs("index", cwd=tmp_path, code=2, env={"ELASTICSEARCH_API_KEY": "canary\nX-Header: 1"})
    assert odd.err == "Error: ELASTICSEARCH_API_KEY holds what no such value can, like a line end.\n"
    sent = [headers["authorization"] for _, headers, _ in there.requests]
    assert sent == ["Basic YW5uYTpjYW5hcnk="] * 2 + ["ApiKey a2V5"] * 2  # who it is, and the index template
