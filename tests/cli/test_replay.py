"""`mim-ecs replay` against genuine servers: what is mended goes, the rest stays, nothing is ever nowhere."""

from __future__ import annotations

import json
import random
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from normalizer.delivery.replay import Replay
from normalizer.outputs.letters import numbered
from normalizer.outputs.server import Server
from normalizer.runtime.batch import DeadLetter
from tests.cli.command import EVENTS, TIMEOUT, Document, Done, ended, letters, mim_ecs, start
from tests.cli.places import Place, place
from tests.cli.test_elasticsearch import with_poison
from tests.cluster.ours import CUSTOM, clean
from tests.reliability.faults import slow
from tests.reliability.proxy import Proxy

GONE = "There are no dead letters: no file dead-letters.ndjson."


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Server]:
    """A server that has our templates and nothing else of ours."""
    with clean(elasticsearch_url) as client:
        mim_ecs("setup", env={"ELASTICSEARCH_URL": elasticsearch_url})
        yield client


def replay(url: str, folder: Path, *given: str | Path, code: int = 0) -> Done:
    done = mim_ecs("replay", *given, "--url", url, cwd=folder, code=code)
    assert done.out == b""
    return done


def events(count: int, first: int = 0) -> dict[str, bytes]:
    """Sample events by uuids of their own."""
    made = (json.loads(EVENTS[number % len(EVENTS)]) | {"uuid": f"replay-{number}"} for number in range(count))
    return {event["uuid"]: json.dumps(event).encode() for event in made}


def write_dead(path: Path, originals: list[bytes]) -> None:
    with path.open("ab") as file:
        file.writelines(
            DeadLetter("refused", "no", "in", line, original).json(time="2026-09-14T06:00:00.000Z")
            for line, original in enumerate(originals, 1)
        )


def indexed(client: Server, namespace: str) -> dict[str, Document]:
    """The documents of a namespace, by `_id`."""
    name = f"logs-okta.mim-{namespace}"
    if client.get(f"/_data_stream/{name}") is None:
        return {}
    client.post(f"/{name}/_refresh")
    hits = client.post(f"/{name}/_search", {"size": 10_000})["hits"]["hits"]
    assert len(hits) == len({hit["_id"] for hit in hits})
    return {hit["_id"]: hit["_source"] for hit in hits}


def left(path: Path) -> list[Document]:
    return [letter for file in (*numbered(path), path) if file.exists() for letter in letters(file)]


def test_a_mended_template_takes_what_it_refused(elasticsearch_url: str, client: Server, tmp_path: Path) -> None:
    template = {"mappings": {"properties": {"okta": {"properties": {"poison": {"type": "object"}}}}}}
    client.put(f"/_component_template/{CUSTOM}", {"template": template})
    with_poison(tmp_path / "mine")
    here = ("--namespace", "mended", "--mappings", "mine")
    poisoned = {json.loads(event)["uuid"] for event in EVENTS if b"mim.command.generic.error" in event}
    first = mim_ecs(
        "index", *here, "--url", elasticsearch_url, stdin=b"\n".join([*EVENTS, b"junk"]), cwd=tmp_path, code=1
    )
    assert first.counts["refused"] == len(poisoned) > 5
    path = tmp_path / "dead-letters.ndjson"
    before = left(path)

    again = replay(elasticsearch_url, tmp_path, *here, code=1)
    assert again.counts["read"] == len(poisoned) + 1
    assert (again.counts["refused"], again.counts["dead"], again.counts["indexed"]) == (len(poisoned), 1, 0)
    assert f"{len(poisoned) + 1} kept in dead-letters.ndjson: {len(poisoned) + 1} failed again." in again.lines
    kept = left(path)
    assert {letter["attempts"] for letter in kept} == {2}
    for letter in (*kept, *before):  # each attempt is another document in the failure store
        letter["message"] = re.sub(r", as [\w-]+,", "", letter["message"])
    for name in ("time", "data_stream", "file", "line", "original", "reason", "message", "status"):
        assert [letter.get(name) for letter in kept] == [letter.get(name) for letter in before], name

    client.put(f"/_component_template/{CUSTOM}", {"template": {}})
    client.post("/logs-okta.mim-mended/_rollover")
    mended = replay(elasticsearch_url, tmp_path, *here, code=1)
    assert (mended.counts["refused"], mended.counts["indexed"]) == (0, len(poisoned))
    [junk] = left(path)
    assert (junk["original"], junk["attempts"], junk["line"]) == ("junk", 3, len(EVENTS) + 1)
    assert set(indexed(client, "mended")) == {json.loads(event)["uuid"] for event in EVENTS}

    path.write_text(json.dumps(junk | {"original": EVENTS[0].decode()}))  # mended by hand
    last = replay(elasticsearch_url, tmp_path, *here, "--exact")  # the index before has it
    assert (last.counts["duplicates"], last.counts["indexed"]) == (1, 0)
    assert [each.name for each in tmp_path.iterdir()] == ["mine"]
    assert replay(elasticsearch_url, tmp_path, *here).lines == [GONE]


