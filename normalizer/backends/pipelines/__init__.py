"""Plans ▶ ingest pipelines: the same documents, made inside Elasticsearch or OpenSearch."""

from normalizer.backends.pipelines.pipeline import CUSTOM, build, pipelines

__all__ = ["CUSTOM", "build", "pipelines"]
