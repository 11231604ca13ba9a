"""Back ends: everything that is compiled from the Plans. None knows another; a new one is a module and a line here.

`normalizer.backends.python` makes functions, not files: the run time calls it directly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from normalizer.backends.field_tables import field_tables
from normalizer.backends.pipelines import CUSTOM, pipelines
from normalizer.backends.schemas import schemas
from normalizer.backends.templates import templates
from normalizer.language import Mappings

BACKENDS: dict[str, Callable[[Mappings], Iterator[tuple[str, bytes]]]] = {
    "schemas": schemas,
    "templates": templates,
    "pipelines": pipelines,
    "field tables": field_tables,
}
"""What writes files: each gives paths from the top level, and their bytes. Pure: no clock, no environment."""

FOLDERS = {
    "schemas/documents": (".json",),
    "schemas/elasticsearch": (".json",),
    "schemas/opensearch": (".json",),
    "ingest_pipelines": (".json", ".painless"),
    "docs/fields": (".md",),
}
"""Folders in which every file with such an ending is generated: one that no back end writes any more is stale."""


ONCE = (f"ingest_pipelines/{CUSTOM}.json",)
"""Files that are written where they are missing, and are somebody's own from then on."""


def outputs(mappings: Mappings) -> Iterator[tuple[str, bytes]]:
    """Every generated file."""
    for backend in BACKENDS.values():
        yield from backend(mappings)
