"""The options that commands share, and what every help ends with."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from normalizer.cli.view import start_log
from normalizer.errors import SettingsError
from normalizer.language.advice import choices

CONTEXT: dict[str, Any] = {
    "help_option_names": ["-h", "--help"],
    "auto_envvar_prefix": "MIM_ECS",
    "max_content_width": 110,
}

LOG_FORMAT = "MIM_ECS_LOG_FORMAT"
"""The environment variable that is --log-format of every command; those of single commands are made as all others."""

EXIT_CODES = {
    "0": "done, also with problems and skipped events",
    "1": "dead letters, findings, stale files, or a question answered with no",
    "2": "usage, configuration or mapping errors",
    "3": "the server cannot be reached or refuses us",
    "4": "output or dead letters cannot be written",
    "5": "a worker process died, or a defect",
    "130, 143": "stopped by Ctrl-C, by SIGTERM",
    "141": "nobody reads standard output any more, as after `| head`",
}

Command = TypeVar("Command", bound=Callable[..., Any])


def exit_codes(*codes: str) -> str:
    """The end of a help: what these exit codes mean."""
    return "\n".join(("\b", "Exit codes:", *(f"  {code:8} {EXIT_CODES[code]}" for code in codes)))


def epilog(example: str, *codes: str) -> str:
    """The end of a command's help: an example, and its exit codes."""
    return f"\b\nExample:\n  {example}\n\n{exit_codes(*codes)}"


def given(context: click.Context, names: Collection[str]) -> list[str]:
    """Those of these options that stand on the command line, as flags; what settings say holds for every run."""
    return [
        (option.secondary_opts if context.params[option.name] is False else option.opts)[0]
        for option in context.command.params
        if option.name in names and context.get_parameter_source(option.name) is click.core.ParameterSource.COMMANDLINE
    ]


def refuse(flags: Sequence[str], where: str, advice: str = "") -> None:
    """Raise SettingsError for flags that mean nothing there, if there are any."""
    if flags:
        means, them = ("means", "it") if len(flags) == 1 else ("mean", "them")
        raise SettingsError(f"{choices(flags, 'and')} {means} nothing {where}; leave {them} out{advice}.")


def _all(options: tuple[Callable[[Command], Command], ...], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


mappings_option = click.option(
    "--mappings",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder of mapping files instead of those of the package.",
)


def _beside(_context: click.Context, _parameter: click.Parameter, folder: Path | None) -> Path | None:
    return BESIDE if folder is None and any(BESIDE.glob("*.yml")) else folder


BESIDE = Path("mappings")
own_mappings_option = click.option(
    "--mappings",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    callback=_beside,
    help="Folder of mapping files. Default: mappings/ in the current folder, or else those of the package.",
)
"""Of commands for authors; what becomes of events must not depend on where a service is started."""


def _check_org(_context: click.Context, _parameter: click.Parameter, org: str | None) -> str | None:
    if org is not None and not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", org):
        advice = "write it like acme.okta.com, without https:// and path"
        raise SettingsError(f'"{org}" is no host of an Okta org; {advice}')
    return org


org_option = click.option(
    "--org",
    metavar="HOST",
    callback=_check_org,
    help="Your Okta org, like acme.okta.com; becomes organization.id and others.",
)


def document_options(command: Command) -> Command:
    """The options that change documents."""
    options = (
        mappings_option,
        org_option,
        click.option(
            "--namespace",
            default="default",
            show_default=True,
            help="Namespace of the data stream.",
        ),
        click.option(
            "--original/--no-original",
            default=True,
            show_default=True,
            help="Keep each event's text in event.original.",
        ),
        click.option(
            "--strict", is_flag=True, help="An event with a value that does not convert becomes a dead letter."
        ),
        click.option(
            "--validate/--no-validate", default=True, show_default=True, help="Hold every document against its schema."
        ),
    )
    return _all(options, command)


def input_options(command: Command) -> Command:
    """The options that say how input is read."""
    options = (
        click.argument("inputs", nargs=-1, metavar="[INPUT]..."),
        click.option(
            "--max-event",
            type=click.IntRange(min=1024),
            default=4 * 1024 * 1024,
            show_default=True,
            metavar="BYTES",
            help="A longer event becomes a dead letter that holds its beginning.",
        ),
    )
    return _all(options, command)


def _start_log(_context: click.Context, _parameter: click.Parameter, log_format: str) -> None:
    start_log(log_format)


log_format_option = click.option(
    "--log-format",
    type=click.Choice(["text", "ecs"]),
    envvar=LOG_FORMAT,
    default="text",
    show_default=True,
    is_eager=True,  # so that mistakes in other options are told in this format too
    callback=_start_log,
    expose_value=False,
    help="What is said on standard error: text for people, or ECS JSON.",
)


def view_options(command: Command) -> Command:
    """The options that say what is told on the way."""
    return _all(
        (click.option("-q", "--quiet", is_flag=True, help="No progress, no summary."), log_format_option), command
    )
