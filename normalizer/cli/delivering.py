"""What commands that deliver to a server have in common: their options, and the delivery itself with its summary."""

from __future__ import annotations

import random
import re
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from copy import deepcopy
from dataclasses import dataclass, fields
from functools import wraps
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from normalizer.cli.servers import connected, server_options
from normalizer.cli.settings import document_options, given, refuse
from normalizer.cli.view import View, log
from normalizer.cluster import Kind, check_installed, cluster_uuid, data_stream, has_data_stream
from normalizer.delivery import Counts as Delivered
from normalizer.delivery import Item, Mark, Retries, Work, deliver, raw
from normalizer.delivery.deliver import Acknowledged, Letters
from normalizer.delivery.exact import known
from normalizer.delivery.replay import DATA_STREAM
from normalizer.delivery.target import Target
from normalizer.errors import Busy, Unanswered
from normalizer.inputs import Batch
from normalizer.language.advice import choices
from normalizer.names import NAME
from normalizer.outputs.server import TIMEOUT, Server
from normalizer.runtime.batch import Counts, DeadLetter, Result
from normalizer.runtime.normalizer import Normalized, Normalizer, Options
from normalizer.runtime.workers import run

_FIRST_TRIES = 4
_FIRST_SECONDS = 10.0
"""So often, and for so long, the first question to the server is asked again where the connection breaks."""

BATCH_BYTES = 64 * 1024
"""Of events' text in one read batch: a bulk is made of whole ones, and the smaller they are the better it fits."""

if TYPE_CHECKING:
    from normalizer.cli.metrics import Metrics

_Made = tuple[Batch, list[Item], list[DeadLetter]]

