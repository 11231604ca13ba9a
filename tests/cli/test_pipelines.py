"""`mim-ecs index --via-pipeline` on a genuine OpenSearch: our Elasticsearch has no ingest processors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from normalizer import Normalizer, Options
from normalizer.backends.pipelines import build
from normalizer.cluster import apply, plan, wanted
from normalizer.language import load
from normalizer.outputs.server import Server
from tests.cli.command import EVENTS, SAMPLE, Done, letters, mim_ecs
from tests.cluster.ours import CUSTOM, NAME, clean, found

ENGINE = ("--engine", "opensearch")


@pytest.fixture
def url(opensearch_url: str) -> str:
    return opensearch_url


@pytest.fixture
def client(url: str) -> Iterator[Server]:
    """A server that has nothing of ours."""
    with clean(url, "opensearch") as server:
        yield server


@pytest.fixture
def ready(client: Server) -> Server:
    """A server that has all of ours."""
    mappings = load()
    apply(client, plan(client, wanted(mappings, client), build(mappings)))
    return client


def index(url: str, folder: Path, *given: str | Path, stdin: bytes = b"", code: int = 0) -> Done:
    """Run `index --via-pipeline`; whatever happens, its summary must add up."""
    done = mim_ecs("index", "--via-pipeline", *ENGINE, *given, "--url", url, cwd=folder, stdin=stdin, code=code)
    counts = done.counts
    assert counts["read"] == counts["written"] + counts["skipped"] + counts["dead"]
    parts = ("indexed", "duplicates", "refused", "not settled")
    assert sum(counts[name] for name in parts) == counts["written"]
    assert "with problems" not in counts
    assert done.out == b""
    return done


def test_the_documents_are_those_that_python_makes(ready: Server, url: str, tmp_path: Path) -> None:
    done = index(url, tmp_path, SAMPLE, "--namespace", "via")
    counts = {"read": 400, "written": 400, "skipped": 0, "dead": 0, "refused": 0, "not settled": 0, "retried": 0}
    assert done.events == counts | {"indexed": 400, "duplicates": 0}
    assert done.lines[-1] == "data stream logs-okta.mim-via, by the ingest pipeline logs-okta.mim"
    normalizer = Normalizer.load(options=Options(namespace="via"))
    made = found(ready, "via")
    assert {*made} == {json.loads(event)["uuid"] for event in EVENTS}
    for event in EVENTS:
        expected = normalizer.normalize(event)
        document = made[expected["event"]["id"]]
        assert document["event"].pop("ingested").startswith("20")
        assert document == expected
    again = index(url, tmp_path, "-", "--namespace", "via", stdin=SAMPLE.read_bytes())
    assert again.events == counts | {"indexed": 0, "duplicates": 400}
    assert len(found(ready, "via")) == 400
    assert list(tmp_path.iterdir()) == []


PUBLISHED = "2026-09-14T06:00:00.123Z"
OTHER = json.dumps({"uuid": "other", "eventType": "user.session.start", "published": PUBLISHED}).encode()
BARE = {"uuid": "bare", "eventType": "mim.command.ios.new", "published": PUBLISHED}


def test_what_becomes_of_everything_else(ready: Server, url: str, tmp_path: Path) -> None:
    """Other event types are dropped, what gives no document is kept by the pipeline; only what is no text is dead."""
    envelope = json.dumps({"detail-type": "x", "detail": BARE}).encode()
    undated = json.dumps(BARE | {"uuid": "undated", "published": "yesterday"}).encode()
    stdin = b"\n".join([OTHER, b"junk", b"\xff\xfe", envelope, undated, OTHER])
    for indexed, duplicates in ((3, 0), (0, 3)):
        done = index(url, tmp_path, stdin=stdin, code=1)
        assert done.events == {
            "read": 6, "written": 3, "skipped": 2, "dead": 1, "indexed": indexed, "duplicates": duplicates,
            "refused": 0, "not settled": 0, "retried": 0,
        }  # fmt: skip
    assert "1 dead letter is in dead-letters.ndjson." in done.lines
    assert [(each["reason"], each["line"]) for each in letters(tmp_path / "dead-letters.ndjson")] == [
        ("not_json", 3)
    ] * 2
    documents = found(ready, "default")
    kinds = {document["event"]["original"]: document["event"]["kind"] for document in documents.values()}
    assert kinds == {
        "junk": "pipeline_error",
        undated.decode(): "pipeline_error",
        documents["bare"]["event"]["original"]: "event",
    }
    assert json.loads(documents["bare"]["event"]["original"]) == BARE
    # an event that a better pipeline can read some day is not in its own way
    assert "undated" not in documents


def test_what_the_server_refuses_is_a_dead_letter(ready: Server, url: str, tmp_path: Path) -> None:
    never = {"set": {"if": "ctx._id == 'bare'", "field": "@timestamp", "value": "never"}}
    ready.put(f"/_ingest/pipeline/{CUSTOM}", {"processors": [never]})
    event = json.dumps(BARE).encode()
    done = index(url, tmp_path, stdin=event + b"\n" + EVENTS[0], code=1)
    assert (done.counts["refused"], done.counts["indexed"], done.counts["dead"]) == (1, 1, 0)
    [letter] = letters(tmp_path / "dead-letters.ndjson")
    assert (letter["reason"], letter["status"], letter["original"]) == ("refused", 400, event.decode())
    assert "document" not in letter
    assert "@timestamp" in letter["message"]


def test_a_quiet_run_and_one_for_machines(ready: Server, url: str, tmp_path: Path) -> None:
    assert mim_ecs("index", "--via-pipeline", *ENGINE, "-q", "--url", url, SAMPLE, cwd=tmp_path).err == ""
    done = mim_ecs("index", "--via-pipeline", *ENGINE, "--log-format", "ecs", "--url", url, SAMPLE, cwd=tmp_path)
    summary = json.loads(done.lines[0])
    assert summary["mim_ecs"]["duplicates"] == summary["mim_ecs"]["written"] == 400
    assert summary["event"]["duration"] > 0


def test_without_its_pipeline_nothing_is_sent(client: Server, url: str, tmp_path: Path) -> None:
    where = url.removeprefix("http://")
    first = mim_ecs("index", "--via-pipeline", *ENGINE, "--url", url, SAMPLE, cwd=tmp_path, code=2)
    assert first.err == f"Error: There is no index template logs-okta.mim at {where}; run `mim-ecs setup` first.\n"
    apply(client, plan(client, wanted(load(), client)))
    done = mim_ecs("index", "--via-pipeline", *ENGINE, "--url", url, SAMPLE, cwd=tmp_path, code=2)
    advice = "run `mim-ecs setup --pipelines` first"
    assert done.err == f"Error: There is no ingest pipeline logs-okta.mim at {where}; {advice}.\n"
    client.put(f"/_ingest/pipeline/{NAME}", {"processors": []})
    foreign = mim_ecs("index", "--via-pipeline", *ENGINE, "--url", url, SAMPLE, cwd=tmp_path, code=2)
    assert "is not of okta-mim-ecs" in foreign.err
    assert client.get("/logs-okta.mim-default") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "meaning", "advice"),
    [
        (["--org", "acme.okta.com"], "--org means", "leave it out; `mim-ecs setup` takes --org."),
        (
            ["--mappings", "mine", "--strict"],
            "--mappings and --strict mean",
            "leave them out; `mim-ecs setup` takes --mappings.",
        ),
        (["--no-original"], "--no-original means", "leave it out."),
        (["--strict", "--no-validate"], "--strict and --no-validate mean", "leave them out."),
    ],
)
def test_options_that_say_how_documents_are_made_here(
    tmp_path: Path, given: list[str], meaning: str, advice: str
) -> None:
    done = mim_ecs("index", "--via-pipeline", *ENGINE, *given, "--url", "http://127.0.0.1:9", cwd=tmp_path, code=2)
    where = "with --via-pipeline, where documents are made in the cluster"
    assert done.err == f"Error: {meaning} nothing {where}; {advice}\n"


def test_options_that_are_as_they_are_anyhow(tmp_path: Path) -> None:
    """A settings file for both ways may name them."""
    (tmp_path / "mim-ecs.yml").write_text(
        "index: {via-pipeline: true, original: true, strict: false, validate: true}\n"
    )
    done = mim_ecs("index", "--url", "http://127.0.0.1:9", cwd=tmp_path, code=3)
    assert "cannot be reached" in done.err
    (tmp_path / "mim-ecs.yml").write_text("setup: {pipelines: true, org: 'https://x'}\n")
    assert "is no host of an Okta org" in mim_ecs("setup", cwd=tmp_path, code=2).err
