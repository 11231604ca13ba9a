"""`mim-ecs index --state` on a genuine server: files grow, rotate, are replaced; nothing is lost or read twice."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.command import Done, letters, mim_ecs
from tests.cli.places import Place, events, lines, place, saved
from tests.cluster.ours import clean
from tests.delivery.peer import Reply, peer
from tests.inputs.test_streams import zst
from tests.reliability.faults import honest, slow
from tests.reliability.proxy import Proxy

EVENTS = events(60)
TEXTS = list(EVENTS.values())
LOG, OLD = "okta.log", "okta.log.1"
NOWHERE = ("--url", "http://127.0.0.1:9")


@pytest.fixture(scope="module")
def here(elasticsearch_url: str) -> Iterator[Place]:
    with place(elasticsearch_url, "elasticsearch") as found:
        yield found


class Runs:
    """Runs with one state into one data stream."""

    def __init__(self, here: Place, namespace: str, folder: Path) -> None:
        self.here, self.namespace, self.folder = here, namespace, folder
        self.warnings: list[str] = []
        self.news: list[str] = []

    def __call__(self, *given: str, code: int = 0) -> tuple[int, int]:
        """How many events the run has read, and how many of them the server had already."""
        done = self.here.index(self.folder, self.namespace, *given, "--state", "state.json", code=code)
        self.warnings, self.news = before_summary(done)
        return done.counts["read"], done.counts["duplicates"]

    def held(self, count: int) -> bool:
        """Whether the server holds the first so many events, each once."""
        sent = dict(list(EVENTS.items())[:count])
        found = self.here.judge(self.namespace, sent)
        return not found.complaints and found.held == count


def before_summary(done: Done) -> tuple[list[str], list[str]]:
    """What is said before the summary: what is not as it was, and where reading goes on."""
    at = next(number for number, line in enumerate(done.lines) if line.startswith("read "))
    said = done.lines[:at]
    news = [line for line in said if ": on behind " in line or line.endswith(" nothing new.")]
    return [line for line in said if line not in news], news


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / LOG
    path.write_bytes(lines(TEXTS[:20]))
    return path


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_a_file_that_grows_also_amid_a_line(here: Place, log: Path) -> None:
    runs = Runs(here, "grows", log.parent)
    append(log, TEXTS[20][:500])
    left = f"{LOG}:21: the last line has no line end yet; its 500 bytes are left for the next run."
    assert (runs(LOG), runs.warnings, runs.news) == ((20, 0), [left], [])
    assert (runs(LOG), runs.warnings, runs.news) == ((0, 0), [left], [f"{LOG}: on behind its first 20 events."])
    append(log, lines([TEXTS[20][500:], b"junk", TEXTS[21]]))
    assert (runs(LOG, code=1), runs.warnings) == ((3, 0), [])
    assert (runs(LOG), runs.warnings) == ((0, 0), [])  # nor is the dead letter one again
    assert runs.news == ["1 file has nothing new."]
    quiet = mim_ecs("index", LOG, *here.options("grows"), "--state", "state.json", "--quiet", cwd=log.parent)
    assert quiet.lines == []
    [dead] = letters(log.parent / "dead-letters.ndjson")
    assert (dead["file"], dead["line"]) == (LOG, 22)
    assert runs.held(22)
    assert saved(log.parent / "state.json")[LOG]["items"] == 23


def test_rotated_with_a_rest_that_nobody_has_read(here: Place, log: Path) -> None:
    runs = Runs(here, "rotated", log.parent)
    assert runs(LOG) == (20, 0)
    append(log, lines(TEXTS[20:25]))
    unread = len(lines(TEXTS[20:25]))
    log.rename(log.parent / OLD)
    log.write_bytes(lines(TEXTS[25:30]))
    assert runs(LOG) == (5, 0)
    assert runs.warnings == [
        f"{LOG} is another file than the one that was read before: it is read from its start; "
        f"the old one is {log.parent / OLD} now, with {unread:,} bytes unread: name that as an input too."
    ]
    append(log, lines(TEXTS[30:31]))
    assert runs(LOG, OLD) == (6, 0)
    assert runs.warnings == [f"{OLD} is what {LOG} was: reading goes on there behind its first 20 events."]
    assert (runs(LOG, OLD), runs.warnings) == ((0, 0), [])
    assert runs.held(31)


def test_emptied_after_a_copy(here: Place, log: Path) -> None:
    """What logrotate calls copytruncate; the glob meets both."""
    runs = Runs(here, "copytruncate", log.parent)
    assert runs("okta.log*") == (20, 0)
    append(log, lines(TEXTS[20:25]))
    shutil.copy(log, log.parent / OLD)
    os.truncate(log, 0)
    append(log, lines(TEXTS[25:27]))
    assert runs("okta.log*") == (7, 0)
    assert runs.warnings == [
        f"{LOG} is shorter than when it was read: it is read from its start.",
        f"{OLD} begins as {LOG} did and seems to be a copy: reading goes on behind its first 20 events.",
    ]
    assert (runs("okta.log*"), runs.warnings) == ((0, 0), [])
    assert runs.held(27)


def copytruncate(log: Path, texts: list[bytes]) -> None:
    shutil.copy(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)
    append(log, lines(texts))


def test_emptied_after_a_copy_while_another_file_is_read(here: Place, log: Path) -> None:
    """When its turn comes it is as long as it was: what it has now is not passed over."""
    sent = events(2600)
    texts = list(sent.values())
    runs = Runs(here, "turn", log.parent)
    log.write_bytes(lines(texts[:40]))
    (first := log.with_name("first.log")).write_bytes(lines(texts[40:41]))
    assert runs("first.log", LOG) == (41, 0)
    append(first, lines(texts[41:2500]))
    given = ("first.log", LOG, "--state", "state.json")
    with (
        Proxy(here.url, slow(0.2)) as proxy,
        here.start(log.parent, "turn", *given, url=proxy.url) as run,
    ):
        assert run.until(lambda: proxy.documents > 0)
        copytruncate(log, texts[2500:])
        proxy.plan = honest
        done = run.end(0)
    assert done.counts["read"] == 2459 + 100
    assert (
        f"{LOG} has become another file since the run began: it is read from its start; where it was copied or "
        "renamed, name that file as an input too."
    ) in done.lines
    found = here.judge("turn", sent)
    assert (found.complaints, found.held) == ([], len(sent))


def test_emptied_after_a_copy_while_it_is_read(here: Place, log: Path) -> None:
    sent = events(5000)
    texts = list(sent.values())
    log.write_bytes(lines(texts[:2500]))
    given = ("--state", "state.json", "--no-validate")
    with (
        Proxy(here.url, slow(0.2)) as proxy,
        here.start(log.parent, "amid", LOG, *given, url=proxy.url) as run,
    ):
        assert run.until(lambda: proxy.documents > 0)
        copytruncate(log, texts[2500:])
        proxy.plan = honest
        done = run.end(0)
    count = done.counts["read"]
    assert 0 < count < 2500
    left = "the file was emptied or written anew while it was read; what follows is left for the next run."
    assert f"{LOG}:{count + 1}: {left}" in done.lines
    runs = Runs(here, "amid", log.parent)
    assert runs(LOG, OLD, "--no-validate") == (len(sent) - count, 0)
    assert runs.warnings == [
        f"{LOG} is another file than the one that was read before: it is read from its start.",
        f"{OLD} begins as {LOG} did and seems to be a copy: reading goes on behind its first {count:,} events.",
    ]
    found = here.judge("amid", sent)
    assert (found.complaints, found.held) == ([], len(sent))


def members(texts: list[bytes]) -> bytes:
    return b"".join(gzip.compress(lines([text]), mtime=0) for text in texts)


@pytest.mark.parametrize(
    ("name", "form"), [("array", lambda texts: b"[" + b",\n".join(texts) + b"]"), ("members", members)]
)
@pytest.mark.parametrize("in_place", [True, False])
def test_an_export_that_is_made_again_with_late_events_in_it(
    here: Place, tmp_path: Path, name: str, form: Callable[[list[bytes]], bytes], in_place: bool
) -> None:
    runs = Runs(here, f"late{name}{in_place:d}", tmp_path)
    export = tmp_path / "export"
    export.write_bytes(form(TEXTS[:20]))
    assert runs("export") == (20, 0)
    made = tmp_path / "made"
    made.write_bytes(form(TEXTS[:15] + TEXTS[20:24] + TEXTS[15:20]))
    if in_place:
        export.write_bytes(made.read_bytes())
    else:
        made.replace(export)
    assert runs("export") == (24, 20)
    assert runs.warnings[-1] == (
        "export was written anew, with other events among those that were read before: it is read from its start, "
        "and after a rollover its events are stored twice without --exact."
    )
    assert (runs("export"), runs.warnings) == ((0, 0), [])
    assert runs.held(24)


def test_emptied_under_a_program_that_writes_on_where_it_was(here: Place, log: Path) -> None:
    runs = Runs(here, "hole", log.parent)
    with log.open("r+b", buffering=0) as program:
        program.seek(0, os.SEEK_END)
        assert runs(LOG) == (20, 0)
        os.truncate(log, 0)
        program.seek(5 << 20)
        program.write(lines(TEXTS[20:25]))
    assert runs(LOG) == (5, 0)
    assert runs.held(25)


def test_another_file_of_the_same_name(here: Place, log: Path) -> None:
    """An export that is made anew each time: what it has in common with the last one is there already."""
    runs = Runs(here, "replaced", log.parent)
    assert runs(LOG) == (20, 0)
    (log.parent / "new").write_bytes(lines(TEXTS[5:30]))
    (log.parent / "new").replace(log)
    assert runs(LOG) == (25, 15)
    assert runs.warnings == [f"{LOG} is another file than the one that was read before: it is read from its start."]
    assert runs.held(30)


def test_gzip_to_which_members_are_appended(here: Place, tmp_path: Path) -> None:
    runs = Runs(here, "gzip", tmp_path)
    packed = tmp_path / "okta.gz"
    packed.write_bytes(gzip.compress(lines(TEXTS[:20])))
    assert runs("okta.gz") == (20, 0)
    assert (runs("okta.gz"), runs.warnings) == ((0, 0), [])
    more = gzip.compress(lines(TEXTS[20:25]))
    append(packed, more[:-10])
    count, duplicates = runs("okta.gz")
    assert count <= 5
    assert duplicates == 0
    [torn] = runs.warnings
    assert torn.endswith(": the gzip data is torn: the file ends inside it; what follows is left for the next run.")
    append(packed, more[-10:])
    assert runs("okta.gz") == (5 - count, 0)
    assert runs.warnings == []
    assert runs.held(25)


@pytest.mark.parametrize(
    ("number", "name", "pack"), [(0, f"{LOG}.1.gz", gzip.compress), (1, f"{LOG}-20260914.zst", zst)]
)
def test_compressed_by_what_rotates_it(
    here: Place, log: Path, number: int, name: str, pack: Callable[[bytes], bytes]
) -> None:
    """With a rest that nobody has read, and a rollover, after which nothing that is sent again counts as duplicate."""
    runs = Runs(here, f"compressed{number}", log.parent)
    assert runs("okta.log*") == (20, 0)
    append(log, lines(TEXTS[20:25]))
    (log.parent / name).write_bytes(pack(log.read_bytes()))
    log.unlink()
    log.write_bytes(lines(TEXTS[25:27]))
    here.rollover(runs.namespace)
    assert runs("okta.log*") == (7, 0)
    assert (
        runs.warnings[-1] == f"{name} is what {LOG} was, compressed: reading goes on there behind its first 20 events."
    )
    assert (runs("okta.log*"), runs.warnings, runs.news) == ((0, 0), [], ["2 files have nothing new."])
    assert runs.held(27)


def test_compressed_and_not_what_it_was(here: Place, log: Path) -> None:
    runs = Runs(here, "recut", log.parent)
    assert runs(LOG) == (20, 0)
    packed = log.parent / f"{LOG}.gz"
    packed.write_bytes(gzip.compress(lines(TEXTS[:10] + TEXTS[15:25])))
    log.unlink()
    assert runs(packed.name) == (20, 15)
    assert runs.warnings == [
        f"{LOG}.gz begins as {LOG} did, compressed, but what was read of that cannot be told in it: it is read "
        "from its start, and after a rollover its events are stored twice without --exact."
    ]
    assert runs.held(25)


# One state, one place


def test_a_state_of_another_data_stream(here: Place, log: Path) -> None:
    Runs(here, "one", log.parent)(LOG)
    before = (log.parent / "state.json").read_bytes()
    there = before.split(b'"cluster": "')[1].split(b'"')[0].decode()
    said = (
        "Error: the state file state.json says how far files were indexed into logs-okta.mim-one at cluster "
        f"{there} ({here.server.address}), and not "
    )
    for engine in ("elasticsearch", "opensearch"):  # a server is not even asked
        given = ("--namespace", "two", "--engine", engine)
        assert index(log.parent, LOG, "--state", "state.json", *given, code=2) == (
            f"{said}into logs-okta.mim-two: name another one with --state."
        )
    assert (log.parent / "state.json").read_bytes() == before
    assert Runs(here, "one", log.parent)(LOG) == (0, 0)


def test_a_state_of_another_cluster(here: Place, opensearch_url: str, log: Path) -> None:
    """The same by another address is the same."""
    Runs(here, "cluster", log.parent)(LOG)
    before = (log.parent / "state.json").read_bytes()
    with place(opensearch_url, "opensearch") as other:
        [said] = other.index(log.parent, "cluster", LOG, "--state", "state.json", code=2).lines
        assert f" ({here.server.address}), and not at cluster " in said
        assert said.endswith(f" ({other.server.address}): name another one with --state.")
        assert (log.parent / "state.json").read_bytes() == before
        assert other.index(log.parent, "cluster", LOG, "--state", "other.json").counts["indexed"] == 20
    with Proxy(here.url, honest) as proxy:
        assert proxy.url not in before.decode()
        assert here.index(log.parent, "cluster", LOG, "--state", "state.json", url=proxy.url).counts["read"] == 0


def test_a_state_that_does_not_say_where_to_yet(here: Place, log: Path) -> None:
    """Of the version before. It says so after the next run, whatever that has read."""
    Runs(here, "old", log.parent)(LOG)
    state = log.parent / "state.json"
    now = json.loads(state.read_bytes())
    state.write_text(json.dumps({"mim-ecs state": 1, "files": now["files"]}))
    assert Runs(here, "old", log.parent)(LOG) == (0, 0)
    assert json.loads(state.read_bytes()) == now


def test_a_data_stream_that_is_not_there_any_more(here: Place, log: Path) -> None:
    check_deleted(here, log)


def test_a_data_stream_that_is_not_in_opensearch_any_more(opensearch_url: str, log: Path) -> None:
    with place(opensearch_url, "opensearch") as there:
        check_deleted(there, log)


def check_deleted(there: Place, log: Path) -> None:
    runs = Runs(there, "deleted", log.parent)
    assert (runs(LOG), runs.warnings) == ((20, 0), [])
    there.server.delete("/_data_stream/logs-okta.mim-deleted")
    append(log, lines(TEXTS[20:22]))
    assert runs(LOG) == (2, 0)
    [said] = runs.warnings
    assert said.startswith("There is no data stream logs-okta.mim-deleted at cluster ")
    assert said.endswith("is not sent again; move the state file away to send everything.")
    assert (runs(LOG), runs.warnings) == ((0, 0), [])
    (log.parent / "state.json").unlink()
    assert runs(LOG) == (22, 2)
    assert runs.held(22)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_a_server_that_is_none_of_ours(log: Path, opensearch_url: str) -> None:
    """It is told before templates are missed there."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as files:
        thread = threading.Thread(target=files.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{files.server_port}"
            where = url.removeprefix("http://")
            assert refused(log, url) == f"Error: The server at {where} is not Elasticsearch."
            said = refused(log, url, "--engine", "opensearch")
            assert said == f"Error: OpenSearch at {where} gave an answer that cannot be read."
        finally:
            files.shutdown()
            thread.join()
    with clean(opensearch_url, "opensearch"):  # without our templates
        where = opensearch_url.removeprefix("http://")
        assert refused(log, opensearch_url) == f"Error: The server at {where} is OpenSearch; give --engine opensearch."


def test_a_server_that_speaks_json_and_is_no_opensearch(log: Path) -> None:
    with peer(lambda _number, _body: Reply(body=b'{"ok": true}'), "opensearch") as other:
        where = other.url.removeprefix("http://")
        assert refused(log, other.url, "--engine", "opensearch") == f"Error: The server at {where} is not OpenSearch."


def refused(log: Path, url: str, *given: str) -> str:
    [said] = mim_ecs("index", LOG, "--url", url, *given, cwd=log.parent, code=3).lines
    return said


def test_one_line_of_many_events_that_grows_beyond_the_longest_event(here: Place, tmp_path: Path) -> None:
    runs = Runs(here, "oneline", tmp_path)
    assert max(map(len, TEXTS)) < 4096
    (tmp_path / "line").write_bytes(b"".join(TEXTS[:2]))
    assert runs("line", "--max-event", "4096") == (2, 0)
    append(tmp_path / "line", b"".join(TEXTS[2:9]))
    assert (runs("line", "--max-event", "4096"), runs.warnings) == ((7, 0), [])
    append(tmp_path / "line", lines([TEXTS[9]]))
    assert runs("line", "--max-event", "4096") == (1, 0)
    assert runs.held(10)


def test_two_runs_at_once(here: Place, log: Path) -> None:
    with (
        Proxy(here.url, slow(30)) as proxy,
        here.start(log.parent, "locked", LOG, "--state", "state.json", url=proxy.url) as first,
    ):
        assert first.until(lambda: proxy.documents > 0)
        second = index(log.parent, LOG, "--state", "state.json", code=2)
        assert second.startswith("Error: another run of mim-ecs uses the state file state.json now: wait until it ends")
        proxy.closing.set()
        assert first.end(0).counts["indexed"] == 20


def index(folder: Path, *given: str, code: int) -> str:
    """The one sentence of a run that ends before it talks to a server."""
    [said] = mim_ecs("index", *given, *NOWHERE, cwd=folder, code=code, stdin=lines(TEXTS[:1])).lines
    return said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"mim-ecs state": 1, "files": [', "is damaged, it holds no whole JSON: bring back a copy of it, "),
        (b'{"mim-ecs state": 7, "files": []}', "is of a newer mim-ecs (version 7, known is 2): use that, "),
    ],
)
def test_a_state_that_cannot_be_used(log: Path, content: bytes, said: str) -> None:
    (log.parent / "state.json").write_bytes(content)
    sentence = index(log.parent, LOG, "--state", "state.json", code=2)
    assert sentence.startswith(f"Error: the state file state.json {said}")
    assert sentence.endswith(
        "or move it away to read all inputs from their start; with --exact if there was a rollover since, "
        "after which events are else stored twice."
    )
    assert (log.parent / "state.json").read_bytes() == content


