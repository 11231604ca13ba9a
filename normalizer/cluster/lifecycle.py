"""The retention of data streams that are there, which templates give to new ones only. Elasticsearch alone has it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import inf

from normalizer.cluster.installed import Kind
from normalizer.cluster.plan import Change, State
from normalizer.cluster.streams import DataStream
from normalizer.cluster.wanted import engine_of
from normalizer.outputs.server import Server

_DERIVED = ("effective_retention", "retention_determined_by")
"""What the server shows of a lifecycle and does not take."""
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 1e-3, "micros": 1e-6, "nanos": 1e-9}


def retention_changes(server: Server, streams: Iterable[DataStream], retention: str | None) -> list[Change]:
    """What applying does to the lifecycle of each; None: documents are kept for ever."""
    if not engine_of(server).lifecycle:
        return []
    return [_change(stream, retention) for stream in streams]


def shortened(streams: Iterable[DataStream], retention: str | None) -> list[str]:
    """The data streams, by name, of which documents would be deleted that are kept now."""
    return [] if retention is None else [each.name for each in streams if _seconds(retention) < _seconds(_kept(each))]


def _kept(stream: DataStream) -> str | None:
    """How long documents are kept now, which a cluster may limit; None: for ever."""
    if not stream.lifecycle.get("enabled", True):
        return None
    return stream.lifecycle.get("effective_retention", stream.lifecycle.get("data_retention"))


def _seconds(retention: str | None) -> float:
    """Without end where it is for ever; where it cannot be read too, for a question too many does no harm."""
    found = re.fullmatch(r"([0-9]+)([a-z]+)", retention or "")
    return int(found[1]) * _UNITS[found[2]] if found is not None and found[2] in _UNITS else inf


def _change(stream: DataStream, retention: str | None) -> Change:
    there = stream.lifecycle.get("data_retention")
    kept = {key: value for key, value in stream.lifecycle.items() if key not in (*_DERIVED, "data_retention")}
    body = kept | {"enabled": True} | ({} if retention is None else {"data_retention": retention})
    if there == retention and (retention is None or stream.lifecycle.get("enabled", True)):
        return Change(Kind.DATA_STREAM, stream.name, State.SAME, body)
    off = "" if stream.lifecycle.get("enabled", True) else " (not in force)"
    told = f"retention {there or 'none'}{off} → {retention or 'none'}"
    return Change(Kind.DATA_STREAM, stream.name, State.CHANGED, body, (told,))
