"""Settings of all commands: flags, environment variables, a YAML file, in that order; and the options that they share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import yaml

from normalizer.errors import SettingsError

CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "MIM_ECS", "max_content_width": 110}

_SECRETS = ("api_key", "password")
_DEFAULT_FILE = Path("mim-ecs.yml")

Command = TypeVar("Command", bound=Callable[..., Any])


def _read_config(context: click.Context, _parameter: click.Parameter, path: Path | None) -> Path | None:
    """Make a settings file the default of every option: {command: {option: value}}."""
    explicit = path is not None
    path = path or _DEFAULT_FILE
    if not explicit and not path.is_file():
        return None
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        raise SettingsError(f"the settings file {path}{f':{where.line + 1}' if where else ''} is not YAML") from None
    if not isinstance(settings, dict):
        raise SettingsError(f"the settings file {path} must be a block of commands, like `normalize: {{workers: 2}}`")
    group = context.command
    assert isinstance(group, click.Group)
    for name, values in settings.items():
        command = group.get_command(context, str(name))
        if command is None:
            raise SettingsError(f"the settings file {path} names a command {name!r}; there are {', '.join(sorted(group.commands))}")
        known = {option.name for option in command.params if isinstance(option, click.Option)}
        if not isinstance(values, dict) or (wrong := [str(key) for key in values if str(key).replace("-", "_") not in known]):
            what = f"an option {wrong[0]!r} that `{name}` does not have" if isinstance(values, dict) else f"`{name}` without options"
            raise SettingsError(f"the settings file {path} names {what}")
    context.default_map = {
        name: {str(key).replace("-", "_"): value for key, value in values.items()} for name, values in settings.items()
    }
    return path


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    callback=_read_config,
    is_eager=True,
    expose_value=False,
    help="Settings file: {command: {option: value}}. Default: mim-ecs.yml in this folder, where there is one.",
)

version_option = click.version_option(package_name="okta-mim-ecs", prog_name="mim-ecs", message="%(prog)s %(version)s")

mappings_option = click.option(
    "--mappings",
    type=click.Path(path_type=Path),
    help="Folder of mapping files instead of those of the package.",
)


def document_options(command: Command) -> Command:
    """The options that change documents."""
    for option in reversed(
        (
            mappings_option,
            click.option("--org", metavar="HOST", help="Your Okta org, like acme.okta.com; becomes organization.id and others."),
            click.option("--namespace", default="default", show_default=True, help="Namespace of the data stream."),
            click.option("--original/--no-original", default=True, show_default=True, help="Keep each event's text in event.original."),
            click.option("--strict", is_flag=True, help="An event with a value that does not convert becomes a dead letter."),
            click.option(
                "--validate/--no-validate", default=True, show_default=True, help="Hold every document against its schema."
            ),
        )
    ):
        command = option(command)
    return command


def input_options(command: Command) -> Command:
    """The options that say how input is read."""
    for option in reversed(
        (
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
    ):
        command = option(command)
    return command


def view_options(command: Command) -> Command:
    """The options that say what is told on the way."""
    for option in reversed(
        (
            click.option("-q", "--quiet", is_flag=True, help="No progress, no summary."),
            click.option(
                "--log-format",
                type=click.Choice(["text", "ecs"]),
                default="text",
                show_default=True,
                help="What is said on standard error: text for people, or ECS JSON.",
            ),
        )
    ):
        command = option(command)
    return command


def check_namespace(namespace: str) -> str:
    """A namespace as data streams take it: at most 100 bytes, lower case, none of the characters that names forbid."""
    bad = [char for char in namespace if char in '\\/*?"<>| ,#:-' or char.isupper() or not char.isprintable()]
    if not namespace or bad or len(namespace.encode()) > 100:
        why = f"it cannot hold {bad[0]!r}" if bad else "write 1 to 100 bytes"
        raise SettingsError(f'"{namespace}" is no namespace of a data stream: {why}')
    return namespace
