"""Where the data folders lie: under the package in a wheel, at the top level in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def data_folder() -> Path:
    """The folder that holds `mappings/`, `schemas/` and `ingest_pipelines/`."""
    package = Path(__file__).resolve().parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent
