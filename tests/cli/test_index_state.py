"""`mim-ecs index --state` on a genuine server: files grow, rotate, are replaced; nothing is lost or read twice."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Done, letters, mim_ecs
from tests.cli.places import Place, events, lines, place, saved
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

    def __call__(self, *given: str, code: int = 0) -> tuple[int, int]:
        """How many events the run has read, and how many of them the server had already."""
        done = self.here.index(self.folder, self.namespace, *given, "--state", "state.json", code=code)
        self.warnings = warnings(done)
        return done.counts["read"], done.counts["duplicates"]

    def held(self, count: int) -> bool:
        """Whether the server holds the first so many events, each once."""
        sent = dict(list(EVENTS.items())[:count])
        found = self.here.judge(self.namespace, sent)
        return not found.complaints and found.held == count


def warnings(done: Done) -> list[str]:
    """What is said before the summary."""
    at = next(number for number, line in enumerate(done.lines) if line.startswith("read "))
    return done.lines[:at]


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
    assert (runs(LOG), runs.warnings) == ((20, 0), [left])
    assert (runs(LOG), runs.warnings) == ((0, 0), [left])
    append(log, lines([TEXTS[20][500:], b"junk", TEXTS[21]]))
    assert (runs(LOG, code=1), runs.warnings) == ((3, 0), [])
    assert (runs(LOG), runs.warnings) == ((0, 0), [])  # nor is the dead letter one again
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
        (b'{"mim-ecs state": 7, "files": []}', "is of a newer mim-ecs (version 7, known is 1): use that, "),
    ],
)
def test_a_state_that_cannot_be_used(log: Path, content: bytes, said: str) -> None:
    (log.parent / "state.json").write_bytes(content)
    sentence = index(log.parent, LOG, "--state", "state.json", code=2)
    assert sentence.startswith(f"Error: the state file state.json {said}")
    assert sentence.endswith("or move it away to read all inputs from their start, which does no harm.")
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
