"""What commands say on standard error: logs, a progress bar on a terminal, the summary; and the table for people."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click
import ecs_logging
import orjson
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from normalizer.inputs import Batch, Source
from normalizer.runtime.batch import Counts, DeadLetter
from normalizer.runtime.normalizer import Normalized

MOST_LETTERS = 20
"""So many dead letters are told one by one where no file keeps them."""


class View:
    """Tells what happens. With `log_format` ecs every sentence is a JSON object of the Elastic Common Schema."""

    def __init__(self, *, quiet: bool, log_format: str) -> None:
        self.quiet = quiet
        self.log = logging.getLogger("mim-ecs")
        self.log.handlers.clear()
        self.log.propagate = False
        self.log.setLevel(logging.INFO)
        self._ecs = log_format == "ecs"
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(ecs_logging.StdlibFormatter() if self._ecs else logging.Formatter("%(message)s"))
        self.log.addHandler(handler)
        self._started = time.monotonic()
        self._told = 0

    def progress(self, sources: Sequence[Source], batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches, with a progress bar where standard error is a terminal."""
        if self.quiet or self._ecs or not sys.stderr.isatty():
            yield from batches
            return
        total = sum(source.size or 0 for source in sources) if all(source.size is not None for source in sources) else None
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("reading", total=total)
            finished, file, consumed = 0, "", 0
            for batch in batches:
                if batch.file != file:
                    finished, file = finished + consumed, batch.file
                consumed = batch.consumed
                bar.update(task, completed=finished + consumed, description=Text(batch.file).plain[-40:])
                yield batch

    def letters(self, letters: Iterable[DeadLetter]) -> None:
        """Tell dead letters that no file keeps."""
        for letter in letters:
            self._told += 1
            if self._told <= MOST_LETTERS:
                self.log.error("%s", letter, extra=_labels(letter))
            elif self._told == MOST_LETTERS + 1:
                self.log.error("… and more; --dead-letters FILE keeps all of them")

    def summary(self, counts: Counts, **more: Any) -> None:
        """The counts, and those of each event type."""
        if self.quiet:
            return
        seconds = time.monotonic() - self._started
        words = {"read": counts.read, "written": counts.written, "skipped": counts.skipped, "dead": counts.dead}
        words |= {"with problems": counts.problems} | more
        text = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in words.items())
        if self._ecs:
            labels = {name.replace(" ", "_"): value for name, value in words.items()}
            self.log.info("%s", text, extra={"event.duration": int(seconds * 1e9), "mim_ecs": labels | {"by_type": dict(counts.by_type)}})
            return
        self.log.info("%s (%.1f s)", text, seconds)
        width = max((len(name) for name in counts.by_type), default=0)
        for name, count in sorted(counts.by_type.items()):
            problems = counts.problems_by_type.get(name, 0)
            self.log.info("  %-*s %10s%s", width, name, f"{count:,}", f"  ({problems:,} with problems)" if problems else "")
        for reason, count in sorted(counts.reasons.items()):
            self.log.info("  %-*s %10s", width, f"dead: {reason}", f"{count:,}")


def _labels(letter: DeadLetter) -> dict[str, Any]:
    return {"event.reason": letter.reason, "log.origin": {"file.name": letter.file, "file.line": letter.line}}


_COLUMNS = ("time", "event", "outcome", "actor", "device", "from", "message")
_ROWS = 500


class TableView:
    """Documents as a table for people, page by page, so that memory stays flat."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, ...]] = []
        self._console = Console()
        if not self._console.is_terminal:
            self._console = Console(width=160)

    def add(self, documents: Iterable[Normalized]) -> None:
        """Add documents; full pages are printed."""
        for done in documents:
            self._rows.append(_row(orjson.loads(done.document)))
            if len(self._rows) >= _ROWS:
                self.flush()

    def flush(self) -> None:
        """Print what is left."""
        if not self._rows:
            return
        table = Table(*_COLUMNS, box=None, header_style="bold", pad_edge=False)
        for row in self._rows:
            table.add_row(*(Text(cell, overflow="ellipsis", no_wrap=True) for cell in row))
        self._console.print(table)
        self._rows.clear()


def _row(document: dict[str, Any]) -> tuple[str, ...]:
    def at(*keys: str) -> str:
        value: Any = document
        for key in keys:
            value = value.get(key, {}) if isinstance(value, dict) else {}
        return value if isinstance(value, str) else ""

    place = ", ".join(filter(None, (at("client", "geo", "city_name"), at("client", "geo", "country_iso_code"))))
    origin = f"{at('client', 'ip')} {f'({place})' if place else ''}".strip()
    return (
        at("@timestamp")[:19].replace("T", " "),
        at("event", "action"),
        at("event", "outcome"),
        at("user", "name") or at("okta", "actor", "display_name"),
        at("host", "name") or at("host", "id"),
        origin,
        "; ".join(document.get("error", {}).get("message", [])) or at("message"),
    )


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def note(text: str) -> None:
    """A line on standard output."""
    click.echo(text)
