"""Plans ▶ ingest pipelines: the same documents, made inside Elasticsearch or OpenSearch."""

from normalizer.backends.pipelines.pipeline import build, pipelines

__all__ = ["build", "pipelines"]
