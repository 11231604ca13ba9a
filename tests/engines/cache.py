"""Folders that are expensive to make, kept outside the repository and shared by every process of the user."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines import say
from tests.engines.jars import sha256

_MANIFEST = "manifest.json"


def cache_folder(name: str) -> Path:
    """`$XDG_CACHE_HOME/okta-mim-ecs/<name>`, by default below ~/.cache; made when it is not there."""
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(root).expanduser().absolute() / "okta-mim-ecs" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fingerprint(root: Path, paths: Iterable[Path]) -> str:
    """Changes with the files, which are below `root`: for the name of a folder that is made from them."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def cached(folder: Path, build: Callable[[Path], None]) -> Path:
    """`folder`, complete and undamaged: what `build` writes into an empty folder, made again when a file has changed.

    A process that is killed while it builds leaves nothing under the final name, and of two processes that want the
    same folder one builds and the other waits. Nobody may write into the folder afterwards.
    """
    with _locked(folder.with_name(".lock")):
        if not _intact(folder):
            scratch = folder.with_name(".building")
            shutil.rmtree(scratch, ignore_errors=True)  # of a process that was killed
            scratch.mkdir()
            build(scratch)
            _write_manifest(scratch)
            shutil.rmtree(folder, ignore_errors=True)
            scratch.rename(folder)
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another process that prepares {path.parent}…")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield  # closing the file, as the end of the process does too, gives the lock back


def _write_manifest(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {str(path.relative_to(folder)): sha256(path) for path in files}
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1))


def _intact(folder: Path) -> bool:
    try:
        manifest: dict[str, str] = json.loads((folder / _MANIFEST).read_text())
        return all(sha256(folder / name) == digest for name, digest in manifest.items())
    except (OSError, ValueError):
        return False
