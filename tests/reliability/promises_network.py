"""Networks that lose connections and answers, and servers that have no time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from tests.reliability.faults import Asked, Fault, Moment, Pass, Plan, Reset, bulk, first, flaky, some, unavailable
from tests.reliability.promises import ELASTICSEARCH, Tally, promise
from tests.reliability.proxy import Proxy
from tests.reliability.stage import Stage

CAP = 30.0
"""Seconds that a wait may be at most."""


@promise("4", "Flaky network")
def resets(stage: Stage, tally: Tally) -> None:
    """A fifth of all connections is reset, in three ways."""
    load = stage.load(stage.of(small=1_500, full=20_000))
    given = stage.of(small=("--in-flight", "8"), full=())
    for _ in range(stage.of(small=1, full=3)):
        stream = stage.stream()
        with tally.trial() as trial, Proxy(stream.url, flaky(stage.dice())) as proxy:
            stream.index(proxy.url, load.path, *given).end()
            trial.judge(stream.judge(load))
            for moment in Moment:
                count = sum(each.fault == Reset(moment) for each in proxy.asked)
                tally.add(f"connections reset {moment.value}", count)
                trial.check(count > 0, f"no connection was reset {moment.value}")


@promise("6", "No hot loop", small=(ELASTICSEARCH,))
def unavailable_for_a_time(stage: Stage, tally: Tally) -> None:
    """503 to every bulk request for a time."""
    seconds = stage.of(small=2.0, full=60.0)
    load = stage.load(stage.of(small=300, full=20_000))
    for _ in range(stage.of(small=1, full=3)):
        stream = stage.stream()
        with tally.trial() as trial, Proxy(stream.url, bulk(_for_a_time(seconds, unavailable()))) as proxy:
            stream.index(proxy.url, load.path).end()
            trial.judge(stream.judge(load))
            times = [each.at for each in proxy.bulks if each.status == 503]
            tally.most(f"requests in {seconds:.0f} s, at most", len(times))
            trial.check(len(times) <= 12, f"{len(times)} requests in {seconds:.0f} s")
            waits = _waits(times)
            tally.most("longest wait in seconds", round(max(waits, default=0), 1))
            trial.check(max(waits, default=0) <= CAP + 1, f"a wait of {max(waits, default=0):.1f} s")
            trial.check(not stage.full or _jitter(waits), f"the waits {waits} look like a schedule without jitter")


@promise("6b", "A server that says when to come back is obeyed", small=(ELASTICSEARCH,))
def retry_after(stage: Stage, tally: Tally) -> None:
    """503 with Retry-After, and nothing else wrong."""
    seconds = stage.of(small=2, full=20)
    load = stage.load(300)
    for _ in range(stage.of(small=1, full=3)):
        stream = stage.stream()
        with tally.trial() as trial, Proxy(stream.url, first(1, unavailable(seconds))) as proxy:
            stream.index(proxy.url, load.path).end()
            trial.judge(stream.judge(load))
            asked, then = proxy.bulks[:2]
            trial.check(then.at - asked.at >= seconds, f"it came back after {then.at - asked.at:.1f} s, not {seconds}")


def _for_a_time(seconds: float, fault: Fault) -> Plan:
    """The fault for so many seconds from the first request."""
    until: list[float] = []

    def plan(asked: Asked) -> Fault:
        until.append(asked.at + seconds)
        return fault if asked.at < until[0] else Pass()

    return plan


def _waits(times: Sequence[float]) -> list[float]:
    """Seconds between requests; those that were in flight together count as one."""
    return [after - before for before, after in itertools.pairwise(times) if after - before > 0.1]


def _jitter(waits: Sequence[float]) -> bool:
    """Whether waits neither grow by a rule nor are all alike: of those that a cap bounds, no two are the same."""
    tenths = [round(wait, 1) for wait in waits]
    ratios = {round(after / before, 1) for before, after in itertools.pairwise(waits)}
    return len(set(tenths)) > 2 and len(ratios) > 2


@promise("7", "An ambiguous time-out is safe")
def held_back(stage: Stage, tally: Tally) -> None:
    """The server has worked, and its answer comes when nobody waits for it any more."""
    load = stage.load(stage.of(small=1_000, full=20_000))
    timeout = stage.of(small=1, full=2)
    late = Pass(2.0 * timeout)
    for _ in range(stage.of(small=1, full=2)):
        stream = stage.stream()
        plan = some(stage.dice(), 0.2, late) if stage.full else first(2, late)
        with tally.trial() as trial, Proxy(stream.url, plan) as proxy:
            counts = stream.index(proxy.url, load.path, "--timeout", str(timeout)).end().counts
            trial.judge(stream.judge(load))
            held = {key for each in proxy.bulks if each.fault == late and each.server == 200 for key in each.ids}
            trial.check(bool(held), "no answer was held back")
            trial.check(counts["duplicates"] >= len(held), f"{len(held)} were there, not {counts['duplicates']}")
            tally.add("documents whose answer was held back", len(held))
