"""The life of a file of dead letters that are delivered again: nothing of it is ever nowhere."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from normalizer.delivery import replay
from normalizer.delivery.replay import LetterFile, Replay
from normalizer.errors import InputError, OutputError, SetupError
from normalizer.inputs import Batch
from normalizer.outputs.letters import DeadLetters, numbered
from normalizer.runtime.batch import DeadLetter

STREAM = "logs-okta.mim-default"
NOW = "2026-09-14T06:00:00.000Z"
THEN = "2026-09-13T06:00:00.000Z"


def letter(number: int, original: bytes = b"", **more: Any) -> DeadLetter:
    return DeadLetter("refused", "no", f"in-{number}", number, original or b"event %d" % number, **more)


def written(path: Path, *letters: DeadLetter | bytes) -> Path:
    with path.open("ab") as file:
        file.writelines(each if isinstance(each, bytes) else each.json(time=THEN) for each in letters)
    return path


def events(*files: Path) -> list[str]:
    return [json.loads(line)["original"] for file in files for line in file.read_bytes().splitlines()]


def everything(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def fails(*originals: bytes) -> Callable[[bytes], bool]:
    return lambda event: event in originals


def sent(file: LetterFile, failing: Callable[[bytes], bool] = lambda _: False) -> Iterator[tuple[Batch, bytes]]:
    """Deliver a file's events; those that fail are dead letters again, a batch later, as with requests in flight."""
    waiting: list[DeadLetter] = []
    for batch in file.batches():
        file.write(waiting)
        waiting.clear()
        for event, line in zip(batch.items, batch.lines, strict=True):
            assert isinstance(event, bytes)
            yield batch, event
            if failing(event):
                document = {"status": 400, "document": '{"new": 1}'}
                waiting.append(DeadLetter("refused", "still no", batch.file, line, event, details=document))
    file.write(waiting)


def replayed(path: Path, failing: Callable[[bytes], bool] = lambda _: False) -> tuple[list[str], list[str]]:
    """Replay everything; the events that were sent, and what was told."""
    told: list[str] = []
    handed: list[str] = []
    with Replay(path, STREAM, told.append, now=lambda: NOW) as found:
        for file in found.files:
            handed += [event.decode(errors="replace") for _, event in sent(file, failing)]
            file.finish()
    return handed, told


def test_what_is_delivered_goes_and_what_fails_again_stays(tmp_path: Path) -> None:
    path = written(tmp_path / "dead", *(letter(number, details={"status": 500}) for number in range(1, 5)))
    path.chmod(0o640)
    assert replayed(path, fails(b"event 2", b"event 4")) == (["event 1", "event 2", "event 3", "event 4"], [])
    assert everything(tmp_path).keys() == {"dead"}
    assert path.stat().st_mode & 0o777 == 0o640
    first, second = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert first == {
        "time": THEN, "last_attempt": NOW, "attempts": 2, "reason": "refused", "message": "still no", "status": 400,
        "document": '{"new": 1}', "file": "in-2", "line": 2, "original": "event 2",
    }  # fmt: skip
    assert second["original"] == "event 4"
    assert replayed(path, fails(b"event 4"))[0] == ["event 2", "event 4"]
    [third] = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert (third["attempts"], third["time"], third["original"]) == (3, THEN, "event 4")
    assert replayed(path) == (["event 4"], [])
    assert everything(tmp_path) == {}
    assert replayed(path) == ([], [])
    assert everything(tmp_path) == {}


def test_full_files_come_first_the_oldest_first(tmp_path: Path) -> None:
    path = written(tmp_path / "dead", letter(12))
    for number in (2, 9, 10):
        written(tmp_path / f"dead.{number}", letter(number))
    assert replayed(path, fails(b"event 9"))[0] == ["event 2", "event 9", "event 10", "event 12"]
    assert everything(tmp_path).keys() == {"dead.9"}
    written(tmp_path / "dead.9.1", letter(1))
    assert replayed(tmp_path / "dead.9")[0] == ["event 1", "event 9"]


