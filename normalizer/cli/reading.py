"""What commands that read events have in common."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from normalizer.cli.view import log
from normalizer.errors import SettingsError
from normalizer.inputs import Batch, Source, read
from normalizer.outputs.files import Labelled, same_file

BATCH_BYTES = 256 * 1024
"""Of events' text in one batch, whose documents take three times that; larger batches gain no speed."""


def read_all(found: Sequence[Source], max_event: int) -> Iterator[Batch]:
    """The candidate events of all sources, one after the other."""
    for source in found:
        yield from read(source, max_event=max_event, batch_bytes=BATCH_BYTES)


def check_outputs(
    found: Sequence[Source],
    *,
    output: str | None,
    dead_letters: Path | None,
    others: Sequence[tuple[str, Path | None]] = (),
) -> None:
    """Raise SettingsError where an output is also read, or where documents, dead letters and others would be mixed.

    `others` are further files that are written: what each is, and its path, where there is one.
    """
    inputs = [(source.name, source.path if source.path is not None else 0) for source in found]
    targets: list[Labelled] = []
    targets.append(("standard output", 1) if output in (None, "-") else (f"the output {output}", str(output)))
    if dead_letters is not None:
        if str(dead_letters) == "-":
            raise SettingsError("dead letters need a file; /dev/stderr shows them")
        targets.append((f"the file of dead letters {dead_letters}", dead_letters))
    targets += [(f"{label} {path}", path) for label, path in others if path is not None]
    if (both := same_file(targets, inputs)) is not None:
        raise SettingsError(f"{both[0]} is the same file as {both[1]}; write to another one")


def tell_terminal(found: Sequence[Source]) -> None:
    """Whoever calls us without input should not wonder why nothing happens."""
    if sys.stdin is not None and sys.stdin.isatty() and any(source.path is None for source in found):
        log.info("Reading events from the terminal; Ctrl-D ends them.")
