"""Requests of `setup`: what a refusal of the key means is told with the privilege that is missing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from normalizer.errors import ServerError
from normalizer.names import NAME
from normalizer.outputs.server import Server


class Privilege(Enum):
    """What Elasticsearch wants a key to have for a request: to do what, the privilege, and what else can be done.

    OpenSearch names the permission itself where it refuses.
    """

    MONITOR = "look at the cluster", "the cluster privilege monitor", ""
    TEMPLATES = "read or change index templates", "the cluster privilege manage_index_templates", ""
    PIPELINES = (
        "read or change ingest pipelines",
        "the cluster privilege manage_ingest_pipelines",
        "--no-pipelines leaves the ingest pipelines out",
    )
    VIEW = "look at the data streams", f"the privilege view_index_metadata on {NAME}-*", ""
    LIFECYCLE = "change the retention", f"the privilege manage_data_stream_lifecycle (or manage) on {NAME}-*", ""
    ROLLOVER = "roll a data stream over", f"the privilege manage on {NAME}-*", "leave --rollover out"

    def __init__(self, deed: str, name: str, instead: str) -> None:
        self.deed, self.privilege, self.instead = deed, name, instead


def ask(
    server: Server,
    privilege: Privilege,
    method: str,
    path: str,
    body: object = None,
    params: Mapping[str, str] | None = None,
) -> Any:
    """The JSON of the answer; None where nothing is there (404). Raises ServerError."""
    answer = server.request(method, path, body, params)
    if answer.status == 404:
        return None
    if answer.status == 403:
        raise ServerError(_forbidden(server, privilege, server.refusal(answer.status, answer.body)))
    if answer.status >= 400:
        raise server.refused(answer)
    if answer.body is None:
        raise unreadable(server)
    return answer.body


def unreadable(server: Server) -> ServerError:
    """The error for an answer that is not what the engine answers."""
    return ServerError(f"{server.engine} at {server.address} gave an answer that cannot be read.")


def _forbidden(server: Server, privilege: Privilege, said: str) -> str:
    if server.engine == "Elasticsearch":
        where = f"{server.engine} at {server.address}"
        said = f"{where} does not allow us to {privilege.deed} (403): the key needs {privilege.privilege}"
    return "; ".join(filter(None, (said.removesuffix("."), privilege.instead))) + "."
