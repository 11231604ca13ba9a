"""The floor of `benchmarks.index`: sends bulk requests that lie ready in a file, and does nothing else.

    python -m benchmarks.sending HOST:PORT PATH FILE REQUESTS_AT_ONCE

The file has the lengths of all requests as a JSON list on its first line, then the requests. Ends with 1 where an
answer is not `"errors":false`.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import threading


def main(address: str, path: str, file: str, at_once: str) -> None:
    """Send all of them."""
    with open(file, "rb") as source:  # noqa: PTH123 - pathlib takes longer to import than all else here
        lengths = iter(json.loads(source.readline()))
        lock = threading.Lock()

        def send() -> None:
            connection = http.client.HTTPConnection(address, timeout=120)
            while True:
                with lock:
                    body = source.read(next(lengths, 0))
                if not body:
                    return
                connection.request("POST", path, body, {"Content-Type": "application/x-ndjson"})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != http.client.OK or b'"errors":false' not in text[:100]:
                    print(answer.status, text[:1000].decode(errors="replace"), file=sys.stderr, flush=True)
                    os._exit(1)

        threads = [threading.Thread(target=send) for _ in range(int(at_once))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
