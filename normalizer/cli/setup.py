"""`mim-ecs setup`."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click
import orjson
from elasticsearch import Elasticsearch

from normalizer.backends.pipelines import build
from normalizer.backends.pipelines.lookup import processors
from normalizer.backends.templates import Body, IndexMode
from normalizer.cli.servers import connected, server_options
from normalizer.cli.settings import epilog, log_format_option, mappings_option, org_option
from normalizer.cli.view import say
from normalizer.cluster import Change, Kind, State, apply, installed_org, obstacle, plan, wanted
from normalizer.errors import SetupError
from normalizer.language import Mappings, load
from normalizer.outputs.elasticsearch import address

_PLANNED = {State.ADDED: "would add", State.CHANGED: "would change", State.SAME: "same", State.YOURS: "yours"}


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
@click.option(
    "--pipelines/--no-pipelines",
    default=None,
    help="Insist on the ingest pipelines, or leave them out. Default: install them where the cluster has all of their "
    "processors.",
)
@org_option
@log_format_option
def setup(
    url: str | None,
    mappings: Path | None,
    dry_run: bool,
    retention: str | None,
    index_mode: str,
    pipelines: bool | None,
    org: str | None,
) -> None:
    """Install the templates and ingest pipelines of the data stream into Elasticsearch.

    Says what is added, changed, the same, and yours; a second run changes nothing.
    """
    known = load(mappings)
    with connected(url) as client:
        templates = wanted(known, client, index_mode=cast(IndexMode, index_mode), retention=retention)
        kept = installed_org(client) if org is None and pipelines is not False else None
        bodies, without = _pipelines(known, client, org or kept, pipelines)
        changes = plan(client, templates, bodies)
        done: list[Change] = []
        try:
            for change in changes if not dry_run else ():
                apply(client, [change])
                done.append(change)
        finally:  # what was put before an error stays there
            for change in changes if dry_run else done:
                _tell(change, dry_run=dry_run)
    reasons = [reason for reason in (without, "--org has no effect" if org and not bodies else "") if reason]
    if reasons:
        say(f"{'left out':14}ingest pipelines: {'; '.join(reasons)}")
    elif bodies and kept:
        say(f"{'kept':14}the Okta org {kept} of the installed pipeline; --org names another")
    _tell_end(changes, dry_run=dry_run)


def _pipelines(
    mappings: Mappings, client: Elasticsearch, org: str | None, asked: bool | None
) -> tuple[dict[str, Body], str]:
    """The pipelines to install, or none and why. Raises SetupError where they were asked for and cannot be there."""
    if asked is False:
        return {}, ""
    try:
        bodies = build(mappings, org=org)
        reason = obstacle(client, bodies)
    except SetupError as error:  # mappings too large for a script
        reason = str(error)
    if reason is None:
        return bodies, ""
    if asked:
        raise SetupError(f"The ingest pipelines cannot be installed at {address(client)}: {reason}.")
    return {}, reason


def _tell(change: Change, *, dry_run: bool) -> None:
    say(f"{_PLANNED[change.state] if dry_run else change.state:14}{change.kind} {change.name}")
    if dry_run and change.acts:
        if change.kind is Kind.PIPELINE:
            say(_short(change))
        else:
            say(orjson.dumps(change.body, option=orjson.OPT_INDENT_2).decode())


def _short(change: Change) -> str:
    """A line about a pipeline, for its scripts have a thousand lines."""
    held = [*processors(change.name, change.body)]
    scripts = [each.options["source"] for each in held if each.type == "script"]
    parts = [f"version {change.body['version']}"] if "version" in change.body else []
    parts.append(f"{len(held)} processors")
    if scripts:
        parts.append(f"{sum(len(source.encode()) for source in scripts):,} bytes of script")
    return f"  {', '.join(parts)}"


def _tell_end(changes: list[Change], *, dry_run: bool) -> None:
    if dry_run:
        say("Nothing was changed: this was a dry run.")
    elif not any(change.acts for change in changes):
        say("Nothing to do.")
    elif any(change.state is State.CHANGED and change.kind is not Kind.PIPELINE for change in changes):
        say(
            "Templates act on new backing indices: roll the data stream over to use them now. Its lifecycle "
            "(--retention) stays as it was when it was made; change that with PUT _data_stream/NAME/_lifecycle."
        )
