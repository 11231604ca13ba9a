"""Talks to Elasticsearch by its own client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from elastic_transport import BaseNode, NdjsonSerializer, NodeConfig, SerializationError, Urllib3HttpNode
from elasticsearch import ApiError, Elasticsearch, OrjsonSerializer, UnsupportedProductError

from normalizer.errors import ServerError
from normalizer.outputs.address import Address, authorization, read_address, trust
from normalizer.outputs.answers import ItemResult, NoAnswer, short
from normalizer.outputs.failures import failure, plainly
from normalizer.outputs.pool import Pool
from normalizer.outputs.server import TIMEOUT, Answer, Server

_UNREADABLE = (SerializationError,)
_POOL = "_mim_ecs_pool"
_NOT_OURS = (400, 406, 415)
"""What OpenSearch says of Elasticsearch's own media types."""


def connect(
    url: str,
    *,
    api_key: str | None = None,
    username: str | None = None,
    password: str | None = None,
    ca_certs: str | Path | None = None,
    fingerprint: str | None = None,
    timeout: float = TIMEOUT,
    connections: int = 1,
) -> ElasticsearchServer:
    """A server at one address, without retries of its client's own; nothing is sent yet.

    A user and password in the address are taken as such, unless others are given. `ca_certs` is a file of authorities
    to trust, `fingerprint` the SHA-256 of a certificate; both need https. `timeout` are the seconds that each step of a
    request may take, `connections` the requests at a time. Raises SettingsError.
    """
    address = read_address(url, ElasticsearchServer.engine)
    headers = authorization(address, api_key, username, password)
    context = trust(address, ca_certs, fingerprint)
    return ElasticsearchServer(address, headers, Pool(address, context, timeout=timeout, connections=connections))


class ElasticsearchServer(Server):
    """Refuses every server that is not Elasticsearch, as its client does."""

    engine = "Elasticsearch"

    def __init__(self, address: Address, headers: Mapping[str, str], pool: Pool) -> None:
        super().__init__(address, headers)
        node = NodeConfig(address.scheme, address.host, address.port, address.path, _extras={_POOL: pool})
        self._client = Elasticsearch(
            [node],
            node_class=_Node,
            headers=headers,
            serializers={"application/json": OrjsonSerializer(), "application/x-ndjson": _AsItIs()},
            max_retries=0,
            retry_on_timeout=False,
            retry_on_status=(),
        )

    def request(self, method: str, path: str, body: object = None, params: Mapping[str, str] | None = None) -> Answer:
        """Send one request; any status is an answer. Raises ServerError where there is none that can be read."""
        headers = {"accept": "application/json"} | ({"content-type": "application/json"} if body is not None else {})
        with plainly(self.where, _UNREADABLE):
            try:
                found = self._client.perform_request(method, path, params=params, headers=headers, body=body)
            except UnsupportedProductError:
                raise self._other() from None
            except ApiError as error:
                return self._refused(error)
            return Answer(found.meta.status, None if method == "HEAD" else found.body, _lower(found.meta.headers))

    def bulk(
        self, data_stream: str, items: Sequence[bytes], pipeline: str | None = None
    ) -> list[ItemResult] | NoAnswer:
        """Send `create` requests to a data stream; the server refuses to make a plain index of that name."""
        body: Any = [b"".join(items)]  # the client sends bytes as they are; its annotation knows only mappings
        try:
            answer = self._client.bulk(index=data_stream, operations=body, pipeline=pipeline, require_data_stream=True)
        except UnsupportedProductError:
            raise self._other() from None
        except ApiError as error:
            return self.results(self._refused(error))
        except Exception as error:  # the client's exceptions have no common root, and some are built-in
            return self.no_answer(failure(error, self.where, _UNREADABLE))
        found = self.results(Answer(answer.meta.status, answer.body))
        return found if isinstance(found, NoAnswer) else self._with_reasons(found)

    def _with_reasons(self, found: list[ItemResult]) -> list[ItemResult]:
        """The same; those in the failure store with the reason that stands there, where we may read it.

        The documents and their fields: Elasticsearch's reference, "Failure store".
        """
        stored = [each for each in found if each.failure_store and each.index]
        if not stored:
            return found
        docs = [{"_index": each.index, "_id": each.id, "_source": ["error.type", "error.message"]} for each in stored]
        with suppress(ServerError, AttributeError, KeyError, TypeError):
            there = self.request("POST", "/_mget", {"docs": docs}).body["docs"]
            errors = {each["_id"]: each["_source"]["error"] for each in there if each.get("found")}
            reasons = {key: self.mask(short(f"{each['type']}: {each['message']}")) for key, each in errors.items()}
            return [replace(each, reason=reasons.get(each.id, each.reason)) for each in found]
        return found

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _refused(self, error: ApiError) -> Answer:
        """Raises ServerError where the server is none of ours."""
        headers = _lower(error.meta.headers)
        if error.meta.status in _NOT_OURS and "x-elastic-product" not in headers and self._is_opensearch():
            raise self._other()
        return Answer(error.meta.status, error.body, headers)

    def _other(self) -> ServerError:
        if self._is_opensearch():
            return ServerError(f"The server at {self.address} is OpenSearch; give --engine opensearch.")
        return ServerError(f"The server at {self.address} is not Elasticsearch.")

    def _is_opensearch(self) -> bool:
        """Ask the server who it is; the client hides what servers that it does not know have said."""
        try:
            self._client.perform_request("GET", "/", headers={"accept": "application/json"})
        except UnsupportedProductError as error:
            body = error.body
        except Exception:  # whatever it is, it does not say so
            return False
        else:
            return False
        version = body.get("version") if isinstance(body, dict) else None
        return isinstance(version, dict) and version.get("distribution") == "opensearch"


class _AsItIs(NdjsonSerializer):
    """For the body of a bulk request, which is ready: the client's own would copy it twice."""

    def dumps(self, data: Any) -> bytes:
        """The one part of the body."""
        [body] = data
        assert isinstance(body, bytes)
        return body


class _Node(Urllib3HttpNode):
    """One address, whose connections are ours."""

    def __init__(self, config: NodeConfig) -> None:
        BaseNode.__init__(self, config)  # that of the class between makes connections of its own
        self.pool: Any = config._extras[_POOL]

    def _log_request(self, *arguments: Any, **options: Any) -> None:
        """Nothing: at its loudest the client would log whole bodies, and what a server says of a credential."""


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
