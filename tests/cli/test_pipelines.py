"""Ingest pipelines by `mim-ecs setup` and `mim-ecs index --via-pipeline`.

On a genuine OpenSearch, disguised (see tests/engines), with its own templates; our Elasticsearch has no processors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from normalizer import Normalizer, Options
from normalizer.backends.pipelines import build
from normalizer.backends.templates import OPENSEARCH
from normalizer.backends.templates import build as templates
from normalizer.cli import cli
from normalizer.cluster import apply, plan
from normalizer.errors import SetupError
from normalizer.language import load
from normalizer.outputs.elasticsearch import connect
from tests.cli.command import EVENTS, SAMPLE, Done, letters, mim_ecs
from tests.cluster.ours import clean, found, remove_ours
from tests.engines.disguise import disguised

NAME, CUSTOM = "logs-okta.mim", "logs-okta.mim@custom"
ADDED = [
    "added         ingest pipeline logs-okta.mim@custom",
    "added         ingest pipeline logs-okta.mim",
    "added         component template logs-okta.mim@mappings",
    "added         component template logs-okta.mim@settings",
    "added         index template logs-okta.mim",
]
SAME = [line.replace("added", "same ") for line in ADDED]
SAME[0] = SAME[0].replace("same ", "yours")


@pytest.fixture(scope="module")
def url(opensearch_url: str) -> Iterator[str]:
    with disguised(opensearch_url) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[Elasticsearch]:
    """Of a server that has nothing of ours."""
    with clean(url) as client:
        yield client


@pytest.fixture
def ready(client: Elasticsearch) -> Elasticsearch:
    """Of a server that has all of ours."""
    mappings = load()
    apply(client, plan(client, templates(mappings, OPENSEARCH), build(mappings)))
    return client


# --- setup

Setup = Callable[..., list[str]]


@pytest.fixture
def setup(
    url: str, client: Elasticsearch, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Setup:
    """The command, but for the templates: Elasticsearch's would be refused."""
    suiting = templates(load(), OPENSEARCH)
    monkeypatch.setattr("normalizer.cli.setup.wanted", lambda *_given, **_options: suiting)

    def run(*given: str) -> list[str]:
        try:
            cli.main(["setup", "--url", url, *given], standalone_mode=False)
        finally:
            lines = capsys.readouterr().out.splitlines()
        return lines

    return run


def stored(client: Elasticsearch, name: str = NAME) -> dict[str, Any]:
    body: dict[str, Any] = client.ingest.get_pipeline(id=name).body[name]
    return body


def scripts(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["script"] for each in body["processors"] if "script" in each]


def test_setup_installs_pipelines_and_a_second_one_changes_nothing(setup: Setup, client: Elasticsearch) -> None:
    assert setup() == ADDED
    assert stored(client) == build(load())[NAME]
    before = client.cluster.state(metric="metadata").body["metadata"]
    assert setup("--pipelines") == [*SAME, "Nothing to do."]
    assert client.cluster.state(metric="metadata").body["metadata"] == before


def test_setup_with_an_org(setup: Setup, client: Elasticsearch) -> None:
    setup("--pipelines", "--org", "acme.okta.com")
    assert {each["params"].get("org") for each in scripts(stored(client))} == {"acme.okta.com"}
    assert setup("--org", "acme.okta.com")[-1] == "Nothing to do."
    kept = "kept          the Okta org acme.okta.com of the installed pipeline; --org names another"
    assert setup() == [*SAME, kept, "Nothing to do."]
    # no advice about data streams: a pipeline acts at once
    assert setup("--org", "b.okta.com") == [SAME[0], "changed       ingest pipeline logs-okta.mim", *SAME[2:]]
    assert {each["params"].get("org") for each in scripts(stored(client))} == {"b.okta.com"}


def test_a_dry_run_shows_pipelines_in_short(setup: Setup, client: Elasticsearch) -> None:
    dry = setup("--dry-run", "--pipelines")
    assert dry[:3] == [
        "would add     ingest pipeline logs-okta.mim@custom",
        "  0 processors",
        "would add     ingest pipeline logs-okta.mim",
    ]
    size = f"{sum(len(each['source'].encode()) for each in scripts(build(load())[NAME])):,} bytes of script"
    assert dry[3].startswith("  version 1, ")
    assert dry[3].endswith(f" processors, {size}")
    assert dry[-1] == "Nothing was changed: this was a dry run."
    assert client.options(ignore_status=404).ingest.get_pipeline(id=f"{NAME}*").body == {}
    assert max(map(len, dry)) < 200


