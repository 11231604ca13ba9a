"""An OpenSearch disguised as Elasticsearch, for tests only: Elasticsearch's own client refuses any other server.

`disguised(url)` serves a proxy on loopback that changes these things and nothing else:

- media types that OpenSearch does not know (`application/vnd.elasticsearch+json; compatible-with=9`) become plain JSON;
- the parameter `require_data_stream`, which it does not know either, is left out;
- its answers get the header by which the client knows an Elasticsearch.

What goes through it is genuine otherwise. No command of ours supports OpenSearch because a test passes here.
"""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_TYPE = re.compile(r"application/vnd\.elasticsearch\+(json|x-ndjson); ?compatible-with=\d+")
_PARAMETER = re.compile(r"([?&])require_data_stream=\w+&?")
_SECONDS = 120


@contextmanager
def disguised(url: str) -> Iterator[str]:
    """The URL of a proxy to the OpenSearch at `url`, as long as the context lasts."""
    address = urlsplit(url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given = {name: self.headers[name] for name in ("Accept", "Content-Type") if name in self.headers}
            headers = {name: _TYPE.sub(r"application/\1", value) for name, value in given.items()}
            connection = http.client.HTTPConnection(address, timeout=_SECONDS)
            try:
                connection.request(self.command, _PARAMETER.sub(r"\1", self.path).rstrip("?&"), body, headers)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            self.send_response(answer.status)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815 - names that http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
