"""`mim-ecs setup`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import cast

import click
import orjson

from normalizer.backends.pipelines import build
from normalizer.backends.pipelines.lookup import processors
from normalizer.backends.templates import Body, IndexMode
from normalizer.cli.servers import connected, server_options
from normalizer.cli.settings import epilog, given, log_format_option, mappings_option, org_option, refuse
from normalizer.cli.view import log, say
from normalizer.cluster import (
    Change,
    DataStream,
    Installed,
    Kind,
    Rollover,
    State,
    apply,
    data_streams,
    installed_index_mode,
    installed_org,
    installed_retention,
    needed,
    obstacle,
    plan,
    read_retention,
    removable,
    remove,
    retention_changes,
    roll_over,
    shortened,
    wanted,
)
from normalizer.errors import SetupError
from normalizer.language import Mappings, load
from normalizer.language.advice import choices
from normalizer.outputs.server import Server
from normalizer.signals import held

_PLANNED = {State.ADDED: "would add", State.CHANGED: "would change", State.SAME: "same", State.YOURS: "yours"}
_MEANINGLESS = ("mappings", "retention", "index_mode", "rollover", "pipelines", "org")
"""Options that mean nothing with --remove; only --no-pipelines does."""
_QUIET = 5.0
"""Seconds without a first answer, after which it is said that we wait."""
_MOST = 6
"""So many data streams are named in one sentence."""


@click.command(
    epilog=epilog(
        "ELASTICSEARCH_URL=http://localhost:9200 mim-ecs setup --dry-run", "0", "1", "2", "3", "4", "130, 143", "141"
    )
)
@server_options
@mappings_option
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@click.option(
    "--retention",
    metavar="TIME",
    help="Delete documents after so long, like 365d, in data streams that are there too; none keeps them for ever. "
    "Default: as it was installed. Asks where data streams would lose documents that they keep now.",
)
@click.option(
    "--index-mode",
    type=click.Choice(["standard", "logsdb"]),
    help="How indices are stored. Default: as it was installed, at first standard.",
)
@click.option(
    "--rollover",
    is_flag=True,
    help="Start a new backing index where a data stream does not have yet what the templates say.",
)
@click.option(
    "--pipelines/--no-pipelines",
    default=None,
    help="Insist on the ingest pipelines, or leave them out. Default: install them where the cluster has all of their "
    "processors.",
)
@org_option
@click.option("--remove", "removing", is_flag=True, help="Remove what setup has installed; data streams stay.")
@click.option("--yes", is_flag=True, help="Do without asking what --remove and --retention ask for.")
@log_format_option
@click.pass_context
def setup(
    context: click.Context,
    url: str | None,
    engine: str | None,
    mappings: Path | None,
    dry_run: bool,
    retention: str | None,
    index_mode: str | None,
    rollover: bool,
    pipelines: bool | None,
    org: str | None,
    removing: bool,
    yes: bool,
) -> None:
    """Install the templates and ingest pipelines of the data stream into Elasticsearch or OpenSearch.

    Says what is added, changed, the same, and yours; a second run changes nothing.
    """
    if removing:
        _check_removing(context)
        with connected(url, engine) as server:
            _remove(server, pipelines=pipelines is not False, dry_run=dry_run, yes=yes)
        return
    if retention is not None:
        read_retention(retention)
    known = load(mappings)
    with connected(url, engine) as server:
        installed = _installed(server)
        mode = index_mode or installed_index_mode(installed) or "standard"
        time = read_retention(retention) if retention is not None else installed_retention(installed)
        templates = wanted(known, server, index_mode=cast(IndexMode, mode), retention=time)
        kept = installed_org(installed) if org is None and pipelines is not False else None
        bodies, without = _pipelines(known, server, org or kept, pipelines)
        changes = plan(server, templates, bodies, installed=installed)
        streams = data_streams(server)
        if retention is not None:
            changes += retention_changes(server, streams, time)
        rollovers = needed(server, installed, changes, streams)
        losing = shortened(streams, time) if retention is not None else []
        if losing and not dry_run and not yes:
            _tell_losing(losing, time)
            _check_losing(server, losing, time)
        _apply(server, changes, dry_run=dry_run)
        _tell_kept(
            retention=time if retention is None else None,
            index_mode=mode if index_mode is None and mode != "standard" else None,
            org=kept if bodies else None,
        )
        reasons = [reason for reason in (without, "--org has no effect" if org and not bodies else "") if reason]
        if reasons:
            say(f"{'left out':14}ingest pipelines: {'; '.join(reasons)}")
        _roll_over(server, rollovers, streams, dry_run=dry_run, asked=rollover)
        if dry_run:
            _tell_losing(losing, time)
    if dry_run:
        say("Nothing was changed: this was a dry run.")
    elif rollovers and not rollover:
        say("Until a rollover, documents are indexed as before: `mim-ecs setup --rollover` does it.")
    elif not rollovers and not any(change.acts for change in changes):
        say("Nothing to do.")


def _check_removing(context: click.Context) -> None:
    """Raise SettingsError for flags that mean nothing with --remove."""
    refuse([flag for flag in given(context, _MEANINGLESS) if flag != "--no-pipelines"], "with --remove")


def _installed(server: Server) -> Installed:
    """What is installed; here the server is first asked for something."""
    installed = Installed(server)
    with _waiting(server):
        installed.index_templates()
    return installed


@contextmanager
def _waiting(server: Server) -> Iterator[None]:
    """Say that we wait, where it takes long."""
    timer = Timer(_QUIET, log.info, ("Waiting for an answer of %s at %s …", server.engine, server.address))
    timer.daemon = True
    with held():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _tell_losing(names: list[str], retention: str | None) -> None:
    for name in names:
        say(f"{'would delete':14}documents of data stream {name} that are older than {retention}")


def _check_losing(server: Server, names: list[str], retention: str | None) -> None:
    """Go on only where a person says so. Raises SetupError where there is none."""
    named = choices(names if len(names) <= _MOST else [*names[:_MOST], f"{len(names) - _MOST} more"], "and")
    would = f"--retention {retention} would delete documents of the data stream{'s' if len(names) > 1 else ''} {named}"
    nobody = f"Nothing was changed: {would}, and there is no terminal to ask; --yes does it without asking."
    _check(f"Let {server.engine} at {server.address} delete these?", nobody, "Nothing was changed.")


def _pipelines(mappings: Mappings, server: Server, org: str | None, asked: bool | None) -> tuple[dict[str, Body], str]:
    """The pipelines to install, or none and why. Raises SetupError where they were asked for and cannot be there."""
    if asked is False:
        return {}, ""
    try:
        bodies = build(mappings, org=org)
        reason = obstacle(server, bodies)
    except SetupError as error:  # mappings too large for a script
        reason = str(error)
    if reason is None:
        return bodies, ""
    if asked:
        raise SetupError(f"The ingest pipelines cannot be installed at {server.address}: {reason}.")
    return {}, reason


def _apply(server: Server, changes: list[Change], *, dry_run: bool) -> None:
    done: list[Change] = []
    try:
        for change in changes if not dry_run else ():
            apply(server, [change])
            done.append(change)
    finally:  # what was put before an error stays there
        for change in changes if dry_run else done:
            _tell(change, dry_run=dry_run)


def _roll_over(
    server: Server, rollovers: list[Rollover], streams: list[DataStream], *, dry_run: bool, asked: bool
) -> None:
    """Do those that were asked for, and tell of those that were not."""
    for rollover in rollovers:
        if not asked:
            _tell_lines("needed", f"rollover of data stream {rollover.name}", rollover.differences)
        elif dry_run:
            _tell_lines("would do", f"rollover of data stream {rollover.name}", rollover.differences)
        else:
            say(f"{'done':14}rollover of data stream {rollover.name}, now in {roll_over(server, rollover)}")
    if asked and not rollovers:
        why = "every data stream has what the templates say" if streams else "there is no data stream yet"
        say(f"{'not needed':14}rollover: {why}")


def _remove(server: Server, *, pipelines: bool, dry_run: bool, yes: bool) -> None:
    installed = _installed(server)
    things = removable(server, installed, data_streams(server), pipelines=pipelines)
    if not things:
        say("Nothing to do.")
        return
    if dry_run or not yes:
        for kind, name in things:
            say(f"{'would remove':14}{kind} {name}")
    if dry_run:
        say("Nothing was changed: this was a dry run.")
        return
    if not yes:
        nobody = "Nothing was removed: there is no terminal to ask; --yes removes without asking."
        _check(f"Remove these from {server.engine} at {server.address}?", nobody, "Nothing was removed.")
    for kind, name in things:
        remove(server, kind, name)
        say(f"{'removed':14}{kind} {name}")


def _check(question: str, nobody: str, no: str) -> None:
    """Go on only where a person says yes; at a no it is said what that means, exit code 1.

    Raises SetupError, which is `nobody`, where there is no person.
    """
    if not sys.stdin.isatty():
        raise SetupError(nobody)
    if not click.confirm(question, err=True):
        say(no)
        raise click.exceptions.Exit(1)


def _tell(change: Change, *, dry_run: bool) -> None:
    _tell_lines(_PLANNED[change.state] if dry_run else change.state, f"{change.kind} {change.name}", change.differences)
    if dry_run and change.state is State.ADDED:
        if change.kind is Kind.PIPELINE:
            say(_short(change))
        else:
            say(orjson.dumps(change.body, option=orjson.OPT_INDENT_2).decode())


def _tell_lines(state: str, what: str, lines: Iterable[str]) -> None:
    """One line stands behind what it is about, several below."""
    first, *others = [*lines] or [""]
    if others:
        say("\n  ".join((f"{state:14}{what}", first, *others)))
    else:
        say(f"{state:14}{what}{': ' if first else ''}{first}")


def _short(change: Change) -> str:
    """A line about a pipeline, for its scripts have a thousand lines."""
    held = [*processors(change.name, change.body)]
    scripts = [each.options["source"] for each in held if each.type == "script"]
    parts = [f"version {change.body['version']}"] if "version" in change.body else []
    parts.append(f"{len(held)} processors")
    if scripts:
        parts.append(f"{sum(len(source.encode()) for source in scripts):,} bytes of script")
    return f"  {', '.join(parts)}"


def _tell_kept(*, retention: str | None, index_mode: str | None, org: str | None) -> None:
    """What was not given and is as it was."""
    if retention:
        say(f"{'kept':14}the retention {retention} of the installed templates; --retention gives another, or none")
    if index_mode:
        say(f"{'kept':14}the index mode {index_mode} of the installed templates; --index-mode gives another")
    if org:
        say(f"{'kept':14}the Okta org {org} of the installed pipeline; --org names another")