def test_bytes_come_back_as_they_were(tmp_path: Path) -> None:
    """In batches whose text is all on one line, or not: only the first is an event's own text."""
    originals = [
        b"\xff\xfe\0",
        b"a\nb",
        b'{"a":\t"\\u00e9"}',
        "é\u2028\x00".encode(),
        b"c\r\nd",
        b"x" * 70_000,
        b"y" * 9,
    ]
    path = written(tmp_path / "dead", *(letter(number, each) for number, each in enumerate(originals, 1)))
    with Replay(path, STREAM, pytest.fail) as found:
        [file] = found.files
        handed = [*sent(file)]
    assert [event for _, event in handed] == originals
    assert [batch.own_text for batch, _ in handed] == [True, False, True, True, False, True, True]
    batches = {id(batch): batch for batch, _ in handed}.values()
    assert [len(batch.items) for batch in batches] == [1, 1, 2, 1, 1, 1]
    assert [[*batch.lines] for batch in batches] == [[1], [2], [3, 4], [5], [6], [7]]
    assert {batch.file for batch in batches} == {str(path)}
    assert [batch.consumed for batch in batches][-1] == file.size


def test_what_cannot_be_sent_is_told_and_stays_as_it_is(tmp_path: Path) -> None:
    partial = letter(2, b"beginn", complete=False, length=9_000_000, sha256="ab").json(time=THEN)
    foreign = [
        b"junk\n", b"7\n", b"{}\n", b"[" * 2000 + b"\n", b'\xff{"reason":"\n', b'{"reason":"","file":"","line":1}\n',
        b'{"reason":"","file":"","line":"1","original":""}\n', b'{"uuid":"1","eventType":"mim.x"}\n',
        b'{"reason":"","file":"","line":1,"original_base64":"!"}\n', b'{"reason":"","file":"","line":1,"original":7}\n',
    ]  # fmt: skip
    torn = letter(9).json(time=THEN)[:-20]
    path = written(tmp_path / "dead", letter(1), partial, b"\n", *foreign, b" \r\n", letter(3), torn)
    handed, told = replayed(path, fails(b"event 3"))
    assert handed == ["event 1", "event 3"]
    assert told[0] == f"{path}:2 holds only the beginning of the event at in-2:2 and stays there"
    lines = (*range(4, 14), 16)
    cause = "is no dead letter (it is not JSON with what a dead letter has) and stays there"
    assert told[1:] == [f"{path}:{line} {cause}" for line in lines]
    *same, again = path.read_bytes().splitlines(keepends=True)
    assert same == [partial, *foreign, torn + b"\n"]
    assert json.loads(again)["original"] == "event 3"
    before = path.stat()
    assert len(replayed(path)[1]) == len(told)
    assert everything(tmp_path) == {"dead": b"".join(same)}
    after = path.stat()
    assert after.st_ino != before.st_ino
    replayed(path)  # with nothing to send nothing is written
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_what_belongs_to_another_data_stream_stays(tmp_path: Path) -> None:
    """By default a replay goes to the namespace `default`, wherever the index run went."""
    lines = [letter(at).json(time=THEN, data_stream=name) for at, name in ((1, STREAM), (2, "logs-okta.mim-prod"))]
    path = written(tmp_path / "dead", *lines, letter(3))
    handed, told = replayed(path)
    assert handed == ["event 1", "event 3"]
    assert told == [f"{path}:2 belongs to logs-okta.mim-prod, and not to {STREAM}, and stays there"]
    assert path.read_bytes() == lines[1]
    assert len(everything(tmp_path)) == 1


def test_counts(tmp_path: Path) -> None:
    partial = letter(2, b"beginn", complete=False)
    path = written(tmp_path / "dead", b"junk\n", partial, letter(1), letter(3), letter(4))
    with Replay(path, STREAM, lambda _: None) as found:
        [file] = found.files
        assert len([*sent(file, fails(b"event 3"))]) == file.sent == 3
        kept = file.kept
    assert (kept.again, kept.partial, kept.foreign, kept.total) == (1, 1, 1, 3)


