"""Files that are compiled from the mappings, held against those that are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from normalizer.backends import FOLDERS, ONCE, outputs
from normalizer.errors import Finding, OutputError, Place, SettingsError
from normalizer.language import Mappings
from normalizer.names import MANAGED_BY
from normalizer.outputs.files import replace_file, why


@dataclass(frozen=True, slots=True)
class Outdated:
    """A file that is not what it should be: `stale`, `missing`, or `left` where nobody writes it any more.

    `data` is what should be in it; None for one that is left.
    """

    path: Path
    word: str
    data: bytes | None


class Generated:
    """The generated files below a folder: how many there should be, and those that are not as they should be.

    Pages are only for those who keep a folder docs/.
    """

    def __init__(self, mappings: Mappings, top: Path) -> None:
        self.top = top
        has_docs = (top / "docs").is_dir()
        wanted = {top / path: data for path, data in outputs(mappings) if has_docs or not path.startswith("docs/")}
        self.count = len(wanted)
        self.outdated = [*_outdated(top, wanted)]

    def renew(self) -> None:
        """Write what is stale or missing, and remove what is left.

        Raises OutputError, and SettingsError where a file is somebody's own: nothing is written then.
        """
        stale = [each.path for each in self.outdated if each.word == "stale" and each.path.stat().st_size]
        if (foreign := next((path for path in stale if not _is_ours(path)), None)) is not None:
            raise SettingsError(f"{foreign} is in the way: mim-ecs build has not made it; move it, or delete it")
        for each in self.outdated:
            try:
                if each.data is None:
                    each.path.unlink()
                else:
                    replace_file(each.path, each.data)
            except OSError as error:
                what = "removed" if each.data is None else "written"
                raise OutputError(f"{each.path} cannot be {what}: {why(error)}") from None

    def findings(self) -> Iterator[Finding]:
        """One for each file that is not as it should be."""
        for each in self.outdated:
            yield Finding(Place(each.path.as_posix(), 1, 1), _SENTENCES[each.word], "stale")


_MARKS = (b"`mim-ecs build`", f'"managed_by": "{MANAGED_BY}"'.encode())
"""What every generated file says of itself: one of these."""
_SENTENCES = {
    "stale": "this is not what the mappings give now; run mim-ecs build, look at the difference and commit it",
    "missing": "this file is missing; run mim-ecs build and commit it",
    "left": "no mapping gives this file any more; run mim-ecs build, which removes it, and commit that",
}


def _outdated(top: Path, wanted: dict[Path, bytes]) -> Iterator[Outdated]:
    for path, data in wanted.items():
        if not path.is_file():
            yield Outdated(path, "missing", data)
        elif path.read_bytes() != data and path.relative_to(top).as_posix() not in ONCE:
            yield Outdated(path, "stale", data)
    for folder, suffixes in FOLDERS.items():
        for path in sorted((top / folder).rglob("*")):
            if path.suffix in suffixes and path not in wanted and _is_ours(path):
                yield Outdated(path, "left", None)


def _is_ours(path: Path) -> bool:
    """Whether a back end has written a file, and not somebody who keeps their own beside ours."""
    return path.is_file() and any(mark in path.read_bytes() for mark in _MARKS)
