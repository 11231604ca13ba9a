"""What an answer means: pure, nothing but tables and their exceptions.

The statuses and error types are those of Elasticsearch's bulk API, which OpenSearch shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from normalizer.outputs.answers import ItemResult


class Outcome(Enum):
    """DONE: the server has the document. DROPPED: a pipeline of the server's wants no document of it. RETRY: send it
    again. DEAD: it will never be taken. REFUSED: no fault of the event's, and all others would fare the same, so that
    nothing more is sent.
    """

    DONE = "done"
    DROPPED = "dropped"
    RETRY = "retry"
    DEAD = "dead"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome and its reason: the server's, with the status first; empty for a document newly created."""

    outcome: Outcome
    reason: str = ""
    duplicate: bool = False


TRIES_OF_UNKNOWN = 4
"""How often the server may answer for an item in a way that this table does not know, before it is dead."""
SECONDS_OF_UNKNOWN = 300.0
"""Or for how long: where answers are slow, an item must not hold up the others for ever."""

_BUSY = frozenset((429, 502, 503, 504))

_BUSY_TYPES = frozenset(
    (
        "already_closed_exception",  # a shard that fails
        "circuit_breaking_exception",
        "cluster_block_exception",  # a full disk, a cluster without master: lifted without our doing
        "es_rejected_execution_exception",
        "index_closed_exception",
        "i_o_exception",  # a disk without any room, which is more than a full one
        "no_shard_available_action_exception",
        "node_closed_exception",
        "node_disconnected_exception",
        "node_not_connected_exception",
        "primary_missing_action_exception",
        "process_cluster_event_timeout_exception",
        "rejected_execution_exception",
        "shard_not_found_exception",  # an OpenSearch that has closed a shard for that
        "unavailable_shards_exception",
        "validation_exception",  # of a new index, for which the cluster has too many shards
    )
)
"""The server cannot now, whatever status it says so with."""

_REFUSED_TYPES = frozenset(("index_not_found_exception", "invalid_index_name_exception", "security_exception"))
"""About the data stream or about us, never about a document."""

_NO_PIPELINE = "pipeline with id ["
"""How the reason begins where the pipeline of the request is not there; its type says nothing."""


def verdict(result: ItemResult, attempt: int, seconds: float = 0.0) -> Verdict:
    """The verdict on an item that the server answers for the `attempt`-th time (from 1), `seconds` after the first."""
    reason = " ".join(filter(None, (str(result.status), f"{result.kind}:" if result.kind else "", result.reason)))
    if result.failure_store and not result.kind:
        why = f": {result.reason}" if result.reason else ""
        there = f"failure_store: the server put it there, as {result.id}, and not into the data stream{why}"
        return Verdict(Outcome.DEAD, f"{result.status} {there}")
    if result.status in (200, 201) and not result.kind:
        return Verdict(Outcome.DROPPED if result.dropped else Outcome.DONE)
    if result.status == 409 and result.kind == "version_conflict_engine_exception":
        return Verdict(Outcome.DONE, reason, duplicate=True)
    if result.status in _BUSY or result.kind in _BUSY_TYPES:
        return Verdict(Outcome.RETRY, reason)
    if result.status in (401, 403) or result.kind in _REFUSED_TYPES:
        return Verdict(Outcome.REFUSED, reason)
    if result.kind == "illegal_argument_exception" and result.reason.startswith(_NO_PIPELINE):
        return Verdict(Outcome.REFUSED, reason)
    if 400 <= result.status < 500 and result.status not in (408, 409):
        return Verdict(Outcome.DEAD, reason)
    again = attempt < TRIES_OF_UNKNOWN and seconds < SECONDS_OF_UNKNOWN
    return Verdict(Outcome.RETRY if again else Outcome.DEAD, reason)


class Fate(Enum):
    """What follows for a request that has no results. AGAIN: later, whole. HALVES: something in it is too much for the
    server: each half by itself, down to the one that is. REFUSED: no request of ours would fare better.
    """

    AGAIN = "again"
    HALVES = "halves"
    REFUSED = "refused"


_FATES = {400: Fate.HALVES, 413: Fate.HALVES, 401: Fate.REFUSED, 403: Fate.REFUSED, 407: Fate.REFUSED}


def fate(status: int | None) -> Fate:
    """The fate of a whole request by its HTTP status; None where there was no answer, or none that could be read.

    What is not known here, a proxy's 404 or 418, may pass: it is tried again, and in the end the server is given up.
    """
    return _FATES.get(status, Fate.AGAIN) if status is not None else Fate.AGAIN
