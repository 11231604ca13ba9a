"""Folders of rules for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from normalizer.authoring.detections import DetectionRule, Reading, read
from tests.authoring.detections.said import in_short


def folder(top: Path, **files: str) -> Path:
    """A folder with files; `__` in a name is the dot before its ending."""
    for name, text in files.items():
        path = top / name.replace("__", ".")
        path.write_text(text, encoding="utf-8")
    return top


def lines(*objects: Any) -> str:
    """Objects as NDJSON."""
    return "".join(f"{orjson.dumps(each).decode()}\n" for each in objects)


def reading(top: Path, **files: str) -> Reading:
    return read(folder(top, **files))


def only(top: Path, **files: str) -> DetectionRule:
    """The one rule of some files, all of which is understood."""
    read_all = reading(top, **files)
    assert [str(each) for each in read_all.not_checked] == []
    assert len(read_all.rules) == 1
    return read_all.rules[0]


def uses(top: Path, **files: str) -> list[str]:
    return in_short(only(top, **files).uses)


def not_checked(top: Path, **files: str) -> list[str]:
    """What is told as not checked, with file names and places."""
    return [str(each).removeprefix(f"{top.as_posix()}/") for each in reading(top, **files).not_checked]
