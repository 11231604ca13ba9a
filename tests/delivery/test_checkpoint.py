from __future__ import annotations

import errno
import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from normalizer.delivery import Mark
from normalizer.delivery.checkpoint import Checkpoint
from normalizer.delivery.target import Target
from normalizer.errors import OutputError, SettingsError
from normalizer.inputs import Position, Source, read, sources
from tests.delivery.checkpoints import Run, checkpoint_trials, lines, numbers, saved

TRIALS = int(os.environ.get("CHECKPOINT_TRIALS", "36"))


def test_what_the_state_says(state: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(log.parent)
    Run(state, "okta.log")
    (entry,) = saved(state)
    status = log.stat()
    assert entry.pop("saved").endswith("Z")
    assert entry.pop("head").keys() == {"bytes", "sha256"}
    assert entry.pop("tail") == {"bytes": 1024, "sha256": sha256(log.read_bytes()[-1024:]).hexdigest()}
    assert entry == {
        "path": "okta.log",
        "absolute": str(log),
        "device": status.st_dev,
        "inode": status.st_ino,
        "size": 3000,
        "offset": 3000,
        "line": 31,
        "items": 30,
        "again": False,
        "digest": None,
    }
    assert state.read_bytes().count(b"\n") == 3, "one input a line"


def test_a_state_that_does_not_say_what_stands_before_a_place(state: Path, log: Path) -> None:
    """As it was before it could."""
    Run(state, log, batches=3)
    known = json.loads(state.read_bytes())
    for entry in known["files"]:
        del entry["tail"], entry["digest"]
    state.write_text(json.dumps(known))
    with log.open("ab") as file:
        file.write(lines(30, 1))
    assert Run(state, log).read[-1] == 30
    assert "tail" in saved(state)[0]


def test_what_stands_before_a_place_is_kept(state: Path, log: Path) -> None:
    log.write_bytes(gzip.compress(lines(0, 30)))
    Run(state, log)
    before = saved(state)
    assert before[0]["tail"]["bytes"] == min(1024, log.stat().st_size)
    assert len(before[0]["digest"]) == 64
    (log.parent / "new").write_bytes(lines(30, 1))
    Run(state, log.parent)
    assert before[0] in saved(state)


@pytest.mark.parametrize("source", [Source("<stdin>", None, None), Source("pipe", Path("pipe"), None)])
def test_what_is_no_file_cannot_be_resumed(state: Path, source: Source) -> None:
    with Checkpoint(state) as checkpoint, pytest.raises(SettingsError, match="--state needs files") as caught:
        checkpoint.resume([source])
    assert source.name in str(caught.value)


ENTRY: dict[str, Any] = dict(
    zip(("device", "inode", "size", "offset", "line", "items"), (1, 2, 3, 3, 1, 1), strict=True),
    path="a",
    absolute="/a",
    again=False,
    head={"bytes": 3, "sha256": "0" * 64},
    saved="2026-09-14T06:00:00.000Z",
)


TARGET: dict[str, Any] = {"data_stream": "logs-okta.mim-a", "cluster": "one", "address": "here:9200"}


@pytest.mark.parametrize("target", [None, TARGET, {**TARGET, "cluster": None, "address": None}])
def test_what_is_broken_below_is_good(state: Path, target: dict[str, Any] | None) -> None:
    state.write_text(json.dumps({"mim-ecs state": 1, "files": [ENTRY]}))
    Checkpoint(state).close()
    state.write_text(json.dumps({"mim-ecs state": 2, "target": target, "files": [ENTRY]}))
    Checkpoint(state).close()


@pytest.mark.parametrize("tail", [2, 4, 1 << 80])
def test_a_tail_that_no_file_can_have(state: Path, log: Path, tail: int) -> None:
    Run(state, log, batches=3)
    known = json.loads(state.read_bytes())
    known["files"][0]["tail"]["bytes"] = tail
    state.write_text(json.dumps(known))
    assert Run(state, log).read == numbers(0, 30)


def test_a_state_that_somebody_has_touched_is_new(state: Path, log: Path) -> None:
    state.touch()
    assert Run(state, log).read == numbers(0, 30)
    assert Run(state, log).read == []


# Where events were delivered to

A = Target("logs-okta.mim-a", "one", "here:9200")
UNKNOWN = Target(A.stream)


def bound(state: Path, *targets: Target) -> dict[str, Any] | None:
    """What the state says of where to, after runs that deliver there and have nothing to save."""
    for target in targets:
        with Checkpoint(state) as checkpoint:
            checkpoint.bind(target)
    found: dict[str, Any] | None = json.loads(state.read_bytes())["target"]
    return found


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Target("logs-okta.mim-b"), "into logs-okta.mim-a at cluster one (here:9200), and not into logs-okta.mim-b"),
        (
            Target("logs-okta.mim-a", "two", "there:9200"),
            "into logs-okta.mim-a at cluster one (here:9200), and not at cluster two (there:9200)",
        ),
    ],
)
def test_what_was_delivered_elsewhere(state: Path, log: Path, other: Target, said: str) -> None:
    Run(state, log)
    assert bound(state, A) == TARGET
    before = state.read_bytes()
    with Checkpoint(state) as checkpoint:
        for refuses in (checkpoint.compare, checkpoint.bind):
            with pytest.raises(SettingsError) as caught:
                refuses(other)
            assert str(caught.value) == (
                f"the state file {state} says how far files were indexed {said}: name another one with --state"
            )
    assert state.read_bytes() == before


