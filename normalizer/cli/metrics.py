"""`--metrics`: the counters of a delivery as Prometheus text, in a file or at a port, while it runs.

Names follow Prometheus's conventions: a prefix, base units, `_total` for what only grows. Every series has the data
stream as a label. The file is what node_exporter's textfile collector reads (its name must end in `.prom` there).

Loaded when the option is given, for the library takes time that every start would pay.
"""

from __future__ import annotations

import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from normalizer import __version__
from normalizer.cli.view import log
from normalizer.delivery import Counts as Delivered
from normalizer.errors import OutputError, SettingsError
from normalizer.outputs.files import why
from normalizer.runtime.batch import Counts
from normalizer.signals import held

PREFIX = "mim_ecs_"
EVERY = 1.0
"""Seconds between two writes of the file."""
MOST_BYTES = 1024 * 1024
"""So much is read of a file that is there; ours have some thousand."""

_COUNTERS: tuple[tuple[str, str, Callable[[Counts, Delivered], int]], ...] = (
    ("events_read", "Events read from the inputs.", lambda events, _: events.read),
    ("events_skipped", "Events that are none of ours.", lambda events, sent: events.skipped + sent.dropped),
    ("events_with_problems", "Events of which a value was left out.", lambda events, _: events.problems),
    ("documents_indexed", "Documents that the server has created.", lambda _, sent: sent.indexed),
    ("documents_duplicate", "Documents that the server had already.", lambda _, sent: sent.duplicates),
    ("documents_retried", "Documents sent again, each time they were.", lambda _, sent: sent.retried),
    ("bulk_requests", "Bulk requests sent.", lambda _, sent: sent.requests),
    ("bulk_bytes", "Bytes of the bodies of bulk requests.", lambda _, sent: sent.bytes),
)
"""Name without prefix and `_total`, help, and where the number stands. Another counter is one line here."""

_SUCCESS = f"{PREFIX}last_success_timestamp_seconds"


def address(target: str) -> tuple[str, int] | None:
    """Host and port where the target is `:PORT` or `HOST:PORT`; None where it is a file. Raises SettingsError."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^/:]*):([0-9]+)", target, re.ASCII)
    if target.isdecimal():
        raise SettingsError(f"metrics go to a file or a port; write :{target} for the port, ./{target} for the file")
    if found is None:
        return None
    if int(found[2]) > 65535:
        raise SettingsError(f"there is no port {found[2]}: ports go up to 65535, and 0 is any free one")
    return found[1].strip("[]") or "127.0.0.1", int(found[2])


class Metrics:
    """Shows what others count: within a `with`, and in a file afterwards, however the run has ended.

    `target` is a FILE, `:PORT` on the loopback interface, or `HOST:PORT`. What cannot be begun is told when it is
    entered: SettingsError for a port that cannot be had, OutputError for a file that cannot be written.
    """

    def __init__(self, target: str, counts: Counts, delivered: Delivered, stream: str = "") -> None:
        """Raises SettingsError."""
        self._address = address(target)
        self._numbers = _Numbers(counts, delivered, stream)
        self._registry = CollectorRegistry()
        self._registry.register(self._numbers)
        self._shown: _File | _Port
        if self._address is None:
            self._shown = _File(Path(target), self._registry, self._numbers)
        else:
            # Not in the file: node_exporter has series of its own by these names.
            ProcessCollector(registry=self._registry)
            self._shown = _Port(*self._address, self._registry)

    def __enter__(self) -> Self:
        self._shown.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._numbers.succeeded()
        self._shown.close(failed=kind is not None)


class _Numbers(Collector):
    """The metrics, read from the counts when somebody asks."""

    def __init__(self, counts: Counts, delivered: Delivered, stream: str) -> None:
        self._counts = counts
        self._delivered = delivered
        self._labels = {"data_stream": stream} if stream else {}
        self._start = time.monotonic()
        self.last_success: float | None = None
        """Unix time of the end of the last run that delivered everything, in an earlier run perhaps."""

    def succeeded(self) -> None:
        """The run has ended, and everything was delivered or is a dead letter."""
        self.last_success = time.time()

    def collect(self) -> Iterator[Metric]:
        counts, delivered = self._counts, self._delivered
        for name, about, number in _COUNTERS:
            counter = CounterMetricFamily(PREFIX + name, about, labels=[*self._labels])
            counter.add_metric([*self._labels.values()], number(counts, delivered))
            yield counter
        dead = CounterMetricFamily(f"{PREFIX}dead_letters", "Dead letters.", labels=[*self._labels, "reason"])
        for reason, count in {**counts.reasons, "refused": delivered.dead}.items():
            dead.add_metric([*self._labels.values(), reason], count)
        yield dead
        settled = delivered.indexed + delivered.duplicates + delivered.dropped + delivered.dead
        yield self._gauge("documents_open", "Documents handed over and not settled yet.", delivered.read - settled)
        yield self._gauge("run_seconds", "Since this run has begun.", time.monotonic() - self._start)
        if self.last_success is not None:
            about = "When a run has last ended with everything delivered, or kept as a dead letter."
            yield self._gauge(_SUCCESS.removeprefix(PREFIX), about, self.last_success)
        yield self._gauge("build_info", "The version of this program.", 1, version=__version__)

    def _gauge(self, name: str, about: str, value: float, **labels: str) -> Metric:
        labels = self._labels | labels
        gauge = GaugeMetricFamily(PREFIX + name, about, labels=[*labels])
        gauge.add_metric([*labels.values()], value)
        return gauge


class _Port:
    """A thread that serves them over HTTP."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        self._host = host
        self._port = port
        self._registry = registry

    def open(self) -> None:
        """Raises SettingsError."""
        try:
            with held():  # signals are for the main thread
                self._server, self._thread = start_http_server(self._port, self._host, self._registry)
        except OSError as error:
            advice = "choose another one with --metrics"
            where = self._shown(self._port)
            raise SettingsError(f"metrics cannot be served at {where}: {why(error)}; {advice}") from None
        # A client that breaks off is no trouble of ours; the library would show it as a traceback.
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if self._port == 0:
            log.info("metrics are at http://%s/metrics", self._shown(self._server.server_port))

    def close(self, *, failed: bool) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _shown(self, port: int) -> str:
        return f"[{self._host}]:{port}" if ":" in self._host else f"{self._host}:{port}"


