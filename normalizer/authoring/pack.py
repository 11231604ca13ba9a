"""Where the mappings of one's own lie, and what belongs to them.

mappings/             mapping files, _custom_fields.yml, tables/
tests/golden/         golden cases: events, and the documents that they must become
schemas/, ingest_pipelines/   what `mim-ecs build` makes of the mappings
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from normalizer.backends import FOLDERS
from normalizer.errors import SettingsError
from normalizer.outputs.files import why

GOLDEN = "tests/golden"


@dataclass(frozen=True, slots=True)
class Pack:
    """One folder of mapping files. `top` is the folder that it stands in with all that belongs to it.

    Without a `top`, the mapping files are all there is.
    """

    mappings: Path
    top: Path | None

    @property
    def golden(self) -> Path | None:
        """The folder of golden cases, whether there are any or not."""
        return None if self.top is None else self.top / GOLDEN

    @property
    def generated(self) -> Path | None:
        """The folder that holds what is generated; None where nothing generated is kept."""
        kept = self.top is not None and any((self.top / each).is_dir() for each in FOLDERS)
        return self.top if kept else None


def find(folder: Path) -> Pack:
    """The pack of a folder that holds `mappings/`, or that holds mapping files itself. Raises SettingsError."""
    try:
        if any((folder / "mappings").glob("*.y*ml")):
            return Pack(folder / "mappings", folder)
        if folder.is_dir() and any(folder.glob("*.yml")):
            return Pack(folder, None)
        if not folder.exists():
            raise SettingsError(f"{folder}: there is no such folder")
    except OSError as error:
        raise SettingsError(f"{folder}: this cannot be read: {why(error)}") from None
    raise SettingsError(f"{folder}: this holds no mapping files, nor a folder mappings/ with such; name one that does")
