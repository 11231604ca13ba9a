"""What commands say on standard error: errors, warnings, a progress bar on a terminal, the summary."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from normalizer import __version__
from normalizer.errors import OutputError, ReaderGone
from normalizer.inputs import Batch, Source
from normalizer.outputs.files import why
from normalizer.outputs.letters import DeadLetters
from normalizer.runtime.batch import Counts, DeadLetter

MOST_LETTERS = 20
"""So many dead letters are told one by one where no file keeps them."""
MOST_TYPES = 50
"""So many event types are told in the summary, the most frequent ones."""
LONGEST_NAME = 80

log = logging.getLogger("mim-ecs")

# What would move the cursor, forge a line or turn its direction on a terminal, and what UTF-8 cannot hold.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """A text for a terminal: what it would not print stands as `\\x1b`."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


class _Handler(logging.StreamHandler[Any]):
    """Writes to what is standard error now: while a progress bar is shown, it takes the lines and stays below them."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def start_log(log_format: str) -> None:
    """Say everything as text, or as JSON of the Elastic Common Schema (`ecs`)."""
    logging.raiseExceptions = False  # nobody can be told that standard error is closed
    handler = _Handler()
    handler.setFormatter(_ecs_formatter() if log_format == "ecs" else _Text())
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel(logging.INFO)


def _ecs_formatter() -> logging.Formatter:
    import ecs_logging

    # Where in our code a line was logged says nothing to whoever runs us.
    return ecs_logging.StdlibFormatter(
        exclude_fields=["log.origin", "log.original", "process.thread", "process.name"],
        extra={"service.name": "mim-ecs", "service.version": __version__, "event.dataset": "mim-ecs.log"},
    )


def is_text() -> bool:
    """Whether people read what is said."""
    return isinstance(log.handlers[0].formatter, _Text)


def tell_error(error: str | click.ClickException, *, begin: str = "Error: ") -> None:
    """Say why the command ends, as one sentence."""
    sentence = error.format_message() if isinstance(error, click.ClickException) else error
    if begin and not sentence.endswith((".", "?", "…")):
        sentence += "."
    if isinstance(error, click.UsageError) and error.ctx is not None:
        sentence += f" See {error.ctx.command_path} --help."
    log.error("%s%s", begin if is_text() else "", sentence)


def say(text: str) -> None:
    """A line on standard output. Raises OutputError."""
    try:
        click.echo(text)
    except BrokenPipeError:
        raise ReaderGone("nobody reads standard output any more") from None
    except OSError as error:
        raise OutputError(f"standard output cannot be written: {why(error)}") from None


def tell_kept(letters: DeadLetters) -> None:
    """Say where dead letters are, if there are any."""
    if letters.count:
        are = "1 dead letter is" if letters.count == 1 else f"{letters.count:,} dead letters are"
        log.error("%s in %s.", are, letters.path)


class View:
    """Tells what happens to the events."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._started = time.monotonic()
        self._told = 0

    def progress(self, sources: Sequence[Source], batches: Iterator[Batch], *, aside: bool = True) -> Iterator[Batch]:
        """The batches, with a progress bar where standard error is a terminal.

        `aside`: nothing else is written there; documents and a bar on one terminal would mix.
        """
        if self.quiet or not aside or not is_text() or not sys.stderr.isatty():
            return batches
        from normalizer.cli.progress import progress

        return progress(sources, batches, printable)

    def letters(self, letters: Iterable[DeadLetter]) -> None:
        """Tell dead letters that no file keeps."""
        for letter in letters:
            self._told += 1
            if self._told <= MOST_LETTERS:
                facts = {"error.type": letter.reason, "log.file.path": letter.file, "mim_ecs.line": letter.line}
                log.error("%s", letter, extra=facts)
            elif self._told == MOST_LETTERS + 1:
                log.error("… and more; --dead-letters FILE keeps all of them")

    def summary(self, counts: Counts, *, made_here: bool = True, **more: int) -> None:
        """The counts, `more` of them in a line of their own, and those of each event type.

        What a cluster makes has no problems and types that we know of.
        """
        if self.quiet:
            return
        seconds = time.monotonic() - self._started
        words = {"read": counts.read, "written": counts.written, "skipped": counts.skipped, "dead": counts.dead}
        words |= {"with_problems": counts.problems} if made_here else {}
        if is_text():
            log.info("%s (%.1f s)", _told(words), seconds)
            if more:
                log.info("%s", _told(more))
            self._types(counts)
        else:
            words |= more
            facts = {"event.duration": int(seconds * 1e9), "mim_ecs": words | _lists(counts)}
            log.info("%s (%.1f s)", _told(words), seconds, extra=facts)

    def _types(self, counts: Counts) -> None:
        told = counts.by_type.most_common(MOST_TYPES)
        rows = []
        for name, count in sorted(told):
            problems = counts.problems_by_type.get(name, 0)
            rows.append((name[:LONGEST_NAME], count, f"  ({problems:,} with problems)" if problems else ""))
        if left := counts.by_type.total() - sum(count for _, count in told):
            rows.append((f"{len(counts.by_type) - len(told)} more types", left, ""))
        rows += [(f"dead: {reason}", count, "") for reason, count in sorted(counts.reasons.items())]
        width = max((len(name) for name, _, _ in rows), default=0)
        for name, count, rest in rows:
            log.info("  %-*s %10s%s", width, name, f"{count:,}", rest)


def _told(words: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in words.items())


def _lists(counts: Counts) -> dict[str, list[dict[str, str | int]]]:
    """Counts by name as lists: as keys, names with dots would make a tree of objects and field names without end."""
    return {
        "event_types": [{"name": name, "count": count} for name, count in counts.by_type.most_common(MOST_TYPES)],
        "reasons": [{"name": name, "count": count} for name, count in sorted(counts.reasons.items())],
    }
