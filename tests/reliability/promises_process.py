"""Processes that are killed, ours and the server, and runs that are repeated."""

from __future__ import annotations

import time
from functools import partial

from tests.reliability.faults import slow
from tests.reliability.load import Load
from tests.reliability.promises import ELASTICSEARCH, Tally, Trial, promise
from tests.reliability.proxy import Proxy
from tests.reliability.stage import LIMITED, Run, Stage

ONE_BATCH = 1_000
"""Documents that may be sent again after a kill: those of the requests in flight."""

_SLOW = slow(0.02)


@promise("1", "Survives kill -9 of itself")
def kills(stage: Stage, tally: Tally) -> None:
    """Kill the same run again and again at random moments, and start it again with its state."""
    small = 4 if stage.engine.name == ELASTICSEARCH else 2  # each start of a process takes a second
    load = stage.load(stage.of(small=3_000, full=20_000))
    for _ in range(stage.of(small=1, full=10)):
        count = stage.of(small=small, full=5)
        with tally.trial(count) as trial:
            again = _killed(stage, trial, load, kills=count)
            tally.most("documents sent again after a kill, at most", again)
            trial.check(again <= ONE_BATCH, f"{again} documents were sent again after a kill")


@promise("1b", "Survives kill -9 of itself without --state: the whole file again", small=())
def kills_without_state(stage: Stage, tally: Tally) -> None:
    load = stage.load(stage.of(small=1_500, full=20_000))
    for _ in range(stage.of(small=1, full=10)):
        with tally.trial() as trial:
            tally.most("documents sent again after a kill, at most", _killed(stage, trial, load, kills=1, state=False))


def _killed(stage: Stage, trial: Trial, load: Load, *, kills: int, state: bool = True) -> int:
    """The most documents that a run has sent which one before it had sent already."""
    stream = stage.stream()
    again = 0
    # What was sent only grows, so each of these moments comes in one run, amid its work.
    moments = sorted(stage.rng.uniform(0, 0.9) * load.count for _ in range(kills))
    with Proxy(stream.url, _SLOW) as proxy:
        for moment in [*moments, None]:
            before = set(proxy.sent())
            with stream.index(proxy.url, load.path, state=state) as run:
                if moment is None:
                    run.end()
                else:
                    run.until(partial(_amid, proxy, moment))
                    time.sleep(stage.rng.uniform(0, 0.04))
                    trial.check(run.kill(), f"a run had ended before it could be killed: {run.last_words}")
            sent = proxy.sent(since=run.began)
            again = max(again, len(before & sent.keys()))
            is_told = "Asking again in" in run.said.read_text()  # a server that is busy, as with the first of an index
            trial.check(is_told or max(sent.values(), default=1) == 1, "documents were sent twice without need")
    trial.judge(stream.judge(load))
    return again


def _amid(proxy: Proxy, moment: float) -> bool:
    """Whether so many documents were sent."""
    return proxy.documents > moment


def _in_flight(proxy: Proxy, moment: float) -> bool:
    """The same, and one of the last requests waits for its answer."""
    return _amid(proxy, moment) and any(each.ended is None for each in proxy.bulks[-16:])


@promise("2", "A replay is harmless")
def replay(stage: Stage, tally: Tally) -> None:
    load = stage.load(stage.of(small=300, full=20_000))
    stream = stage.stream()
    with tally.trial(3) as trial:
        for indexed in (load.count, 0, 0):
            counts = stream.index(stream.url, load.path, state=False).end().counts
            trial.check(counts["indexed"] == indexed, f"a run says that it has indexed {counts['indexed']} documents")
            trial.check(counts["duplicates"] == load.count - indexed, f"{counts['duplicates']} were there already")
        trial.judge(stream.judge(load))


@promise("3", "Survives kill -9 of the server", small=(ELASTICSEARCH,), apart=True)
def server_killed(stage: Stage, tally: Tally) -> None:
    """Kill it while a bulk request is in flight, and start it again on the same data."""
    load = stage.load(stage.of(small=3_000, full=20_000))
    # Where all must be quick, one server serves all promises that want one of their own.
    server = stage.server(**stage.of(small=LIMITED, full={}))
    for _ in range(stage.of(small=1, full=3)):
        stream = stage.stream(server.url)
        with tally.trial() as trial, Proxy(server.url) as proxy, stream.index(proxy.url, load.path) as run:
            moment = stage.rng.uniform(0.1, 0.7) * load.count
            try:
                trial.check(run.until(partial(_in_flight, proxy, moment)), "no request was in flight")
                server.kill()
                time.sleep(stage.of(small=0, full=30))
            finally:
                server.start()
            seconds = _goes_on(run, proxy, time.monotonic())
            tally.most("seconds from the server's readiness to the next document, at most", round(seconds, 1))
            trial.check(seconds <= 60, f"it went on only {seconds:.0f} s after the server was ready")
            run.end()
            trial.judge(stream.judge(load))


def _goes_on(run: Run, proxy: Proxy, ready: float) -> float:
    """Seconds until a bulk request that is answered, after the server is ready."""
    run.until(lambda: any(each.at >= ready and each.status == 200 for each in proxy.bulks), seconds=120)
    return time.monotonic() - ready