def test_setup_without_pipelines(setup: Setup, client: Elasticsearch) -> None:
    assert setup("--no-pipelines") == ADDED[2:]
    useless = "left out      ingest pipelines: --org has no effect"
    assert setup("--no-pipelines", "--org", "acme.okta.com") == [*SAME[2:], useless, "Nothing to do."]
    assert client.options(ignore_status=404).ingest.get_pipeline(id=f"{NAME}*").body == {}


def test_setup_leaves_alone_what_is_not_ours_to_change(setup: Setup, client: Elasticsearch) -> None:
    mine: dict[str, Any] = {"description": "Mine.", "processors": [{"set": {"field": "labels.mine", "value": "yes"}}]}
    client.ingest.put_pipeline(id=CUSTOM, **mine)
    assert setup()[0] == "yours         ingest pipeline logs-okta.mim@custom"
    assert stored(client, CUSTOM) == mine
    ours = stored(client)
    for there, said in ((ours | {"version": 2}, "newer than the 1 of this release"), (mine, "rename or remove it")):
        client.ingest.put_pipeline(id=NAME, **there)
        with pytest.raises(SetupError, match=said) as caught:
            setup("--org", "acme.okta.com")
        assert caught.value.exit_code == 2
        assert stored(client) == there


def test_a_server_that_cannot_run_pipelines(elasticsearch_url: str) -> None:
    missing = "the cluster has no processors append, drop, fail, pipeline, remove, rename, script and set"
    with connect(elasticsearch_url) as client:
        remove_ours(client)
        try:
            done = mim_ecs("setup", "--url", elasticsearch_url, "--pipelines", code=2)
            where = elasticsearch_url.removeprefix("http://")
            assert done.err == f"Error: The ingest pipelines cannot be installed at {where}: {missing}.\n"
            assert done.out == b""
            assert not client.indices.exists_index_template(name=NAME)
            for dry in ([], ["--dry-run"]):
                said = mim_ecs("setup", "--url", elasticsearch_url, *dry).out.decode().splitlines()
                assert f"left out      ingest pipelines: {missing}" in said
            assert mim_ecs("setup", "--url", elasticsearch_url, "--no-pipelines").out.decode().splitlines() == [
                *SAME[2:],
                "Nothing to do.",
            ]
        finally:
            remove_ours(client)


# --- index --via-pipeline


def index(url: str, folder: Path, *given: str | Path, stdin: bytes = b"", code: int = 0) -> Done:
    """Run `index --via-pipeline`; whatever happens, its summary must add up."""
    done = mim_ecs("index", "--via-pipeline", *given, "--url", url, cwd=folder, stdin=stdin, code=code)
    counts = done.counts
    assert counts["read"] == counts["written"] + counts["skipped"] + counts["dead"]
    parts = ("indexed", "duplicates", "refused", "not settled")
    assert sum(counts[name] for name in parts) == counts["written"]
    assert "with problems" not in counts
    assert done.out == b""
    return done


def test_the_documents_are_those_that_python_makes(ready: Elasticsearch, url: str, tmp_path: Path) -> None:
    done = index(url, tmp_path, SAMPLE, "--namespace", "via")
    counts = {"read": 400, "written": 400, "skipped": 0, "dead": 0, "refused": 0, "not settled": 0, "retried": 0}
    assert done.counts == counts | {"indexed": 400, "duplicates": 0}
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
    assert again.counts == counts | {"indexed": 0, "duplicates": 400}
    assert len(found(ready, "via")) == 400
    assert list(tmp_path.iterdir()) == []


PUBLISHED = "2026-09-14T06:00:00.123Z"
OTHER = json.dumps({"uuid": "other", "eventType": "user.session.start", "published": PUBLISHED}).encode()
BARE = {"uuid": "bare", "eventType": "mim.command.ios.new", "published": PUBLISHED}


