"""Credentials are safe: no bad peer gets a byte of one, and no output holds one, however loud the run is."""

from __future__ import annotations

import pytest

from tests.engines.elasticsearch import Elasticsearch
from tests.security.scene import Scene
from tests.security.trials import TRIALS


@pytest.fixture(scope="module")
def scene(secured: Elasticsearch, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(secured, tmp_path_factory.mktemp("scene"))


@pytest.mark.parametrize("name", TRIALS)
def test_credentials_are_safe(name: str, scene: Scene) -> None:
    TRIALS[name](scene)
