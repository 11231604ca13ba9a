"""`mim-ecs diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from normalizer.authoring.diff import Verdict, compare
from normalizer.authoring.diff.formats import FORMATS
from normalizer.authoring.diff.report import Report
from normalizer.authoring.diff.sides import Side, sides
from normalizer.cli.settings import epilog, log_format_option
from normalizer.cli.view import printable
from normalizer.outputs.files import Output

if TYPE_CHECKING:
    from normalizer.authoring.diff.impact import Impact
    from normalizer.authoring.diff.model import Difference
    from normalizer.authoring.diff.samples import Samples


@click.command(
    epilog=epilog("mim-ecs diff main --fail-on major --format markdown", "0", "1", "2", "4", "130, 143", "141")
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", default=".")
@click.option(
    "--fail-on",
    type=click.Choice(["major", "minor"]),
    help="Exit code 1 where the verdict is major; with minor also where it is minor.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice([*FORMATS]),
    default="text",
    show_default=True,
    help="markdown fits a comment on a pull request; github makes annotations in GitHub Actions.",
)
@click.option(
    "--rules",
    type=click.Path(exists=True, path_type=Path),
    metavar="FOLDER",
    help="Detection rules and saved searches (Elastic's TOML, Sigma, Kibana's NDJSON): name those that break.",
)
@click.option(
    "--events",
    type=click.Path(),
    metavar="FILE",
    help="Events, of which the first 1,000 are shown before and after, field by field.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write here instead of to standard output.")
@log_format_option
def diff(
    old: str,
    new: str,
    fail_on: str | None,
    format_name: str,
    rules: Path | None,
    events: str | None,
    output: str | None,
) -> None:
    """Say what a change of the mappings changes for those who search the documents.

    OLD and NEW (the current folder, where it is left out) are each a folder that holds mappings/ or mapping files, a
    git revision (HEAD~1, main, v1.0, main:path/to/mappings), or the word `installed` for the package's own.
    """
    one, other = sides(old, new)
    difference = compare(one.mappings, other.mappings)
    report = Report(one, other, difference, _impact(rules, difference, one, other), _samples(events, one, other))
    lines = [line for part in FORMATS[format_name](report) for line in part.split("\n")]
    if format_name != "json":
        lines = [*map(printable, lines)]  # values of events among them
    with Output(output) as out:
        out.write("".join(f"{line}\n" for line in lines).encode(errors="backslashreplace"))
    if fail_on is not None and report.verdict >= Verdict[fail_on.upper()]:
        raise click.exceptions.Exit(1)


def _impact(rules: Path | None, difference: Difference, old: Side, new: Side) -> Impact | None:
    if rules is None:
        return None
    from normalizer.authoring.diff.impact import impact

    return impact(difference, old.mappings, new.mappings, rules)


def _samples(events: str | None, old: Side, new: Side) -> Samples | None:
    if events is None:
        return None
    from normalizer.authoring.diff.samples import samples

    return samples(old.mappings, new.mappings, events)