def test_a_mended_mapping_and_documents_as_index_makes_them(
    elasticsearch_url: str, client: Server, tmp_path: Path
) -> None:
    """The originals are the events' own bytes: what is indexed of them is what `index` would have."""
    made = events(20)
    odd = b'{"uuid": "odd",\n "eventType": "mim.command.ios.new", "published": "2026-09-14T06:00:00Z"}'
    write_dead(tmp_path / "dead", [*made.values(), odd])
    write_dead(tmp_path / "dead.1", [next(iter(made.values()))])
    done = replay(elasticsearch_url, tmp_path, "dead", "--namespace", "replayed", "--workers", "2")
    assert (done.counts["indexed"], done.counts["duplicates"]) == (21, 1)
    assert [path for path in tmp_path.iterdir() if not path.name.startswith(".coverage")] == []
    mim_ecs("index", "--namespace", "once", "--url", elasticsearch_url, stdin=b"\n".join(made.values()))
    replayed, once = indexed(client, "replayed"), indexed(client, "once")
    assert json.loads(replayed.pop("odd")["event"]["original"])["uuid"] == "odd"
    assert replayed.keys() == once.keys() == made.keys()
    for document in (*replayed.values(), *once.values()):
        assert document["event"].pop("ingested")
        assert document["data_stream"].pop("namespace")
    assert replayed == once
    assert {key: document["event"]["original"].encode() for key, document in once.items()} == made


def test_what_cannot_be_sent_is_named_and_stays(elasticsearch_url: str, client: Server, tmp_path: Path) -> None:
    long = b'{"uuid":"' + b"x" * 100_000 + b'"}'
    mim_ecs("normalize", "--max-event", "65536", "--dead-letters", "dead", stdin=b"\n" + long, cwd=tmp_path, code=1)
    path = tmp_path / "dead"
    with path.open("ab") as file:
        file.write(b"\xffjunk\n{}\n")
    write_dead(path, [EVENTS[0]])
    with path.open("ab") as file:
        file.write(b'{"torn')
    before = path.read_bytes().splitlines()
    done = replay(elasticsearch_url, tmp_path, "dead", "--namespace", "partial", code=1)
    assert done.lines[:4] == [
        "dead:1 holds only the beginning of the event at <stdin>:2 and stays there",
        *(
            f"dead:{line} is no dead letter (it is not JSON with what a dead letter has) and stays there"
            for line in (2, 3, 5)
        ),
    ]
    assert done.lines[-1] == "4 kept in dead: 1 without their whole event, 3 lines that are no dead letters."
    assert done.counts["read"] == done.counts["indexed"] == 1
    assert path.read_bytes().splitlines() == [*before[:3], before[4]]
    path.write_bytes(b"junk\n" * 30)
    done = replay(elasticsearch_url, tmp_path, "dead", code=1)
    assert sum("is no dead letter" in line for line in done.lines) == 20
    assert done.lines[-1] == "30 kept in dead: 30 lines that are no dead letters."


def test_events_that_are_skipped_do_not_go(elasticsearch_url: str, client: Server, tmp_path: Path) -> None:
    foreign = json.dumps(json.loads(EVENTS[0]) | {"eventType": "user.session.start"}).encode()
    write_dead(tmp_path / "dead", [EVENTS[0], foreign])
    before = left(tmp_path / "dead")
    done = replay(elasticsearch_url, tmp_path, "dead", "--namespace", "skipped", code=1)
    assert done.lines[0] == "dead stays as it was: events that no mapping takes are skipped (1)."
    assert left(tmp_path / "dead") == before
    assert [each.name for each in tmp_path.iterdir()] == ["dead"]


