"""The settings file: {command: {option: value}}, and `elasticsearch` with address and secrets.

A flag wins over an environment variable, a variable over this file. Secrets stand in variables or here, never in flags,
which everybody on the machine can read.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from normalizer.errors import SettingsError
from normalizer.language.advice import choices, did_you_mean
from normalizer.outputs.files import why

DEFAULT_FILE = Path("mim-ecs.yml")
SERVER = "elasticsearch"
SERVER_KEYS = ("url", "api_key", "username", "password", "ca_certs", "fingerprint")

_META = "normalizer.elasticsearch"


def server_settings() -> dict[str, str]:
    """What the settings file says of the server."""
    context = click.get_current_context(silent=True)
    found: dict[str, str] = context.meta.get(_META, {}) if context is not None else {}
    return found


def _read_config(context: click.Context, _parameter: click.Parameter, path: Path | None) -> None:
    """Make a settings file the default of every option."""
    if path is None:
        if not os.path.isfile(DEFAULT_FILE):  # noqa: PTH113 - which is no error where the folder may not be searched
            return
        path = DEFAULT_FILE
        _check_owner(path)
    sections = _sections(path)
    server = _section(path, SERVER, sections.pop(SERVER, {}), SERVER_KEYS)
    texts = {key: str(value) for key, value in server.items()}
    commands = {}
    for name, values in sections.items():
        commands[name] = _options(context, path, name, values)
    if "url" in texts:
        for name in ("index", "setup"):
            commands.setdefault(name, {}).setdefault("url", texts["url"])
    context.meta[_META] = texts
    context.default_map = commands


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


def _options(context: click.Context, path: Path, name: str, values: object) -> dict[str, Any]:
    group = context.command
    assert isinstance(group, click.Group)
    command = group.get_command(context, name)
    if command is None:
        known = [SERVER, *group.list_commands(context)]
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
            advice = f"; it belongs under `{SERVER}`" if key in SERVER_KEYS else did_you_mean(key, known)
            raise SettingsError(f'the settings file {path} gives `{name}` an option "{key}" that it has not{advice}')
        if not isinstance(value, (str, int, float, type(None))):
            raise SettingsError(f"the settings file {path} must give `{name}: {key}` one value")
    return {key: value for key, value in found.items() if value is not None}


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    callback=_read_config,
    is_eager=True,
    expose_value=False,
    metavar="FILE",
    help="Settings: {command: {option: value}}, and under `elasticsearch` url, api_key, username, password, ca_certs, "
    "fingerprint. Default: mim-ecs.yml in this folder, where there is one.",
)
