"""The progress bar. A module of its own: only a terminal needs rich, which takes long to load."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from normalizer.inputs import Batch, Source


def progress(sources: Sequence[Source], batches: Iterable[Batch], printable: Callable[[str], str]) -> Iterator[Batch]:
    """The batches, and a bar of the bytes read on standard error; it goes when they end.

    `printable` makes the name of a file one that a terminal can show.
    """
    sizes = [source.size for source in sources]
    total = sum(size or 0 for size in sizes) if None not in sizes else None
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("reading", total=total)
        finished, file, consumed = 0, "", 0
        for batch in batches:
            if batch.file != file:
                finished, file = finished + consumed, batch.file
            consumed = batch.consumed
            bar.update(task, completed=finished + consumed, description=printable(batch.file)[-40:])
            yield batch