def test_mistakes_are_told_before_anything_is_sent(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    assert replay(nowhere, tmp_path, "none", code=2).lines == ["Error: There is no file none."]
    assert replay(nowhere, tmp_path, "no/none", code=2).lines == ["Error: There is no file no/none."]
    assert "is a directory" in replay(nowhere, tmp_path, tmp_path, code=2).err
    assert replay(nowhere, tmp_path).lines == [GONE]
    write_dead(tmp_path / "dead", [EVENTS[0]])
    before = (tmp_path / "dead").read_bytes()
    assert "cannot be reached" in replay(nowhere, tmp_path, "dead", "./dead", code=3).err
    with Replay(tmp_path / "dead", "logs-okta.mim-default", pytest.fail):
        same = replay(nowhere, tmp_path, "dead", code=2)
    assert same.lines == ["Error: dead is already being replayed."]
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"dead": before}


@pytest.mark.parametrize(("number", "times"), [(signal.SIGTERM, 2), (signal.SIGKILL, 4)])
def test_stopped_at_any_moment_and_run_again(
    elasticsearch_url: str, client: Server, tmp_path: Path, number: signal.Signals, times: int
) -> None:
    """Every event is on the server or in a file of dead letters, always; in the end the server has all."""
    namespace = f"stopped_{number.name.lower()}"
    made = events(3000)
    originals = [*made.values()]
    path = tmp_path / "dead-letters.ndjson"
    for at, file in enumerate((tmp_path / f"{path.name}.1", tmp_path / f"{path.name}.2", path)):
        write_dead(file, [*originals[at * 1000 : (at + 1) * 1000], b"junk %d" % at])
    begun = path.with_name(f"{path.name}.kept")
    stopped = 0
    for turn in range(times):
        begun.unlink(missing_ok=True)
        process = start("replay", "--namespace", namespace, "--url", elasticsearch_url, cwd=tmp_path)
        while process.poll() is None and not begun.exists():
            time.sleep(0.01)
        time.sleep(random.uniform(0.0, 0.1 + turn * 0.2))
        process.send_signal(number)
        done = ended(process, None)
        stopped += done.code in (128 + number, -number)
        found = [letter["original"] for letter in left(path)]
        ours = {json.loads(text)["uuid"] for text in found if not text.startswith("junk")}
        assert ours | indexed(client, namespace).keys() == made.keys()
        assert sorted(text for text in found if text.startswith("junk")) == ["junk 0", "junk 1", "junk 2"]
    assert stopped
    replay(elasticsearch_url, tmp_path, "--namespace", namespace, code=1)
    assert [letter["original"] for letter in left(path)] == ["junk 0", "junk 1", "junk 2"]
    assert not [each for each in tmp_path.iterdir() if each.suffix in (".kept", ".replaying")]
    documents = indexed(client, namespace)
    assert {key: document["event"]["original"].encode() for key, document in documents.items()} == made


def test_an_index_that_goes_on_writing(elasticsearch_url: str, client: Server, tmp_path: Path) -> None:
    """Its dead letters stand in the same file; each is there once, however often that is replayed meanwhile."""
    path = tmp_path / "dead-letters.ndjson"
    write_dead(path, [EVENTS[0], b"junk old"])
    process = start("index", "--namespace", "busy", "--url", elasticsearch_url, cwd=tmp_path)
    assert process.stdin is not None
    sent = 0
    with process.stdin as stdin:
        for _ in range(3):
            replaying = start("replay", "--namespace", "busy", "--url", elasticsearch_url, cwd=tmp_path)
            while replaying.poll() is None:
                stdin.write(b"".join(b"junk %d %s\n" % (sent + more, b"x" * 2000) for more in range(40)))
                stdin.flush()
                sent += 40
                time.sleep(0.02)
            ended(replaying, 1)
    process.stdin = None
    ended(process, 1)
    found = [letter["original"].split() for letter in left(path)]
    assert sorted(int(words[1]) for words in found if words[1] != "old") == [*range(sent)]
    assert len(found) == sent + 1
    assert {letter.get("attempts", 1) for letter in left(path)} >= {1, 2}
    assert set(indexed(client, "busy")) == {json.loads(EVENTS[0])["uuid"]}


# OpenSearch


