"""A server of either engine: a process of its own on loopback, with configuration, data and logs of its own."""

import http.client
import json
import os
import shutil
import subprocess
import tempfile
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from tests.engines import EngineError, say
from tests.engines.ask import ask
from tests.engines.jars import last_lines
from tests.engines.java import find_java
from tests.engines.tether import tethered

_START_SECONDS = 120
_STOP_SECONDS = 30

_SETTINGS: Mapping[str, object] = {
    "cluster.name": "okta-mim-ecs-tests",
    "node.name": "test",
    "discovery.type": "single-node",
    "http.host": "127.0.0.1",
    "transport.host": "127.0.0.1",
    "transport.port": 0,
    "node.portsfile": True,  # the only way to learn which port the system has chosen
    "cluster.routing.allocation.disk.threshold_enabled": False,  # else a full disk makes indices read-only
}

_JVM_OPTIONS = (
    "-XX:+ExitOnOutOfMemoryError",
    "--enable-native-access=ALL-UNNAMED",
    "-Dio.netty.noUnsafe=true",
    "-Dlog4j2.disable.jmx=true",
)

# A start in half the time, but a server that stays slow.
_QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")

# Both servers insist on a logging configuration.
_LOGGING = """status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


class Server:
    """A server that can be stopped, killed and started again on the same data; of which engine, the subclass says.

    `settings` are added to its YAML file. `heap` is the JVM's, such as "512m". `data` is a folder to keep; without it
    the data are lost at `close`. `optimized` is for measurements: the JVM compiles and collects garbage as it does in
    production, instead of starting quickly. A context manager: entering starts the server, leaving closes it.

    The system chooses the port at the first start; later starts keep it, so that clients find the server again.
    The server dies with its parent, which is the thread that started it.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    prefix: ClassVar[str]  # of the server's Java properties
    main_class: ClassVar[str]
    own_settings: ClassVar[Mapping[str, object]] = {}
    own_jvm_options: ClassVar[tuple[str, ...]]
    scheme = "http"

    def __init__(
        self,
        settings: Mapping[str, object] | None = None,
        *,
        heap: str = "512m",
        data: Path | None = None,
        optimized: bool = False,
    ) -> None:
        self._settings = dict(settings or {})
        self._heap = heap
        self._optimized = optimized
        self._folder = Path(tempfile.mkdtemp(prefix=f"okta-mim-ecs-{self.name.lower()}-"))
        self._remove_folder = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._data = data.absolute() if data else self._folder / "data"
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def prepare_home(self, java: Path) -> Path:
        """The folder with lib and modules, from the cache or newly made; raises as `start` does."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Where the server answers, or did before it was stopped."""
        return f"{self.scheme}://127.0.0.1:{self._port}"

    @classmethod
    def variable(cls, name: str) -> str:
        """The environment variable for something that a client must know."""
        return f"{cls.name.upper()}_{name.upper()}"

    def variables(self) -> dict[str, str]:
        """All that a client must know, for its environment."""
        return {self.variable("url"): self.url}

    def ask(self, method: str, path: str, body: object = None, *, seconds: float = 30) -> tuple[int, Any]:
        """The status and the JSON of the answer, by who may do everything. Raises OSError or HTTPException."""
        return ask(self.url, method, path, body, seconds=seconds)

    @property
    def pid(self) -> int:
        """The id of the process started last. Raises EngineError before the first start."""
        return self._started().pid

    @property
    def log(self) -> Path:
        """What the server says, over all its starts."""
        return self._folder / "server.log"

    def start(self) -> Self:
        """Start the server and wait until it answers and has recovered its indices.

        Raises MissingError when the machine lacks something and EngineError when the server does not come up.
        """
        if self._process and self._process.poll() is None:
            raise EngineError("The server runs already.")
        java = find_java(21)
        home = self.prepare_home(java)
        say(f"Starting {self.name} {self.version}…")
        self._configure()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                tethered(self._command(java, home)),
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us: what talks to the server must be able to end first
            )
        try:
            self._await_answer()
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """End the server in good order (SIGTERM), or kill it when that takes too long; nothing to do is no error."""
        process = self._started()
        process.terminate()
        try:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
        finally:
            self.kill()

    def kill(self) -> None:
        """End the server as a power failure would (SIGKILL)."""
        process = self._started()
        process.kill()
        process.wait()

    def restart(self) -> None:
        """Stop and start on the same data, at the same URL."""
        self.stop()
        self.start()

    def wait(self) -> int:
        """Wait until the server ends; gives its exit code."""
        return self._started().wait()

    def close(self) -> None:
        """Stop the server, if it runs, and remove everything but a data folder that was given."""
        try:
            if self._process:
                self.stop()
        finally:
            self._remove_folder()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def last_words(self) -> str:
        """The last 20 lines of the log; stack traces count by what they say, not by where."""
        lines = self.log.read_text(errors="replace").splitlines()
        return last_lines("\n".join(line for line in lines if not line.startswith("\tat ")))

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise EngineError("The server has not been started.")
        return self._process

    @property
    def _ports(self) -> Path:
        return self._folder / "logs" / "http.ports"

    def _environment(self) -> dict[str, str]:
        """This process's, without what is meant for a server of the user's."""
        own = f"{self.prefix.upper()}_"
        return {name: value for name, value in os.environ.items() if not name.startswith(own)}

    def _configure(self) -> None:
        for name in ("config", "logs", "tmp"):
            (self._folder / name).mkdir(exist_ok=True)
        settings = {
            **_SETTINGS,
            **self.own_settings,
            "http.port": self._port,
            "path.data": str(self._data),
            "path.logs": str(self._ports.parent),
            **self._settings,
        }
        # A JSON value is a YAML value too.
        lines = [f"{name}: {json.dumps(value)}\n" for name, value in settings.items()]
        (self._folder / "config" / f"{self.name.lower()}.yml").write_text("".join(lines))
        (self._folder / "config" / "log4j2.properties").write_text(_LOGGING)
        self._ports.unlink(missing_ok=True)

    def _command(self, java: Path, home: Path) -> list[str]:
        return [
            str(java),
            f"-Xms{self._heap}",
            f"-Xmx{self._heap}",
            *(() if self._optimized else _QUICK_START),
            *_JVM_OPTIONS,
            *self.own_jvm_options,
            f"-Djava.io.tmpdir={self._folder / 'tmp'}",
            f"-D{self.prefix}.path.home={home}",
            f"-D{self.prefix}.path.conf={self._folder / 'config'}",
            "-cp",
            f"{home / 'lib'}/*",
            self.main_class,
        ]

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            code = self._started().poll()
            if code is not None:
                raise EngineError(f"{self.name} ended with code {code} at its start:\n" + self.last_words())
            if time.monotonic() > deadline:
                raise EngineError(f"{self.name} did not answer in {_START_SECONDS} s:\n" + self.last_words())
            time.sleep(0.05)

    def _answers(self) -> bool:
        """Whether the server serves; every primary shard must have been recovered for that."""
        if not (self._ports.exists() and (address := self._ports.read_text().strip())):
            return False
        self._port = int(address.rpartition(":")[2])
        try:
            status, _ = self.ask("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s", seconds=5)
        except (OSError, http.client.HTTPException, ValueError):
            return False
        return status == http.client.OK
