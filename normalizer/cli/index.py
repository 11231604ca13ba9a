"""`mim-ecs index`."""

from __future__ import annotations

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
from normalizer.outputs.letters import DeadLetters
from normalizer.runtime.batch import Counts, DeadLetter, process
from normalizer.runtime.normalizer import Normalizer, Options

_Make = Callable[[Iterator[Batch], Counts, DeadLetters], Generator[Item]]
"""Batches ▶ what is sent of them: counts what was read, and writes dead letters before it reads the next batch."""


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
    if via_pipeline:
        _check_unused(click.get_current_context())
        make = partial(_events, namespace)
    else:
        normalizer = Normalizer.load(mappings, Options(org, namespace, original, strict, validate=validate))
        make = partial(_documents, normalizer)
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
                _told(view, counts, delivered, letters, stream, via_pipeline=via_pipeline)
    if counts.dead or delivered.dead:
        raise click.exceptions.Exit(1)


_MADE_HERE = {
    "mappings": "--mappings",
    "org": "--org",
    "original": "--no-original",
    "strict": "--strict",
    "validate": "--no-validate",
}
"""Options that say how documents are made here."""


def _check_unused(context: click.Context) -> None:
    """Raise SettingsError for options on the command line that mean nothing where the cluster makes the documents."""
    given = [
        option
        for name, option in _MADE_HERE.items()
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
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


def _told(
    view: View, counts: Counts, delivered: Delivered, letters: DeadLetters, stream: str, *, via_pipeline: bool
) -> None:
    """The summary: what was read, and what the server says that it has."""
    counts.skipped += delivered.dropped  # by the pipeline
    counts.written -= delivered.dropped
    if delivered.dead:
        counts.reasons["refused by the server"] = delivered.dead
    view.summary(
        counts,
        made_here=not via_pipeline,
        indexed=delivered.indexed,
        duplicates=delivered.duplicates,
        refused=delivered.dead,
        not_settled=counts.written - delivered.indexed - delivered.duplicates - delivered.dead,
        retried=delivered.retried,
    )
    tell_kept(letters)
    if not view.quiet:
        log.info("data stream %s%s", stream, f", by the ingest pipeline {NAME}" if via_pipeline else "")
