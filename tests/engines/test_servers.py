"""How the test servers live and die. They need Maven once, and without it these tests fail, never skip.

Every start takes seconds: what both engines leave to the same code is tested with one of them.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engines import EngineError
from tests.engines.ask import ask
from tests.engines.elasticsearch import Elasticsearch
from tests.engines.opensearch import OpenSearch
from tests.engines.server import Server

ENGINES = [Elasticsearch, OpenSearch]


@pytest.fixture(scope="module", params=ENGINES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with request.param() as server:
        yield server


def command(engine: type[Server], *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"tests.engines.{engine.name.lower()}", *arguments]


def until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def ended(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def compiler_is_limited(pid: int) -> bool:
    return b"-XX:TieredStopAtLevel=1" in Path(f"/proc/{pid}/cmdline").read_bytes()


def store(server: Server, identifier: str) -> int:
    return ask(server.url, "PUT", f"/engine/_create/{identifier}", {"message": "hello"})[0]


def found(server: Server, identifier: str) -> bool:
    return ask(server.url, "GET", f"/engine/_doc/{identifier}")[0] == 200


@pytest.mark.parametrize("server", [Elasticsearch], indirect=True)
def test_documents_survive_a_restart(server: Server) -> None:
    assert store(server, "before-restart") == 201
    server.restart()
    assert found(server, "before-restart")


def test_documents_survive_kill_9_at_the_same_url_and_no_process_does(server: Server) -> None:
    assert store(server, "before-kill") == 201
    url = server.url
    server.kill()
    assert ended(server.pid)
    server.start()
    assert server.url == url
    assert found(server, "before-kill")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_setting_that_does_not_exist_is_reported_with_the_log(engine: type[Server]) -> None:
    with pytest.raises(EngineError, match=r"ended with code 1 at its start:\n(.*\n)+.*unknown setting \[no\.such\]"):
        engine({"no.such": "setting"}).start()


def test_a_server_dies_with_its_parent(tmp_path: Path) -> None:
    start = command(Elasticsearch, "start", "--keep-data", str(tmp_path / "data"))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # kill -9 leaves the folder of the server behind
    with subprocess.Popen(start, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert parent.stdout.readline().startswith("http://127.0.0.1:")
        [child] = children(parent.pid)
        assert compiler_is_limited(child)
        parent.kill()
    assert until(lambda: ended(child))


def test_run_hands_signals_to_the_command_and_gives_its_exit_code() -> None:
    script = "trap 'exit 7' TERM; echo $OPENSEARCH_URL; while :; do sleep 0.05; done"
    start = command(OpenSearch, "run", "--optimized", "--", "sh", "-c", script)
    with subprocess.Popen(start, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        assert run.stdout.readline().startswith("http://127.0.0.1:")
        started = children(run.pid)
        assert len(started) == 2
        assert not any(map(compiler_is_limited, started))
        run.send_signal(signal.SIGTERM)
    assert run.returncode == 7
    assert all(ended(pid) for pid in started)


@pytest.mark.parametrize("engine", ENGINES)
def test_without_maven_one_sentence_says_how_to_get_it(engine: type[Server], tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    start = subprocess.run(command(engine, "start"), env=environment, capture_output=True, text=True)
    assert start.returncode == 2
    assert start.stdout == ""
    assert start.stderr.startswith(f"Maven is needed to fetch {engine.name}'s jars: install it (Debian")
    assert start.stderr.count("\n") == 1
