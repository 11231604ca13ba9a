"""Talks to Elasticsearch: makes the client, turns its exceptions into sentences, sends one bulk request.

What an answer means for an event is not decided here (see `normalizer.delivery`). The client's own retries are off:
whoever sends owns the loop. No sentence holds a credential: the address that is shown is host and port, and what the
server says of credentials that it refuses is not repeated.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from elastic_transport import ApiError as TransportApiError
from elastic_transport import ConnectionTimeout, SerializationError, TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError

from normalizer.errors import NormalizerError, ServerError, SettingsError

TIMEOUT = 60.0
"""Seconds that one request may take."""

_PORTS = {"http": 80, "https": 443}
_LONGEST_REASON = 300


def connect(
    url: str,
    *,
    api_key: str | None = None,
    username: str | None = None,
    password: str | None = None,
    ca_certs: str | Path | None = None,
    fingerprint: str | None = None,
    timeout: float = TIMEOUT,
) -> Elasticsearch:
    """A client for one address, without retries of its own; nothing is sent yet.

    A user and password in the address are taken as such, unless others are given. `ca_certs` is a file of certificates
    to trust, `fingerprint` the SHA-256 of the server's; both need https. Raises SettingsError.
    """
    parts, shown = _address(url)
    if username is None and password is None and api_key is None and parts.username:
        username, password = unquote(parts.username), unquote(parts.password or "")
    if api_key is not None and (username is not None or password is not None):
        raise SettingsError("An API key and a user were both given; Elasticsearch takes one of them.")
    if (username is None) != (password is None):
        raise SettingsError("A user needs a password, and a password a user.")
    options: dict[str, Any] = {}
    if api_key is not None:
        options["api_key"] = api_key
    if username is not None:
        options["basic_auth"] = (username, password)
    if parts.scheme == "https":
        options["ca_certs"] = _certificates(ca_certs)
        options["ssl_assert_fingerprint"] = fingerprint
        options = {name: value for name, value in options.items() if value is not None}
    elif ca_certs is not None or fingerprint is not None:
        raise SettingsError(f"Certificates were given for {shown}, which is http; write https://.")
    try:
        return Elasticsearch(
            shown, request_timeout=timeout, max_retries=0, retry_on_timeout=False, retry_on_status=(), **options
        )
    except (ValueError, TypeError, OSError):
        # The exception's own text may hold what was given.
        raise SettingsError(f"The settings for {shown} cannot be used; look at certificate, key and user.") from None


def _address(url: str) -> tuple[SplitResult, str]:
    """The address taken apart, and the same without user and password, with its port."""
    advice = "write one such as https://host:9200."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError(f"Elasticsearch's address cannot be read; {advice}") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise SettingsError(f"Elasticsearch's address begins with http:// or https:// and a host; {advice}")
    if parts.query or parts.fragment:
        raise SettingsError(f"Elasticsearch's address ends with host, port and path, without ? and #; {advice}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return parts, f"{parts.scheme}://{host}:{port or _PORTS[parts.scheme]}{parts.path.rstrip('/')}"


def _certificates(path: str | Path | None) -> str | None:
    if path is None:
        return None
    try:
        ssl.create_default_context(cafile=str(path))
    except FileNotFoundError:
        raise SettingsError(f"There is no file of certificates {path}.") from None
    except (OSError, ssl.SSLError):
        raise SettingsError(f"The file {path} holds no certificates (PEM).") from None
    return str(path)


def address(client: Elasticsearch) -> str:
    """Host and port that a client talks to, for sentences."""
    node = next(iter(client.transport.node_pool.all()))
    host = f"[{node.host}]" if ":" in node.host else node.host
    return f"{host}:{node.port}"


@contextmanager
def plainly(client: Elasticsearch) -> Iterator[None]:
    """Within it, every exception of the client leaves as a ServerError."""
    try:
        yield
    except NormalizerError:
        raise
    except Exception as error:  # the client's exceptions have no common root, and some are built-in
        raise server_error(error, address(client)) from None


def server_error(error: Exception, where: str) -> ServerError:
    """One sentence for what went wrong with a request to `where` (host:port)."""
    if isinstance(error, UnsupportedProductError):
        return ServerError(f"The server at {where} is not Elasticsearch.")
    if isinstance(error, (ApiError, TransportApiError)):
        return ServerError(_refusal(error, where))
    if untrusted := _untrusted(error):
        return ServerError(f"Elasticsearch at {where} is not trusted: {untrusted}.")
    if isinstance(error, (ConnectionTimeout, TimeoutError)):
        return ServerError(f"Elasticsearch at {where} did not answer in time.")
    if isinstance(error, SerializationError):
        return ServerError(f"Elasticsearch at {where} gave an answer that cannot be read.")
    if isinstance(error, (TransportError, OSError)):
        return ServerError(f"Elasticsearch at {where} cannot be reached: {_why(error)}.")
    return ServerError(f"The request to Elasticsearch at {where} failed ({type(error).__name__}).")


def _refusal(error: ApiError | TransportApiError, where: str) -> str:
    status = error.meta.status
    if status == 401:
        return f"Elasticsearch at {where} refuses our credentials (401)."
    kind, reason = error_of(error.body)
    said = f": {reason or kind}" if reason or kind else ""
    if status == 403:
        return f"Elasticsearch at {where} does not allow us to do this (403){said}."
    return f"Elasticsearch at {where} refuses the request ({status}){said}."


def error_of(body: object) -> tuple[str, str]:
    """Type and reason of the error that an answer or one of its items carries, or two empty texts."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", _short(error) if isinstance(error, str) else ""
    reasons: list[str] = []
    cause: object = error
    while isinstance(cause, dict) and len(reasons) < 3:
        if isinstance(reason := cause.get("reason"), str) and reason not in reasons:
            reasons.append(reason)
        cause = cause.get("caused_by")
    kind = error.get("type")
    return kind if isinstance(kind, str) else "", _short("; ".join(reasons))


