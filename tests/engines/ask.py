"""Requests in the words that both engines understand: Elasticsearch's own client refuses OpenSearch."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


def ask(url: str, method: str, path: str, body: object = None, *, seconds: float = 30) -> tuple[int, Any]:
    """The status and the JSON of the answer. Raises OSError or HTTPException when there is none."""
    # Not urllib: that would ask the user's HTTP proxy for a server on this machine.
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=seconds)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.load(answer)
    finally:
        connection.close()
