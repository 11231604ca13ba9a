"""`mim-ecs normalize`: what it reads, in which order, and that nothing is read twice or lost."""

from __future__ import annotations

import errno
import gzip
import json
import os
import resource
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from normalizer.inputs import InputError, sources
from tests.cli.command import EVENTS, TIMEOUT, arguments, checked, ended, environment, letters, mim_ecs, start

SOME = EVENTS[:20]
IDS = [json.loads(event)["uuid"] for event in SOME]


def lines(events: list[bytes]) -> bytes:
    return b"".join(event + b"\n" for event in events)


def wrapped(envelope: Callable[[bytes], bytes]) -> bytes:
    return lines([envelope(event) for event in SOME])


def pretty(events: list[bytes]) -> bytes:
    return json.dumps([json.loads(event) for event in events], indent=2).encode()


FORMS = {
    "lines.ndjson": lines(SOME),
    "no line end at the end": lines(SOME)[:-1],
    "windows.ndjson": lines(SOME).replace(b"\n", b"\r\n"),
    "bom.ndjson": b"\xef\xbb\xbf" + lines(SOME),
    "page.json": b"[" + b",".join(SOME) + b"]",
    "pretty.json": pretty(SOME),
    "eventbridge.ndjson": wrapped(lambda event: b'{"version":"0","source":"aws.partner/okta.com","detail":%s}' % event),
    "hec.ndjson": wrapped(lambda event: b'{"time":1,"sourcetype":"OktaIM2:log","event":%s}' % event),
    "hec text.ndjson": wrapped(lambda event: b'{"time":1,"event":%s}' % json.dumps(event.decode()).encode()),
    "hec without line ends": wrapped(lambda event: b'{"event":%s}' % event).replace(b"\n", b""),
    "gzip by its content.txt": gzip.compress(lines(SOME[:9])) + gzip.compress(lines(SOME[9:])),
    "zstd by its content": zstandard.ZstdCompressor().compress(lines(SOME)),
    "gzip.page.gz": gzip.compress(pretty(SOME)),
}


@pytest.mark.parametrize("workers", [1, 3])
def test_every_form_gives_the_same_documents(tmp_path: Path, workers: int) -> None:
    reference = mim_ecs("normalize", "--no-original", stdin=lines(SOME)).documents
    assert [document["event"]["id"] for document in reference] == IDS
    for name, data in FORMS.items():
        (tmp_path / name).write_bytes(data)
    done = mim_ecs("normalize", "--no-original", "--workers", str(workers), *FORMS, cwd=tmp_path)
    documents = done.documents
    assert len(documents) == len(FORMS) * len(SOME)
    for number, name in enumerate(FORMS):
        assert documents[number * len(SOME) :][: len(SOME)] == reference, name
    assert done.counts["read"] == done.counts["written"] == len(documents)


def test_files_folders_globs_and_standard_input(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    (logs / "deep").mkdir(parents=True)
    (logs / ".hidden").write_bytes(b"junk")
    (logs / "a.ndjson").write_bytes(lines(SOME[:1]))
    (logs / "deep" / "b.ndjson").write_bytes(lines(SOME[1:2]))
    (logs / "loop").symlink_to(logs)
    (logs / "itself").symlink_to("itself")
    (tmp_path / "x1.ndjson").write_bytes(lines(SOME[2:3]))
    (tmp_path / "x2.ndjson").write_bytes(lines(SOME[3:4]))
    given = ["logs", "x*.ndjson", "-", "logs/a.ndjson", "./x1.ndjson", "-"]
    done = mim_ecs("normalize", *given, cwd=tmp_path, stdin=lines(SOME[4:6]))
    assert [document["event"]["id"] for document in done.documents] == IDS[:6]
    assert mim_ecs("normalize", "-q", "-o", "-", stdin=lines(SOME)).documents[-1]["event"]["id"] == IDS[-1]
    nothing = mim_ecs("normalize")
    assert (nothing.out, nothing.counts["read"]) == (b"", 0)


@pytest.mark.parametrize("given", ["nowhere\n.ndjson", "empty", "itself", "a" * 300])
def test_inputs_that_cannot_be(tmp_path: Path, given: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "good").write_bytes(lines(SOME))
    done = mim_ecs("normalize", "good", given, "-o", "out", cwd=tmp_path, code=2)
    assert done.err.startswith("Error: ")
    assert len(done.lines) == 1
    assert not (tmp_path / "out").exists()


def test_names_that_terminals_do_not_like(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\n\x1b[31m.ndjson")
    (tmp_path / name).write_bytes(b"junk\n" + lines(SOME[:1]))
    told = mim_ecs("normalize", ".", cwd=tmp_path, code=1)
    assert told.lines[0] == "\\xff\\n\\x1b[31m.ndjson:1: not JSON at character 1"
    kept = mim_ecs("normalize", name, "--dead-letters", os.fsdecode(b"\xfe\n"), cwd=tmp_path, code=1)
    assert kept.lines[-1] == "1 dead letter is in \\udcfe\\n."
    assert letters(tmp_path / os.fsdecode(b"\xfe\n"))[0]["file"] == "\\xff\n\x1b[31m.ndjson"


def test_thousands_of_files_with_few_descriptors(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"{number:04}").write_bytes(lines(SOME[number % 20 :][:1]))
    done = subprocess.run(
        arguments("normalize", ".", "--workers", "2"),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        timeout=TIMEOUT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)),
    )
    result = checked(done.returncode, done.stdout, done.stderr.decode(), 0)
    assert [document["event"]["id"] for document in result.documents] == IDS * 50


def test_more_workers_than_the_system_allows(tmp_path: Path) -> None:
    done = subprocess.run(
        arguments("normalize", "--workers", "64"),
        env=environment(),
        capture_output=True,
        timeout=TIMEOUT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)),
    )
    result = checked(done.returncode, done.stdout, done.stderr.decode(), 2)
    said = "Error: the system does not allow 64 workers (too many open files); give a smaller number.\n"
    assert result.err == said
    assert len(mim_ecs("normalize", "--workers", "64", stdin=lines(SOME[:1])).documents) == 1


