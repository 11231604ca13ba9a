"""The test server itself: what the other tests may rely on. It needs Maven once, and fails, never skips, without it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import elasticsearch
import pytest

from tests.engines import EngineError
from tests.engines.elasticsearch import Elasticsearch

STREAM = "logs-engine-default"
COMMAND = [sys.executable, "-m", "tests.engines.elasticsearch"]
EVENT = {"@timestamp": "2026-01-01T00:00:00Z", "message": "hello", "data_stream": {"type": "logs"}}


@pytest.fixture(scope="module")
def server() -> Iterator[Elasticsearch]:
    with Elasticsearch() as server:
        yield server


@pytest.fixture
def client(server: Elasticsearch) -> Iterator[elasticsearch.Elasticsearch]:
    with elasticsearch.Elasticsearch(server.url) as client:
        client.indices.put_index_template(
            name="engine",
            index_patterns=["logs-engine-*"],
            priority=500,
            data_stream={},
            template={
                "settings": {"index.codec": "best_compression", "index.lifecycle.name": "some-policy"},
                "mappings": {
                    "properties": {
                        "message": {"type": "match_only_text"},
                        "data_stream": {"properties": {"type": {"type": "constant_keyword", "value": "logs"}}},
                    }
                },
            },
        )
        yield client


def create(client: elasticsearch.Elasticsearch, identifier: str) -> int:
    """Bulk-create one event; gives the item's status."""
    answer = client.bulk(operations=[{"create": {"_index": STREAM, "_id": identifier}}, EVENT], refresh=True)
    return int(answer["items"][0]["create"]["status"])


def found(client: elasticsearch.Elasticsearch) -> set[str]:
    hits: list[dict[str, Any]] = client.search(index=STREAM, query={"match": {"message": "hello"}})["hits"]["hits"]
    return {hit["_id"] for hit in hits}


def until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def ended(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_it_is_elasticsearch_9(client: elasticsearch.Elasticsearch) -> None:
    assert client.info()["version"]["number"] == "9.5.3"


def test_a_data_stream_takes_a_document_once(client: elasticsearch.Elasticsearch) -> None:
    assert create(client, "once") == 201
    assert create(client, "once") == 409
    assert "once" in found(client)


def test_data_streams_are_listed_created_and_deleted(client: elasticsearch.Elasticsearch) -> None:
    client.indices.create_data_stream(name="logs-engine-other")
    listed = client.indices.get_data_stream(name="logs-engine-o*")["data_streams"]
    assert [(stream["name"], stream["template"]) for stream in listed] == [("logs-engine-other", "engine")]
    client.indices.delete_data_stream(name="logs-engine-other")
    assert not client.indices.exists(index="logs-engine-other")
    with pytest.raises(elasticsearch.NotFoundError):
        client.indices.get_data_stream(name="logs-engine-other")


def test_documents_that_do_not_fit_go_to_the_failure_store(client: elasticsearch.Elasticsearch) -> None:
    template = {
        "index_patterns": ["logs-failing-*"],
        "priority": 500,
        "data_stream": {},
        "template": {
            "data_stream_options": {"failure_store": {"enabled": True}},
            "mappings": {"properties": {"number": {"type": "long"}}},
        },
    }
    client.indices.put_index_template(name="failing", body=template)
    event = {**EVENT, "number": "none"}
    item = client.bulk(operations=[{"create": {"_index": "logs-failing-default"}}, event])["items"][0]["create"]
    assert (item["status"], item["failure_store"]) == (201, "used")


def test_documents_survive_a_restart_at_the_same_url(
    server: Elasticsearch, client: elasticsearch.Elasticsearch
) -> None:
    create(client, "before-restart")
    url = server.url
    server.restart()
    assert server.url == url
    assert "before-restart" in found(client)


def test_documents_survive_kill_9_and_no_process_does(
    server: Elasticsearch, client: elasticsearch.Elasticsearch
) -> None:
    create(client, "before-kill")
    server.kill()
    assert ended(server.pid)
    server.start()
    assert "before-kill" in found(client)


def test_a_setting_that_does_not_exist_is_reported_with_the_log() -> None:
    with pytest.raises(EngineError, match=r"ended with code 1 at its start:\n(.*\n)+.*unknown setting \[no\.such\]"):
        Elasticsearch({"no.such": "setting"}).start()


def test_a_server_dies_with_its_parent(tmp_path: Path) -> None:
    command = [*COMMAND, "start", "--keep-data", str(tmp_path / "data")]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # kill -9 leaves the folder of the server behind
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert parent.stdout.readline().startswith("http://127.0.0.1:")
        [child] = children(parent.pid)
        parent.kill()
    assert until(lambda: ended(child))


def test_run_hands_signals_to_the_command_and_gives_its_exit_code() -> None:
    script = "trap 'exit 7' TERM; echo $ELASTICSEARCH_URL; while :; do sleep 0.05; done"
    with subprocess.Popen([*COMMAND, "run", "--", "sh", "-c", script], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        assert run.stdout.readline().startswith("http://127.0.0.1:")
        started = children(run.pid)
        assert len(started) == 2
        run.send_signal(signal.SIGTERM)
    assert run.returncode == 7
    assert all(ended(pid) for pid in started)


def test_without_maven_one_sentence_says_how_to_get_it(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    start = subprocess.run([*COMMAND, "start"], env=environment, capture_output=True, text=True)
    assert start.returncode == 2
    assert start.stdout == ""
    assert start.stderr.startswith("Maven is needed to fetch Elasticsearch's jars: install it (Debian")
    assert start.stderr.count("\n") == 1