def test_a_cluster_that_does_not_say_who_it_is(state: Path, log: Path) -> None:
    """It is not compared, and what is known of it stays known."""
    Run(state, log)
    assert bound(state, UNKNOWN) == {**TARGET, "cluster": None, "address": None}
    assert bound(state, replace(UNKNOWN, address="here:9200"), A) == TARGET
    assert bound(state, UNKNOWN) == TARGET
    assert bound(state, replace(A, address="alias:9200")) == {**TARGET, "address": "alias:9200"}


def test_a_state_of_the_version_that_did_not_say_where_to(state: Path, log: Path) -> None:
    Run(state, log)
    old = json.loads(state.read_bytes())
    state.write_text(json.dumps({"mim-ecs state": 1, "files": old["files"]}))
    assert Run(state, log).read == []
    assert bound(state, A) == TARGET
    assert saved(state) == old["files"]
    with Checkpoint(state) as checkpoint, pytest.raises(SettingsError, match="and not into logs-okta"):
        checkpoint.compare(Target("logs-okta.mim-b"))


def test_a_state_of_no_files_is_not_written(state: Path) -> None:
    with Checkpoint(state) as checkpoint:
        checkpoint.bind(A)
    assert not state.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\0" * 500, "is damaged"),
        (b'{"mim-ecs state": 1, "files": [', "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b"[]", "is not one of mim-ecs"),
        (b'{"version": 3}', "is not one of mim-ecs"),
        (b'{"mim-ecs state": "1", "files": []}', "is not one of mim-ecs"),
        (b'{"mim-ecs state": 3, "files": []}', r"is of a newer mim-ecs \(version 3, known is 2\)"),
        (b'{"mim-ecs state": 2, "files": []}', "is damaged"),
        *[
            (json.dumps({"mim-ecs state": 2, "target": target, "files": []}).encode(), "is damaged")
            for target in (
                "a",
                {},
                {**TARGET, "data_stream": None},
                {**TARGET, "cluster": 7},
                {**TARGET, "address": []},
            )
        ],
        (b'{"mim-ecs state": 1}', "is damaged"),
        (b'{"mim-ecs state": 1, "files": [{}]}', "is damaged"),
        *[
            (json.dumps({"mim-ecs state": 1, "files": [{**ENTRY, name: value}]}).encode(), "is damaged")
            for name, value in [
                ("offset", -1),
                ("offset", "3"),
                ("offset", 1.5),
                ("inode", None),
                ("items", True),
                ("again", 0),
                ("path", 7),
                ("head", None),
                ("head", {"bytes": 3, "sha256": "00"}),
                ("head", {"bytes": 3, "sha256": "z" * 64}),
                ("tail", 3),
                ("tail", {"bytes": "3", "sha256": "0" * 64}),
                ("tail", {"bytes": 3, "sha256": 7}),
                ("digest", 7),
                ("digest", "00"),
            ]
        ],
    ],
)
def test_a_state_that_cannot_be_used_is_refused(state: Path, content: bytes, said: str) -> None:
    state.write_bytes(content)
    with pytest.raises(SettingsError, match=f"^the state file {state} {said}") as caught:
        Checkpoint(state)
    assert "\n" not in str(caught.value)
    assert state.read_bytes() == content
    state.unlink()
    Checkpoint(state).close()  # The lock was given back.


def test_a_state_that_is_no_file(state: Path, tmp_path: Path) -> None:
    state.mkdir()
    with pytest.raises(SettingsError, match="is a folder"):
        Checkpoint(state)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingsError, match="is no regular file"):
        Checkpoint(tmp_path / "pipe")
    with pytest.raises(OutputError, match="there is no folder"):
        Checkpoint(tmp_path / "none" / "state.json")


HOLD = """
import sys
from pathlib import Path
from normalizer.delivery.checkpoint import Checkpoint
from normalizer.errors import NormalizerError
try:
    with Checkpoint(Path(sys.argv[1])):
        print("open", flush=True)
        sys.stdin.read()
except NormalizerError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def test_two_runs_do_not_share_a_state(state: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(state)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "open\n"
        second = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert (second.returncode, second.stderr) == (2, "")
        assert second.stdout == (
            f"another run of mim-ecs uses the state file {state} now: "
            "wait until it ends, or name another one with --state\n"
        )
        first.kill()
    third = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (third.returncode, third.stdout) == (0, "open\n")


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_a_state_that_cannot_be_written(state: Path, log: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """The old one stays, nothing else lies about, and the next run goes on from it."""
    first = Run(state, log, batches=3)
    before = state.read_bytes()

    def fail(*_arguments: Any, **_options: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(OutputError, match=f"^the state cannot be kept in {state}: no space left on device"):
            Run(state, log)
    assert state.read_bytes() == before
    assert sorted(each.name for each in state.parent.iterdir()) == [".state.json.lock", "state.json"]
    assert first.read + Run(state, log).read == numbers(0, 30)


def test_a_position_of_nothing_that_can_be_read_again(state: Path, log: Path) -> None:
    with Checkpoint(state) as checkpoint, pytest.raises(ValueError, match="of no file"):
        checkpoint.save(sources([str(log)])[0], Position(1, 1, 1))


def test_several_files_with_one_writing(state: Path, logs: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (logs / "other.log").write_bytes(lines(30, 3))
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with Checkpoint(state) as checkpoint:
        marks = []
        for source, start in checkpoint.resume(sources([str(logs)])).files:
            (batch,) = read(source, start=start, growing=True)
            assert batch.after is not None
            marks.append(Mark(batch.file, batch.after))
        checkpoint.acknowledged(marks)
    assert len(synced) == 2, "the file and its folder"
    assert Run(state, logs).read == []


def test_a_checkpoint_is_never_ahead_nor_torn() -> None:
    assert checkpoint_trials(TRIALS) == (TRIALS, TRIALS)