Command = TypeVar("Command", bound=Callable[..., Any])

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class _Time(click.ParamType[float]):
    """A time such as 90s, 15m, 2h; in seconds. 0 is no limit."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        if found := re.fullmatch(r"([0-9]{1,9})([smhd])", str(value)):
            return int(found[1]) * _UNITS[found[2]] or float("inf")
        if str(value) == "0":
            return float("inf")
        raise click.BadParameter(f'"{value}" is no time; write one like 90s, 15m or 2h, or 0 for no limit', ctx, param)


@dataclass(frozen=True, slots=True)
class How:
    """The options of `delivery_options`, by their names."""

    engine: str | None
    url: str | None
    timeout: float
    via_pipeline: bool
    exact: bool
    workers: int
    in_flight: int
    patience: float
    metrics: str | None
    mappings: Path | None
    org: str | None
    namespace: str
    original: bool
    strict: bool
    validate: bool


_OPTIONS = (
    server_options,
    click.option(
        "--timeout",
        type=click.FloatRange(min=0.1),
        default=TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="How long one request may take before it is sent again.",
    ),
    click.option(
        "--patience",
        type=_Time(),
        default="15m",
        show_default=True,
        help="Give up when the server has taken nothing for so long; 0 for never.",
    ),
    click.option(
        "--in-flight",
        type=click.IntRange(1, 32),
        default=2,
        show_default=True,
        help="Requests at a time; together they hold at most 1,000 documents or 5 MiB.",
    ),
    click.option(
        "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that normalize."
    ),
    click.option(
        "--exact",
        is_flag=True,
        help="Before sending, ask the whole data stream for each event: nothing is doubled after a rollover either.",
    ),
    click.option(
        "--via-pipeline",
        is_flag=True,
        help="Send events as they are: the ingest pipeline in the cluster makes the documents.",
    ),
    click.option(
        "--metrics",
        metavar="FILE|:PORT",
        help="Write counters as Prometheus text into this file, or serve them at this port.",
    ),
    document_options,
)


def delivery_options(command: Command) -> Command:
    """The options that say where documents go, how, and what is in them; a command gets them as its first argument."""

    @wraps(command)
    def with_how(**options: Any) -> Any:
        how = How(**{each.name: options.pop(each.name) for each in fields(How)})
        if how.via_pipeline:
            _check_unused(click.get_current_context())
        return command(how, **options)

    wrapped: Any = with_how
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    result: Command = wrapped
    return result


_MADE_HERE = ("mappings", "org", "original", "strict", "validate", "workers")
"""Options that say how documents are made here."""


def _check_unused(context: click.Context) -> None:
    """Raise SettingsError for options on the command line that mean nothing where the cluster makes the documents."""
    flags = given(context, _MADE_HERE)
    there = [flag for flag in flags if flag in ("--mappings", "--org")]
    advice = f"; `mim-ecs setup` takes {choices(there, 'and')}" if there else ""
    refuse(flags, "with --via-pipeline, where documents are made in the cluster", advice)


class Delivery:
    """A delivery to one data stream. Made before anything is read, so that mistakes are told at once.

    A context manager. Raises SettingsError, MappingError; entering ServerError, SetupError.
    """

    def __init__(self, how: How) -> None:
        self.stream = data_stream(how.namespace)
        self.target = Target(self.stream)  # more is known of it when the server was asked
        self.counts = Counts()
        self.delivered = Delivered()
        self._how = how
        self._normalizer: Normalizer | None = None
        if not how.via_pipeline:
            options = Options(how.org, how.namespace, how.original, how.strict, validate=how.validate)
            self._normalizer = Normalizer.load(how.mappings, options)
        self.metrics_file: Path | None = None
        self._metrics: Metrics | None = None
        if how.metrics is not None:
            from normalizer.cli.metrics import Metrics, address

            self.metrics_file = Path(how.metrics) if address(how.metrics) is None else None
            self._metrics = Metrics(how.metrics, self.counts, self.delivered, self.stream)
        self._server: Server = connected(how.url, how.engine, timeout=how.timeout, connections=how.in_flight)
        self._stack = ExitStack()

    @property
    def facts(self) -> dict[str, str]:
        """What a dead letter says of the delivery, so that a replay sends its event to the same place."""
        return {DATA_STREAM: self.stream}

    def __enter__(self) -> Delivery:
        with ExitStack() as stack:
            stack.enter_context(self._server)
            self._check_installed()
            if self._metrics is not None:
                stack.enter_context(self._metrics)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _check_installed(self) -> None:
        """Raise SetupError where the templates, or the pipeline, are missing; ServerError without an answer.

        A connection that breaks is tried again, like those that follow; a server that is not there at all is told soon.
        One that has no time now is waited for as one that has none later is.
        """
        started = time.monotonic()
        retries = Retries(patience=self._how.patience)
        for tries in count(1):
            try:
                self.target = Target(self.stream, cluster_uuid(self._server), self._server.address)
                check_installed(self._server)
                if self._how.via_pipeline:
                    check_installed(self._server, Kind.PIPELINE)
                return
            except Busy as busy:
                if time.monotonic() - started >= retries.patience:
                    raise
                seconds = random.random() * retries.longest(tries)
                _tell_wait(seconds, str(busy))
                time.sleep(seconds)
                continue
            except Unanswered:
                if tries == _FIRST_TRIES or time.monotonic() - started > _FIRST_SECONDS:
                    raise
            time.sleep(random.random() * 0.25 * 2**tries)

    def has_stream(self) -> bool | None:
        """Whether the data stream is there; None where we cannot know."""
        return has_data_stream(self._server, self.stream)

    def run(self, batches: Iterator[Batch], letters: Letters, acknowledged: Acknowledged | None = None) -> None:
        """Deliver all events of the batches. Raises what `deliver` raises."""
        how = self._how
        with closing(self._works(batches)) as works:
            deliver(
                works,
                lambda items: self._server.bulk(self.stream, items, NAME if how.via_pipeline else None),
                letters,
                acknowledged,
                known=known(self._server, self.stream) if how.exact else None,
                counts=self.delivered,
                waiting=_tell_wait,
                in_flight=how.in_flight,
                retries=Retries(patience=how.patience),
            )

    def _works(self, batches: Iterator[Batch]) -> Generator[Work]:
        """What is read, ready to be delivered."""
        made = self._raw(batches) if self._normalizer is None else self._made(self._normalizer, batches)
        for batch, items, dead in made:
            yield Work(items, Mark(batch.file, batch.after) if batch.after is not None else None, dead)

    def _made(self, normalizer: Normalizer, batches: Iterator[Batch]) -> Iterator[_Made]:
        """The documents, made by one process or several."""
        open_batches: deque[Batch] = deque()

        def noted() -> Iterator[Batch]:
            for batch in batches:
                open_batches.append(batch)
                yield batch

        with closing(run(noted(), normalizer, _documents, self._how.workers)) as reports:
            for report in reports:
                batch = open_batches.popleft()
                self.counts.add(report.counts)
                yield batch, [_item(batch, at, done) for at, done in report.made], report.dead

    def _raw(self, batches: Iterator[Batch]) -> Iterator[_Made]:
        """The events as they are."""
        for batch in batches:
            result = raw(batch, self._how.namespace)
            self.counts.add(Counts(read=len(batch.items), written=len(result.items), dead=len(result.dead)))
            self.counts.reasons.update(letter.reason for letter in result.dead)
            yield batch, result.items, result.dead

    def tell(self, view: View) -> None:
        """The summary: what was read, and what the server says that it has."""
        counts, delivered = deepcopy(self.counts), self.delivered  # metrics may still show what they say
        counts.skipped += delivered.dropped  # by the pipeline
        counts.written -= delivered.dropped
        if delivered.dead:
            counts.reasons["refused by the server"] = delivered.dead
        view.summary(
            counts,
            made_here=self._normalizer is not None,
            indexed=delivered.indexed,
            duplicates=delivered.duplicates,
            refused=delivered.dead,
            not_settled=counts.written - delivered.indexed - delivered.duplicates - delivered.dead,
            retried=delivered.retried,
            bytes=delivered.bytes,
        )
        if not view.quiet:
            by = f", by the ingest pipeline {NAME}" if self._how.via_pipeline else ""
            log.info("data stream %s%s", self.stream, by)


def _tell_wait(seconds: float, why: str) -> None:
    log.warning("%s Asking again in %s s.", why, f"{seconds:.1f}", extra={"event.duration": int(seconds * 1e9)})


def _documents(result: Result) -> list[tuple[int, Normalized]]:
    return [*zip(result.indices, result.documents, strict=True)]


def _item(batch: Batch, at: int, done: Normalized) -> Item:
    original = batch.items[at]
    assert isinstance(original, bytes)
    return Item(done.id, done.document, original, batch.file, batch.lines[at])
