"""A server whose disk is full: it makes its indices read-only, and takes documents again when there is room."""

from __future__ import annotations

import shutil
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.engines.ask import ask
from tests.engines.server import Server
from tests.reliability.disk import mounted
from tests.reliability.faults import Asked, Fault, Pass, Plan, bulk
from tests.reliability.load import Load
from tests.reliability.promises import ELASTICSEARCH, Tally, Trial, promise
from tests.reliability.proxy import Proxy
from tests.reliability.stage import LIMITED, Run, Stage, Stream

MIB = 1024 * 1024
SIZE = 512 * MIB
"""Bytes of the server's disk."""
LEFT = {"low": 160 * MIB, "high": 128 * MIB, "flood_stage": 64 * MIB}
"""The server's watermarks: with so few bytes free it does something about it, at the last one it takes nothing."""
SECONDS = 120.0
"""The server looks at its disk every 10 seconds, or 30 where it has just been told to."""
HELD = 50.0
"""Seconds for which a request may be held before it is sent again."""

_DISK = "cluster.routing.allocation.disk."
_LOOK = {"cluster.info.update.interval": "10s", f"{_DISK}threshold_enabled": True}
_READ_ONLY = "read-only-allow-delete"  # so the server calls it, in what users are told


class Room(ABC):
    """What the server has left for its data."""

    @abstractmethod
    def take(self) -> None:
        """Leave less than the last watermark."""

    @abstractmethod
    def give(self) -> None:
        """Give it back."""


class Tmpfs(Room):
    """The server's data lie on a small disk."""

    def __init__(self, path: Path) -> None:
        self._filler = path / "filler"

    def take(self) -> None:
        with self._filler.open("wb", buffering=0) as filler:
            for _ in range((_free(self._filler.parent) - LEFT["flood_stage"] // 2) // MIB):
                filler.write(b"x" * MIB)

    def give(self) -> None:
        self._filler.unlink(missing_ok=True)


class Watermarks(Room):
    """The server is told that its disk is full with more bytes free than any disk has."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def take(self) -> None:
        self._put(_LOOK | {f"{_DISK}watermark.{name}": "1pb" for name in LEFT})

    def give(self) -> None:
        self._put(_LOOK | {f"{_DISK}watermark.{name}": "1b" for name in LEFT})

    def _put(self, settings: dict[str, object]) -> None:
        status, answer = self._server.ask("PUT", "/_cluster/settings", {"persistent": settings})
        assert status == 200, answer


@promise("17", "Server disk full", small=(ELASTICSEARCH,), apart=True)
def server_disk_full(stage: Stage, tally: Tally) -> None:
    """Fill it up to the flood stage while documents come in, and free it."""
    load = stage.load(stage.of(small=1_500, full=20_000))
    another = stage.load(300)
    with _server(stage) as (server, room):
        for _ in range(stage.of(small=1, full=2)):
            streams = stage.stream(server.url), stage.stream(server.url)
            with tally.trial() as trial:
                _filled(stage, tally, trial, room, streams, (load, another))
                for stream in streams:
                    server.ask("DELETE", f"/_data_stream/{stream.name}")
    tally.figures.setdefault("the server's disk", "a tmpfs" if isinstance(room, Tmpfs) else "by its watermarks")


def _filled(
    stage: Stage, tally: Tally, trial: Trial, room: Room, streams: tuple[Stream, Stream], loads: tuple[Load, Load]
) -> None:
    """Two runs: one of them is amid its work when there is no room any more, the other one begins then.

    For that one's documents a new index is needed: OpenSearch makes one, and Elasticsearch has no place for it.
    """
    (stream, new), (load, another) = streams, loads
    is_full = threading.Event()
    with Proxy(stream.url) as proxy, stream.index(proxy.url, load.path) as run:
        proxy.plan = _paced(proxy, load.count // 2, is_full, seconds=stage.of(small=0, full=1))
        try:
            trial.check(run.until(lambda: any(each.status == 200 for each in proxy.bulks)), "it did not begin")
            room.take()
            trial.check(run.until(partial(_is_read_only, stream), SECONDS), "the server did not make it read-only")
            began = time.monotonic()
            is_full.set()
            trial.check(run.until(lambda: _READ_ONLY in run.said.read_text()), f"it says {run.last_words}")
            second = new.index(new.url, another.path)
            time.sleep(stage.of(small=1, full=45))
            trial.check(run.lives, f"it did not wait: {run.last_words}")
        finally:
            is_full.set()
            room.give()
        with second:
            trial.check(run.until(lambda: not _is_read_only(stream), SECONDS), "the server stayed read-only")
            ready = time.monotonic()
            waiting = [each for each in proxy.bulks if began <= each.at < ready]
            seconds = _goes_on(run, proxy, ready)
            run.end()
            second.end()
    trial.judge(stream.judge(load))
    trial.judge(new.judge(another))
    tally.most("seconds read-only, at most", round(ready - began))
    tally.most("requests in this time, at most", len(waiting))
    tally.most("seconds from the server's readiness to the next document, at most", round(seconds, 1))
    trial.check(seconds <= 60, f"it went on only {seconds:.0f} s after there was room")


def _paced(proxy: Proxy, moment: int, is_full: threading.Event, seconds: float) -> Plan:
    """Slow answers; when so many documents were sent, requests are held until the server is full."""

    def plan(_asked: Asked) -> Fault:
        if proxy.documents >= moment:
            is_full.wait(HELD)
        return Pass(seconds)

    return bulk(plan)


def _is_read_only(stream: Stream) -> bool:
    """Whether the server has made it so."""
    status, indices = ask(stream.url, "GET", f"/{stream.name}/_settings?flat_settings=true")
    if status == 404:  # there is none yet
        return False
    return any(each["settings"].get("index.blocks.read_only_allow_delete") == "true" for each in indices.values())


def _goes_on(run: Run, proxy: Proxy, ready: float) -> float:
    """Seconds until a bulk request that is answered, after the server is ready."""
    run.until(lambda: any(each.at >= ready and each.status == 200 for each in proxy.bulks), SECONDS)
    return time.monotonic() - ready


# --- where the data lie ---------------------------------------------------------------------------------------------


@contextmanager
def _server(stage: Stage) -> Iterator[tuple[Server, Room]]:
    """In full size on a small disk of its own, where the system mounts one for us."""
    if not stage.full:
        server = stage.server(**LIMITED)
        yield server, Watermarks(server)
        return
    path = stage.folder / "disk"
    with mounted(path, SIZE) as is_disk:
        settings = _LOOK | {f"{_DISK}watermark.{name}": f"{left}b" for name, left in LEFT.items()}
        with stage.engine(settings if is_disk else {}, data=path / "data") as server:
            stage.install(server.url)
            yield server, Tmpfs(path) if is_disk else Watermarks(server)


def _free(path: Path) -> int:
    return shutil.disk_usage(path).free