class _File:
    """A thread that writes them into a file, which is whole at any time: a new one takes the place of the old."""

    def __init__(self, path: Path, registry: CollectorRegistry, numbers: _Numbers) -> None:
        self._path = path
        self._registry = registry
        self._numbers = numbers
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="metrics", daemon=True)

    def open(self) -> None:
        """Raises OutputError."""
        try:
            self._file = Path(os.path.realpath(self._path))  # a link stays one
            if self._file.exists():
                self._numbers.last_success = self._remembered()
        except (OSError, ValueError) as error:
            raise self._error(error) from None
        self._write()
        with held():  # signals are for the main thread
            self._thread.start()

    def close(self, *, failed: bool) -> None:
        """Write the last numbers. Raises OutputError, unless what has ended the run is told already."""
        self._closed.set()
        self._thread.join()
        try:
            self._write()
        except OutputError:
            if not failed:
                raise

    def _work(self) -> None:
        while not self._closed.wait(EVERY):
            with suppress(OutputError):  # perhaps the disk has room again before the end
                self._write()

    def _write(self) -> None:
        try:
            write_to_textfile(str(self._file), self._registry)
        except (OSError, ValueError) as error:
            raise self._error(error) from None

    def _remembered(self) -> float | None:
        """When the last run succeeded, as the file says that is there; None where it does not.

        Raises OSError and ValueError where the file is none of ours: a new one would take its place.
        """
        if not stat.S_ISREG(self._file.stat().st_mode):
            raise ValueError("it is no regular file")
        with self._file.open("rb") as file:
            text = file.read(MOST_BYTES)
        if text and not text.startswith(b"# HELP " + PREFIX.encode()):
            raise ValueError("the file that is there holds no metrics of mim-ecs")
        families = text_string_to_metric_families(text.decode())
        samples = (sample for family in families for sample in family.samples)
        return next((sample.value for sample in samples if sample.name == _SUCCESS), None)

    def _error(self, error: OSError | ValueError) -> OutputError:
        return OutputError(f"metrics cannot be written to {self._path}: {why(error)}; name another file with --metrics")
