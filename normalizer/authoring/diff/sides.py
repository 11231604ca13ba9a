"""What is compared: a folder of mappings, a git revision of them, or those of the installed package."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from normalizer.authoring.annotations import in_repository
from normalizer.authoring.diff.git import DEFAULT, check_out
from normalizer.authoring.pack import find
from normalizer.errors import Finding, MappingError, Place, SettingsError
from normalizer.language import Mappings
from normalizer.language.load import read_folder

INSTALLED = "installed"


@dataclass(frozen=True, slots=True)
class Side:
    """One side: as it was asked for, and its mappings.

    Files whose names begin with `real` are told as if they began with `shown`, for what git gives is read in a folder
    that is gone afterwards. `kept`: the files are those of the repository that people work in.
    """

    name: str
    mappings: Mappings
    real: str = ""
    shown: str = ""
    kept: bool = True

    def told(self, place: Place) -> Place:
        """A place as people know it: `HEAD~1:mappings/_mim.yml` where it is a revision's."""
        if not self.real or not place.file.startswith(self.real):
            return place
        return replace(place, file=f"{self.shown}{place.file.removeprefix(self.real)}")

    def in_repository(self, place: Place) -> Place | None:
        """A place with the path that its file has in the repository; None where it is in none of its files."""
        if not self.kept or place.shipped:
            return None
        if self.real and place.file.startswith(self.real):
            return replace(place, file=place.file.removeprefix(self.real))
        return in_repository(place)


def sides(old: str, new: str) -> tuple[Side, Side]:
    """Both sides. Raises SettingsError for what is neither folder nor revision, MappingError for mistakes in either."""
    if not (old and new):
        raise SettingsError("an empty name is neither a folder nor a revision; name both sides, or OLD alone")
    beside = Path(new) if Path(new).is_dir() else Path()
    like = beside if any(beside.glob("*.yml")) and beside != Path() else beside / DEFAULT
    (one, mistakes), (other, more) = _side(old, like, may_lack=True), _side(new, like)
    found = [*_of("OLD", one, mistakes), *_of("NEW", other, more)]
    if found:
        raise MappingError(found)
    return one, other


def _of(word: str, side: Side, findings: Iterable[Finding]) -> Iterable[Finding]:
    """Mistakes of a side; which one it is stands in each."""
    return (replace(each, place=side.told(each.place), message=f"{word}: {each.message}") for each in findings)


def _side(name: str, like: Path, *, may_lack: bool = False) -> tuple[Side, list[Finding]]:
    """A side and the mistakes in it; of a revision without a path it is the folder `like`.

    Where it `may_lack` them the package's count: before somebody's first mappings there were these alone.
    """
    if name == INSTALLED:
        return _installed(name)
    if Path(name).is_dir():
        mappings, findings = read_folder(find(Path(name)).mappings)
        return Side(name, mappings), findings
    with TemporaryDirectory() as folder:
        top = Path(folder)
        revision, path = check_out(name, top, like, may_lack=may_lack)
        if path is None:
            return _installed(f"{revision}, which has no {like.as_posix()} ({INSTALLED})")
        mappings, findings = read_folder(find(top / path).mappings)
        return Side(name, mappings, f"{top.as_posix()}/", f"{revision}:"), findings


def _installed(name: str) -> tuple[Side, list[Finding]]:
    mappings, findings = read_folder()
    return Side(name, mappings, DEFAULT, f"{INSTALLED}:{DEFAULT}", kept=False), findings
