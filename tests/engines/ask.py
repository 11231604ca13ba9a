"""Requests in the words that both engines understand: Elasticsearch's own client refuses OpenSearch."""

import http.client
import json
import ssl
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def ask(
    url: str,
    method: str,
    path: str,
    body: object = None,
    *,
    seconds: float = 30,
    user: tuple[str, str] | None = None,
    ca_certs: Path | None = None,
) -> tuple[int, Any]:
    """The status and the JSON of the answer. Raises OSError or HTTPException when there is none.

    `user` is name and password; `ca_certs` the file of the authority to trust, which an https URL needs.
    """
    # Not urllib: that would ask the user's HTTP proxy for a server on this machine.
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=ca_certs)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.netloc, timeout=seconds, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=seconds)
    headers = {"Content-Type": "application/json"}
    if user is not None:
        headers["Authorization"] = "Basic " + b64encode(":".join(user).encode()).decode()
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        return answer.status, json.load(answer)
    finally:
        connection.close()
