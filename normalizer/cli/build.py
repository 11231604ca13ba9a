"""`mim-ecs build`."""

from __future__ import annotations

from pathlib import Path

import click

from normalizer.authoring.generated import Generated
from normalizer.backends.python.generate import generate
from normalizer.cli.settings import BESIDE, epilog, own_mappings_option
from normalizer.cli.view import log, say
from normalizer.data import data_folder
from normalizer.errors import SettingsError
from normalizer.language import load


@click.command(epilog=epilog("mim-ecs build --check", "0", "1", "2", "4", "130, 143", "141"))
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the generated files. Default: where mappings/ is, the current folder's or that of the package.",
)
@own_mappings_option
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; name the files that are stale, missing, or written by nobody any more.",
)
@click.option("--print", "print_type", metavar="EVENT_TYPE", help="Print the Python function of an event type instead.")
def build(into: Path | None, mappings: Path | None, check: bool, print_type: str | None) -> None:
    """Renew everything that is compiled from the mappings.

    JSON Schemas of the documents, index and component templates, ingest pipelines, and where there is a folder docs/,
    field tables.
    """
    if mappings == BESIDE and into is None:
        into = Path()
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
    generated = Generated(known, into or data_folder())
    if not check:
        generated.renew()
    words = _FOUND if check else _DONE
    for each in generated.outdated:
        say(f"{words[each.word]}: {each.path.relative_to(generated.top)}")
    if check and generated.outdated:
        say("Run `mim-ecs build`, look at the difference and commit it.")
        raise click.exceptions.Exit(1)
    if not generated.outdated:
        say(f"All {generated.count} generated files are up to date.")


_FOUND = {"stale": "stale", "missing": "missing", "left": "nobody writes any more"}
_DONE = {"stale": "written", "missing": "written", "left": "removed"}