def test_files_that_change_while_others_are_read(tmp_path: Path) -> None:
    """A pipe holds the command up; meanwhile one file grows, another one goes."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "grows").write_bytes(lines(SOME[1:2]))
    (tmp_path / "goes").write_bytes(lines(SOME))
    process = start("normalize", "pipe", "grows", "goes", cwd=tmp_path)
    with (tmp_path / "pipe").open("wb") as pipe:  # opens when the command opens its end
        with (tmp_path / "grows").open("ab") as file:
            file.write(lines(SOME[2:4]))
        (tmp_path / "goes").unlink()
        pipe.write(lines(SOME[:1]))
    done = ended(process, 1)
    assert [document["event"]["id"] for document in done.documents] == IDS[:4]
    assert "goes:1: the file cannot be opened: no such file or directory" in done.lines


@pytest.mark.parametrize("workers", [1, 2])
def test_a_pipe_in_small_pieces(tmp_path: Path, workers: int) -> None:
    data = gzip.compress(lines(EVENTS))
    process = start("normalize", "--workers", str(workers), "-o", tmp_path / "out")
    stdin = process.stdin
    assert stdin is not None

    def feed() -> None:
        for at in range(0, len(data), 997):
            stdin.write(data[at : at + 997])
            stdin.flush()

    feeder = threading.Thread(target=feed)
    feeder.start()
    feeder.join(TIMEOUT)
    assert ended(process, 0).counts["written"] == len(EVENTS)


def test_nothing_is_written_into_what_is_read(tmp_path: Path) -> None:
    """Emptied before it is read, or growing for ever."""
    events = tmp_path / "in.ndjson"
    events.write_bytes(lines(SOME))
    (tmp_path / "link").symlink_to("in.ndjson")
    os.link(events, tmp_path / "hard")
    for target in ("-o", "--dead-letters"):
        for name in ("link", "hard"):
            done = mim_ecs("normalize", "in.ndjson", target, name, cwd=tmp_path, code=2)
            assert "is the same file as in.ndjson; write to another one." in done.err
    same = mim_ecs("normalize", "in.ndjson", "-o", "x", "--dead-letters", "./x", cwd=tmp_path, code=2)
    assert "dead letters x is the same file as the output x" in same.err
    with events.open("ab") as out:
        done = mim_ecs("normalize", ".", cwd=tmp_path, stdout=out, code=2)
    assert "standard output is the same file as" in done.err
    assert events.read_bytes() == lines(SOME)


def test_a_link_into_a_folder_that_may_not_be_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may search all of them, so the system's answer is given here."""
    (tmp_path / "link").write_bytes(b"")
    is_dir = Path.is_dir

    def refused(path: Path) -> bool:
        if path.name == "link":
            raise PermissionError(errno.EACCES, "Permission denied")
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", refused)
    with pytest.raises(InputError, match=r"link cannot be read: permission denied\.$"):
        sources([str(tmp_path)])
