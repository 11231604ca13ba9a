"""`mim-ecs index`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from normalizer.cli.servers import connected, server_options
from normalizer.cli.settings import check_namespace, document_options, input_options, view_options
from normalizer.cli.view import View
from normalizer.cluster.setup import check_installed
from normalizer.delivery import Counts as Delivered
from normalizer.delivery import Item, deliver
from normalizer.errors import ServerError
from normalizer.inputs import read, sources
from normalizer.outputs.elasticsearch import bulk
from normalizer.outputs.files import DeadLetters
from normalizer.runtime.batch import Counts, DeadLetter, process
from normalizer.runtime.normalizer import Normalizer, Options

DATA_STREAM = "logs-okta.mim-"


@click.command(epilog="Example: ELASTICSEARCH_URL=http://localhost:9200 mim-ecs index logs/")
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
    log_format: str,
) -> None:
    """Turn events into ECS documents and index them into Elasticsearch.

    They go into the data stream logs-okta.mim-NAMESPACE, each with its event's uuid as _id, so that sending events
    again does no harm. Install the templates with `mim-ecs setup` first.
    """
    view = View(quiet=quiet, log_format=log_format)
    data_stream = f"{DATA_STREAM}{check_namespace(namespace)}"
    normalizer = Normalizer.load(mappings, Options(org, namespace, original, strict, validate=validate))
    found = sources(inputs)
    client = connected(url)
    check_installed(client)
    letters = DeadLetters(dead_letters)
    counts, delivered = Counts(), Delivered()

    def items() -> Iterator[Item]:
        batches = (batch for source in found for batch in read(source, max_event=max_event))
        for batch in view.progress(found, batches):
            result = process(normalizer, batch)
            counts.add(result.counts)
            letters.write(result.dead)
            for done, at in zip(result.documents, result.indices, strict=True):
                item = batch.items[at]
                assert isinstance(item, bytes)
                yield Item(done.id, done.document, item, batch.file, batch.lines[at])

    def dead(item: Item, reason: str) -> None:
        word, _, message = reason.partition(": ")
        details = {"document": item.document.decode()}
        letters.write([DeadLetter("refused", f"{word}: {message}" if message else word, item.file, item.line, item.original, details=details)])

    try:
        deliver(items(), bulk(client, data_stream), dead, counts=delivered, waiting=lambda seconds, why: view.log.warning("%s", why))
    except ServerError:
        _told(view, counts, delivered, letters, data_stream)
        raise
    finally:
        letters.close()
    _told(view, counts, delivered, letters, data_stream)
    if counts.dead or delivered.dead:
        raise click.exceptions.Exit(1)


def _told(view: View, counts: Counts, delivered: Delivered, letters: DeadLetters, data_stream: str) -> None:
    """The summary: what was read, and what the server says that it has."""
    counts.reasons["refused by the server"] += delivered.dead
    counts.reasons += type(counts.reasons)()
    unsettled = counts.written - delivered.indexed - delivered.duplicates - delivered.dead
    view.summary(
        counts,
        indexed=delivered.indexed,
        duplicates=delivered.duplicates,
        refused=delivered.dead,
        not_settled=unsettled,
        retried=delivered.retried,
    )
    if letters.count:
        view.log.error("%d dead letters are in %s.", letters.count, letters.path)
    if not view.quiet:
        view.log.info("data stream %s", data_stream)
