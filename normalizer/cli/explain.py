"""`mim-ecs explain`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from normalizer.authoring.explain.coverage import Coverage
from normalizer.authoring.explain.machines import of_coverage, of_trace
from normalizer.authoring.explain.page import page
from normalizer.authoring.explain.select import Selected, select
from normalizer.authoring.explain.trace import Tracer
from normalizer.cli.explain_pipeline import explain_pipeline
from normalizer.cli.explain_view import told_coverage, told_trace
from normalizer.cli.reading import check_outputs, read_all, tell_terminal
from normalizer.cli.settings import (
    epilog,
    given,
    input_options,
    log_format_option,
    org_option,
    own_mappings_option,
    refuse,
)
from normalizer.cli.view import View, say
from normalizer.errors import EventError, SettingsError
from normalizer.inputs import Batch, InputError, Source, sources
from normalizer.language import Mappings, load
from normalizer.language.advice import nearest
from normalizer.outputs.files import Output
from normalizer.runtime.normalizer import Options

_OF_EVENTS = ("event", "html", "coverage", "absent", "org", "namespace", "all_events", "max_event")


@click.command(
    epilog=epilog("mim-ecs explain events.ndjson --event 3 --html event.html", "0", "1", "2", "4", "130, 143", "141")
)
@input_options
@click.option("--event", metavar="UUID|NUMBER", help="Another event than the first: its uuid, or its number from 1.")
@click.option("--html", type=click.Path(dir_okay=False), metavar="FILE", help="Write it as a page for browsers.")
@click.option("--coverage", is_flag=True, help="Of all events: which event paths never arrive in documents.")
@click.option(
    "--pipeline",
    is_flag=True,
    help="Of fields instead of an event: the processors of the ingest pipelines, the lines of their scripts.",
)
@click.option("--absent/--no-absent", default=True, show_default=True, help="Tell which fields are absent, and why.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@own_mappings_option
@org_option
@click.option("--namespace", default="default", show_default=True, help="Namespace of the data stream.")
@click.option("--all-events", is_flag=True, help='Events outside mim.* too, through the "*" mapping.')
@log_format_option
@click.pass_context
def explain(
    context: click.Context,
    inputs: tuple[str, ...],
    max_event: int,
    event: str | None,
    html: str | None,
    coverage: bool,
    pipeline: bool,
    absent: bool,
    as_json: bool,
    mappings: Path | None,
    org: str | None,
    namespace: str,
    all_events: bool,
) -> None:
    """Say where each field of a document comes from.

    INPUT is what `mim-ecs normalize` takes; its first event is explained: each field of its document with the value,
    the event path that it came from, what was done to it, and file and line of the rule. Then what is not there: rules
    that found nothing, values that did not convert, values of the event that no rule reads.

    With --pipeline the arguments are fields, and the answer is what writes them in the ingest pipelines: processors
    with the lines of script, and the rules that these were made from. Without one: a table of all fields.
    """
    if pipeline:
        refuse(given(context, _OF_EVENTS), "with --pipeline")
        explain_pipeline(inputs, mappings, as_json=as_json)
        return
    if coverage:
        refuse(given(context, ("event", "html", "absent")), "with --coverage")
    if as_json or html is not None:
        refuse(given(context, ("absent",)), "with --json or --html, which tell all")
    if as_json and html == "-":
        raise SettingsError("--json and --html - both write to standard output; name a file for the page")
    known = load(mappings)
    found = _sources(inputs, known)
    check_outputs(found, output=html, dead_letters=None)
    tracer = Tracer(known, Options(org, namespace, all_events=all_events))
    tell_terminal(found)
    batches = read_all(found, max_event)
    if coverage:
        _coverage(tracer, found, batches, as_json=as_json)
    else:
        _event(tracer, select(batches, event), html, absent=absent, as_json=as_json)


def _sources(inputs: tuple[str, ...], known: Mappings) -> list[Source]:
    """What the inputs name. Raises SettingsError where one is no file but looks like a field."""
    try:
        return sources(inputs)
    except InputError:
        for name in inputs:
            if not Path(name).exists() and (field := _field(name, known)) is not None:
                advice = f"to ask what writes the field {field}, write mim-ecs explain --pipeline {field}"
                raise SettingsError(f"there is no file {name}; {advice}") from None
        raise


_SUFFIXES = (".json", ".ndjson", ".jsonl", ".log", ".txt", ".gz", ".zst")


def _field(name: str, known: Mappings) -> str | None:
    """The field that a name means, or nearly."""
    if name in known.fields or any(each.startswith(f"{name}.") for each in known.fields):
        return name
    return None if name.endswith(_SUFFIXES) or "/" in name else nearest(name, known.fields)


def _event(tracer: Tracer, selected: Selected, html: str | None, *, absent: bool, as_json: bool) -> None:
    """Print, or write, what became of one event; exit code 1 where it gives no document."""
    where = {"file": selected.file, "line": selected.line, "number": selected.number}
    try:
        trace = selected.trace(tracer)
    except EventError as error:
        if as_json:
            _print({"event": where, "document": None, "reason": error.reason, "message": error.message})
        else:
            say(f"{selected}: this event gives no document: {error.message}")
        raise click.exceptions.Exit(1) from None
    if html is not None:
        with Output(html) as out:
            out.write(page(trace, str(selected), tracer.mappings))
        if html == "-":
            return
    if as_json:
        names = {"uuid": trace.event["uuid"], "type": trace.event["eventType"]}
        _print({"event": where | names, **of_trace(trace)})
    elif html is None:
        for line in told_trace(trace, str(selected), tracer.mappings, absent=absent):
            say(line)


def _coverage(tracer: Tracer, found: Sequence[Source], batches: Iterator[Batch], *, as_json: bool) -> None:
    counted = Coverage(tracer)
    for batch in View(quiet=False).progress(found, batches):
        counted.add(batch)
    if as_json:
        _print(of_coverage(counted))
    else:
        for line in told_coverage(counted):
            say(line)


def _print(value: Any) -> None:
    say(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
