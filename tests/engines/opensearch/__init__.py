"""A genuine OpenSearch for tests: `with OpenSearch() as server: … server.url`. More in ../README.md."""

from tests.engines.opensearch.server import OpenSearch

__all__ = ["OpenSearch"]
