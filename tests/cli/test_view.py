"""What is said on the way: summary, ECS logs, the table, the progress bar of a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from normalizer.cli.view import View, log, start_log
from normalizer.runtime.batch import Counts
from tests.cli.command import EVENTS, SAMPLE, TIMEOUT, arguments, environment, mim_ecs

DURATION = "0.0 s"

HOSTILE = json.dumps(
    json.loads(EVENTS[0])
    | {"eventType": "mim.\x1b]0;owned\x07\n.x" + "y" * 100, "displayMessage": "\x1b[2J\u202egnp", "severity": "\r"}
).encode()


def test_the_summary_counts_by_event_type() -> None:
    done = mim_ecs("normalize", SAMPLE)
    assert done.counts == {"read": 400, "written": 400, "skipped": 0, "dead": 0, "with problems": 0}
    table = dict(line.split()[:2] for line in done.lines[1:])
    assert sum(map(int, table.values())) == 400
    assert len(table) == 17
    assert mim_ecs("normalize", "--quiet", SAMPLE).err == ""


def test_the_summary_of_a_delivery_has_a_line_for_the_server(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For people; a record for machines has all numbers."""
    for name, value in (("handlers", []), ("propagate", True), ("level", 0)):
        monkeypatch.setattr(log, name, value)
    counts = Counts(read=12_345, written=12_340, dead=5, problems=2)
    counts.reasons["not_json"] = 5
    told = [f"read 12,345, written 12,340, skipped 0, dead 5, with problems 2 ({DURATION})"]
    told += ["indexed 12,000, not settled 340", "  dead: not_json          5"]
    for log_format in ("text", "ecs"):
        start_log(log_format)
        View(quiet=False).summary(counts, indexed=12_000, not_settled=340)
        lines = re.sub(r"\d+\.\d s", DURATION, capfd.readouterr().err).splitlines()
        if log_format == "text":
            assert lines == told
    (record,) = ecs(lines)
    assert record["message"] == told[0].replace(" (", ", indexed 12,000, not settled 340 (")
    assert (record["mim_ecs"]["with_problems"], record["mim_ecs"]["not_settled"]) == (2, 340)


def test_the_summary_of_many_event_types_is_short() -> None:
    event = json.loads(EVENTS[0])
    stdin = b"\n".join(json.dumps(event | {"eventType": f"mim.{number}"}).encode() for number in range(300))
    done = mim_ecs("normalize", stdin=stdin)
    assert len(done.lines) == 52
    assert done.lines[-1].split() == ["250", "more", "types", "250"]


def ecs(lines: list[str]) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in lines]
    for record in records:
        assert {"@timestamp", "log.level", "message", "ecs.version"} <= set(record)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["@timestamp"])
    return records


def test_ecs_logs(tmp_path: Path) -> None:
    events = [json.loads(EVENTS[0]) | {"eventType": name} for name in ("mim.a", "mim.a.b", "mim.a.b.c")]
    stdin = b"\n".join([b"junk", HOSTILE, *(json.dumps(event).encode() for event in events)])
    letter, summary = ecs(mim_ecs("normalize", "--log-format", "ecs", stdin=stdin, code=1).lines)
    assert (letter["log.level"], letter["message"]) == ("error", "<stdin>:1: not JSON at character 1")
    assert letter["error"]["type"] == "not_json"
    assert letter["log"]["file"]["path"] == "<stdin>"
    assert (letter["mim_ecs"]["line"], summary["mim_ecs"]["written"]) == (1, 4)
    assert {"name": "mim.a.b", "count": 1} in summary["mim_ecs"]["event_types"]
    for given in (
        ("--dead-letters", "no/such/file"),
        ("--namespace", "Big"),
        ("nowhere.ndjson",),
        ("--mappings", "nowhere"),
        ("--workers", "0"),
    ):
        records = ecs(mim_ecs("normalize", "--log-format", "ecs", *given, cwd=tmp_path, code=None).lines)
        assert records[-1]["log.level"] == "error"
        assert not records[-1]["message"].startswith("Error")
    kept = mim_ecs("normalize", "--log-format", "ecs", "--dead-letters", tmp_path / "dead", stdin=b"junk", code=1)
    assert [record["log.level"] for record in ecs(kept.lines)] == ["info", "error"]


