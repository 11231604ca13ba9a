"""Workflow commands of GitHub Actions, which become annotations of a pull request."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from normalizer.errors import Place


def in_repository(place: Place) -> Place:
    """The place with its file's path from the top of the git repository that it lies in: whoever annotates wants that.

    As it is where the file lies in none.
    """
    file = Path.cwd() / place.file
    top = next((above for above in file.parents if (above / ".git").exists()), None)
    return place if top is None else replace(place, file=os.path.relpath(file, top))


def annotation(level: str, title: str, message: str, place: Place | None = None, end_column: int | None = None) -> str:
    """One command. `level` is error, warning or notice; `end_column` is the one behind what is marked."""
    where = ""
    if place is not None:
        where = f"file={_property(place.file)},line={place.line},col={place.column},"
    if end_column is not None:
        where += f"endColumn={end_column},"
    return f"::{level} {where}title={_property(title)}::{_data(message)}"


def _data(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
