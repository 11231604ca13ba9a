"""The settings file: {command: {option: value}}, and `elasticsearch` and `opensearch` with address and secrets.

A flag wins over an environment variable, a variable over this file. Secrets stand in variables or here, or where either
says that they are kept, never in flags, which everybody on the machine can read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from normalizer.cli.secrets import ways
from normalizer.errors import SettingsError
from normalizer.language.advice import choices, did_you_mean
from normalizer.outputs.files import why

DEFAULT_FILE = Path("mim-ecs.yml")
ENGINES = ("elasticsearch", "opensearch")
SECRETS = ("api_key", "password")
SERVER_KEYS = ("url", *ways("api_key"), "username", *ways("password"), "ca_certs", "fingerprint")

_META = "normalizer.servers"
_COMMANDS = frozenset(f"{name}_command" for name in SECRETS)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a settings file says of a server; nothing where there is none. `values` may hold secrets."""

    engine: str
    path: Path | None = None
    values: Mapping[str, object] = field(default_factory=dict, repr=False)

    def label(self, key: str) -> str:
        """The name of a setting, for sentences."""
        return f"`{self.engine}: {key}` of the settings file {self.path}"


def server_settings(engine: str) -> ServerSettings:
    """What the settings file says of the server of this engine."""
    context = click.get_current_context(silent=True)
    found: dict[str, ServerSettings] = context.meta.get(_META, {}) if context is not None else {}
    return found.get(engine, ServerSettings(engine))


def _read_config(context: click.Context, _parameter: click.Parameter, path: Path | None) -> None:
    """Make a settings file the default of every option."""
    if path is None and os.path.isfile(DEFAULT_FILE):  # noqa: PTH113 - no error where the folder may not be searched
        path = DEFAULT_FILE
        _check_owner(path)
    context.default_map = _commands(context, path) if path is not None else {}


def _commands(context: click.Context, path: Path) -> dict[str, dict[str, Any]]:
    """The options of each command; keeps what the file says of servers."""
    sections = _sections(path)
    servers = {engine: _server(path, engine, sections.pop(engine)) for engine in ENGINES if engine in sections}
    commands = {name: _options(context, path, name, values) for name, values in sections.items()}
    context.meta[_META] = servers
    return commands


def _check_owner(path: Path) -> None:
    """Nobody else may choose the server that our secrets are sent to by leaving a file in a shared folder."""
    if hasattr(os, "getuid") and path.stat().st_uid not in (0, os.getuid()):
        advice = f"if you trust it, give --config {path}"
        raise SettingsError(f"the settings file {path} in this folder belongs to another user; {advice}")


def _sections(path: Path) -> dict[str, Any]:
    import yaml

    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"the settings file {path} cannot be read: {why(error)}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # whose text may hold a secret
        mark = getattr(error, "problem_mark", None)
        raise SettingsError(f"the settings file {path}{f':{mark.line + 1}' if mark else ''} is not YAML") from None
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise SettingsError(f"the settings file {path} must be a block of commands, like `normalize: {{workers: 2}}`")
    return {str(name): values for name, values in settings.items()}


def _server(path: Path, engine: str, values: object) -> ServerSettings:
    found = _section(path, engine, values, SERVER_KEYS)
    for key, value in found.items():
        if isinstance(value, list) or (isinstance(value, str) and value.strip()):
            continue
        # YAML reads 0123 as 83 and 12:34 as 754: no password is to be guessed from what is left of it.
        raise SettingsError(f"the settings file {path} must give `{engine}: {key}` a text, in quotes")
    return ServerSettings(engine, path, found)


def _options(context: click.Context, path: Path, name: str, values: object) -> dict[str, Any]:
    group = context.command
    assert isinstance(group, click.Group)
    command = group.get_command(context, name)
    if command is None:
        known = [*ENGINES, *group.list_commands(context)]
        advice = f"{did_you_mean(name, known)}; there are {choices(known, 'and')}"
        raise SettingsError(f'the settings file {path} names a command "{name}"{advice}')
    options = {option.name or "": option for option in command.params if isinstance(option, click.Option)}
    found = _section(path, name, values, options)
    for key, value in found.items():
        if isinstance(value, bool) != options[key].is_flag:
            wanted = "true or false" if options[key].is_flag else "a text (in quotes) or a number"
            raise SettingsError(f"the settings file {path} must give `{name}: {key}` {wanted}")
    return {key: value if isinstance(value, bool) else str(value) for key, value in found.items()}


def _section(path: Path, name: str, values: object, known: Any) -> dict[str, Any]:
    """The values of a section by their names, which must be known, without those that are empty."""
    if not isinstance(values, dict):
        example = f"`{name}: {{{next(iter(known))}: …}}`"
        raise SettingsError(f"the settings file {path} must give `{name}` a block of options, like {example}")
    found = {str(key).replace("-", "_"): value for key, value in values.items()}
    for key, value in found.items():
        if key not in known:
            advice = (
                "; it belongs under `elasticsearch` or `opensearch`" if key in SERVER_KEYS else did_you_mean(key, known)
            )
            raise SettingsError(f'the settings file {path} gives `{name}` an option "{key}" that it has not{advice}')
        if not isinstance(value, (str, int, float, type(None))) and not _is_command(key, value):
            raise SettingsError(f"the settings file {path} must give `{name}: {key}` one value")
    return {key: value for key, value in found.items() if value is not None}


def _is_command(key: str, value: object) -> bool:
    """Whether it is a command as the list of its words."""
    return key in _COMMANDS and isinstance(value, list) and bool(value) and all(isinstance(word, str) for word in value)


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    callback=_read_config,
    is_eager=True,
    expose_value=False,
    metavar="FILE",
    help="Settings: {command: {option: value}}, and under `elasticsearch` or `opensearch` url, username, password, "
    "api_key, ca_certs, fingerprint. Default: mim-ecs.yml in this folder, where there is one.",
)