@pytest.fixture(scope="module")
def there(opensearch_url: str) -> Iterator[Place]:
    """An OpenSearch that has our templates and pipelines."""
    with place(opensearch_url, "opensearch", pipelines=True) as found:
        yield found


@pytest.mark.parametrize(("number", "given"), [(signal.SIGKILL, ()), (signal.SIGTERM, ("--via-pipeline",))])
def test_stopped_amid_full_files_and_run_again_after_a_rollover(
    there: Place, tmp_path: Path, number: signal.Signals, given: tuple[str, ...]
) -> None:
    """The first file is done by then, the second one is not; with --exact what it had sent does not stand twice."""
    namespace = f"stopped_{number.name.lower()}"
    made = events(900)
    originals = [*made.values()]
    path = tmp_path / "dead-letters.ndjson"
    for at, file in enumerate((tmp_path / f"{path.name}.1", tmp_path / f"{path.name}.2", path)):
        write_dead(file, originals[at * 300 : (at + 1) * 300])
    with Proxy(there.url, slow(0.3)) as proxy:
        process = start("replay", *given, *there.options(namespace, proxy.url), cwd=tmp_path)
        deadline = time.monotonic() + TIMEOUT
        while proxy.documents <= 300:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(number)
        ended(process, 143 if number == signal.SIGTERM else -number)
    assert not (tmp_path / f"{path.name}.1").exists()
    ours = {json.loads(letter["original"])["uuid"] for letter in left(path)}
    assert 0 < len(ours) <= 600
    sent = {key: made[key] for key in made.keys() - ours}
    assert there.judge(namespace, sent).lost == set()

    there.rollover(namespace)
    done = mim_ecs("replay", "--exact", *given, *there.options(namespace), cwd=tmp_path)
    assert done.counts["read"] == len(ours)
    found = there.judge(namespace, made)
    assert (found.complaints, found.held) == ([], 900)
    assert left(path) == []
    assert not [each for each in tmp_path.iterdir() if each.suffix == ".kept"]


def test_what_a_pipeline_makes_of_dead_letters(there: Place, tmp_path: Path) -> None:
    """What it refuses stays until it is mended; what it only cannot read it keeps itself, and the letter goes."""
    options = ("--via-pipeline", *there.options("pipeline"))
    bare = b'{"uuid": "bare", "eventType": "mim.command.ios.new", "published": "2026-09-14T06:00:00.123Z"}'
    never = {"set": {"if": "ctx._id == 'bare'", "field": "@timestamp", "value": "never"}}
    there.server.put(f"/_ingest/pipeline/{CUSTOM}", {"processors": [never]})
    path = tmp_path / "dead-letters.ndjson"
    stdin = b"\n".join([bare, b"\xff\xfe"])
    assert mim_ecs("index", *options, stdin=stdin, cwd=tmp_path, code=1).counts["refused"] == 1
    write_dead(path, [b"junk"])

    done = mim_ecs("replay", *options, cwd=tmp_path, code=1)
    assert (done.counts["refused"], done.counts["dead"], done.counts["indexed"]) == (1, 1, 1)
    assert "2 kept in dead-letters.ndjson: 2 failed again." in done.lines
    kept = sorted(left(path), key=lambda letter: str(letter["reason"]))
    assert [(letter["reason"], letter["attempts"]) for letter in kept] == [("not_json", 2), ("refused", 2)]
    assert kept[1]["original"] == bare.decode()

    there.server.delete(f"/_ingest/pipeline/{CUSTOM}")
    done = mim_ecs("replay", *options, cwd=tmp_path, code=1)
    assert (done.counts["refused"], done.counts["dead"], done.counts["indexed"]) == (0, 1, 1)
    assert [(letter["original_base64"], letter["attempts"]) for letter in left(path)] == [("//4=", 3)]
    documents = indexed(there.server, "pipeline")
    assert {document["event"]["original"] for document in documents.values()} == {"junk", bare.decode()}
    assert "bare" in documents

    path.unlink()
    write_dead(path, [EVENTS[0], bare.replace(b"mim.", b"user.")])
    before = path.read_bytes()
    done = mim_ecs("replay", *options, cwd=tmp_path, code=1)
    assert done.lines[0] == f"{path.name} stays as it was: events that no mapping takes are skipped (1)."
    assert path.read_bytes() == before
