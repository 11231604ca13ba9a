"""`mim-ecs setup`."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click
import orjson

from normalizer.backends.templates import IndexMode
from normalizer.cli.servers import connected, server_options
from normalizer.cli.settings import mappings_option
from normalizer.cluster.setup import State, apply, plan, wanted
from normalizer.language import load


@click.command(epilog="Example: ELASTICSEARCH_URL=http://localhost:9200 mim-ecs setup --dry-run")
@server_options
@mappings_option
@click.option("--dry-run", is_flag=True, help="Show what would be installed, and change nothing.")
@click.option("--retention", metavar="TIME", help="Delete documents after so long, like 365d. Default: keep them.")
@click.option(
    "--index-mode", type=click.Choice(["standard", "logsdb"]), default="standard", show_default=True, help="How indices are stored."
)
def setup(url: str | None, mappings: Path | None, dry_run: bool, retention: str | None, index_mode: str) -> None:
    """Install the index and component templates of the data stream into Elasticsearch.

    Says what is added, changed and the same; a second run changes nothing.
    """
    known = load(mappings)
    client = connected(url)
    changes = plan(client, wanted(known, client, index_mode=cast(IndexMode, index_mode), retention=retention))
    for change in changes:
        click.echo(f"{change.state:8}{change.kind} {change.name}")
        if dry_run and change.state is not State.SAME:
            click.echo(orjson.dumps(change.body, option=orjson.OPT_INDENT_2).decode())
    if dry_run:
        click.echo("Nothing was changed: this was a dry run.")
        return
    apply(client, changes)
    if all(change.state is State.SAME for change in changes):
        click.echo("Nothing to do.")
