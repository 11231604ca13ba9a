"""Where a promise is put to the test: an engine, a server of it, a folder, and `mim-ecs` as a process."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self, TypeVar

from tests.cli.command import Done, arguments, checked, environment, mim_ecs, unmeasured
from tests.engines.ask import ask
from tests.engines.server import Server
from tests.engines.tether import tethered
from tests.reliability.load import Change, Load, write
from tests.reliability.oracle import Findings, Letter, dead_letters, judge

SECONDS = 300
"""After so many a run hangs."""

LIMITED: Mapping[str, object] = {"http__max_content_length": "128kb"}
"""Of a server that takes no large requests. Small runs have no other server of their own, for a start takes seconds."""

_CUSTOM = "logs-okta.mim@custom"

Value = TypeVar("Value")


class Run:
    """A process of `mim-ecs index`, from its start to its end, in a session of its own. It dies with this process.

    What it says on standard error is in the file `said`. An environment variable that is given as empty is not there.
    """

    def __init__(
        self, folder: Path, *given: str | Path, stdin: int | IO[bytes] = subprocess.DEVNULL, **variables: str
    ) -> None:
        self.began = time.monotonic()
        self.said = folder / f"said-{self.began:.6f}.txt"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                tethered(arguments("index", *given)),
                cwd=folder,
                env={name: value for name, value in unmeasured(environment(**variables)).items() if value},
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def until(self, condition: Callable[[], bool], seconds: float = SECONDS) -> bool:
        """Wait for the condition; False where the process has ended before, or the time is over."""
        deadline = time.monotonic() + seconds
        while not condition():
            if not self.lives or time.monotonic() > deadline:
                return condition()
            time.sleep(0.002)
        return True

    def kill(self) -> bool:
        """SIGKILL; whether it found a living process."""
        self.process.kill()
        return self.process.wait() == -signal.SIGKILL

    @property
    def last_words(self) -> str:
        """The last line that it said."""
        return (self.said.read_text().splitlines() or ["nothing"])[-1]

    def end(self, code: int | None = 0, seconds: float = SECONDS) -> Done:
        """Wait for its end. Raises AssertionError for another exit code or a traceback, TimeoutExpired."""
        try:
            returned = self.process.wait(seconds)
        finally:
            self.kill()
        return checked(returned, b"", self.said.read_text(), code)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


@dataclass(frozen=True)
class Stream:
    """A data stream that nobody else uses, and a folder for its run's state and dead letters."""

    stage: Stage
    url: str
    namespace: str
    folder: Path

    @property
    def name(self) -> str:
        return f"logs-okta.mim-{self.namespace}"

    @property
    def state(self) -> Path:
        return self.folder / "state.json"

    @property
    def letters(self) -> list[Letter]:
        """Its dead letters so far."""
        return dead_letters(self.folder / "dead-letters.ndjson")

    def index(
        self,
        url: str,
        *given: str | Path,
        state: bool = True,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        **variables: str,
    ) -> Run:
        """Begin `mim-ecs index` into it, by a proxy at `url` or the server itself; `state`: with --state."""
        kept = ("--state", self.state) if state else ()
        engine = ("--engine", "opensearch") if self.stage.engine.name == "OpenSearch" else ()
        address = ("--url", url, *engine)
        return Run(self.folder, *given, "--namespace", self.namespace, *address, *kept, stdin=stdin, **variables)

    def judge(self, load: Load) -> Findings:
        """What the oracle says; small loads are compared document by document."""
        return judge(self.url, self.name, load.events, self.letters, every=self.stage.of(small=1, full=7))


@dataclass
class Stage:
    """A server, with our templates, to put promises to the test on.

    `full`: with the figures of the promise, else small and quick. A context manager: leaving it removes all that was
    put on the server, and closes servers of its own.
    """

    engine: type[Server]
    url: str
    folder: Path
    full: bool
    rng: random.Random
    _servers: dict[tuple[tuple[str, object], ...], Server] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def of(self, *, small: Value, full: Value) -> Value:
        """The one of the two that this stage's scale wants."""
        return full if self.full else small

    def load(self, count: int, change: Change | None = None) -> Load:
        """A new file of events."""
        return write(self.folder / f"events-{next(self._numbers)}.ndjson", count, change)

    def stream(self, url: str | None = None) -> Stream:
        """A new data stream, on a server of its own where `url` names one."""
        number = next(self._numbers)
        folder = self.folder / f"stream-{number}"
        folder.mkdir()
        return Stream(self, url or self.url, f"reliability{number}", folder)

    def server(self, **settings: object) -> Server:
        """A server of its own with these settings and our templates, which promises may kill; it must run again then.

        The name of a setting has __ in the place of a dot. The same settings give the same server. It dies with the
        thread that calls this.
        """
        key = tuple(sorted(settings.items()))
        if key not in self._servers:
            names = {name.replace("__", "."): value for name, value in settings.items()}
            self._servers[key] = self._stack.enter_context(self.engine(names))
            self.install(self._servers[key].url)
        return self._servers[key]

    def install(self, url: str) -> None:
        """Our templates, by `mim-ecs setup`."""
        engine = ("--engine", "opensearch") if self.engine.name == "OpenSearch" else ()
        mim_ecs("setup", "--no-pipelines", "--url", url, *engine)

    @contextmanager
    def custom(self, template: object) -> Iterator[None]:
        """The operator's own component template, while the context lasts."""
        self.ask("PUT", f"/_component_template/{_CUSTOM}", {"template": template})
        try:
            yield
        finally:
            self.ask("DELETE", f"/_component_template/{_CUSTOM}")

    def dice(self) -> random.Random:
        """Randomness for another thread than this one."""
        return random.Random(self.rng.random())

    def ask(self, method: str, path: str, body: object = None) -> object:
        """The answer of the server, which must not be an error."""
        status, answer = ask(self.url, method, path, body)
        assert status == 200, f"{method} {path}: {status} {answer}"
        return answer

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.install(self.url)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        ask(self.url, "DELETE", "/_data_stream/logs-okta.mim-reliability*")
