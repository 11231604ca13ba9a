"""`mim-ecs build`."""

from __future__ import annotations

from pathlib import Path

import click

from normalizer.backends import FOLDERS, SUFFIXES, outputs
from normalizer.backends.python.generate import generate
from normalizer.cli.settings import epilog, mappings_option
from normalizer.cli.view import log, say
from normalizer.data import data_folder
from normalizer.errors import OutputError, SettingsError
from normalizer.language import load
from normalizer.outputs.files import why


@click.command(epilog=epilog("mim-ecs build --check", "0", "1", "2", "4", "130, 143", "141"))
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the generated files. Default: the repository's top level.",
)
@mappings_option
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; name the files that are stale, missing, or written by nobody any more.",
)
@click.option("--print", "print_type", metavar="EVENT_TYPE", help="Print the Python function of an event type instead.")
def build(into: Path | None, mappings: Path | None, check: bool, print_type: str | None) -> None:
    """Renew everything that is compiled from the mappings.

    JSON Schemas of the documents, index and component templates.
    """
    known = load(mappings)
    if print_type is not None:
        plan = known.plan(print_type)
        if plan is None:
            raise SettingsError(f'no mapping takes events of type "{print_type}"')
        if plan.fallback and plan.event_type != print_type:
            log.info("%s has no mapping of its own; this is what %s does.", print_type, plan.event_type)
        say(generate(plan).text)
        return
    if into is None and mappings is not None:
        raise SettingsError("say with --into where the files of these mappings belong")
    top = into or data_folder()
    wanted = {top / path: data for path, data in outputs(known)}
    there = (path for folder in FOLDERS for path in sorted((top / folder).rglob("*")))
    left = [path for path in there if path.suffix in SUFFIXES and path not in wanted]
    stale = [path for path, data in wanted.items() if not path.is_file() or path.read_bytes() != data]
    for path in stale:
        word = "stale" if path.exists() else "missing"
        if not check:
            word = "written"
            _write(path, wanted[path])
        say(f"{word}: {path.relative_to(top)}")
    for path in left:
        if not check:
            _remove(path)
        say(f"{'nobody writes any more' if check else 'removed'}: {path.relative_to(top)}")
    if check and (stale or left):
        say("Run `mim-ecs build`, look at the difference and commit it.")
        raise click.exceptions.Exit(1)
    if not stale and not left:
        say(f"All {len(wanted)} generated files are up to date.")


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {why(error)}") from None


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise OutputError(f"{path} cannot be removed: {why(error)}") from None
