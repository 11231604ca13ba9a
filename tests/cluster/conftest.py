"""What the tests of setup share: a server of each engine that has nothing of ours, and the shipped mappings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from normalizer.language import Mappings, load
from normalizer.outputs.server import Server
from tests.cluster.ours import clean


@pytest.fixture(scope="session")
def mappings() -> Mappings:
    return load()


@pytest.fixture(params=["elasticsearch", "opensearch"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Either engine, genuine."""
    with clean(request.getfixturevalue(f"{request.param}_url"), request.param) as server:
        yield server


@pytest.fixture
def elasticsearch(elasticsearch_url: str) -> Iterator[Server]:
    """For what OpenSearch lacks."""
    with clean(elasticsearch_url) as server:
        yield server


@pytest.fixture
def opensearch(opensearch_url: str) -> Iterator[Server]:
    """For ingest pipelines: our Elasticsearch has no processors."""
    with clean(opensearch_url, "opensearch") as server:
        yield server
