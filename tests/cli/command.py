"""Runs `mim-ecs` as its users do: a process with arguments, standard streams and an exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "okta-mim.ndjson"
EVENTS = SAMPLE.read_bytes().splitlines()
TIMEOUT = 120
"""Seconds after which a command hangs: a hundred times what it takes."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Done:
    """What a command did. `lines` are those of standard error."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()

    @property
    def documents(self) -> list[Document]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of the summary: of the events, and, where they are sent to a server, of its documents."""
        at = next(number for number, line in enumerate(self.lines) if line.startswith("read "))
        events, sent = self.lines[at].rpartition(" (")[0], self.lines[at + 1 : at + 2]
        parts = events.split(", ") + [part for line in sent if line.startswith("indexed ") for part in line.split(", ")]
        pairs = [part.rsplit(" ", 1) for part in parts]
        return {name: int(count.replace(",", "")) for name, count in pairs}

    @property
    def events(self) -> dict[str, int]:
        """Those that count events."""
        return {name: count for name, count in self.counts.items() if name != "bytes"}


def environment(**more: str) -> dict[str, str]:
    """This process's, without what would change a command."""
    ours = ("MIM_ECS_", "ELASTICSEARCH_", "COLUMNS", "TERM", "NO_COLOR", "FORCE_COLOR")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | more


def arguments(*given: str | Path) -> list[str]:
    return [sys.executable, "-m", "normalizer", *map(str, given)]


def mim_ecs(
    *given: str | Path,
    stdin: bytes = b"",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
    code: int | None = 0,
) -> Done:
    """Run a command to its end; the exit code must be `code`, unless that is None."""
    done = subprocess.run(
        arguments(*given),
        input=stdin,
        cwd=cwd,
        env=environment(**(env or {})),
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=TIMEOUT,
    )
    return checked(done.returncode, done.stdout or b"", done.stderr.decode(), code)


def checked(returned: int, out: bytes, err: str, code: int | None) -> Done:
    """What holds for every command: no traceback, and the exit code that was expected."""
    assert "Traceback" not in err, err
    assert "a defect of" not in err, err
    assert "a defect met" not in err, err
    if code is not None:
        assert returned == code, (returned, err)
    return Done(returned, out, err)


def unmeasured(variables: Mapping[str, str]) -> dict[str, str]:
    """For what a signal may stop: amid the bookkeeping of coverage it would leave a lock taken, and never end."""
    return {name: value for name, value in variables.items() if name != "COVERAGE_PROCESS_CONFIG"}


def start(*given: str | Path, env: Mapping[str, str] | None = None, **how: Any) -> subprocess.Popen[bytes]:
    """Begin a command, in a session of its own."""
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process: subprocess.Popen[bytes] = subprocess.Popen(
        arguments(*given), env=unmeasured(env or environment()), start_new_session=True, **{**streams, **how}
    )
    return process


def ended(process: subprocess.Popen[bytes], code: int | None) -> Done:
    """Wait for its end; what was not read yet is read, and standard input closed."""
    try:
        out, err = process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
    return checked(process.returncode, out or b"", (err or b"").decode(), code)


def letters(path: Path) -> list[Document]:
    """The dead letters of a file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def processes(session: int) -> Iterator[int]:
    """The living processes of a session, by /proc."""
    for each in Path("/proc").iterdir():
        if not each.name.isdigit():
            continue
        try:
            fields = (each / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            yield int(each.name)
