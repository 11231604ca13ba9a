"""What one item of a bulk answer means: pure, nothing but a table and its exceptions.

The statuses and error types are those of Elasticsearch's bulk API.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from normalizer.outputs.elasticsearch import ItemResult


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


TRIES_OF_UNKNOWN = 3
"""How often the server may answer for an item in a way that this table does not know, before it is dead."""

_BUSY = frozenset((429, 502, 503, 504))

_BUSY_TYPES = frozenset(
    (
        "circuit_breaking_exception",
        "cluster_block_exception",  # a full disk, a cluster without master: lifted without our doing
        "es_rejected_execution_exception",
        "no_shard_available_action_exception",
        "node_closed_exception",
        "node_disconnected_exception",
        "node_not_connected_exception",
        "primary_missing_action_exception",
        "process_cluster_event_timeout_exception",
        "unavailable_shards_exception",
    )
)
"""The server cannot now, whatever status it says so with."""

_REFUSED_TYPES = frozenset(("index_not_found_exception", "invalid_index_name_exception", "security_exception"))
"""About the data stream or about us, never about a document."""

_NO_PIPELINE = "pipeline with id ["
"""How the reason begins where the pipeline of the request is not there; its type says nothing."""


def verdict(result: ItemResult, attempt: int) -> Verdict:
    """The verdict on an item that the server answers for the `attempt`-th time (from 1)."""
    reason = " ".join(filter(None, (str(result.status), f"{result.kind}:" if result.kind else "", result.reason)))
    if result.failure_store and not result.kind:
        return Verdict(Outcome.DEAD, f"{reason} failure_store: the server put it there and not into the data stream")
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
    return Verdict(Outcome.RETRY if attempt < TRIES_OF_UNKNOWN else Outcome.DEAD, reason)