def test_a_line_that_is_too_long_passes_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "LONGEST", 200)
    long, torn = b"x" * 1001 + b"\n", b"y" * 1000
    path = written(tmp_path / "dead", letter(1), long, letter(2), torn)
    handed, told = replayed(path)
    assert handed == ["event 1", "event 2"]
    assert told[0] == f"{path}:2 is no dead letter (the line is too long) and stays there"
    assert len(told) == 2
    assert path.read_bytes() == long + torn
    written(path, b"\n", letter(3))
    assert replayed(path)[0] == ["event 3"]
    assert path.read_bytes() == long + torn + b"\n"


def test_odd_fields_do_not_stop_a_letter(tmp_path: Path) -> None:
    deep = b'{"reason":"","file":"","line":1,"original":"deep","x":%b}\n' % (b"[" * 500 + b"]" * 500)
    odd = b'{"reason":"","file":"","line":1,"original":"odd","attempts":"many","mine":[1.5,null],"document":"old"}\n'
    path = written(tmp_path / "dead", deep, odd)
    replayed(path, lambda _: True)
    first, second = path.read_bytes().splitlines(keepends=True)
    assert first == deep
    found = json.loads(second)
    assert (found["attempts"], found["mine"], found["document"]) == (2, [1.5, None], '{"new": 1}')
    assert "time" not in found


@pytest.mark.parametrize("keeps", [True, False])
def test_what_is_appended_meanwhile_stays(tmp_path: Path, keeps: bool) -> None:
    """By whoever has the file open already; also where it is full in the middle of it and gets a number."""
    path = tmp_path / "dead"
    with DeadLetters(path, size=1000, now=lambda: THEN) as dead:
        dead.write([letter(1), letter(2)])
        with Replay(path, STREAM, pytest.fail) as found:
            [file] = found.files
            for _, event in sent(file, fails(b"event 2" if keeps else b"")):
                if event == b"event 1":
                    dead.write([letter(3), letter(4)])
            file.finish()
        dead.write([letter(5)])
        assert events(path) == ["event 2"] * keeps + ["event 3", "event 4", "event 5"]
        with Replay(path, STREAM, pytest.fail) as found:
            for file in found.files:
                for _ in sent(file, fails(b"event 4")):
                    dead.write([letter(number) for number in range(10, 14)])
                file.finish()
    left = events(*numbered(path), path)
    assert len(numbered(path)) >= 1
    assert left.count("event 4") == 1
    assert set(left) == {"event 4", *(f"event {number}" for number in range(10, 14))}


def test_a_file_that_gets_a_number_while_it_is_opened_is_replayed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "dead", letter(1))

    def renamed(base: Path) -> list[Path]:
        path.rename(tmp_path / "dead.1")
        return numbered(base)

    with monkeypatch.context() as patch:
        patch.setattr(replay, "numbered", renamed)
        with Replay(path, STREAM, pytest.fail) as found:
            patch.undo()
            [file] = found.files
            assert [event for _, event in sent(file)] == [b"event 1"]
            file.finish()
    assert everything(tmp_path) == {}


def test_what_was_not_finished_stays_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "dead", letter(1), b"junk\n", letter(2))
    written(tmp_path / "dead.1", letter(0))
    before = everything(tmp_path)

    def failing(event: bytes) -> bool:
        if event == b"event 2":
            raise KeyboardInterrupt
        return event == b"event 1"

    with pytest.raises(KeyboardInterrupt):
        replayed(path, failing)
    assert everything(tmp_path) == {"dead": before["dead"]}


def test_only_one_at_a_time(tmp_path: Path) -> None:
    path = written(tmp_path / "dead", letter(1))
    with Replay(path, STREAM, pytest.fail):
        with pytest.raises(SetupError, match=rf"^{path} is already being replayed\.$"):
            Replay(path, STREAM, pytest.fail).__enter__()
        assert (tmp_path / "dead.replaying").exists()
    assert replayed(path)[0] == ["event 1"]


