"""Secrets, from where they are kept: in a setting itself, in a file, or by a command that prints them.

They are never flags, which everybody on the machine can read, and never told: a sentence names the setting alone.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from normalizer.errors import SettingsError
from normalizer.outputs.files import why

SECONDS = 30.0
"""That a command may take."""

_MOST = 64 * 1024
"""Bytes of a file, so that a wrong path does not fill the memory."""

_WAYS = ("", "_file", "_command")

Label = Callable[[str], str]
"""The name of a setting, for sentences: `ELASTICSEARCH_PASSWORD`, `password` of the settings file."""


def ways(name: str) -> tuple[str, ...]:
    """The settings that give a secret: `password` ▶ password, password_file, password_command."""
    return tuple(f"{name}{way}" for way in _WAYS)


def secret(name: str, given: Mapping[str, object], label: Label) -> str | None:
    """The secret that one of its settings gives; None where none does. Raises SettingsError."""
    found = [key for key in ways(name) if given.get(key) is not None]
    if not found:
        return None
    if len(found) > 1:
        raise SettingsError(f"{label(found[0])} and {label(found[1])} are both given; leave one of them out")
    key, value = found[0], given[found[0]]
    if key.endswith("_file"):
        text = _from_file(str(value), label(key))
    elif key.endswith("_command"):
        text = _from_command(value, label(key))
    else:
        text = str(value)
    text = text.strip()
    if not text:
        raise SettingsError(f"{label(key)} gives nothing")
    check_printable(text, label(key))
    return text


def check_printable(text: str, label: str) -> None:
    """Raise SettingsError for what no name, key or password can hold."""
    if not text.isprintable():
        raise SettingsError(f"{label} holds what no such value can, like a line end")


def _from_file(path: str, label: str) -> str:
    try:
        with Path(path).expanduser().open("rb") as file:
            content = file.read(_MOST + 1)
        if len(content) > _MOST:
            raise SettingsError(f"the file that {label} names is too long to hold a secret")
        return content.decode()
    except (OSError, RuntimeError) as error:  # without a home no ~
        reason = why(error) if isinstance(error, OSError) else "no home folder is known"
        raise SettingsError(f"the file that {label} names cannot be read: {reason}") from None
    except ValueError:  # whose text would hold the content
        raise SettingsError(f"the file that {label} names is not UTF-8 text") from None


def _from_command(command: object, label: str) -> str:
    """The first line that it prints. No shell reads it; what it says on standard error may hold a secret, and is lost.

    It gets no standard input, where events may come from.
    """
    try:
        arguments = shlex.split(command) if isinstance(command, str) else [*map(str, _listed(command))]
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS
        )
        lines = done.stdout.decode().splitlines()
    except subprocess.TimeoutExpired:
        raise SettingsError(f"the command of {label} takes longer than {SECONDS:g} s") from None
    except UnicodeDecodeError:
        raise SettingsError(f"the command of {label} does not print UTF-8 text") from None
    except OSError as error:
        raise SettingsError(f"the command of {label} cannot be run: {why(error)}") from None
    except (ValueError, IndexError):
        raise SettingsError(f"the command of {label} cannot be read: look at its quotes") from None
    if done.returncode != 0:
        raise SettingsError(f"the command of {label} ended with exit code {done.returncode}")
    return lines[0] if lines else ""


def _listed(command: object) -> list[object]:
    return command if isinstance(command, list) else [command]


def readable_by_others(path: Path) -> bool:
    """Whether other users of the machine may read a file."""
    try:
        return os.name == "posix" and bool(path.stat().st_mode & 0o044)
    except OSError:
        return False