def _short(text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"


def _causes(error: BaseException) -> list[BaseException]:
    """An exception and all that it was made from, outermost first: the client and urllib3 keep them in many places."""
    seen: list[BaseException] = []
    queue: list[object] = [error]
    while queue:
        each = queue.pop(0)
        if isinstance(each, BaseException) and each not in seen:
            seen.append(each)
            queue += [*getattr(each, "errors", ()), getattr(each, "reason", None), each.__cause__, each.__context__]
            queue += each.args
    return seen


def _why(error: BaseException) -> str:
    """The innermost reason that says something: `Connection refused`, `wrong version number`."""
    for each in reversed(_causes(error)):
        if isinstance(each, ssl.SSLError) and each.reason:
            return f"no TLS connection, {each.reason.replace('_', ' ').lower()}"
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
    return "the connection was lost"


def _untrusted(error: BaseException) -> str | None:
    """Why the server's certificate is refused; None where it is not, and the connection failed otherwise."""
    if not isinstance(error, TlsError):
        return None
    causes = [each for each in _causes(error) if isinstance(each, ssl.SSLError)]
    if not causes:  # a name or a fingerprint, which are not compared by OpenSSL
        return "its certificate is not the one that was expected of it"
    return next((each.verify_message for each in causes if isinstance(each, ssl.SSLCertVerificationError)), None)


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What the server says of one item of a bulk request.

    `kind` and `reason` are the error's, empty where there is none; `failure_store` is true where the server put the
    document into the failure store instead of the data stream (its `id` is then a new one); `dropped` where a pipeline
    of the server's dropped it.
    """

    id: str
    status: int
    kind: str = ""
    reason: str = ""
    failure_store: bool = False
    dropped: bool = False


class Trouble(Enum):
    """Why a bulk request has no results, as far as it can be sent again."""

    TOO_LARGE = "too large"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A bulk request without results: nothing is known of any of its items. `sentence` is for people."""

    trouble: Trouble
    sentence: str


Send = Callable[[Sequence[bytes]], "list[ItemResult] | NoAnswer"]
"""Sends prepared items (action line and document line, each with its line end) as one bulk request.

Gives what the answer lists, unverified, or the reason why there is none. Raises ServerError when sending again is
no use: the server refuses us, is not trusted, or is not Elasticsearch.
"""

_AGAIN = (408, 429, 500, 502, 503, 504)


def bulk(client: Elasticsearch, data_stream: str, pipeline: str | None = None) -> Send:
    """A sender of `create` requests to a data stream; the server refuses to make a plain index of that name.

    Through an ingest pipeline of the server's, where one is named.
    """
    where = address(client)

    def send(items: Sequence[bytes]) -> list[ItemResult] | NoAnswer:
        body: Any = items  # the client joins lines that are bytes as they are; its annotation knows only mappings
        try:
            answer = client.bulk(index=data_stream, operations=body, pipeline=pipeline, require_data_stream=True)
        except Exception as error:  # the client's exceptions have no common root, and some are built-in
            return _no_answer(error, where)
        return results(answer.body)

    return send


def _no_answer(error: Exception, where: str) -> NoAnswer:
    """Raises ServerError where the request cannot be sent again."""
    known = server_error(error, where)
    sentence = str(known)
    if isinstance(error, UnsupportedProductError) or _untrusted(error):
        raise known from None
    if isinstance(error, (ApiError, TransportApiError)):
        if error.meta.status == 413:
            return NoAnswer(Trouble.TOO_LARGE, sentence)
        if error.meta.status in _AGAIN:
            return NoAnswer(Trouble.BUSY, sentence)
        raise known from None
    if isinstance(error, SerializationError):
        return NoAnswer(Trouble.UNREADABLE, sentence)
    if isinstance(error, (TransportError, OSError)):
        return NoAnswer(Trouble.UNREACHABLE, sentence)
    raise known from None


def results(answer: object) -> list[ItemResult] | NoAnswer:
    """The items of the answer to a request of `create` actions; anything else than such an answer cannot be read."""
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        return NoAnswer(Trouble.UNREADABLE, "Elasticsearch's answer to a bulk request has no list of items.")
    found = []
    for item in items:
        result = _result(item)
        if result is None:
            return NoAnswer(Trouble.UNREADABLE, "Elasticsearch's answer to a bulk request has an item without result.")
        found.append(result)
    return found


def _result(item: object) -> ItemResult | None:
    created = item.get("create") if isinstance(item, dict) and len(item) == 1 else None
    if not isinstance(created, dict):
        return None
    key, status = created.get("_id"), created.get("status")
    if not isinstance(key, str) or type(status) is not int:
        return None
    stored = created.get("failure_store") == "used"
    if "error" not in created:
        return ItemResult(key, status, failure_store=stored, dropped=created.get("result") == "noop")
    return ItemResult(key, status, *error_of(created), failure_store=stored)
