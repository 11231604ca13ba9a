"""`mim-ecs normalize`."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from normalizer.cli.reading import check_outputs, read_all, tell_terminal
from normalizer.cli.settings import document_options, epilog, input_options, view_options
from normalizer.cli.view import View, tell_kept
from normalizer.errors import SettingsError
from normalizer.inputs import sources
from normalizer.outputs.files import Output
from normalizer.outputs.letters import DeadLetters
from normalizer.runtime.batch import Counts, Result
from normalizer.runtime.normalizer import Normalizer, Options
from normalizer.runtime.workers import Write, run

if TYPE_CHECKING:
    from normalizer.cli.table import TableView


@click.command(
    epilog=epilog(
        "mim-ecs normalize logs/ --dead-letters dead.ndjson -o out.ndjson", "0", "1", "2", "4", "5", "130, 143", "141"
    )
)
@input_options
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False), help="Write documents here instead of to standard output."
)
@click.option(
    "--dead-letters", type=click.Path(dir_okay=False, path_type=Path), help="Append events that give no document here."
)
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
) -> None:
    """Turn events into ECS documents, one JSON object a line.

    INPUT is a file, a folder, a glob or - for standard input (the default): NDJSON, a JSON array such as a page of
    Okta's API, log streaming's envelopes of EventBridge and Splunk HEC; plain, gzip or zstd.
    """
    view = View(quiet=quiet)
    to_stdout = output in (None, "-")
    if table and not to_stdout:
        raise SettingsError("--table shows documents on standard output; leave -o out")
    options = Options(org, namespace, original, strict, all_events, validate)
    normalizer = Normalizer.load(mappings, options)
    found = sources(inputs)
    check_outputs(found, output=output, dead_letters=dead_letters)
    counts = Counts()
    with ExitStack() as stack:
        letters = stack.enter_context(DeadLetters(dead_letters)) if dead_letters is not None else None
        out = stack.enter_context(Output(output))
        shown = _table(out) if table else None
        write: Write[None] = shown.write if shown else _lines(out)
        tell_terminal(found)
        batches = view.progress(found, read_all(found, max_event), aside=not (to_stdout and sys.stdout.isatty()))
        for report in stack.enter_context(closing(run(batches, normalizer, write, 1 if shown else workers))):
            counts.add(report.counts)
            if letters is not None:
                letters.write(report.dead)
            else:
                view.letters(report.dead)
        if shown:
            shown.flush()
    view.summary(counts)
    if letters is not None:
        tell_kept(letters)
    if counts.dead:
        raise click.exceptions.Exit(1)


def _lines(out: Output) -> Write[None]:
    def write(result: Result) -> None:
        if result.documents:
            out.write(b"\n".join([*[done.document for done in result.documents], b""]))

    return write


def _table(out: Output) -> TableView:
    from normalizer.cli.table import TableView

    return TableView(out)
