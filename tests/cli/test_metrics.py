"""`--metrics`: read back by Prometheus's own parser, from a file and over HTTP, while a run goes on."""

from __future__ import annotations

import http.client
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from examples.generate import lines
from normalizer import __version__
from normalizer.cli import metrics
from normalizer.cli.metrics import Metrics
from normalizer.delivery import Counts as Delivered
from normalizer.errors import OutputError, SettingsError
from normalizer.outputs.server import Server
from normalizer.runtime.batch import Counts
from tests.cli.command import EVENTS as SAMPLES
from tests.cli.command import SAMPLE, TIMEOUT, ended, letters, mim_ecs, start
from tests.cli.test_elasticsearch import with_poison
from tests.cluster.ours import CUSTOM, clean

LABELS = '{data_stream="logs-okta.mim-test"}'
EVENTS = Counts(read=100, written=80, skipped=15, dead=5, problems=2)
EVENTS.reasons.update(not_json=3, not_an_event=2)
SENT = Delivered(read=80, sent=90, indexed=60, duplicates=7, dropped=1, retried=10, dead=2, requests=4, bytes=123_456)


def parsed(text: str) -> dict[str, float]:
    """The samples by name and labels, as the text format writes them."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation.endswith(".")
        assert family.type == ("counter" if family.name + "_total" in text else "gauge")
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def scraped(port: int, host: str = "127.0.0.1") -> dict[str, float]:
    with closing(http.client.HTTPConnection(host, port, timeout=10)) as connection:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        return parsed(answer.read().decode())


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        found: int = free.getsockname()[1]
    return found


def test_every_count_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "mim-ecs.prom"
    with Metrics(str(path), EVENTS, SENT, "logs-okta.mim-test"):
        during = parsed(path.read_text())
    after = parsed(path.read_text())
    dead = LABELS.replace("}", ',reason="')
    expected = {
        f"mim_ecs_events_read_total{LABELS}": 100,
        f"mim_ecs_events_skipped_total{LABELS}": 16,
        f"mim_ecs_events_with_problems_total{LABELS}": 2,
        f"mim_ecs_documents_indexed_total{LABELS}": 60,
        f"mim_ecs_documents_duplicate_total{LABELS}": 7,
        f"mim_ecs_documents_retried_total{LABELS}": 10,
        f"mim_ecs_bulk_requests_total{LABELS}": 4,
        f"mim_ecs_bulk_bytes_total{LABELS}": 123_456,
        f'mim_ecs_dead_letters_total{dead}not_json"}}': 3,
        f'mim_ecs_dead_letters_total{dead}not_an_event"}}': 2,
        f'mim_ecs_dead_letters_total{dead}refused"}}': 2,
        f"mim_ecs_documents_open{LABELS}": 10,
        f'mim_ecs_build_info{{data_stream="logs-okta.mim-test",version="{__version__}"}}': 1,
    }
    for found in (during, after):
        assert 0 <= found.pop(f"mim_ecs_run_seconds{LABELS}") < 10
    assert abs(after.pop(f"mim_ecs_last_success_timestamp_seconds{LABELS}") - time.time()) < 10
    assert during == after == expected
    page = (Path(__file__).resolve().parents[2] / "docs/elasticsearch.md").read_text()
    assert [name for name in text_names(path) if f"`{name}`" not in page] == []
    assert [each.name for each in tmp_path.iterdir()] == ["mim-ecs.prom"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444 & ~umask()  # node_exporter is another user


def text_names(path: Path) -> set[str]:
    return {line.partition("{")[0] for line in path.read_text().splitlines() if not line.startswith("#")}


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_run_that_fails_writes_its_counts_and_keeps_when_one_succeeded(tmp_path: Path) -> None:
    path = tmp_path / "mim-ecs.prom"
    name = "mim_ecs_last_success_timestamp_seconds"
    counts = Counts()

    def run(error: BaseException | None) -> dict[str, float]:
        with Metrics(str(path), counts, Delivered()):
            counts.read += 1
            if error is not None:
                raise error
        return parsed(path.read_text())

    with pytest.raises(SystemExit):
        run(SystemExit(143))
    failed = parsed(path.read_text())
    assert failed["mim_ecs_events_read_total"] == 1
    assert name not in failed
    success = run(None)[name]
    with pytest.raises(OutputError):
        run(OutputError("no room"))
    failed = parsed(path.read_text())
    assert (failed["mim_ecs_events_read_total"], failed[name]) == (3, success)
    assert run(None)[name] > success


def test_the_file_is_whole_at_any_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written all the time, and read all the time; what is read never goes back."""
    monkeypatch.setattr(metrics, "EVERY", 0.0)
    path = tmp_path / "mim-ecs.prom"
    counts = Counts()
    seen = []
    with Metrics(str(path), counts, Delivered()):
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            counts.read += 1
            counts.reasons[f"reason {counts.read}"] += 1
            text = path.read_text()
            assert text.endswith("\n")
            assert f'version="{__version__}"' in text.splitlines()[-1]
            seen.append(parsed(text)["mim_ecs_events_read_total"])
    assert len(set(seen)) > 5
    assert seen == sorted(seen)
    assert parsed(path.read_text())["mim_ecs_events_read_total"] == counts.read


