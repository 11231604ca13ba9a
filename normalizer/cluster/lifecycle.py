"""The retention of data streams that are there, which templates give to new ones only. Elasticsearch alone has it."""

from __future__ import annotations

from collections.abc import Iterable

from normalizer.cluster.installed import Kind
from normalizer.cluster.plan import Change, State
from normalizer.cluster.streams import DataStream
from normalizer.cluster.wanted import engine_of
from normalizer.outputs.server import Server

_DERIVED = ("effective_retention", "retention_determined_by")
"""What the server shows of a lifecycle and does not take."""


def retention_changes(server: Server, streams: Iterable[DataStream], retention: str | None) -> list[Change]:
    """What applying does to the lifecycle of each; None: documents are kept for ever."""
    if not engine_of(server).lifecycle:
        return []
    return [_change(stream, retention) for stream in streams]


def _change(stream: DataStream, retention: str | None) -> Change:
    there = stream.lifecycle.get("data_retention")
    kept = {key: value for key, value in stream.lifecycle.items() if key not in (*_DERIVED, "data_retention")}
    body = kept | {"enabled": True} | ({} if retention is None else {"data_retention": retention})
    if there == retention and (retention is None or stream.lifecycle.get("enabled", True)):
        return Change(Kind.DATA_STREAM, stream.name, State.SAME, body)
    off = "" if stream.lifecycle.get("enabled", True) else " (not in force)"
    told = f"retention {there or 'none'}{off} → {retention or 'none'}"
    return Change(Kind.DATA_STREAM, stream.name, State.CHANGED, body, (told,))
