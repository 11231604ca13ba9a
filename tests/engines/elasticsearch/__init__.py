"""A genuine Elasticsearch for tests: `with Elasticsearch() as server: … server.url`. More in ../README.md."""

from tests.engines.elasticsearch.server import Elasticsearch

__all__ = ["Elasticsearch"]
