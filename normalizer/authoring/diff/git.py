"""Mapping files of a git revision: what git holds is written into a folder, and the work tree is left alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from normalizer.errors import SettingsError
from normalizer.language.advice import did_you_mean

DEFAULT = "mappings"
_SUFFIXES = (".yml", ".yaml")


def check_out(name: str, into: Path, like: Path, *, may_lack: bool = False) -> tuple[str, str | None]:
    """Write the mapping files of `REV` or `REV:path` into a folder, with their paths from the repository's top.

    Gives the revision as it was named, and the path. Where none is named it is that of the folder `like`, or
    `mappings` at the top where there is no such folder; None where the revision has none there, if it `may_lack` them.
    Raises SettingsError where git is missing, the current folder is in no repository, there is no such revision, or no
    mapping file in it.
    """
    revision, _, named = name.partition(":")
    top = _top(name)
    if _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], top).returncode:
        advice = did_you_mean(name, ["installed"]) or _ADVICE
        raise SettingsError(f'{_no_folder(name)}, nor is "{revision}" a revision that git has here{advice}')
    below = PurePosixPath(os.path.relpath(like.resolve(), Path(top).resolve()))
    folders = [PurePosixPath(named)] if named else [below]
    if not named and not like.is_dir():
        folders.append(PurePosixPath(DEFAULT))
    folder, names = next(filter(None, (_mappings(revision, each, top) for each in folders)), (folders[-1], []))
    if not names and (named or not may_lack):
        advice = f"name the folder after a colon, as in {revision}:path/to/mappings"
        raise SettingsError(f'the revision "{revision}" holds no mapping files in {folder}/; {advice}')
    for each, data in zip(names, _contents([f"{revision}:{each}" for each in names], top), strict=True):
        file = into / each
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return revision, folder.as_posix() if names else None


_ADVICE = "; name a folder, a revision that is fetched (CI often fetches the last commit alone), or `installed`"


def _no_folder(name: str) -> str:
    return f'there is no folder "{name}"'


def _mappings(revision: str, folder: PurePosixPath, top: str) -> tuple[PurePosixPath, list[PurePosixPath]] | None:
    """The mapping files of a folder, or of `mappings` in it, with the folder; None where there are none."""
    names = [PurePosixPath(each) for each in _names(revision, folder.as_posix(), top) if each.endswith(_SUFFIXES)]
    if any(each.is_relative_to(folder / DEFAULT) for each in names):
        folder /= DEFAULT
    if all(each.parent != folder for each in names):
        return None
    return folder, [each for each in names if each.parent in (folder, folder / "tables")]


def _top(name: str) -> str:
    """The top level of the repository that the current folder is in."""
    try:
        done = _git(["rev-parse", "--show-toplevel"], ".")
    except FileNotFoundError:
        advice = "install git to name a revision, or name a folder"
        raise SettingsError(f"{_no_folder(name)}, and git is not installed; {advice}") from None
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().splitlines()
        if why and "not a git repository" in why[0]:
            advice = "a revision can only be named inside of one, so name a folder"
            raise SettingsError(f"{_no_folder(name)}, and no git repository around the current folder; {advice}")
        raise SettingsError(f"{_no_folder(name)}, and git says: {why[0] if why else 'nothing'}")
    return done.stdout.decode(errors="surrogateescape").rstrip("\n")


def _names(revision: str, path: str, top: str) -> list[str]:
    """The files below a folder of a revision."""
    below = [] if path == "." else ["--", f"{path}/"]
    done = _git(["ls-tree", "-r", "-z", "--name-only", "--full-tree", revision, *below], top)
    return [each.decode(errors="surrogateescape") for each in done.stdout.split(b"\0") if each and b"\n" not in each]


def _contents(names: list[str], top: str) -> Iterator[bytes]:
    """What files of revisions hold, by one call of git; links within the revision are followed."""
    asked = "".join(f"{name}\n" for name in names).encode(errors="surrogateescape")
    said = _git(["cat-file", "--batch", "--follow-symlinks"], top, asked).stdout
    for name in names:
        head, _, said = said.partition(b"\n")
        kind, size = head.split()[-2:] if head.count(b" ") >= 2 else (head, b"")
        if kind != b"blob":
            raise SettingsError(f"{name} is no file that git can give: {head.decode(errors='replace')}")
        data, said = said[: int(size)], said[int(size) + 1 :]
        yield data


def _git(words: list[str], folder: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", folder, *words], input=text, capture_output=True, check=False)