def test_the_table() -> None:
    lines = mim_ecs("normalize", "--table", SAMPLE).out.decode().splitlines()
    assert lines[0].split() == ["time", "event", "outcome", "actor", "device", "from", "message"]
    assert len(lines) == 401
    assert all(len(line) <= 160 for line in lines)
    narrow = mim_ecs("normalize", "--table", SAMPLE, env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert narrow.out.isascii()
    assert mim_ecs("normalize", "--table").out == b""


def test_events_cannot_play_with_the_terminal() -> None:
    for given in ((), ("--table",)):
        done = mim_ecs("normalize", *given, stdin=HOSTILE)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.err)
        assert "\\x1b]0;owned\\x07\\n.xyyy" in done.err
        assert len(done.lines) == 2
        if given:
            text = done.out.decode()
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
            assert len(text.splitlines()) == 2


def on_a_terminal(*given: str | Path, typed: str = "", **env: str) -> tuple[int, str]:
    """Exit code, and what a terminal gets to see: all three standard streams are one."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        arguments(*given),
        env=environment(**({"TERM": "xterm-256color", "COLUMNS": "100"} | env)),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    seen = b""
    try:
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # that is how a terminal without processes ends
                break
            if not data:
                break
            seen += data
        process.wait(TIMEOUT)
    finally:
        process.kill()
        os.close(ours)
    text = seen.decode()
    assert "Traceback" not in text
    return process.returncode, text


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_progress_bar_on_a_terminal(tmp_path: Path, workers: str) -> None:
    (tmp_path / "in.ndjson").write_bytes(b"junk\n" + SAMPLE.read_bytes())
    given = ("normalize", "--workers", workers, tmp_path / "in.ndjson", "-o", tmp_path / "out")
    code, text = on_a_terminal(*given, COLUMNS="200")  # room for the path
    assert code == 1
    assert "in.ndjson" in text
    assert "━" in text
    assert text.count("in.ndjson:1: not JSON at character 1") == 1
    assert text.rpartition("\x1b[2K")[2].count("read 401, written 400") == 1
    assert (tmp_path / "out").read_bytes().count(b"\n") == 400


def test_no_progress_bar_where_it_would_be_in_the_way(tmp_path: Path) -> None:
    out = ("-o", tmp_path / "out")
    assert "━" not in on_a_terminal("normalize", "-q", SAMPLE, *out)[1]
    assert "━" not in on_a_terminal("normalize", "--log-format", "ecs", SAMPLE, *out)[1]
    assert "\x1b" not in on_a_terminal("normalize", SAMPLE)[1]
    code, table = on_a_terminal("normalize", "--table", SAMPLE)
    assert code == 0
    assert "━" not in table
    assert "mim.command" in table
    assert "━" not in mim_ecs("normalize", SAMPLE, *out).err


@pytest.mark.parametrize(
    "env", [{"TERM": "dumb"}, {"COLUMNS": "20"}, {"NO_COLOR": "1"}, {"TERM": "nonsense", "LC_ALL": "C"}]
)
def test_odd_terminals(tmp_path: Path, env: dict[str, str]) -> None:
    code, text = on_a_terminal("normalize", SAMPLE, "-o", tmp_path / "out", **env)
    assert code == 0
    assert "read 400, written 400" in text


def test_whoever_gives_no_input_is_told() -> None:
    code, text = on_a_terminal("normalize", typed="{}\n\x04")
    assert code == 1
    assert "Reading events from the terminal; Ctrl-D ends them." in text
    assert '<stdin>:1: the event has no "uuid"' in text
