"""Dead letters: nothing that cannot be normalized is lost, and each says where it stood."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.command import EVENTS, TIMEOUT, letters, mim_ecs

GOOD = EVENTS[0]
PROBLEM = json.dumps(json.loads(GOOD) | {"securityContext": {"asNumber": "not a number"}}).encode()
FOREIGN = json.dumps(json.loads(GOOD) | {"eventType": "user.session.start"}).encode()
BAD: dict[bytes, tuple[str, str]] = {
    b"junk": ("not_json", "not JSON at character 1"),
    b'{"eventType":': ("not_json", "not JSON: it ends too early"),
    GOOD.replace(b"mim.", b"\xff"): ("not_json", "is not UTF-8"),
    GOOD.replace(b"mim.", b"\0"): ("not_json", "not JSON at character"),
    b"[" * 10_000 + b"]" * 10_000: ("not_json", "nested too deep"),
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000: ("not_json", "nested too deep"),
    b'{"uuid":"1","eventType":"mim.x"}': ("not_an_event", 'the event has no "published"'),
    b"7": ("not_an_event", "a number is not an event"),
    b'{"uuid":"\\ud800"}': ("not_json", "surrogate"),
}


@pytest.mark.parametrize("workers", [1, 2])
def test_each_bad_line_among_good_ones(tmp_path: Path, workers: int) -> None:
    """Row 13 of the promises: bad UTF-8, NUL, nesting of 10,000, and a BOM, CRLF and a torn tail around them."""
    rows = [part for bad in BAD for part in (GOOD, bad)]
    text = b"\xef\xbb\xbf" + b"\r\n".join([*rows, GOOD, GOOD[:100]])
    (tmp_path / "in.ndjson").write_bytes(text)
    (tmp_path / "in.gz").write_bytes(gzip.compress(text))
    dead = tmp_path / "dead.ndjson"
    for name in ("in.ndjson", "in.gz"):
        dead.unlink(missing_ok=True)
        done = mim_ecs("normalize", name, "--dead-letters", dead, "--workers", str(workers), cwd=tmp_path, code=1)
        assert len(done.documents) == len(BAD) + 1
        assert done.lines[-1] == f"{len(BAD) + 1} dead letters are in {dead}."
        found = letters(dead)
        assert [letter["line"] for letter in found] == [*range(2, 2 * len(BAD) + 1, 2), 2 * len(BAD) + 2]
        for letter, (original, (reason, said)) in zip(found, BAD.items(), strict=False):
            assert (letter["reason"], letter["file"]) == (reason, name)
            assert said in letter["message"]
            kept = letter.get("original")
            assert (base64.b64decode(letter["original_base64"]) if kept is None else kept.encode()) == original
        assert found[-1]["original"].encode() == GOOD[:100]
    assert dead.stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_gives_what_is_whole(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(event + b"\n" for event in EVENTS), mtime=0)
    (tmp_path / "torn.gz").write_bytes(packed[: len(packed) // 2])
    middle = len(packed) // 2
    (tmp_path / "bad.gz").write_bytes(packed[:middle] + b"\xff" * 64 + packed[middle + 64 :])
    (tmp_path / "torn.json").write_bytes(b"[" + b",\n".join(EVENTS[:10]) + b",\n" + EVENTS[10][:200])
    (tmp_path / "zip").write_bytes(b"PK\x03\x04 and more")
    (tmp_path / "good").write_bytes(GOOD)
    names = ("torn.gz", "bad.gz", "torn.json", "zip", "good")
    done = mim_ecs("normalize", *names, "--dead-letters", "dead", cwd=tmp_path, code=1)
    documents, found = done.documents, letters(tmp_path / "dead")
    assert documents[-1]["event"]["id"] == json.loads(GOOD)["uuid"]
    by_file = {letter["file"]: letter for letter in found}
    assert set(by_file) == {"torn.gz", "bad.gz", "torn.json", "zip"}
    assert by_file["torn.gz"]["message"].startswith("the gzip data is torn: the file ends inside it")
    assert by_file["torn.json"]["line"] == 11
    assert 100 < by_file["torn.gz"]["line"] <= 400
    assert "the file is a zip archive: unpack it first" in by_file["zip"]["message"]
    assert done.counts["read"] == len(documents) + len(found)


def test_an_event_that_is_too_long(tmp_path: Path) -> None:
    long = b'{"uuid":"' + b"x" * 100_000 + b'"}'
    (tmp_path / "in").write_bytes(GOOD + b"\n" + long + b"\n" + GOOD)
    done = mim_ecs("normalize", "in", "--max-event", "65536", "--dead-letters", "dead", cwd=tmp_path, code=1)
    assert len(done.documents) == 2
    (letter,) = letters(tmp_path / "dead")
    assert abs(datetime.now(UTC) - datetime.fromisoformat(letter["time"])) < timedelta(seconds=TIMEOUT)
    assert letter == {
        "time": letter["time"],
        "reason": "too_long",
        "message": f"a line of {len(long):,} bytes is over the limit of 65,536",
        "file": "in",
        "line": 2,
        "original": long[:65536].decode(),
        "original_complete": False,
        "original_length": len(long),
        "original_sha256": hashlib.sha256(long).hexdigest(),
    }


def test_they_are_appended_and_kept_apart_from_a_torn_line(tmp_path: Path) -> None:
    dead = tmp_path / "dead"
    dead.write_bytes(b'{"reason":"from a run that was killed')
    for _ in range(2):
        mim_ecs("normalize", "-q", "--dead-letters", dead, stdin=b"junk\n", code=1)
    torn, *rest = dead.read_bytes().splitlines()
    assert torn == b'{"reason":"from a run that was killed'
    assert [json.loads(each)["message"] for each in rest] == ["not JSON at character 1"] * 2


def test_without_bad_events_no_file_is_made(tmp_path: Path) -> None:
    mim_ecs("normalize", "--dead-letters", "dead", cwd=tmp_path, stdin=GOOD)
    assert not (tmp_path / "dead").exists()


def test_without_a_file_the_first_ones_are_told() -> None:
    done = mim_ecs("normalize", stdin=b"junk\n" * 30, code=1)
    assert done.lines[:20] == [f"<stdin>:{number}: not JSON at character 1" for number in range(1, 21)]
    assert done.lines[20] == "… and more; --dead-letters FILE keeps all of them"
    assert done.lines[22].split() == ["dead:", "not_json", "30"]
    assert done.counts == {"read": 30, "written": 0, "skipped": 0, "dead": 30, "with problems": 0}


def test_problems_and_skipped_events_are_no_dead_letters() -> None:
    stdin = b"\n".join((GOOD, PROBLEM, FOREIGN))
    done = mim_ecs("normalize", stdin=stdin)
    assert done.counts == {"read": 3, "written": 2, "skipped": 1, "dead": 0, "with problems": 1}
    assert done.documents[1]["event"]["kind"] == "pipeline_error"
    assert done.lines[1].split() == ["mim.command.generic.new", "2", "(1", "with", "problems)"]
    strict = mim_ecs("normalize", "--strict", stdin=stdin, code=1)
    assert strict.counts == {"read": 3, "written": 1, "skipped": 1, "dead": 1, "with problems": 0}
    assert strict.lines[0].startswith("<stdin>:2: ")
    everything = mim_ecs("normalize", "--all-events", stdin=stdin)
    assert everything.counts["skipped"] == 0
    assert everything.documents[2]["event"]["dataset"] == "okta.system"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/dev/full", "no space left on device"),
        ("no/such/file", "there is no folder no/such"),
        ("a" * 300, "file name too long"),
    ],
)
def test_where_they_cannot_be_written_the_run_ends(tmp_path: Path, path: str, said: str) -> None:
    done = mim_ecs("normalize", "--dead-letters", path, stdin=b"junk", cwd=tmp_path, code=4)
    assert done.lines == [
        f"Error: dead letters cannot be written to {path}: {said}; name another file with --dead-letters."
    ]
