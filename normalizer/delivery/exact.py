"""Which documents a data stream holds already, in any of its backing indices.

`_id` is unique within a backing index only: after a rollover `create` takes an event again that an older index holds.
An older index gets no new documents, so one refresh after a rollover shows all of them to a search; what the newest
one holds, `create` itself refuses. Left open is a rollover between the question and the request that follows it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Any

from normalizer.delivery.sender import Known
from normalizer.errors import ServerError
from normalizer.outputs.answers import NoAnswer
from normalizer.outputs.server import Answer, Server

_MOST_HITS = 10_000
"""The most that a search gives, with copies of one `_id` in several indices; far above the items of a request."""


def known(server: Server, data_stream: str) -> Known:
    """Asks the server which of some `_id`s the data stream holds; asks nothing while it has but one backing index.

    Needs the privileges view_index_metadata, maintenance (refresh) and read on the data stream.
    """
    refreshed: set[str] = set()
    lock = threading.Lock()

    def ask(method: str, path: str, body: object = None) -> Answer | NoAnswer:
        try:
            answer = server.request(method, path, body)
        except ServerError as error:  # no answer: as for a request that is sent again
            return NoAnswer(str(error))
        if answer.status < 400 or (method, answer.status) == ("GET", 404):
            return answer
        return NoAnswer(server.refusal(answer.status, answer.body), answer.status)

    def find(ids: Sequence[str]) -> Collection[str] | NoAnswer:
        try:
            return look(ids)
        except (AttributeError, KeyError, TypeError):  # not the shape of any answer to these questions
            return NoAnswer(f"{server.engine}'s answer to the question which documents it has cannot be read.")

    def look(ids: Sequence[str]) -> Collection[str] | NoAnswer:
        there = ask("GET", f"/_data_stream/{data_stream}")
        if isinstance(there, NoAnswer):
            return there
        indices = _indices(there)
        if len(indices) < 2:
            return ()
        with lock:
            if not indices <= refreshed:
                done = ask("POST", f"/{data_stream}/_refresh")
                if isinstance(done, NoAnswer):
                    return done
                if _failed(done):
                    return NoAnswer(f"{server.engine} could not refresh all shards of {data_stream}.")
                refreshed.update(indices)
        return hits(ids)

    def hits(ids: Sequence[str]) -> Collection[str] | NoAnswer:
        query = {"query": {"ids": {"values": [*ids]}}, "_source": False, "size": _MOST_HITS}
        found = ask("POST", f"/{data_stream}/_search", query)
        if isinstance(found, NoAnswer):
            return found
        if _failed(found) or found.body.get("timed_out"):
            return NoAnswer(f"{server.engine} could not search all shards of {data_stream}.")
        return {hit["_id"] for hit in found.body["hits"]["hits"]}

    return find


def _indices(answer: Answer) -> set[str]:
    """The names of the backing indices; none where the data stream is not there yet."""
    if answer.status == 404:
        return set()
    streams: list[Any] = answer.body["data_streams"]
    return {index["index_name"] for stream in streams for index in stream["indices"]}


def _failed(answer: Answer) -> bool:
    return bool(answer.body.get("_shards", {}).get("failed"))