def test_a_file_that_is_moved_away_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "dead", letter(1))
    told: list[str] = []
    with Replay(path, STREAM, told.append) as found:
        [file] = found.files
        for _ in sent(file):
            path.rename(tmp_path / "mine")
            written(path, letter(2))
        file.finish()
    assert told == [f"{path} has been moved away meanwhile, and stays as it was"]
    assert (events(tmp_path / "mine"), events(path)) == (["event 1"], ["event 2"])


def test_what_cannot_be_kept_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path / "dead", letter(1), letter(2), letter(3))
    before = everything(tmp_path)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    said = rf"^what stays of {path} cannot be written to {path}.kept: file too large; nothing is lost"
    with Replay(path, STREAM, pytest.fail) as found:
        [file] = found.files
        assert len([*sent(file, lambda _: True)]) == 3
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1]))
        try:
            with pytest.raises(OutputError, match=said):
                file.finish()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "said"),
    [("folder", "is a directory"), ("pipe", "it is no file"), ("file/dead", None), ("x" * 250, "file name too long")],
)
def test_what_is_no_file_of_dead_letters(tmp_path: Path, name: str, said: str | None) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.iterdir())
    if said is None:
        with Replay(tmp_path / name, STREAM, pytest.fail) as found:
            assert found.files == []
    else:
        with pytest.raises(InputError, match=rf"{name} cannot be replayed: {said}\.$"):
            Replay(tmp_path / name, STREAM, pytest.fail).__enter__()
    assert sorted(tmp_path.iterdir()) == before


def test_a_link_and_names_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    written(tmp_path / "there" / "real", letter(1), letter(2))
    (tmp_path / "dead").symlink_to("there/real")
    assert replayed(tmp_path / "dead", fails(b"event 2"))[0] == ["event 1", "event 2"]
    assert (tmp_path / "dead").is_symlink()
    assert events(tmp_path / "dead") == ["event 2"]
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "there" / "real.kept").symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError, match="too many levels of symbolic links"):
        replayed(tmp_path / "dead")
    assert (tmp_path / "precious").read_bytes() == b"precious"


_KILLED = """
import os, sys
from pathlib import Path
from tests.delivery.test_replay import replayed
events = {"open", "os.rename", "os.remove", "fcntl.flock", "os.chmod", "os.chown"}
left = 0
def killer(event, args):
    global left
    if event in events:
        left -= 1
        if not left:
            os.kill(os.getpid(), 9)
sys.addaudithook(killer)
for step in range(1, int(sys.argv[1]) + 1):
    if not (child := os.fork()):
        left = step
        replayed(Path(str(step), "dead"), lambda event: event in (b"event 2", b"event 5"))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_killed_at_any_step_every_letter_is_found_again(tmp_path: Path) -> None:
    """Killed before each call that changes files, in turn: what fails is there all the time, each letter once."""
    paths = [tmp_path / str(step) / "dead" for step in range(1, 41)]
    for path in paths:
        path.parent.mkdir()
        written(path, letter(4), letter(5), letter(6))
        written(path.with_name("dead.1"), letter(1), letter(2), letter(3))
    given = [sys.executable, "-c", _KILLED, str(len(paths))]
    top = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        given, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(top)}, check=True, capture_output=True
    )
    codes = [int(line) for line in done.stdout.split()]
    killed = codes.count(-signal.SIGKILL)
    assert codes == [-signal.SIGKILL] * killed + [0] * (len(paths) - killed)
    assert 15 <= killed < len(paths)
    for path, code in zip(paths, codes, strict=True):
        left = events(*numbered(path), path)
        assert len(left) == len(set(left))
        assert {"event 2", "event 5"} <= set(left)
        if code:
            assert {*replayed(path, fails(b"event 2", b"event 5"))[0]} == {*left}
        assert (events(*numbered(path)), events(path)) == (["event 2"], ["event 5"])
        assert everything(path.parent).keys() == {"dead", "dead.1"}
