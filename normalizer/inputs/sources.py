"""Finds the files that the user means: files, folders, globs and standard input."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from normalizer.errors import InputError

STDIN = "<stdin>"


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read."""

    name: str
    """As the user gave it, for people; `<stdin>` for standard input."""
    path: Path | None
    """None for standard input."""
    size: int | None
    """In bytes; None where it isn't known before reading: standard input, pipes, devices."""


def sources(inputs: Sequence[str]) -> list[Source]:
    """What the inputs name, in the order given; nothing named means standard input, and so does `-`.

    A folder stands for all regular files below it, sorted by their paths, without hidden files and folders; folders
    that are symbolic links are not followed, so that a loop of links ends. A name that exists is taken as it is; only
    another name with `*`, `?` or `[` in it is a glob (`**` goes through folders). A file that is named twice is read
    once. Raises InputError, with one sentence, for a missing file, a glob that matches nothing, a folder without
    files, and a file or folder that may not be read.
    """
    found: dict[str, Source] = {}
    for name in inputs or ["-"]:
        for source in _named(name):
            found.setdefault(os.path.abspath(source.path) if source.path else STDIN, source)  # noqa: PTH100
    return list(found.values())


def _named(name: str) -> list[Source]:
    if name == "-":
        return [Source(STDIN, None, None)]
    path = Path(name)
    if name and _exists(path):
        paths = [path] if not path.is_dir() else list(_below(path))
        if not paths:
            raise InputError(f"The folder {_shown(name)} holds no files to read.")
    elif glob.has_magic(name):
        # Path.glob has no way to take an absolute pattern, and hides nothing.
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207
        paths = [file for match in map(Path, matches) for file in (_below(match) if match.is_dir() else [match])]
        if not paths:
            raise InputError(f"No file matches {_shown(name)}.")
    else:
        raise InputError(f"There is no file or folder {_shown(name)}." if name else "An input has an empty name.")
    return [_source(path) for path in dict.fromkeys(paths)]


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise InputError(_refused(path, error)) from None
    return True


def _below(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(_refused(folder, error)) from None
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            is_dir, is_file = entry.is_dir(), entry.is_file()
        except OSError as error:  # a link into a folder that may not be searched
            raise InputError(_refused(entry, error)) from None
        if is_dir:
            if not entry.is_symlink():
                yield from _below(entry)
        elif is_file:  # No sockets or pipes: to open one may wait for ever.
            yield entry


def _source(path: Path) -> Source:
    try:
        status = path.stat()
        allowed = os.access(path, os.R_OK)
    except OSError as error:
        raise InputError(_refused(path, error)) from None
    if not allowed:
        raise InputError(f"{_shown(path)} cannot be read: permission denied.")
    return Source(_shown(path), path, status.st_size if stat.S_ISREG(status.st_mode) else None)


def _refused(path: Path, error: OSError | ValueError) -> str:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return f"{_shown(path)} cannot be read: {(why or type(error).__name__).lower()}."


def _shown(name: str | Path) -> str:
    # A name that isn't UTF-8 could not be printed nor written into a dead letter.
    return os.fsencode(name).decode("utf-8", "backslashreplace")
