"""Which documents a data stream holds already, in any of its backing indices.

`_id` is unique within a backing index only: after a rollover `create` takes an event again that an older index holds.
An older index gets no new documents, so one refresh after a rollover shows all of them to a search; what the newest
one holds, `create` itself refuses. Left open is a rollover between the question and the request that follows it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from normalizer.delivery.sender import Known
from normalizer.errors import ServerError, Unanswered
from normalizer.outputs.answers import NoAnswer, error_of
from normalizer.outputs.server import Answer, Server

_MOST_HITS = 10_000
"""The most that a search gives, with copies of one `_id` in several indices; far above the items of a request."""


def known(server: Server, data_stream: str) -> Known:
    """Asks the server which of some `_id`s the data stream holds; asks little while it has but one backing index.

    Needs the privileges view_index_metadata, maintenance (refresh) and read on the data stream.
    """
    return _Question(server, data_stream).held


class _Question:
    def __init__(self, server: Server, data_stream: str) -> None:
        self._server = server
        self._data_stream = data_stream
        self._refreshed: set[str] = set()
        self._refreshing = threading.Lock()

    def held(self, ids: Sequence[str]) -> Collection[str] | NoAnswer:
        """Those that the data stream holds."""
        try:
            return self._search(ids) if self._has_older_indices() else ()
        except _Unknown as unknown:
            return unknown.answer
        except (AttributeError, KeyError, TypeError):  # not the shape of any answer to these questions
            return NoAnswer(f"{self._server.engine}'s answer to the question which documents it has cannot be read.")

    def _has_older_indices(self) -> bool:
        """Whether there are any; what they hold is then visible to a search."""
        indices = _indices(self._ask("GET", f"/_data_stream/{self._data_stream}"))
        if len(indices) < 2:
            return False
        with self._refreshing:
            if not indices <= self._refreshed:
                self._ask("POST", f"/{self._data_stream}/_refresh")
                self._refreshed |= indices
        return True

    def _search(self, ids: Sequence[str]) -> Collection[str]:
        query = {"query": {"ids": {"values": [*ids]}}, "_source": False, "size": _MOST_HITS}
        # Else shards that are not ready are left out, and OpenSearch does not count them among those that failed.
        whole = {"allow_partial_search_results": "false"}
        found = self._ask("POST", f"/{self._data_stream}/_search", query, whole).body
        if found["timed_out"]:
            raise _Unknown(NoAnswer(f"{self._server.engine} could not search {self._data_stream} in time."))
        if found["_shards"]["successful"] != found["_shards"]["total"]:
            raise self._left_out()
        return {hit["_id"] for hit in found["hits"]["hits"]}

    def _ask(self, method: str, path: str, body: object = None, params: Mapping[str, str] | None = None) -> Answer:
        """Raises _Unknown where there is no answer, or one that leaves shards out; ServerError for a bad request."""
        server = self._server
        try:
            answer = server.request(method, path, body, params)
        except Unanswered as error:
            raise _Unknown(NoAnswer(str(error))) from None
        if answer.status >= 400 and not (method == "GET" and _is_missing(answer)):
            sentence = server.refusal(answer.status, answer.body)
            if answer.status == 400:  # such as a backing index that is closed: no fault of any document's
                raise ServerError(f"What {self._data_stream} holds cannot be asked for: {sentence}")
            if error_of(answer.body)[0] == "search_phase_execution_exception":
                raise self._left_out()
            raise _Unknown(NoAnswer(sentence, answer.status))
        if answer.body.get("_shards", {}).get("failed"):
            raise self._left_out()
        return answer

    def _left_out(self) -> _Unknown:
        return _Unknown(NoAnswer(f"{self._server.engine} could not ask all shards of {self._data_stream}."))


class _Unknown(Exception):
    def __init__(self, answer: NoAnswer) -> None:
        super().__init__(answer.sentence)
        self.answer = answer


def _is_missing(answer: Answer) -> bool:
    """Whether the server itself says that there is none; anybody on the way may say 404."""
    return answer.status == 404 and error_of(answer.body)[0].endswith("_not_found_exception")


def _indices(answer: Answer) -> set[str]:
    """The names of the backing indices; none where the data stream is not there yet."""
    if answer.status == 404:
        return set()
    streams: list[Any] = answer.body["data_streams"]
    return {index["index_name"] for stream in streams for index in stream["indices"]}
