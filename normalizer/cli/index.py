"""`mim-ecs index`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from normalizer.cli.delivering import BATCH_BYTES, Delivery, How, delivery_options
from normalizer.cli.reading import check_outputs, tell_terminal
from normalizer.cli.settings import epilog, input_options, view_options
from normalizer.cli.view import View, log, tell_kept
from normalizer.delivery.checkpoint import Checkpoint
from normalizer.inputs import Batch, Position, Source, read, sources
from normalizer.outputs.letters import SIZE, DeadLetters


@click.command(
    epilog=epilog(
        "ELASTICSEARCH_URL=http://localhost:9200 mim-ecs index logs/", "0", "1", "2", "3", "4", "5", "130, 143"
    )
)
@input_options
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Remember here how far each file is indexed, and go on there next time. Events that are being written at a "
    "file's end wait for the next time.",
)
@click.option(
    "--dead-letters",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("dead-letters.ndjson"),
    show_default=True,
    help="Append events that give no document, or that the server refuses, here.",
)
@click.option(
    "--dead-letters-size",
    type=click.IntRange(min=4096),
    default=SIZE,
    show_default=True,
    metavar="BYTES",
    help="A larger file of dead letters is renamed to FILE.1 and so on, up to 16 files; then index stops.",
)
@delivery_options
@view_options
def index(
    how: How,
    inputs: tuple[str, ...],
    max_event: int,
    state: Path | None,
    dead_letters: Path,
    dead_letters_size: int,
    quiet: bool,
) -> None:
    """Turn events into ECS documents and index them into Elasticsearch or OpenSearch.

    They go into the data stream logs-okta.mim-NAMESPACE, each with its event's uuid as _id, so that sending events
    again does no harm. Install the templates with `mim-ecs setup` first.
    """
    view = View(quiet=quiet)
    delivery = Delivery(how)
    found = sources(inputs)
    others = [("the file of metrics", delivery.metrics_file), ("the state file", state)]
    check_outputs(found, output=None, dead_letters=dead_letters, others=others)
    with ExitStack() as stack:
        checkpoint = None
        if state is not None:
            checkpoint = stack.enter_context(Checkpoint(state))
            checkpoint.check(found)
            checkpoint.compare(delivery.target)
        letters = stack.enter_context(DeadLetters(dead_letters, size=dead_letters_size, facts=delivery.facts))
        with delivery:
            starts = _starts(found, checkpoint, delivery, max_event, quiet=quiet)
            try:
                tell_terminal(found)
                batches = _read(starts, max_event, growing=checkpoint is not None)
                delivery.run(
                    view.progress([source for source, _ in starts], batches),
                    letters.write,
                    checkpoint.acknowledged if checkpoint is not None else None,
                )
            finally:  # however it ends: what the server has stays there, and somebody will want to know
                delivery.tell(view)
                tell_kept(letters)
    if delivery.counts.dead or delivery.delivered.dead:
        raise click.exceptions.Exit(1)


def _starts(
    found: Sequence[Source], checkpoint: Checkpoint | None, delivery: Delivery, max_event: int, *, quiet: bool
) -> list[tuple[Source, Position | None]]:
    """The sources, and where each is read on; says what is not as it was."""
    if checkpoint is None:
        return [(source, None) for source in found]
    checkpoint.bind(delivery.target)
    if checkpoint.knows_events and delivery.has_stream() is False:
        log.warning("%s", checkpoint.stream_is_gone())
    plan = checkpoint.resume(found, max_event)
    for sentence in plan.sentences:
        log.warning("%s", sentence)
    for sentence in plan.news if not quiet else ():
        log.info("%s", sentence)
    return plan.files


def _read(starts: Sequence[tuple[Source, Position | None]], max_event: int, *, growing: bool) -> Iterator[Batch]:
    for source, start in starts:
        for batch in read(source, start=start, growing=growing, max_event=max_event, batch_bytes=BATCH_BYTES):
            if batch.note:
                log.warning("%s", batch.note)
            yield batch
