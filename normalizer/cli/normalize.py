"""`mim-ecs normalize`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from normalizer.cli.settings import check_namespace, document_options, input_options, view_options
from normalizer.cli.view import TableView, View
from normalizer.inputs import read, sources
from normalizer.outputs.files import DeadLetters, Output
from normalizer.runtime.batch import Counts, Result
from normalizer.runtime.normalizer import Normalizer, Options
from normalizer.runtime.workers import Write, run


@click.command(epilog="Example: mim-ecs normalize logs/ --dead-letters dead.ndjson -o documents.ndjson")
@input_options
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write documents here instead of to standard output.")
@click.option("--dead-letters", type=click.Path(dir_okay=False, path_type=Path), help="Append events that give no document here.")
@click.option("--table", is_flag=True, help="A table for people instead of NDJSON.")
@click.option("--all-events", is_flag=True, help='Events outside mim.* too, through the "*" mapping.')
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that normalize.")
@document_options
@view_options
def normalize(
    inputs: tuple[str, ...],
    max_event: int,
    output: str | None,
    dead_letters: Path | None,
    table: bool,
    all_events: bool,
    workers: int,
    mappings: Path | None,
    org: str | None,
    namespace: str,
    original: bool,
    strict: bool,
    validate: bool,
    quiet: bool,
    log_format: str,
) -> None:
    """Turn events into ECS documents, one JSON object a line.

    INPUT is a file, a folder, a glob or - for standard input (the default): NDJSON, a JSON array such as a page of
    Okta's API, log streaming's envelopes of EventBridge and Splunk HEC; plain, gzip or zstd.
    """
    view = View(quiet=quiet, log_format=log_format)
    if table and output is not None:
        raise click.UsageError("--table shows documents on standard output; leave -o out.")
    options = Options(org, check_namespace(namespace), original, strict, all_events, validate)
    normalizer = Normalizer.load(mappings, options)
    found = sources(inputs)
    _check_output(output, [source.path for source in found if source.path is not None])
    letters = DeadLetters(dead_letters, at_once=True) if dead_letters is not None else None
    out = Output(output)
    shown = TableView() if table else None
    counts = Counts()
    batches = (batch for source in found for batch in read(source, max_event=max_event))
    try:
        for report in run(view.progress(found, batches), normalizer, _table(shown) if shown else _lines(out), 1 if shown else workers):
            counts.add(report.counts)
            if letters is not None:
                letters.write(report.dead)
            else:
                view.letters(report.dead)
    finally:
        if letters is not None:
            letters.close()
    if shown:
        shown.flush()
    out.close()
    view.summary(counts)
    if letters is not None and letters.count:
        view.log.error("%d dead letters are in %s.", letters.count, letters.path)
    if counts.dead:
        raise click.exceptions.Exit(1)


def _lines(out: Output) -> Write:
    def write(result: Result) -> None:
        if result.documents:
            out.write(b"\n".join([done.document for done in result.documents]) + b"\n")

    return write


def _table(shown: TableView) -> Write:
    return lambda result: shown.add(result.documents)


def _check_output(output: str | None, inputs: list[Path]) -> None:
    """An output that is one of the inputs would be emptied before it is read."""
    if output is None or not os.path.exists(output):
        return
    for path in inputs:
        if path.exists() and os.path.samefile(path, output) and os.path.isfile(output):
            raise click.UsageError(f"{output} is an input too; write to another file.")
