"""Both engines' ways to connect, and peers on loopback that speak no better than they must."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR, socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

from normalizer.outputs import elasticsearch, opensearch
from normalizer.outputs.server import Server

ENGINES = ("elasticsearch", "opensearch")
NAMES = {"elasticsearch": "Elasticsearch", "opensearch": "OpenSearch"}
_CONNECT: dict[str, Callable[..., Server]] = {"elasticsearch": elasticsearch.connect, "opensearch": opensearch.connect}


def connect(engine: str, url: str, **options: Any) -> Server:
    return _CONNECT[engine](url, **options)


def action(key: str = "a", document: bytes = b'{"@timestamp":"2026-01-01T00:00:00Z"}') -> bytes:
    """An item of a bulk request."""
    return b'{"create":{"_id":"%s"}}\n%s\n' % (key.encode(), document)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def listening(serve: Callable[[socket], object]) -> Iterator[str]:
    """The URL of who serves each connection so, as long as the context lasts."""
    open_ones: list[socket] = []

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            open_ones.append(self.request)
            with suppress(OSError):
                serve(self.request)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            for each in open_ones:
                with suppress(OSError):
                    each.shutdown(SHUT_RDWR)


def drip(there: socket, content: bytes, *, seconds: float = 20) -> None:
    """A byte at a time, each long before a time-out, all of them after it."""
    end = time.monotonic() + seconds
    for byte in content:
        there.sendall(bytes([byte]))
        time.sleep(0.05)
        if time.monotonic() > end:
            return
