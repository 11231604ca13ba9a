"""`mim-ecs index`."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import click

from normalizer.cli.reading import check_outputs, read_all, tell_terminal
from normalizer.cli.servers import connected, server_options
from normalizer.cli.settings import document_options, epilog, input_options, view_options
from normalizer.cli.view import View, log, tell_kept
from normalizer.cluster import Kind, check_installed, data_stream
from normalizer.delivery import Counts as Delivered
from normalizer.delivery import Item, deliver, raw
from normalizer.errors import SettingsError
from normalizer.inputs import Batch, sources
from normalizer.language.advice import choices
from normalizer.names import NAME
from normalizer.outputs.elasticsearch import bulk
from normalizer.outputs.files import DeadLetters
from normalizer.runtime.batch import Counts, DeadLetter, process
from normalizer.runtime.normalizer import Normalizer, Options

_Make = Callable[[Iterator[Batch], Counts, DeadLetters], Generator[Item]]
"""Batches ▶ what is sent of them: counts what was read, and writes dead letters before it reads the next batch."""
_Tell = Callable[[Counts, Delivered, DeadLetters, str], None]
"""Says at the end what became of it all in the data stream."""


@click.command(
    epilog=epilog(
        "ELASTICSEARCH_URL=http://localhost:9200 mim-ecs index logs/", "0", "1", "2", "3", "4", "5", "130, 143"
    )
)
@input_options
@click.option(
    "--dead-letters",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("dead-letters.ndjson"),
    show_default=True,
    help="Append events that give no document, or that the server refuses, here.",
)
@click.option(
    "--via-pipeline",
    is_flag=True,
    help="Send events as they are: the ingest pipeline in the cluster makes the documents.",
)
@server_options
@document_options
@view_options
def index(
    inputs: tuple[str, ...],
    max_event: int,
    dead_letters: Path,
    via_pipeline: bool,
    url: str | None,
    mappings: Path | None,
    org: str | None,
    namespace: str,
    original: bool,
    strict: bool,
    validate: bool,
    quiet: bool,
) -> None:
    """Turn events into ECS documents and index them into Elasticsearch.

    They go into the data stream logs-okta.mim-NAMESPACE, each with its event's uuid as _id, so that sending events
    again does no harm. Install the templates with `mim-ecs setup` first.
    """
    view = View(quiet=quiet)
    stream = data_stream(namespace)
    make: _Make
    tell: _Tell
    if via_pipeline:
        given = {"--mappings": mappings, "--org": org, "--no-original": not original, "--strict": strict}
        _check_unused([name for name, value in (given | {"--no-validate": not validate}).items() if value])
        make, tell = partial(_events, namespace), partial(_told_of_events, time.monotonic(), view)
    else:
        normalizer = Normalizer.load(mappings, Options(org, namespace, original, strict, validate=validate))
        make, tell = partial(_documents, normalizer), partial(_told, view)
    found = sources(inputs)
    check_outputs(found, output=None, dead_letters=dead_letters)
    counts, delivered = Counts(), Delivered()
    with DeadLetters(dead_letters) as letters, connected(url) as client:
        check_installed(client)
        if via_pipeline:
            check_installed(client, Kind.PIPELINE)
        tell_terminal(found)
        refused: list[DeadLetter] = []

        def settled(_items: Sequence[Item] = ()) -> None:
            pending = refused[:]
            refused.clear()
            letters.write(pending)

        batches = view.progress(found, read_all(found, max_event))
        try:
            with closing(make(batches, counts, letters)) as items:
                deliver(
                    items,
                    bulk(client, stream, NAME if via_pipeline else None),
                    lambda item, reason: refused.append(_refused(item, reason)),
                    settled=settled,
                    counts=delivered,
                    waiting=lambda _seconds, sentence: log.warning("%s", sentence),
                )
        finally:  # however it ends: what the server has stays there, and somebody will want to know
            try:
                settled()
            finally:
                tell(counts, delivered, letters, stream)
    if counts.dead or delivered.dead:
        raise click.exceptions.Exit(1)


def _check_unused(given: list[str]) -> None:
    """Raise SettingsError for options that say how documents are made here."""
    if given:
        them, mean = ("it", "means") if len(given) == 1 else ("them", "mean")
        there = [name for name in given if name in ("--mappings", "--org")]
        advice = f"; `mim-ecs setup` takes {choices(there, 'and')}" if there else ""
        raise SettingsError(
            f"with --via-pipeline documents are made in the cluster, where {choices(given, 'and')} {mean} nothing; "
            f"leave {them} out{advice}"
        )


def _documents(
    normalizer: Normalizer, batches: Iterator[Batch], counts: Counts, letters: DeadLetters
) -> Generator[Item]:
    """The documents to send."""
    for batch in batches:
        result = process(normalizer, batch)
        letters.write(result.dead)
        counts.add(result.counts)
        for done, at in zip(result.documents, result.indices, strict=True):
            item = batch.items[at]
            assert isinstance(item, bytes)
            yield Item(done.id, done.document, item, batch.file, batch.lines[at])


def _events(namespace: str, batches: Iterator[Batch], counts: Counts, letters: DeadLetters) -> Generator[Item]:
    """The events to send as they are."""
    for batch in batches:
        result = raw(batch, namespace)
        letters.write(result.dead)
        counts.add(Counts(read=len(batch.items), written=len(result.items), dead=len(result.dead)))
        counts.reasons.update(letter.reason for letter in result.dead)
        yield from result.items


def _refused(item: Item, reason: str) -> DeadLetter:
    """The dead letter of what was refused: for `400 kind: …`, or for `word: …` where the server gave no answer."""
    details: dict[str, str | int] = {} if item.raw else {"document": item.document.decode()}
    status, _, said = reason.partition(" ")
    if status.isdigit():
        word, details["status"] = "refused", int(status)
    else:
        word, _, said = reason.partition(": ")
    return DeadLetter(word, said, item.file, item.line, item.original, details=details)


def _told(view: View, counts: Counts, delivered: Delivered, letters: DeadLetters, stream: str) -> None:
    """The summary: what was read, and what the server says that it has."""
    if delivered.dead:
        counts.reasons["refused by the server"] = delivered.dead
    view.summary(_settle(counts, delivered), **_answers(counts, delivered))
    tell_kept(letters)
    if not view.quiet:
        log.info("data stream %s", stream)


def _told_of_events(
    started: float, view: View, counts: Counts, delivered: Delivered, letters: DeadLetters, stream: str
) -> None:
    """The same where the cluster makes the documents: it alone knows their types, and which have problems."""
    _settle(counts, delivered)
    words = {"read": counts.read, "written": counts.written, "skipped": counts.skipped, "dead": counts.dead}
    words |= _answers(counts, delivered)
    if not view.quiet:
        seconds = time.monotonic() - started
        text = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in words.items())
        log.info("%s (%.1f s)", text, seconds, extra={"event.duration": int(seconds * 1e9), "mim_ecs": words})
    tell_kept(letters)
    if not view.quiet:
        log.info("data stream %s, by the ingest pipeline %s", stream, NAME)


def _settle(counts: Counts, delivered: Delivered) -> Counts:
    """What a pipeline of the server's drops is skipped, and not written."""
    counts.skipped += delivered.dropped
    counts.written -= delivered.dropped
    return counts


def _answers(counts: Counts, delivered: Delivered) -> dict[str, int]:
    """What the server says of the documents: together they are those written."""
    return {
        "indexed": delivered.indexed,
        "duplicates": delivered.duplicates,
        "refused": delivered.dead,
        "not_settled": counts.written - delivered.indexed - delivered.duplicates - delivered.dead,
        "retried": delivered.retried,
    }
