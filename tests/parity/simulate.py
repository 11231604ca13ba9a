"""A client for the simulation of ingest pipelines: documents go in, and what the pipeline makes of each comes out."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.parity.compare import read

Body = dict[str, Any]

MOST = 100
"""Documents in one request."""
MOST_CHARACTERS = 2_000_000
"""Characters of them, but for a document that alone has more."""


class SimulateError(Exception):
    """The server refused a request as a whole."""


@dataclass(frozen=True, slots=True)
class Made:
    """The document that a pipeline made, and its _id."""

    id: str
    source: Any


@dataclass(frozen=True, slots=True)
class Dropped:
    """The pipeline dropped the document."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The pipeline failed with an error that it did not handle."""

    reason: str


Answer = Made | Dropped | Failed


@dataclass(frozen=True, slots=True)
class Server:
    """A server by its URL."""

    url: str

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that the server answers. Raises SimulateError where that is an error."""
        address = urlsplit(self.url)
        # Not urllib: that would ask the user's HTTP proxy for a server on this machine.
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
        try:
            content = None if body is None else json.dumps(body).encode()
            connection.request(method, path, content, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise SimulateError(f"{method} {path}: {response.status} {answer.decode(errors='replace')[:4000]}")
        return read(answer)

    @contextmanager
    def stored(self, pipelines: Mapping[str, Body], prefix: str = "") -> Iterator[None]:
        """The pipelines in the server, under names with a prefix, while the context lasts."""
        names = []
        try:
            for name, body in renamed(pipelines, prefix).items():
                self.request("PUT", f"/_ingest/pipeline/{name}", body)
                names.append(name)
            yield
        finally:
            for name in names:
                self.request("DELETE", f"/_ingest/pipeline/{name}")

    def simulate(self, pipeline: str, documents: Iterable[Mapping[str, Any]]) -> Iterator[Answer]:
        """What a stored pipeline makes of each document, in their order."""
        for batch in batches(documents):
            body = {"docs": [{"_source": source} for source in batch]}
            answers = self.request("POST", f"/_ingest/pipeline/{pipeline}/_simulate", body)["docs"]
            if len(answers) != len(batch):
                raise SimulateError(f"{len(batch)} documents gave {len(answers)} answers")
            yield from map(answered, answers)


def batches(documents: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """The documents in groups that one request holds."""
    batch: list[Mapping[str, Any]] = []
    characters = 0
    for document in documents:
        size = len(str(document.get("message", "")))
        if batch and (len(batch) == MOST or characters + size > MOST_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(document)
        characters += size
    if batch:
        yield batch


def answered(answer: Any) -> Answer:
    """One result of a simulation. OpenSearch writes null for a dropped document, Elasticsearch an empty `doc`."""
    match answer:
        case None | {"doc": None}:
            return Dropped()
        case {"doc": {"_id": str(id), "_source": source}}:
            return Made(id, source)
        case {"error": {"root_cause": [{"reason": reason}, *_]}} | {"error": {"reason": reason}}:
            return Failed(f"{reason}"[:2000])
        case _:
            raise SimulateError(f"no answer to make sense of: {json.dumps(answer)[:2000]}")


def renamed(pipelines: Mapping[str, Body], prefix: str) -> dict[str, Body]:
    """Pipelines under other names that call each other by these."""

    def inside(value: Any) -> Any:
        if isinstance(value, list):
            return [inside(each) for each in value]
        if not isinstance(value, dict):
            return value
        new = {key: inside(each) for key, each in value.items()}
        called = new.get("pipeline")
        if isinstance(called, dict) and called.get("name") in pipelines:
            new["pipeline"] = {**called, "name": f"{prefix}{called['name']}"}
        return new

    return {f"{prefix}{name}": inside(body) for name, body in pipelines.items()} if prefix else dict(pipelines)
