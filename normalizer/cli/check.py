"""`mim-ecs check`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import click

from normalizer.authoring.checking import Report
from normalizer.authoring.checking import check as check_pack
from normalizer.authoring.golden import Golden
from normalizer.authoring.pack import GOLDEN, Pack, find
from normalizer.authoring.reports import FORMATS
from normalizer.cli.settings import epilog, log_format_option
from normalizer.cli.view import log, printable, say
from normalizer.errors import SettingsError
from normalizer.language import load

_LOOK = 250
"""Milliseconds."""


@click.command(epilog=epilog("mim-ecs check --format github", "0", "1", "2", "4", "130, 143", "141"))
@click.argument("folder", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="text for people; annotations of GitHub Actions; SARIF 2.1.0; JUnit's XML; JSON.",
)
@click.option("--renew", is_flag=True, help="First write the documents of the golden cases as they are now.")
@click.option("--watch", is_flag=True, help="Check again whenever a file is saved, until Ctrl-C.")
@log_format_option
def check(folder: Path, form: str, renew: bool, watch: bool) -> None:
    """Hold mapping files against all that is asked of them: what CI calls.

    DIR holds mappings/, with tests/golden/ and generated files beside it; or it is a folder of mapping files alone.
    Looks for mistakes in the mapping language and for what the linter knows, compares golden cases, and names generated
    files that are stale.
    """
    pack = find(folder)
    if renew:
        _renew(pack)
    for number, _ in enumerate(_changes(pack) if watch else [None]):
        if number:
            click.clear()
        report = check_pack(pack)
        _tell(report, form)
        if watch and not number:
            log.info("Watching %s; Ctrl-C ends this.", pack.top or pack.mappings)
    if report.findings:
        raise click.exceptions.Exit(1)


def _tell(report: Report, form: str) -> None:
    for line in FORMATS[form](report):
        say(printable(line) if form == "text" else line)


def _renew(pack: Pack) -> None:
    """Say which documents have changed. Raises MappingError, SettingsError."""
    if pack.golden is None:
        raise SettingsError(f"golden cases lie in {GOLDEN}/ beside a folder mappings/; name the folder that holds both")
    for case in Golden(load(pack.mappings), pack.golden).renew():
        log.info("renewed: %s", case)


def _changes(pack: Pack) -> Iterator[object]:
    """At once, and whenever files of the pack were saved after that: they are watched before they are read first."""
    from watchfiles import DefaultFilter, watch

    ours = DefaultFilter(ignore_dirs=[*DefaultFilter.ignore_dirs, "build"])
    changes = watch(pack.top or pack.mappings, watch_filter=ours, yield_on_timeout=True, rust_timeout=_LOOK)
    bell: SimpleQueue[object] = SimpleQueue()

    def ring() -> None:
        bell.put(next(changes))
        for _ in filter(None, changes):
            bell.put(None)

    Thread(target=ring, daemon=True).start()  # in this thread every signal would be Ctrl-C to it
    while True:
        yield bell.get()
