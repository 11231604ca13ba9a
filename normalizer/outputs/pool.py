"""Connections to one address. The clients of both engines talk through these instead of their own.

They are urllib3's, with what neither client has: a request has an end, also where the server answers a byte at a time;
an answer has a largest size, also where it comes compressed; its status is told whatever it comes with; and a
certificate is trusted by what is given alone, while Elasticsearch's client trusts the machine's authorities beside it.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from typing import Any, NamedTuple

import orjson
from urllib3 import HTTPConnectionPool, HTTPHeaderDict, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from normalizer.outputs.address import Address
from normalizer.outputs.pins import Pinned

MOST = 64 * 1024 * 1024
"""Bytes of an answer that are read; the largest that we ask for have a tenth."""
_PIECE = 256 * 1024


class TooLarge(HTTPError):
    """The answer has more bytes than any that we ask for."""


class Reply(NamedTuple):
    """What the clients look at in an answer."""

    status: int
    headers: HTTPHeaderDict
    data: bytes


class Pool:
    """Takes the place of a client's own urllib3 pool. Safe to use from several threads."""

    def __init__(self, address: Address, context: ssl.SSLContext | None, *, timeout: float, connections: int) -> None:
        self._timeout = timeout
        options: dict[str, Any] = {"maxsize": connections, "block": True, "timeout": timeout}
        self._pool: HTTPConnectionPool
        if context is None:
            self._pool = HTTPConnectionPool(address.host, address.port, **options)
            self._pool.ConnectionCls = _Connection
        else:
            if isinstance(context, Pinned):
                options["assert_hostname"] = False
            self._pool = HTTPSConnectionPool(address.host, address.port, ssl_context=context, **options)
            self._pool.ConnectionCls = _SecureConnection

    def urlopen(self, method: str, url: str, body: bytes | None = None, **options: Any) -> Reply:
        """One request, whose answer is read to its end. Raises urllib3's errors."""
        options |= {"preload_content": False, "redirect": False, "timeout": self._timeout}
        answer = self._pool.urlopen(method, url, body, **options)
        pieces, size = [], 0
        try:
            while piece := answer.read1(_PIECE):
                pieces.append(piece)
                size += len(piece)
                if size > MOST:
                    raise TooLarge(f"more than {MOST} bytes")
        finally:
            answer.close()
            answer.release_conn()
        return _readable(answer.status, answer.headers, b"".join(pieces))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _readable(status: int, headers: HTTPHeaderDict, data: bytes) -> Reply:
    """The answer without warnings, which the clients would print; with a body of JSON or none if it is an error.

    A proxy on the way says 413 or 503 in HTML, in Latin-1, in half a word. The status counts, which would be lost.
    """
    headers = headers.copy()
    headers.discard("warning")
    if not 200 <= status < 300:
        headers["content-type"] = "application/json"
        try:
            orjson.loads(data)
        except orjson.JSONDecodeError:
            data = b""
    return Reply(status, headers, data)


class _Deadline:
    """The time-out of a socket is for each read of a few bytes; this one is for all of them."""

    def __init__(self, there: socket.socket) -> None:
        self._socket = there
        timeout = there.gettimeout()
        self._end = time.monotonic() + timeout if timeout is not None else None

    def next(self) -> None:
        """Leave the next read or write what is left of the time. Raises TimeoutError."""
        if self._end is not None:
            left = self._end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)


class _Timely(io.RawIOBase):
    """What a socket receives until its deadline."""

    def __init__(self, raw: io.RawIOBase, deadline: _Deadline) -> None:
        self._raw, self._deadline = raw, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._deadline.next()
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """Head and body have one deadline."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Timely(self.fp.detach(), _Deadline(sock)))


class _Connection(HTTPConnection):
    response_class = _Response

    def send(self, data: Any) -> None:
        """Head and body of a request have a deadline each, also where the server reads a byte at a time."""
        if self.sock is None:
            self.connect()
        self.sock.settimeout(self.timeout if isinstance(self.timeout, (int, float)) else None)
        deadline = _Deadline(self.sock)
        left = memoryview(data)
        while left:
            deadline.next()
            left = left[self.sock.send(left) :]


class _SecureConnection(_Connection, HTTPSConnection):
    def connect(self) -> None:
        if isinstance(self.ssl_context, Pinned):
            timeout = self.timeout if isinstance(self.timeout, (int, float)) else None
            self.ssl_context.find(self.host, self.port, timeout)
        super().connect()
