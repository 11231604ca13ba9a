"""A proxy on loopback that injects faults into HTTP by a plan, and remembers what was sent through it.

`with Proxy(url, plan) as proxy: … proxy.url`. It stands between `mim-ecs index` and a genuine server of either engine.
What a fault does not name passes unchanged: headers, and bodies byte by byte.
"""

from __future__ import annotations

import gzip
import http.client
import os
import socket
import struct
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import orjson

from tests.reliability.faults import (
    Answer,
    Asked,
    Lie,
    Moment,
    Pass,
    Plan,
    Refuse,
    Reply,
    Reset,
    bulk_reply,
    created,
    honest,
    refused,
)

_SERVER_SECONDS = 300
_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER for no time: close() sends RST and not FIN
_PRODUCT = "x-elastic-product"  # without it, Elasticsearch's own client takes a server for another product
_OF_ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}


class Proxy:
    """Listens while the context lasts. `plan` may be changed at any time.

    `asked` holds every request in the order of their heads; one that still lasts is among them.
    """

    def __init__(self, target: str, plan: Plan = honest) -> None:
        self.plan = plan
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        self._target = urlsplit(target).netloc
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self.product: str | None = None
        self._server = _Listener(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def bulks(self) -> list[Asked]:
        """The bulk requests so far."""
        return [asked for asked in self.asked[:] if asked.bulk]

    def sent(self, since: float = 0.0, until: float = float("inf")) -> Counter[str]:
        """How often each `_id` was sent in requests that began in that time, also where a request was torn."""
        return Counter(key for asked in self.bulks if since <= asked.at < until for key in asked.ids)

    def refused(self) -> Counter[str]:
        """How often each `_id` got a 429 from here."""
        return Counter(key for asked in self.bulks for key in asked.refused)

    @property
    def documents(self) -> int:
        """How many different ones were sent so far."""
        return len(self._seen)

    def note(self, asked: Asked, ids: list[str]) -> None:
        """Remember the documents of a bulk request."""
        asked.ids = ids
        with self._lock:
            self._seen.update(ids)

    def begin(self, method: str, path: str) -> Asked:
        """Remember a request whose head has come, and its fault."""
        with self._lock:
            asked = Asked(len(self.asked) + 1, method, path, time.monotonic())
            asked.fault = self.plan(asked)
            self.asked.append(asked)
        return asked

    def forward(self, asked: Asked, headers: Iterable[tuple[str, str]], body: bytes) -> Reply:
        """What the server answers. Raises OSError and HTTPException where it does not."""
        connection = http.client.HTTPConnection(self._target, timeout=_SERVER_SECONDS)
        try:
            connection.putrequest(asked.method, asked.path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it has read all
                connection.endheaders(body)
            answer = connection.getresponse()
            found = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_ONE_HOP}
            reply = Reply(answer.status, answer.read(), found)
        finally:
            connection.close()
        asked.server = reply.status
        self.product = answer.getheader(_PRODUCT, self.product)
        return reply

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.end_connections()
        self._server.server_close()
        if self._server.defects and error is None:
            raise self._server.defects[0]


class _Listener(ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.defects: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def keep(self, connection: socket.socket, *, is_open: bool) -> None:
        with self._lock:
            (self._open.add if is_open else self._open.discard)(connection)

    def end_connections(self) -> None:
        """So that nobody waits for the next request of a client."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, (OSError, EOFError)):
            self.defects.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self.server.keep(self.connection, is_open=True)

    def finish(self) -> None:
        self.server.keep(self.connection, is_open=False)
        with suppress(OSError):
            super().finish()

    def handle_any(self) -> None:
        proxy = self.server.proxy
        asked = proxy.begin(self.command, self.path)
        try:
            self._handle(proxy, asked)
        except (OSError, http.client.HTTPException, EOFError):  # one of the two is gone: the other one learns it so
            self._reset()
        finally:
            asked.ended = time.monotonic()

    do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815 - names that http.server looks for

    def _handle(self, proxy: Proxy, asked: Asked) -> None:
        fault = asked.fault
        moment = fault.moment if isinstance(fault, Reset) else None
        if moment is Moment.BEFORE:
            return self._reset()
        body = self._body(asked, half=moment is Moment.MIDWAY)
        if moment is Moment.MIDWAY:
            return self._reset()
        reply = self._reply(proxy, asked, body)
        if moment is Moment.AFTER:
            return self._reset()
        if isinstance(fault, (Pass, Lie)) and fault.delay:
            proxy.closing.wait(fault.delay)
        self._answer(asked, reply)
        return None

    def _reply(self, proxy: Proxy, asked: Asked, body: bytes) -> Reply:
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in _OF_ONE_HOP]
        match asked.fault:
            case Answer(reply):
                return reply
            case Lie(change, reached, _):
                if reached:
                    return change(_plain(proxy.forward(asked, headers, body)))
                return change(bulk_reply([created(key) for key in asked.ids]))
            case Refuse():
                return self._without_some(proxy, asked, headers, body)
        return proxy.forward(asked, headers, body)

    def _without_some(self, proxy: Proxy, asked: Asked, headers: list[tuple[str, str]], body: bytes) -> Reply:
        """The answer to what is not refused, and between its items those that are."""
        assert isinstance(asked.fault, Refuse)
        lines = _lines(body, packed=self._packed)
        chosen = [asked.fault.chosen(key) for key in asked.ids]
        left = b"".join(b"".join(lines[2 * at : 2 * at + 2]) for at, out in enumerate(chosen) if not out)
        asked.refused = [key for key, out in zip(asked.ids, chosen, strict=True) if out]
        found: Iterator[object] = iter(())
        if left:
            reply = _plain(proxy.forward(asked, headers, gzip.compress(left, 1) if self._packed else left))
            if reply.status != http.client.OK:
                asked.refused = []
                return reply
            found = iter(orjson.loads(reply.body)["items"])
        items = [refused(key) if out else next(found) for key, out in zip(asked.ids, chosen, strict=True)]
        return bulk_reply(items)

    def _body(self, asked: Asked, *, half: bool) -> bytes:
        """The request's body, or the first half of it; its documents are noted, even where it breaks off."""
        taken = bytearray()
        try:
            for piece in self._pieces(half=half):
                taken += piece
            asked.whole = not half
        finally:
            if asked.bulk:
                lines = _lines(bytes(taken), packed=self._packed)
                self.server.proxy.note(asked, [_id(line) for line in lines[::2]])
        return bytes(taken)

    @property
    def _packed(self) -> bool:
        return "gzip" in self.headers.get("Content-Encoding", "")

    def _pieces(self, *, half: bool) -> Iterator[bytes]:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                yield self._read(size)
                self.rfile.readline()
                if half:
                    return
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("Content-Length") or 0)
        left = left // 2 if half else left
        while left:
            piece = self._read(min(left, 1 << 16))
            left -= len(piece)
            yield piece

    def _read(self, size: int) -> bytes:
        piece = self.rfile.read(size)
        if len(piece) < size:
            raise EOFError
        return piece

    def _answer(self, asked: Asked, reply: Reply) -> None:
        self.close_connection = self.close_connection or reply.cut > 0
        headers = {name.lower(): value for name, value in reply.headers.items()}
        if reply.status == http.client.OK and (product := self.server.proxy.product) is not None:
            headers[_PRODUCT] = product  # what is made up here must not be known by its lack
        self.send_response_only(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) - reply.cut])
        asked.status = reply.status

    def _reset(self) -> None:
        """End the connection as a broken peer does: no FIN, what was sent may be lost."""
        self.close_connection = True
        self.server.keep(self.connection, is_open=False)
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


def _plain(reply: Reply) -> Reply:
    """The same answer without compression."""
    packed = {name.lower(): value for name, value in reply.headers.items()}.get("content-encoding")
    if packed is None:
        return reply
    assert packed == "gzip", f"an answer comes as {packed}"
    kept: Mapping[str, str] = {name: each for name, each in reply.headers.items() if name.lower() != "content-encoding"}
    return replace(reply, body=gzip.decompress(reply.body), headers=kept)


def _lines(body: bytes, *, packed: bool) -> list[bytes]:
    """The whole lines of a body, each with its end; what a torn one has of them."""
    if packed:
        body = zlib.decompressobj(wbits=31).decompress(body)
    return [line + b"\n" for line in body.split(b"\n")[:-1]]


def _id(action: bytes) -> str:
    (create,) = orjson.loads(action).values()
    return str(create["_id"])
