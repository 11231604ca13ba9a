"""`mim-ecs index`."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import click

from normalizer.cli.reading import check_outputs, read_all, tell_terminal
from normalizer.cli.servers import connected, server_options
from normalizer.cli.settings import document_options, epilog, input_options, view_options
from normalizer.cli.view import View, log, tell_kept
from normalizer.cluster import check_installed, data_stream
from normalizer.delivery import Counts as Delivered
from normalizer.delivery import Item, deliver
from normalizer.inputs import Batch, sources
from normalizer.outputs.elasticsearch import bulk
from normalizer.outputs.files import DeadLetters
from normalizer.runtime.batch import Counts, DeadLetter, process
from normalizer.runtime.normalizer import Normalizer, Options


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
@server_options
@document_options
@view_options
def index(
    inputs: tuple[str, ...],
    max_event: int,
    dead_letters: Path,
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
    normalizer = Normalizer.load(mappings, Options(org, namespace, original, strict, validate=validate))
    found = sources(inputs)
    check_outputs(found, output=None, dead_letters=dead_letters)
    counts, delivered = Counts(), Delivered()
    with DeadLetters(dead_letters) as letters, connected(url) as client:
        check_installed(client)
        tell_terminal(found)
        refused: list[DeadLetter] = []

        def settled(_items: Sequence[Item] = ()) -> None:
            pending = refused[:]
            refused.clear()
            letters.write(pending)

        batches = view.progress(found, read_all(found, max_event))
        try:
            with closing(_items(normalizer, batches, counts, letters)) as items:
                deliver(
                    items,
                    bulk(client, stream),
                    lambda item, reason: refused.append(_refused(item, reason)),
                    settled=settled,
                    counts=delivered,
                    waiting=lambda _seconds, sentence: log.warning("%s", sentence),
                )
        finally:  # however it ends: what the server has stays there, and somebody will want to know
            try:
                settled()
            finally:
                _told(view, counts, delivered, letters, stream)
    if counts.dead or delivered.dead:
        raise click.exceptions.Exit(1)


def _items(normalizer: Normalizer, batches: Iterator[Batch], counts: Counts, letters: DeadLetters) -> Generator[Item]:
    """The documents to send; dead letters are written before the next batch is read."""
    for batch in batches:
        result = process(normalizer, batch)
        letters.write(result.dead)
        counts.add(result.counts)
        for done, at in zip(result.documents, result.indices, strict=True):
            item = batch.items[at]
            assert isinstance(item, bytes)
            yield Item(done.id, done.document, item, batch.file, batch.lines[at])


def _refused(item: Item, reason: str) -> DeadLetter:
    """The dead letter of a refused document: for `400 kind: …`, or for `word: …` where the server gave no answer."""
    details: dict[str, str | int] = {"document": item.document.decode()}
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
    view.summary(
        counts,
        indexed=delivered.indexed,
        duplicates=delivered.duplicates,
        refused=delivered.dead,
        not_settled=counts.written - delivered.indexed - delivered.duplicates - delivered.dead,
        retried=delivered.retried,
    )
    tell_kept(letters)
    if not view.quiet:
        log.info("data stream %s", stream)
