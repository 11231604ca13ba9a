"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.elasticsearch import Elasticsearch
from tests.engines.opensearch import OpenSearch


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    """A genuine Elasticsearch, started once for all tests; each test uses names of its own."""
    with Elasticsearch() as server:
        yield server.url


@pytest.fixture(scope="session")
def opensearch_url() -> Iterator[str]:
    """A genuine OpenSearch, likewise."""
    with OpenSearch() as server:
        yield server.url