def test_the_file_is_written_while_the_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "mim-ecs.prom"
    counts = Counts()
    with Metrics(str(path), counts, Delivered()):
        counts.read = 7
        deadline = time.monotonic() + 30
        while not parsed(path.read_text())["mim_ecs_events_read_total"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert 1 <= parsed(path.read_text())["mim_ecs_run_seconds"] < 30


@pytest.mark.parametrize("target", [":{}", "127.0.0.1:{}", "localhost:{}"])
def test_a_port_is_scraped_while_counts_grow_and_closed_at_the_end(port: int, target: str) -> None:
    counts, delivered = Counts(), Delivered()
    with Metrics(target.format(port), counts, delivered):
        for number in (1, 2):
            counts.read += 5
            delivered.indexed += 3
            found = scraped(port)
            assert found["mim_ecs_events_read_total"] == 5 * number
            assert found["mim_ecs_documents_indexed_total"] == 3 * number
            assert found["process_resident_memory_bytes"] > 1_000_000
        with pytest.raises(SettingsError) as caught, Metrics(f":{port}", counts, delivered):
            pass
    assert str(caught.value) == (
        f"metrics cannot be served at 127.0.0.1:{port}: address already in use; choose another one with --metrics"
    )
    with pytest.raises(ConnectionRefusedError):
        scraped(port)
    with socket.create_server(("127.0.0.1", port)):
        pass  # it can be had again


def test_only_this_machine_is_served_unless_a_host_is_given(port: int) -> None:
    with Metrics(f":{port}", Counts(), Delivered()), socket.create_server(("127.0.0.2", port)):
        pass
    with Metrics(f"[::1]:{port}", Counts(), Delivered()):
        assert scraped(port, "::1")["mim_ecs_events_read_total"] == 0


def test_clients_that_break_off_are_not_told_of(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    with Metrics(f":{port}", Counts(), Delivered()):
        for request in (b"", b"GET /metrics", b"GET /metrics HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + bytes(100)):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # closes by a reset
                client.sendall(request)
        assert scraped(port)["mim_ecs_events_read_total"] == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("no/such/folder/x.prom", "no such file or directory"),
        ("/dev/null", "it is no regular file"),
        (".", "it is no regular file"),
        ("mine.ndjson", "the file that is there holds no metrics of mim-ecs"),
        ("a\0b", "embedded null byte"),
    ],
)
def test_a_file_that_is_not_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.ndjson").write_text("{}\n")
    with pytest.raises(OutputError) as caught, Metrics(target, Counts(), Delivered()):
        pass
    assert str(caught.value) == f"metrics cannot be written to {target}: {why}; name another file with --metrics"
    assert Path("mine.ndjson").read_text() == "{}\n"
    assert Path("/dev/null").is_char_device()


def test_a_file_that_can_no_longer_be_written_is_told_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"

    def run(error: BaseException | None) -> None:
        folder.mkdir()
        with Metrics(str(folder / "x.prom"), Counts(), Delivered()):
            (folder / "x.prom").unlink()
            folder.rmdir()
            if error is not None:
                raise error

    with pytest.raises(OutputError, match=r"x\.prom: no such file or directory; name another file with --metrics$"):
        run(None)
    with pytest.raises(SystemExit):  # what ended the run is what is told
        run(SystemExit(143))


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "x.prom").symlink_to("real.prom")
    with Metrics(str(tmp_path / "x.prom"), EVENTS, SENT):
        pass
    assert (tmp_path / "x.prom").is_symlink()
    assert "mim_ecs_events_read_total 100.0" in (tmp_path / "real.prom").read_text()


def test_ports_that_are_none() -> None:
    with pytest.raises(SettingsError, match=r"^there is no port 65536: ports go up to 65535"):
        Metrics(":65536", Counts(), Delivered())
    assert metrics.address("./a:1") is None
    assert metrics.address("a:b") is None
    with pytest.raises(SettingsError, match="write :9100 for the port"):
        metrics.address("9100")
    assert metrics.address("[::]:9100") == ("::", 9100)


# --- mim-ecs index --------------------------------------------------------------------------------------------------

STREAM = '{data_stream="logs-okta.mim-default"}'


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Server]:
    with clean(elasticsearch_url) as client:
        mim_ecs("setup", "--url", elasticsearch_url)
        yield client