def test_what_becomes_of_everything_else(ready: Elasticsearch, url: str, tmp_path: Path) -> None:
    """Other event types are dropped, what gives no document is kept by the pipeline; only what is no text is dead."""
    envelope = json.dumps({"detail-type": "x", "detail": BARE}).encode()
    undated = json.dumps(BARE | {"uuid": "undated", "published": "yesterday"}).encode()
    stdin = b"\n".join([OTHER, b"junk", b"\xff\xfe", envelope, undated, OTHER])
    for indexed, duplicates in ((3, 0), (0, 3)):
        done = index(url, tmp_path, stdin=stdin, code=1)
        assert done.counts == {
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


def test_what_the_server_refuses_is_a_dead_letter(ready: Elasticsearch, url: str, tmp_path: Path) -> None:
    ready.ingest.put_pipeline(
        id=CUSTOM,
        processors=[{"set": {"if": "ctx._id == 'bare'", "field": "@timestamp", "value": "never"}}],
    )
    event = json.dumps(BARE).encode()
    done = index(url, tmp_path, stdin=event + b"\n" + EVENTS[0], code=1)
    assert (done.counts["refused"], done.counts["indexed"], done.counts["dead"]) == (1, 1, 0)
    [letter] = letters(tmp_path / "dead-letters.ndjson")
    assert (letter["reason"], letter["status"], letter["original"]) == ("refused", 400, event.decode())
    assert "document" not in letter
    assert "@timestamp" in letter["message"]


def test_a_quiet_run_and_one_for_machines(ready: Elasticsearch, url: str, tmp_path: Path) -> None:
    assert mim_ecs("index", "--via-pipeline", "-q", "--url", url, SAMPLE, cwd=tmp_path).err == ""
    done = mim_ecs("index", "--via-pipeline", "--log-format", "ecs", "--url", url, SAMPLE, cwd=tmp_path)
    summary = json.loads(done.lines[0])
    assert summary["mim_ecs"]["duplicates"] == summary["mim_ecs"]["written"] == 400
    assert summary["event"]["duration"] > 0


def test_without_its_pipeline_nothing_is_sent(client: Elasticsearch, url: str, tmp_path: Path) -> None:
    where = url.removeprefix("http://")
    first = mim_ecs("index", "--via-pipeline", "--url", url, SAMPLE, cwd=tmp_path, code=2)
    assert first.err == f"Error: There is no index template logs-okta.mim at {where}; run `mim-ecs setup` first.\n"
    apply(client, plan(client, templates(load(), OPENSEARCH)))
    done = mim_ecs("index", "--via-pipeline", "--url", url, SAMPLE, cwd=tmp_path, code=2)
    advice = "run `mim-ecs setup --pipelines` first"
    assert done.err == f"Error: There is no ingest pipeline logs-okta.mim at {where}; {advice}.\n"
    client.ingest.put_pipeline(id=NAME, processors=[])
    foreign = mim_ecs("index", "--via-pipeline", "--url", url, SAMPLE, cwd=tmp_path, code=2)
    assert "is not of okta-mim-ecs" in foreign.err
    assert not client.indices.exists(index="logs-okta.mim-default")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--org", "acme.okta.com"], "where --org means nothing; leave it out; `mim-ecs setup` takes --org."),
        (
            ["--mappings", "mine", "--strict"],
            "where --mappings and --strict mean nothing; leave them out; `mim-ecs setup` takes --mappings.",
        ),
        (["--no-original"], "where --no-original means nothing; leave it out."),
        (["--strict", "--no-validate"], "where --strict and --no-validate mean nothing; leave them out."),
    ],
)
def test_options_that_say_how_documents_are_made_here(tmp_path: Path, given: list[str], said: str) -> None:
    done = mim_ecs("index", "--via-pipeline", *given, "--url", "http://127.0.0.1:9", cwd=tmp_path, code=2)
    assert done.err == f"Error: with --via-pipeline documents are made in the cluster, {said}\n"


def test_options_that_are_as_they_are_anyhow(tmp_path: Path) -> None:
    """A settings file for both ways may name them."""
    (tmp_path / "mim-ecs.yml").write_text(
        "index: {via-pipeline: true, original: true, strict: false, validate: true}\n"
    )
    done = mim_ecs("index", "--url", "http://127.0.0.1:9", cwd=tmp_path, code=3)
    assert "cannot be reached" in done.err
    (tmp_path / "mim-ecs.yml").write_text("setup: {pipelines: true, org: 'https://x'}\n")
    assert "is no host of an Okta org" in mim_ecs("setup", cwd=tmp_path, code=2).err
