"""What the linter's tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that is gone after the test; pytest's own looks through all of its folders for a free number."""
    with TemporaryDirectory() as folder:
        yield Path(folder).resolve()