@pytest.mark.usefixtures("client")
def test_the_file_says_what_the_summary_says(elasticsearch_url: str, tmp_path: Path) -> None:
    given = ("index", "--url", elasticsearch_url, "--metrics", "mim-ecs.prom")
    done = mim_ecs(*given, cwd=tmp_path, code=1, stdin=b"junk\n{}\n" + SAMPLE.read_bytes())
    found = parsed((tmp_path / "mim-ecs.prom").read_text())
    for name, count in (
        ("events_read", done.counts["read"]),
        ("documents_indexed", done.counts["indexed"]),
        ("documents_duplicate", done.counts["duplicates"]),
        ("documents_retried", done.counts["retried"]),
        ("bulk_bytes", done.counts["bytes"]),
    ):
        assert found[f"mim_ecs_{name}_total{STREAM}"] == count
    assert found[f"mim_ecs_documents_indexed_total{STREAM}"] == 400
    dead = {name: count for name, count in found.items() if name.startswith("mim_ecs_dead_letters_total")}
    assert sum(dead.values()) == len(letters(tmp_path / "dead-letters.ndjson")) == 2
    assert found[f"mim_ecs_last_success_timestamp_seconds{STREAM}"] > time.time() - 60
    again = mim_ecs(*given, SAMPLE, cwd=tmp_path)
    assert again.counts["duplicates"] == 400
    assert parsed((tmp_path / "mim-ecs.prom").read_text())[f"mim_ecs_documents_duplicate_total{STREAM}"] == 400


def test_dead_letters_are_counted_once_by_reason(elasticsearch_url: str, client: Server, tmp_path: Path) -> None:
    """Also where the summary is told before the last numbers are written, as `replay` does."""
    poison = {"mappings": {"properties": {"okta": {"properties": {"poison": {"type": "object"}}}}}}
    client.put(f"/_component_template/{CUSTOM}", {"template": poison})
    with_poison(tmp_path / "mine")
    poisoned = [event for event in SAMPLES if b"mim.command.generic.error" in event]
    given = ("--url", elasticsearch_url, "--mappings", "mine", "--metrics", "mim-ecs.prom")
    for command, stdin in (("index", b"\n".join([b"junk", b"{}", *poisoned])), ("replay", b"")):
        mim_ecs(command, *given, cwd=tmp_path, code=1, stdin=stdin)
        found = parsed((tmp_path / "mim-ecs.prom").read_text())
        dead = {name: count for name, count in found.items() if name.startswith("mim_ecs_dead_letters_total")}
        expected = {"not_json": 1, "not_an_event": 1, "refused": len(poisoned)}
        begin = f"mim_ecs_dead_letters_total{STREAM}".replace("}", ',reason="')
        assert dead == {f'{begin}{reason}"}}': count for reason, count in expected.items()}, command


def test_a_run_is_scraped_while_it_goes_on(elasticsearch_url: str, client: Server, tmp_path: Path, port: int) -> None:
    process = start("index", "--url", elasticsearch_url, "--metrics", f":{port}", cwd=tmp_path)
    assert process.stdin is not None
    process.stdin.write(b"".join(lines(1200)))
    deadline = time.monotonic() + TIMEOUT
    indexed = 0.0
    while not indexed:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        try:
            indexed = scraped(port)[f"mim_ecs_documents_indexed_total{STREAM}"]
        except ConnectionRefusedError:
            assert process.poll() is None
    client.post("/logs-okta.mim-default/_refresh")
    assert indexed <= client.get("/logs-okta.mim-default/_count")["count"] <= 1200
    assert ended(process, 0).counts["indexed"] == 1200
    with pytest.raises(ConnectionRefusedError):
        scraped(port)


def test_metrics_that_cannot_be_shown_end_the_run_before_anything_is_sent(
    elasticsearch_url: str, client: Server, tmp_path: Path, port: int
) -> None:
    given = ("index", "--url", elasticsearch_url, SAMPLE, "--metrics")
    told = mim_ecs(*given, "no/such/x.prom", cwd=tmp_path, code=4).lines[-1]
    assert told.startswith("Error: metrics cannot be written to no/such/x.prom: no such file or directory;")
    with socket.create_server(("127.0.0.1", port)):
        told = mim_ecs(*given, f":{port}", cwd=tmp_path, code=2).lines[-1]
    assert told.startswith(f"Error: metrics cannot be served at 127.0.0.1:{port}: address already in use;")
    assert mim_ecs(*given, ":65536", cwd=tmp_path, code=2).lines[-1].startswith("Error: there is no port 65536")
    assert client.get("/_data_stream/logs-okta.mim-*") == {"data_streams": []}
