from __future__ import annotations

from pathlib import Path

import pytest

from tests.delivery.checkpoints import lines


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state" / "state.json"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


@pytest.fixture
def log(logs: Path) -> Path:
    path = logs / "okta.log"
    path.write_bytes(lines(0, 30))
    return path
