"""`mim-ecs drift`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson

from normalizer.authoring.drift import Drift, read_catalog
from normalizer.authoring.drift import drift as compare
from normalizer.cli.settings import epilog, log_format_option, own_mappings_option
from normalizer.cli.view import printable, say
from normalizer.language import load


@click.command(epilog=epilog("mim-ecs drift okta-event-types.csv", "0", "1", "2", "4", "130, 143", "141"))
@click.argument("catalog", type=click.File("rb"), metavar="CATALOG.csv")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@own_mappings_option
@log_format_option
def drift(catalog: BinaryIO, as_json: bool, mappings: Path | None) -> None:
    """Say what Okta's catalogue of event types has that the mappings lack, and the other way round.

    CATALOG.csv is the file that Okta's page "Event Types" offers (- reads standard input). New are types of a prefix
    that is mapped, such as mim.*; types of other parts of Okta are only counted.
    """
    found = compare(read_catalog(catalog.read(), catalog.name), load(mappings))
    if as_json:
        say(orjson.dumps(_json(found), option=orjson.OPT_INDENT_2).decode())
    else:
        for line in _told(found):
            say(printable(line))
    if found:
        raise click.exceptions.Exit(1)


def _told(found: Drift) -> Iterator[str]:
    for name, place, now in found.renamed:
        yield f"renamed: {name} ({place.file}) is most likely {now.name} in the catalogue (line {now.line})"
    for each in found.new:
        yield f"new:     {each.name}{f' - {each.description}' if each.description else ''}; mim-ecs new {each.name}"
    for name, place in found.missing:
        yield f"missing: {name} ({place.file}) is not in the catalogue"
    yield f"{_types(found.same)} mapped; {_types(found.others)} of other parts of Okta."


def _types(count: int) -> str:
    return f"{count:,} event type{'s' if count != 1 else ''}"


def _json(found: Drift) -> dict[str, Any]:
    return {
        "new": [{"event_type": each.name, "description": each.description, "line": each.line} for each in found.new],
        "missing": [{"event_type": name, "file": place.file} for name, place in found.missing],
        "renamed": [
            {"event_type": name, "file": place.file, "now": now.name, "line": now.line}
            for name, place, now in found.renamed
        ],
        "mapped": found.same,
        "others": found.others,
    }
