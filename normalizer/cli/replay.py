"""`mim-ecs replay`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from normalizer.cli.delivering import Delivery, How, delivery_options
from normalizer.cli.settings import epilog, view_options
from normalizer.cli.view import MOST_LETTERS, View, log
from normalizer.delivery.replay import LetterFile, Replay
from normalizer.errors import InputError
from normalizer.inputs import Source

DEFAULT = Path("dead-letters.ndjson")


@click.command(epilog=epilog("mim-ecs replay dead-letters.ndjson", "0", "1", "2", "3", "4", "5", "130, 143"))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@delivery_options
@view_options
def replay(how: How, files: tuple[Path, ...], quiet: bool) -> None:
    """Send dead letters again, and keep those that fail again.

    FILE is a file of dead letters of `mim-ecs index` or `mim-ecs normalize` (where none is named, the one of `index`:
    dead-letters.ndjson, or what the settings say); the full ones beside it, FILE.1 and so on, are sent first. Their
    events are indexed as `mim-ecs index` would, with its settings, and the mappings and templates of now. A letter goes
    when the server has its document; the others stay, with why they failed this time and `attempts`. Stopped at any
    time, a replay can be run again.
    """
    view = View(quiet=quiet)
    delivery = Delivery(how)
    named = files or (usual(),)
    with ExitStack() as stack:
        tell = _Teller()
        replays = [stack.enter_context(Replay(path, delivery.stream, tell)) for path in _distinct(named)]
        if files and (missing := next((each for each in replays if not each.files), None)) is not None:
            raise InputError(f"There is no file {missing.path}.")
        found = [file for each in replays for file in each.files]
        if not found:
            log.info("There are no dead letters: no file %s.", named[0])
            return
        stack.enter_context(delivery)
        try:
            for file in found:
                _replay(delivery, file, view)
        finally:  # however it ends: what the server has stays there, and somebody will want to know
            delivery.tell(view)
            kept = [_told_kept(file) for file in found]
    if any(kept):
        raise click.exceptions.Exit(1)


def usual() -> Path:
    """Where `mim-ecs index` keeps them."""
    settings = click.get_current_context().find_root().default_map or {}
    return Path(settings.get("index", {}).get("dead_letters", DEFAULT))


def _distinct(files: Sequence[Path]) -> list[Path]:
    return [*{os.path.realpath(path): path for path in reversed(files)}.values()][::-1]


def _replay(delivery: Delivery, file: LetterFile, view: View) -> None:
    before = _skipped(delivery)
    source = Source(file.name, Path(file.name), file.size)
    delivery.run(view.progress([source], file.batches()), file.write)
    if not (skipped := _skipped(delivery) - before):
        file.finish()
        return
    # Which of them, nobody says; and where that is a wrong --mappings, they must not go.
    log.error("%s stays as it was: events that no mapping takes are skipped (%s).", file.name, f"{skipped:,}")


def _skipped(delivery: Delivery) -> int:
    return delivery.counts.skipped + delivery.delivered.dropped


class _Teller:
    """Tells the first letters that cannot be sent."""

    def __init__(self) -> None:
        self._told = 0

    def __call__(self, sentence: str) -> None:
        self._told += 1
        if self._told <= MOST_LETTERS:
            log.error("%s", sentence)
        elif self._told == MOST_LETTERS + 1:
            log.error("… and more")


def _told_kept(file: LetterFile) -> bool:
    """Say what stays in a file, if it was finished; whether anything does."""
    kept = file.kept
    parts = [
        (kept.again, "failed again"),
        (kept.partial, "without their whole event"),
        (kept.elsewhere, "of another data stream (see --namespace)"),
        (kept.foreign, "lines that are no dead letters"),
    ]
    words = ", ".join(f"{count:,} {what}" for count, what in parts if count)
    if file.finished and words:
        log.error("%s kept in %s: %s.", f"{kept.total:,}", file.name, words)
    return bool(words) or not file.finished
