"""Environment variables that are options: MIM_ECS_INDEX_WORKERS=2 is `mim-ecs index --workers 2`.

Click reads them; what is here looks for mistyped ones, which it would pass over, and for those that one command takes
from another.
"""

from __future__ import annotations

import os
from collections.abc import Collection

import click

from normalizer.cli.settings import LOG_FORMAT
from normalizer.errors import SettingsError
from normalizer.language.advice import did_you_mean

PREFIX = "MIM_ECS_"
_OF_ALL = (f"{PREFIX}CONFIG", LOG_FORMAT)

HEIRS = {"replay": "index"}
"""The first takes what it is not told itself, such as the namespace, from the other: by variable or settings file."""


def check_variables(context: click.Context, name: str, commands: Collection[str]) -> None:
    """Raise SettingsError for a variable that looks like an option of this command, or of none, and is none."""
    group = context.command
    assert isinstance(group, click.Group)
    mine = [name, *filter(None, [HEIRS.get(name)])]
    others = tuple(f"{PREFIX}{each.upper()}_" for each in commands if each not in mine)
    known = {*_OF_ALL, *(variable_of(each, key) for each in mine for key in _options(group.get_command(context, each)))}
    for variable in os.environ:
        if variable.startswith(PREFIX) and not variable.startswith(others) and variable not in known:
            raise SettingsError(f"the variable {variable} sets no option{did_you_mean(variable, known)}")


def inherit(context: click.Context, name: str) -> None:
    """Give a command the settings of the one that it takes after, below its own."""
    origin = HEIRS.get(name)
    if origin is None:
        return
    group = context.command
    assert isinstance(group, click.Group)
    settings = {**(context.default_map or {})}
    theirs = _options(group.get_command(context, origin))
    variables = {key: value for key in theirs if (value := os.environ.get(variable_of(origin, key)))}
    shared = _options(group.get_command(context, name)) & theirs
    known = settings.get(origin, {}) | variables
    settings[name] = {key: value for key, value in known.items() if key in shared} | settings.get(name, {})
    settings[origin] = known
    context.default_map = settings


def variable_of(command: str, key: str) -> str:
    """The name of the variable that is this option of a command."""
    return f"{PREFIX}{command}_{key}".upper()


def _options(command: click.Command | None) -> set[str]:
    return {each.name for each in (command.params if command is not None else []) if each.name}
