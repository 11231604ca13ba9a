"""`mim-ecs setup`."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click
import orjson

from normalizer.backends.templates import IndexMode
from normalizer.cli.servers import connected, server_options
from normalizer.cli.settings import epilog, log_format_option, mappings_option
from normalizer.cli.view import say
from normalizer.cluster import Change, State, apply, plan, wanted
from normalizer.language import load

_PLANNED = {State.ADDED: "would add", State.CHANGED: "would change", State.SAME: "same"}


@click.command(
    epilog=epilog("ELASTICSEARCH_URL=http://localhost:9200 mim-ecs setup --dry-run", "0", "2", "3", "4", "130, 143")
)
@server_options
@mappings_option
@click.option("--dry-run", is_flag=True, help="Show what would be installed, and change nothing.")
@click.option("--retention", metavar="TIME", help="Delete documents after so long, like 365d. Default: keep them.")
@click.option(
    "--index-mode",
    type=click.Choice(["standard", "logsdb"]),
    default="standard",
    show_default=True,
    help="How indices are stored.",
)
@log_format_option
def setup(url: str | None, mappings: Path | None, dry_run: bool, retention: str | None, index_mode: str) -> None:
    """Install the index and component templates of the data stream into Elasticsearch.

    Says what is added, changed and the same; a second run changes nothing.
    """
    known = load(mappings)
    with connected(url) as client:
        changes = plan(client, wanted(known, client, index_mode=cast(IndexMode, index_mode), retention=retention))
        done: list[Change] = []
        try:
            for change in changes if not dry_run else ():
                apply(client, [change])
                done.append(change)
        finally:  # what was put before an error stays there
            for change in changes if dry_run else done:
                say(f"{_PLANNED[change.state] if dry_run else change.state:14}{change.kind} {change.name}")
                if dry_run and change.state is not State.SAME:
                    say(orjson.dumps(change.body, option=orjson.OPT_INDENT_2).decode())
    if dry_run:
        say("Nothing was changed: this was a dry run.")
    elif all(change.state is State.SAME for change in changes):
        say("Nothing to do.")
    elif any(change.state is State.CHANGED for change in changes):
        say(
            "Templates act on new backing indices: roll the data stream over to use them now. Its lifecycle "
            "(--retention) stays as it was when it was made; change that with PUT _data_stream/NAME/_lifecycle."
        )
