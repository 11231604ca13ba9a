"""Peers on loopback that keep every byte they get: one that speaks TLS or plain HTTP, and a relay that passes it on."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Self

from tests.engines.certificates import Certificate

_SECONDS = 10
_PIECE = 1 << 16


class Listener:
    """Listens while the context lasts; leaving it waits for what is under way."""

    def __init__(self, host: str) -> None:
        listener = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                self.request.settimeout(_SECONDS)
                listener.connections += 1
                with suppress(OSError):  # the client has gone
                    listener.serve(self.request)

        self.connections = 0
        self._host = host
        self._server = ThreadingTCPServer((host, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self._host}:{self._server.server_address[1]}"

    def serve(self, connection: socket.socket) -> None:
        """Talk to one client, which may end it by OSError."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def reply(status: str, *headers: str, engine: str = "elasticsearch") -> bytes:
    """An HTTP answer with an empty JSON object, of what says it is that engine."""
    product = ["X-Elastic-Product: Elasticsearch"] if engine == "elasticsearch" else []
    known = (*product, "Content-Type: application/json", "Content-Length: 2")
    return "\r\n".join([f"HTTP/1.1 {status}", *known, *headers, "Connection: close", "", "{}"]).encode()


class Peer(Listener):
    """Answers every request alike. It speaks TLS where it has a certificate.

    `raw` is all that came over the wire, `plain` what of it was decrypted: without TLS the same.
    """

    def __init__(
        self, certificate: Certificate | None, answer: bytes = reply("401 Unauthorized"), host: str = "127.0.0.1"
    ) -> None:
        super().__init__(host)
        self.raw = self.plain = b""
        self._context = certificate.context() if certificate else None
        self._answer = answer

    @property
    def url(self) -> str:
        """As who trusts it would write it."""
        return f"https://{self.address}"

    def serve(self, connection: socket.socket) -> None:
        """Read one request and answer it."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._context.wrap_bio(incoming, outgoing, server_side=True) if self._context else None
        request = b""
        while not self._complete(request) and (data := connection.recv(_PIECE)):
            self.raw += data
            incoming.write(data)
            try:
                new = self._decrypted(tls) if tls else data
            finally:
                connection.sendall(outgoing.read())
            self.plain += new
            request += new
        if request:
            if tls:
                tls.write(self._answer)
            connection.sendall(outgoing.read() if tls else self._answer)

    def _complete(self, request: bytes) -> bool:
        """Whether it can be answered; who expects plain HTTP and gets a handshake does not wait for more of it."""
        return b"\r\n\r\n" in request or (self._context is None and request != b"")

    @staticmethod
    def _decrypted(tls: ssl.SSLObject) -> bytes:
        """What has come so far. Raises SSLError where the client does not trust us."""
        with suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            tls.do_handshake()
            return tls.read(_PIECE)
        return b""


class Relay(Listener):
    """Passes on to `target` (host and port) what comes, and back, unread: the client meets the target's certificate.

    When `at` bytes have come from the client it calls `then` once, before it passes on more.
    """

    def __init__(
        self, target: str, host: str = "127.0.0.1", *, at: int = -1, then: Callable[[], object] | None = None
    ) -> None:
        super().__init__(host)
        self.raw = b""
        self.called = threading.Event()
        host_there, _, port = target.rpartition(":")
        self._target = (host_there, int(port))
        self._at = at
        self._then = then
        self._lock = threading.Lock()

    def serve(self, connection: socket.socket) -> None:
        """Until one of the two has nothing more to say."""
        with socket.create_connection(self._target, timeout=_SECONDS) as there:
            back = threading.Thread(target=self._copy, args=(there, connection))
            back.start()
            try:
                while data := connection.recv(_PIECE):
                    self._keep(data)
                    there.sendall(data)
            finally:
                with suppress(OSError):
                    there.shutdown(socket.SHUT_RDWR)
                back.join()

    def _keep(self, data: bytes) -> None:
        with self._lock:
            self.raw += data
            if self._then and len(self.raw) >= self._at and not self.called.is_set():
                self._then()
                self.called.set()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_PIECE):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
