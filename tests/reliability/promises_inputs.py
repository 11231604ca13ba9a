"""Files that hold what no event should be: too large, torn, or not text at all."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import zstandard

from tests.cli.command import mim_ecs
from tests.reliability.broken import Broken, broken_files
from tests.reliability.load import Load
from tests.reliability.oracle import Letter, judge, original
from tests.reliability.promises import ELASTICSEARCH, Tally, Trial, promise
from tests.reliability.stage import Run, Stage, Stream

HEAD = 64 * 1024
"""Bytes that are kept of what is too long."""
MORE = 16.0
"""MiB of memory that a long line may cost."""


# --- a line that is too long ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """How a long line comes: in lines or an array, compressed by what, in a file or a pipe, and after which share."""

    name: str
    suffix: str = ".ndjson"
    array: bool = False
    pipe: bool = False
    after: float = 0.5

    def write(self, path: Path, load: Load, long: Long | None) -> int:
        """Write the load, with the long line in its place; the number of that line."""
        texts = [*load.events.values()]
        at = int(self.after * len(texts))
        begin, between, end = (b"[", b",\n", b"]\n") if self.array else (b"", b"\n", b"\n")
        with self._open(path) as file:
            file.write(begin + b"".join(text + between for text in texts[:at]))
            if long is not None:
                for piece in itertools.chain(long.pieces(), [between]):
                    file.write(piece)
            file.write(between.join(texts[at:]) + end)
        return at + 1

    def _open(self, path: Path) -> IO[bytes]:
        if self.suffix == ".gz":
            return gzip.open(path, "wb", compresslevel=1)  # type: ignore[return-value]  # it is one of bytes
        if self.suffix == ".zst":
            return zstandard.open(path, "wb")  # type: ignore[no-any-return]
        return path.open("wb")


WAYS = (
    Way("a plain file"),
    Way("gzip", ".gz"),
    Way("standard input", pipe=True),
    Way("zstd", ".zst"),
    Way("the first line", after=0),
    Way("an array", array=True),
    Way("gzip on standard input, first line", ".gz", pipe=True, after=0),
)


@dataclass(frozen=True)
class Long:
    """A line of `size` bytes: an event whose message is hexadecimal digits, `digits` again and again."""

    size: int
    digits: bytes

    _BEGIN = b'{"uuid":"4b1d","eventType":"mim.createEnrollment.IOS","displayMessage":"'
    _END = b'"}'

    def pieces(self) -> Iterator[bytes]:
        yield self._BEGIN
        left = self.size - len(self._BEGIN) - len(self._END)
        while left:
            yield (piece := self.digits[:left])
            left -= len(piece)
        yield self._END

    def letter(self) -> Letter:
        """What a dead letter must say of it."""
        digest = hashlib.sha256()
        head = b""
        for piece in self.pieces():
            digest.update(piece)
            head += piece[: HEAD - len(head)]
        return {
            "reason": "too_long",
            "original": head.decode(),
            "original_complete": False,
            "original_length": self.size,
            "original_sha256": digest.hexdigest(),
        }


@promise("12", "Input size is bounded", engines=(ELASTICSEARCH,))
def long_line(stage: Stage, tally: Tally) -> None:
    """One long line between good ones, and the same without it."""
    # Written as the events of an array are written anew.
    load = stage.load(stage.of(small=300, full=20_000), lambda _number, _event: None)
    long = Long(stage.of(small=40, full=200) * 1_000_000, stage.rng.randbytes(500_000).hex().encode())
    ways = WAYS[: stage.of(small=3, full=len(WAYS))]
    for number, way in enumerate(ways):
        files = [stage.folder / f"{name}-{number}{way.suffix}" for name in ("with", "without")]
        line = way.write(files[0], load, long)
        way.write(files[1], load, None)
        for workers in stage.of(small=(str(1 + number % 2),), full=("1", "2") if number < 3 else ("1",)):
            with tally.trial(2) as trial:
                more = _more(stage, trial, way, files, load, long.letter() | {"line": line}, "--workers", workers)
                tally.most("MiB of memory that the line costs, at most", round(more, 1))
                trial.check(more <= MORE, f"{way.name}, {workers} workers: the line costs {more:.1f} MiB")
        for file in files:
            file.unlink()
    tally.figures["ways in which the line comes"] = len(ways)
    tally.figures["bytes of the line"] = long.size


def _more(
    stage: Stage, trial: Trial, way: Way, files: Sequence[Path], load: Load, letter: Letter, *given: str
) -> float:
    """MiB that the run with the long line needs more than the one without."""
    streams = [stage.stream() for _ in files]
    with ExitStack() as stack:
        runs = [
            stack.enter_context(_reading(way, stream, file, *given))
            for stream, file in zip(streams, files, strict=True)
        ]
        with_line, without = _peaks(runs)
        runs[0].end(code=1)
        runs[1].end(code=0)
    trial.judge(streams[0].judge(load), dead=frozenset([""]))  # its beginning is no JSON
    trial.judge(streams[1].judge(load))
    name = "<stdin>" if way.pipe else str(files[0])
    wanted = letter | {"file": name}
    for found in streams[0].letters:
        facts = {key: found.get(key) for key in wanted}
        trial.check(facts == wanted, f"{way.name}: the dead letter is {str(found)[:200]}…")
    if stage.full or way is WAYS[0]:
        _replay(trial, streams[0], f"{name}:{letter['line']}")
    return with_line - without


@contextmanager
def _reading(way: Way, stream: Stream, file: Path, *given: str) -> Iterator[Run]:
    """A run that reads the file in that way."""
    if not way.pipe:
        with stream.index(stream.url, file, *given) as run:
            yield run
        return
    with subprocess.Popen(["cat", file], stdout=subprocess.PIPE) as cat:
        assert cat.stdout is not None
        with stream.index(stream.url, *given, state=False, stdin=cat.stdout) as run:
            cat.stdout.close()  # so that cat ends when the run does
            yield run


def _replay(trial: Trial, stream: Stream, place: str) -> None:
    """Replay names what is not whole, and leaves it where it is."""
    path = stream.folder / "dead-letters.ndjson"
    before = path.read_bytes()
    done = mim_ecs("replay", path, "--namespace", stream.namespace, "--url", stream.url, code=1)
    sentence = f"{path}:1 holds only the beginning of the event at {place} and stays there"
    trial.check(sentence in done.err, f"replay says {done.err}")
    trial.check(done.counts["read"] == 0, f"replay has read {done.counts['read']} events")
    trial.check(path.read_bytes() == before, "replay has changed the dead letter")


_PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def _peaks(runs: Sequence[Run]) -> list[float]:
    """MiB that each run had in memory at its worst, all of its processes together, until all of them have ended."""
    peaks: list[dict[int, int]] = [{} for _ in runs]
    while any(run.lives for run in runs):
        for run, peak in zip(runs, peaks, strict=True):
            for process in _processes(run.process.pid):
                with suppress(OSError):  # it may end at any time, and then has no memory
                    # The largest resident size so far, in KiB.
                    for size in _PEAK.findall(Path(f"/proc/{process}/status").read_bytes()):
                        peak[process] = int(size)
        time.sleep(0.005)
    return [sum(peak.values()) / 1024 for peak in peaks]


def _processes(parent: int) -> list[int]:
    """A process and its workers."""
    with suppress(OSError):
        return [parent, *map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())]
    return [parent]


# --- files that are broken ------------------------------------------------------------------------------------------


@promise("13", "Corrupt input", engines=(ELASTICSEARCH,))
def corrupt(stage: Stage, tally: Tally) -> None:
    """A folder of broken files: read once to their present ends; and with --state, going on when they are whole."""
    load = stage.load(stage.of(small=700, full=20_000))
    for number in range(stage.of(small=1, full=4)):
        folder = stage.stream().folder / "input"
        files = broken_files(folder, load, stage.rng)
        with tally.trial(2) as trial:
            _read_once(trial, tally, stage.stream(), folder, files, "--workers", str(1 + number % 2))
            _read_on(trial, stage.stream(), folder, files, "--workers", str(2 - number % 2))
        tally.figures["kinds of files"] = len(files)


def _read_once(trial: Trial, tally: Tally, stream: Stream, folder: Path, files: Sequence[Broken], *given: str) -> None:
    """Without --state, what the end of a file breaks off is a dead letter."""
    with stream.index(stream.url, folder, *given, state=False) as run:
        run.end(code=1)
    letters = stream.letters
    _check_letters(trial, letters, files, at_the_end=True)
    _judge(trial, stream, files, whole=False)
    tally.add("bad places, each located by file and line", len(letters))


def _read_on(trial: Trial, stream: Stream, folder: Path, files: Sequence[Broken], *given: str) -> None:
    """With --state, what the end of a file breaks off is left until the rest is there."""
    with stream.index(stream.url, folder, *given) as run:
        said = run.end(code=1).err
    _check_letters(trial, stream.letters, files, at_the_end=False)
    _judge(trial, stream, files, whole=False)
    for each in files:
        if each.end is not None:
            place = f"{each.path}:{each.end.line}: "
            trial.check(place in said, f"{place} is not told")
            with each.path.open("ab") as file:
                file.write(each.end.rest)
    with stream.index(stream.url, folder, *given) as run:
        run.end(code=0)
    _check_letters(trial, stream.letters, files, at_the_end=False)
    _judge(trial, stream, files, whole=True)


def _judge(trial: Trial, stream: Stream, files: Sequence[Broken], *, whole: bool) -> None:
    """The good events, and no others, are there; `whole`: those behind a broken end too."""
    good: dict[str, bytes] = {}
    for each in files:
        good |= each.good | (each.end.events if whole and each.end is not None else {})
    findings = judge(stream.url, stream.name, good, every=1)
    trial.judge(findings)
    trial.check(findings.held == len(good), f"{findings.held} documents are there, not {len(good)}")


def _check_letters(trial: Trial, letters: Sequence[Letter], files: Sequence[Broken], *, at_the_end: bool) -> None:
    """Each bad place has one dead letter, which says where it is and what it holds."""
    wanted: dict[tuple[str, int, str], bytes] = {}
    for file in files:
        bad = [*file.bad, *([file.end.bad] if at_the_end and file.end is not None else [])]
        wanted |= {(str(file.path), each.line, each.reason): each.text for each in bad}
    found = Counter((each["file"], each["line"], each["reason"]) for each in letters)
    trial.check(
        found == Counter([*wanted]),
        f"{sorted(found - Counter([*wanted]))[:3]} are dead letters, {sorted(Counter([*wanted]) - found)[:3]} are not",
    )
    for each in letters:
        text = wanted.get((each["file"], each["line"], each["reason"]), b"")
        trial.check(original(each).startswith(text[:HEAD]), f"{each['file']}:{each['line']} keeps other bytes")
