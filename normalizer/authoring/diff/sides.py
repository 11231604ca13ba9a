"""What is compared: a folder of mappings, a git revision of them, or those of the installed package."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from normalizer.authoring.diff.git import check_out
from normalizer.authoring.pack import find
from normalizer.errors import Finding, MappingError, Place
from normalizer.language import Mappings
from normalizer.language.load import read_folder

INSTALLED = "installed"
_PACKAGE = "mappings"


@dataclass(frozen=True, slots=True)
class Side:
    """One side: as it was asked for, and its mappings.

    Files whose names begin with `real` are told as if they began with `shown`, for what git gives is read in a folder
    that is gone afterwards. `file` takes its place in a repository.
    """

    name: str
    mappings: Mappings
    real: str = ""
    shown: str = ""
    file: str = ""

    def told(self, place: Place) -> Place:
        """A place as people know it: `HEAD~1:mappings/_mim.yml` where it is a revision's."""
        return self._renamed(place, self.shown)

    def in_repository(self, place: Place) -> Place:
        """A place with the path that its file has in the repository."""
        return self._renamed(place, self.file)

    def _renamed(self, place: Place, instead: str) -> Place:
        if not self.real or not place.file.startswith(self.real):
            return place
        return replace(place, file=f"{instead}{place.file.removeprefix(self.real)}")


def sides(old: str, new: str) -> tuple[Side, Side]:
    """Both sides. Raises SettingsError for what is neither folder nor revision, MappingError for mistakes in either."""
    (one, mistakes), (other, more) = _side(old), _side(new)
    found = [*_of("OLD", one, mistakes), *_of("NEW", other, more)]
    if found:
        raise MappingError(found)
    return one, other


def _of(word: str, side: Side, findings: Iterable[Finding]) -> Iterable[Finding]:
    """Mistakes of a side; which one it is stands in each."""
    return (replace(each, place=side.told(each.place), message=f"{word}: {each.message}") for each in findings)


def _side(name: str) -> tuple[Side, list[Finding]]:
    if name == INSTALLED:
        mappings, findings = read_folder()
        return Side(name, mappings, _PACKAGE, f"{INSTALLED}:{_PACKAGE}", _PACKAGE), findings
    if Path(name).is_dir():
        mappings, findings = read_folder(find(Path(name)).mappings)
        return Side(name, mappings), findings
    with TemporaryDirectory() as folder:
        top = Path(folder)
        revision, path = check_out(name, top)
        mappings, findings = read_folder(find(top / path).mappings)
        return Side(name, mappings, f"{top.as_posix()}/", f"{revision}:", ""), findings
