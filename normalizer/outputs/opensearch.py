"""Talks to OpenSearch by its own client, opensearch-py, which comes with the extra `opensearch`.

OpenSearch does not know `require_data_stream`: what makes a data stream of a name there is our index template, which
commands look for before they send anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from normalizer.errors import ServerError, SettingsError
from normalizer.outputs.address import Address, authorization, read_address, trust
from normalizer.outputs.answers import ItemResult, NoAnswer
from normalizer.outputs.failures import failure, plainly
from normalizer.outputs.pool import Pool
from normalizer.outputs.server import TIMEOUT, Answer, Server

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

_UNREADABLE = (orjson.JSONDecodeError,)
_ANY_STATUS = range(100, 1000)


def connect(
    url: str,
    *,
    username: str | None = None,
    password: str | None = None,
    ca_certs: str | Path | None = None,
    fingerprint: str | None = None,
    timeout: float = TIMEOUT,
    connections: int = 1,
    api_key: str | None = None,
) -> OpenSearchServer:
    """A server at one address, without retries of its client's own; nothing is sent yet.

    What is given means what it means for Elasticsearch, except that OpenSearch has no API keys. Raises SettingsError.
    """
    if api_key is not None:
        raise SettingsError("OpenSearch has no API keys; give a user and a password.")
    address = read_address(url, OpenSearchServer.engine)
    headers = authorization(address, None, username, password)
    context = trust(address, ca_certs, fingerprint)
    return OpenSearchServer(address, headers, Pool(address, context, timeout=timeout, connections=connections))


class OpenSearchServer(Server):
    """Refuses an Elasticsearch, which would take much of what we send and leave the rest out."""

    engine = "OpenSearch"

    def __init__(self, address: Address, headers: Mapping[str, str], pool: Pool) -> None:
        super().__init__(address, headers)
        self._client = _client(address, headers, pool)

    def request(self, method: str, path: str, body: object = None, params: Mapping[str, str] | None = None) -> Answer:
        """Send one request; any status is an answer. Raises ServerError where there is none that can be read."""
        content = None if body is None else orjson.dumps(body)
        with plainly(self.where, _UNREADABLE):
            return self._send(method, path, content, "application/json", params)

    def bulk(
        self, data_stream: str, items: Sequence[bytes], pipeline: str | None = None
    ) -> list[ItemResult] | NoAnswer:
        """Send `create` requests to a data stream."""
        path = f"/{quote(data_stream, safe='')}/_bulk"
        params = {"pipeline": pipeline} if pipeline is not None else None
        try:
            answer = self._send("POST", path, b"".join(items), "application/x-ndjson", params)
        except ServerError:
            raise
        except Exception as error:  # the client's exceptions have no common root, and some are built-in
            return self.no_answer(failure(error, self.where, _UNREADABLE))
        return self.results(answer)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _send(
        self, method: str, path: str, content: bytes | None, kind: str, params: Mapping[str, str] | None
    ) -> Answer:
        """By the client's connection: its transport would keep status and headers to itself."""
        status, headers, text = self._client.transport.get_connection().perform_request(
            method, path, params, content, headers={"content-type": kind}, ignore=_ANY_STATUS
        )
        known = {name.lower(): value for name, value in headers.items()}
        if known.get("x-elastic-product") == "Elasticsearch":
            raise ServerError(f"The server at {self.address} is Elasticsearch; give --engine elasticsearch.")
        return Answer(status, orjson.loads(text) if text else None, known)


def _client(address: Address, headers: Mapping[str, str], pool: Pool) -> OpenSearch:
    """The client, with connections that are ours. Raises SettingsError where it is not installed."""
    try:
        from opensearchpy import OpenSearch, Urllib3HttpConnection
    except ImportError:
        wanted = "pip install 'okta-mim-ecs[opensearch]'"
        raise SettingsError(f"OpenSearch needs an extra that is not installed: {wanted}") from None

    class _Connection(Urllib3HttpConnection):
        def _create_urllib3_pool(self) -> None:
            self.pool: Any = pool

        def log_request_success(self, *arguments: Any, **options: Any) -> None:
            """Nothing: at its loudest the client would log whole bodies, and what a server says of a credential."""

        def log_request_fail(self, *arguments: Any, **options: Any) -> None:
            """Nothing: it is told once, by whoever sends."""

    there = {"host": address.host, "port": address.port, "use_ssl": address.scheme == "https"}
    return OpenSearch(
        [there | {"url_prefix": address.path}],
        connection_class=_Connection,
        headers=dict(headers),
        max_retries=0,
        retry_on_timeout=False,
        retry_on_status=(),
    )
