"""Traces and coverage as plain data, for machines: what `--json` prints."""

from __future__ import annotations

from typing import Any

import orjson

from normalizer.authoring.explain.coverage import Coverage, Seen, why
from normalizer.authoring.explain.fates import Fate, Pick
from normalizer.authoring.explain.trace import Fact, Read, State, Trace, Traced
from normalizer.backends.python.library import place
from normalizer.language.plan import Each, Value


def of_trace(trace: Trace) -> dict[str, Any]:
    """The keys of one event that gave a document."""
    gone = (State.ABSENT, State.FAILED)
    return {
        "mapping": {"event_type": trace.plan.event_type, "files": [*trace.plan.chain]},
        "document": trace.document,
        "fields": [_field(each) | {"value": each.value} for each in trace.fields if each.is_there],
        "absent": [_field(each) for each in trace.fields if each.state in gone],
        "problems": [
            {"message": text, "fields": [each.name for each in trace.fields if text in each.problems]}
            for text in trace.problems
        ],
        "lost": [_lost(fact) for fact in trace.facts if fact.is_read and not any(fact.arrived())],
        "unread": [{"place": fact.place, "value": fact.value} for fact in trace.facts if not fact.is_read],
    }


def _field(traced: Traced) -> dict[str, Any]:
    origin = None if traced.place is None else str(traced.place)
    instead = None if traced.instead_of is None else str(traced.instead_of)
    facts: dict[str, Any] = {"field": traced.name, "by": traced.state.value}
    if traced.inside:
        facts["inside"] = traced.inside
    facts |= {"rule": origin, "files": [*traced.chain], "instead_of": instead}
    rule = traced.rule
    if isinstance(rule, Value | Each):
        facts["paths"] = [_read(each) for each in traced.reads]
    if isinstance(rule, Value):
        facts |= {
            "collect": rule.collect,
            "as": [*rule.steps],
            "type": rule.destination.type,
            "table": None if rule.table is None else rule.table.name,
            "default": rule.default,
        }
    return facts | {"problems": [*traced.problems]}


def _read(read: Read) -> dict[str, Any]:
    return {"path": str(read.path), "served": read.served, "found": [*map(_pick, read.picks)]}


def _pick(pick: Pick) -> dict[str, Any]:
    facts = {"place": place(pick.where), "value": _plain(pick.value), "fate": pick.fate.value}
    if pick.fate is Fate.ARRIVED:
        facts["became"] = pick.got
    if pick.hit is not None:
        line = None if pick.hit.place is None else str(pick.hit.place)
        facts["table"] = {"key": pick.hit.key, "gives": pick.hit.gives, "line": line}
    return facts


def _plain(value: Any) -> Any:
    """A value as it is; as the text `{…}` where objects stand too deep in each other to be written."""
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return "{…}"
    return value


def _lost(fact: Fact) -> dict[str, Any]:
    said = [why(each.rule, pick) for each, pick in fact.picks if isinstance(each.rule, Value)]
    return {"place": fact.place, "value": fact.value, "why": said or [fact.problem]}


def of_coverage(coverage: Coverage) -> dict[str, Any]:
    """The keys of what was counted over many events."""
    return {
        "events": coverage.events,
        "mapped": coverage.mapped,
        "unmapped": [{"event_type": name, "events": count} for name, count in coverage.unmapped.most_common()],
        "more_unmapped": coverage.more_unmapped,
        "dead": [{"reason": name, "events": count} for name, count in coverage.dead.most_common()],
        "paths": coverage.paths,
        "more_paths": coverage.more_paths,
        "never": [*map(_seen, coverage.never())],
        "sometimes": [*map(_seen, coverage.sometimes())],
    }


def _seen(seen: Seen) -> dict[str, Any]:
    example = {"uuid": seen.uuid, "value": seen.value, "why": seen.why}
    facts = {"path": seen.path, "events": seen.events, "arrived": seen.arrived, "missing": seen.missing}
    return facts | {"example": example}
