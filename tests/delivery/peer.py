"""A peer that answers HTTP as a test tells it to: for what an honest Elasticsearch never says."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = {"Content-Type": "application/json"}
PRODUCT = {"X-Elastic-Product": "Elasticsearch"}


@dataclass(frozen=True)
class Reply:
    """A status, a body as it goes over the wire, and headers. `cut` bytes of the body are kept back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {**JSON, **PRODUCT})
    cut: int = 0


@dataclass
class Peer:
    """Where it listens and what it was asked: path, headers and body of each request."""

    url: str
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


def results(body: bytes) -> list[dict[str, Any]]:
    """What an honest server says of a request whose documents are all new."""
    actions = [json.loads(line) for line in body.split(b"\n")[:-1:2]]
    return [{"create": {"_id": action["create"]["_id"], "status": 201, "result": "created"}} for action in actions]


def items(found: list[Any]) -> Reply:
    return Reply(body=json.dumps({"errors": False, "took": 1, "items": found}).encode())


@contextmanager
def peer(
    answer: Callable[[int, bytes], Reply | None], engine: str = "elasticsearch", context: ssl.SSLContext | None = None
) -> Iterator[Peer]:
    """Serve `answer(number of the request from 1, body)`; None closes the connection without a word.

    Only an `elasticsearch` says so in each answer. By https where a context has the certificate.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            reply = answer(len(asked.requests), body)
            self.close_connection = reply is None or reply.cut > 0
            if reply is None:
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                if engine == "elasticsearch" or name not in PRODUCT:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: len(reply.body) - reply.cut])

        do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815 - names that http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    class Server(ThreadingHTTPServer):
        def finish_request(self, request: Any, client_address: Any) -> None:
            if context is not None:
                try:
                    request = context.wrap_socket(request, server_side=True)
                except OSError:  # who does not trust us
                    return
            super().finish_request(request, client_address)
            if context is not None:
                request.close()

    with Server(("127.0.0.1", 0), Handler) as server:
        asked = Peer(f"http{'s' if context else ''}://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()
