"""What tests put on the shared server, and how it goes."""

from __future__ import annotations

from elasticsearch import Elasticsearch


def remove_ours(client: Elasticsearch) -> None:
    """Leave no data stream, template, pipeline or document of okta.mim behind."""
    quiet = client.options(ignore_status=404)
    quiet.indices.delete_data_stream(name="logs-okta.mim-*")
    quiet.indices.delete_index_template(name="logs-okta.mim")
    for name in ("logs-okta.mim@mappings", "logs-okta.mim@settings", "logs-okta.mim@custom"):
        quiet.cluster.delete_component_template(name=name)
    for name in ("logs-okta.mim", "logs-okta.mim@custom"):
        quiet.ingest.delete_pipeline(id=name)