def test_what_has_no_state(log: Path) -> None:
    stdin = index(log.parent, "--state", "state.json", code=2)
    assert stdin.startswith("Error: --state needs files, which can be read again, and <stdin> is none: leave --state")
    missing = index(log.parent, LOG, "--state", "no/state.json", code=4)
    assert missing.startswith("Error: the state cannot be kept in no/state.json: there is no folder ")
    assert "is the same file as" in index(log.parent, LOG, "--state", LOG, code=2)
    assert log.read_bytes() == lines(TEXTS[:20])
    assert not (log.parent / "state.json").exists()


def test_a_kill_amid_a_folder_of_all_kinds_of_files(opensearch_url: str, tmp_path: Path) -> None:
    """Events go as they are, and a pipeline makes documents of them: lines, an array, a packed file."""
    sent = events(1500)
    texts = list(sent.values())
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "1.json").write_bytes(b"[" + b",\n".join(texts[:600]) + b"]")
    (logs / "2.gz").write_bytes(gzip.compress(lines(texts[600:1200])))
    (logs / "3.ndjson").write_bytes(lines(texts[1200:]))
    given = ("logs", "--state", "state.json", "--via-pipeline")
    with place(opensearch_url, "opensearch", pipelines=True) as here, Proxy(here.url, slow(0.1)) as proxy:
        with here.start(tmp_path, "kinds", *given, url=proxy.url) as run:
            assert run.until(lambda: proxy.documents > 1000)  # so some are settled
            assert run.kill()
        known = sum(each["items"] for each in saved(tmp_path / "state.json").values())
        assert 0 < known < len(sent)
        before = proxy.sent()
        proxy.plan = honest
        with here.start(tmp_path, "kinds", *given, url=proxy.url) as run:
            assert run.end(0).counts["read"] == len(sent) - known
        assert len(before & proxy.sent(since=run.began)) <= 1000
        with here.start(tmp_path, "kinds", *given, url=proxy.url) as run:
            assert run.end(0).counts["read"] == 0
        found = here.judge("kinds", sent)
        assert (found.complaints, found.held) == ([], len(sent))
