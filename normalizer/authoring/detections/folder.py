"""A folder of detection rules: which files are read, and by what."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from normalizer.authoring.detections import ndjson, toml_files
from normalizer.authoring.detections.model import DetectionRule, NotChecked
from normalizer.authoring.detections.reading import Reading
from normalizer.authoring.detections.sigma import SigmaRules
from normalizer.errors import Place, SettingsError

_MAX_BYTES = {".toml": 2**20, ".yml": 2**20, ".yaml": 2**20, ".ndjson": 2**28, ".json": 2**28}
"""The kinds of files that are read, and how large each may be; rules have a few thousand bytes, exports hold many."""


def read(folder: Path) -> Reading:
    """All rules in a folder and those below it, sorted by place. Raises SettingsError where there is no such folder.

    Files of other kinds, hidden ones and links to folders are passed over. Nothing that a file holds raises.
    """
    if not folder.is_dir():
        what = "this is a file; name the folder that holds it" if folder.exists() else "there is no such folder"
        raise SettingsError(f"{folder}: {what}")
    reading = Reading()
    sigma = SigmaRules(reading)
    readers: dict[str, Callable[[str, str], None]] = {
        ".toml": lambda text, file: toml_files.read(text, file, reading),
        ".yml": sigma.read,
        ".yaml": sigma.read,
        ".ndjson": lambda text, file: ndjson.read(text, file, reading),
        ".json": lambda text, file: ndjson.read(text, file, reading),
    }
    for path in _files(folder):
        text = _text(path, reading)
        if text is not None:
            readers[path.suffix.lower()](text, path.as_posix())
    sigma.finish()
    reading.rules.sort(key=lambda rule: rule.place)
    reading.not_checked.sort()
    return reading


def read_rules(folder: Path) -> tuple[list[DetectionRule], list[NotChecked]]:
    """The rules that can see our documents, and what could not be read of them; see `read`, which counts the others."""
    reading = read(folder)
    return reading.rules, reading.not_checked


def _files(folder: Path) -> Iterator[Path]:
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(top, name)
            if path.suffix.lower() in _MAX_BYTES and not name.startswith(".") and path.is_file():
                yield path


def _text(path: Path, into: Reading) -> str | None:
    """The text of a file; None where it is none, which is noted."""
    place = Place(path.as_posix(), 1, 1)
    limit = _MAX_BYTES[path.suffix.lower()]
    try:
        if path.stat().st_size > limit:
            into.not_checked.append(NotChecked(place, f"the file is larger than {limit // 2**20} MiB"))
            return None
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        into.not_checked.append(NotChecked(Place(place.file, line, 1), "a byte in this line is not UTF-8"))
    except OSError as error:
        into.not_checked.append(NotChecked(place, f"the file cannot be read: {error.strerror}"))
    return None
