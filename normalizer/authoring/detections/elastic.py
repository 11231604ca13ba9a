"""Elastic's detection rules: one object, from the TOML of a repository or from an export of Kibana."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from normalizer.authoring.detections import esql, filters, patterns
from normalizer.authoring.detections.eql import CATEGORY
from normalizer.authoring.detections.gathering import Gathered, listed, text_of
from normalizer.authoring.detections.indices import concerned
from normalizer.authoring.detections.model import NotUnderstood, Use
from normalizer.authoring.detections.reading import Reading
from normalizer.authoring.detections.trees import At
from normalizer.errors import Place

KIND = "detection rule"
_LANGUAGE = {"eql": "eql", "esql": "esql"}
"""The language of rule types that can have one alone; all others are in KQL unless they say otherwise."""

Object = dict[str, Any]


def is_rule(each: Object) -> bool:
    """Whether an object is a detection rule."""
    return isinstance(each.get("rule_id"), str) or ("risk_score" in each and isinstance(each.get("type"), str))


def read(
    rule: Object,
    place: Place,
    into: Reading,
    *,
    at: At | None = None,
    known: tuple[str, ...] | None = None,
    exceptions: Iterable[Object] = (),
) -> None:
    """Read one rule. `known` are the indices of its data view, if it has one, `exceptions` the items of its lists."""
    name = rule.get("name")
    gathered = Gathered(name if isinstance(name, str) and name else "a rule without a name", place)
    language = _language(rule)
    indices = known if known is not None and not rule.get("index") else _indices(rule, language)
    if not concerned(indices):
        into.elsewhere += 1
        return
    _query(rule, language, gathered, at)
    filters.read(rule.get("filters"), gathered)
    for key, reader in _PARTS.items():
        if rule.get(key) is not None:
            try:
                reader(rule[key], gathered)
            except (AttributeError, TypeError, KeyError, NotUnderstood):
                gathered.doubt(f"its `{key}` is not written as Kibana has it")
    for item in exceptions:
        excepted(item, gathered)
    identity = rule.get("rule_id")
    into.add(gathered, identity if isinstance(identity, str) else "", KIND, language, indices)


def _language(rule: Object) -> str:
    kind = rule.get("type")
    named = rule.get("language")
    if isinstance(named, str) and named:
        return named
    if "query" not in rule:
        return ""
    return _LANGUAGE.get(kind, "kuery") if isinstance(kind, str) else "kuery"


def _indices(rule: Object, language: str) -> tuple[str, ...]:
    if language == "esql" and isinstance(rule.get("query"), str):
        return esql.indices(rule["query"])
    return tuple(each for each in listed(rule.get("index")) if isinstance(each, str))


def _query(rule: Object, language: str, gathered: Gathered, at: At | None) -> None:
    if "query" in rule:
        gathered.query(rule["query"], language, at)
        if isinstance(other := rule.get("event_category_override"), str):
            gathered.uses = [_overridden(use, other) for use in gathered.uses]
    elif rule.get("type") == "saved_query":
        gathered.doubt("its query is a saved one, which is not in the file of the rule")
    elif rule.get("type") not in ("machine_learning", None):
        gathered.doubt("it has no query")


def _overridden(use: Use, category: str) -> Use:
    """EQL's category under the name that the rule gives it."""
    field = category if use.field == CATEGORY else use.field
    return Use(field, use.values, use.negated, use.place, use.caseless, use.bounds)


# --- the parts of a rule beside its query


def _threshold(part: Any, gathered: Gathered) -> None:
    gathered.reads(*listed(part.get("field")))
    for each in listed(part.get("cardinality")):
        gathered.reads(each["field"])


def _names(part: Any, gathered: Gathered) -> None:
    gathered.reads(*listed(part))


def _new_terms(part: Any, gathered: Gathered) -> None:
    """As Elastic's TOML has it: `field` says that `value` lists the fields."""
    if part.get("field") == "new_terms_fields":
        gathered.reads(*listed(part.get("value")))


def _suppression(part: Any, gathered: Gathered) -> None:
    gathered.reads(*listed(part.get("group_by")))


def _threats(part: Any, gathered: Gathered) -> None:
    """The right side is a field of the indicators' index."""
    for row in listed(part):
        gathered.reads(*(each["field"] for each in listed(row.get("entries"))))


def _severities(part: Any, gathered: Gathered) -> None:
    for each in listed(part):
        if each.get("value") not in (None, ""):
            gathered.compares(each["field"], [patterns.literal(text_of(each["value"]))])
        else:
            gathered.reads(each["field"])


_PARTS: Mapping[str, Callable[[Any, Gathered], None]] = {
    "threshold": _threshold,
    "new_terms_fields": _names,
    "new_terms": _new_terms,
    "alert_suppression": _suppression,
    "threat_mapping": _threats,
    "severity_mapping": _severities,
    "risk_score_mapping": _severities,
    "tiebreaker_field": _names,
    "timestamp_field": _names,
}
"""What reads fields in a rule; `investigation_fields` and `rule_name_override` are only shown, and not among them."""


# --- exceptions


def excepted(item: Object, gathered: Gathered) -> None:
    """An item of an exception list: what its rule does not search, so each entry is negated."""
    for entry in listed(item.get("entries")):
        try:
            _entry(entry, gathered, below="")
        except (AttributeError, TypeError, KeyError):
            gathered.doubt("an entry of its exceptions is not written as Kibana has it")
        except NotUnderstood as error:
            gathered.doubt(error.why)


def _entry(entry: Any, gathered: Gathered, below: str) -> None:
    name = below + entry["field"]
    excluded = entry.get("operator") != "excluded"
    kind = entry["type"]
    if kind == "nested" and not below:
        for each in entry["entries"]:
            _entry(each, gathered, f"{name}.")
    elif kind in ("match", "match_any"):
        values = [patterns.literal(text_of(each)) for each in listed(entry["value"])]
        gathered.compares(name, values, negated=excluded)
    elif kind == "wildcard":
        gathered.compares(name, [text_of(entry["value"])], negated=excluded)
    elif kind in ("exists", "list"):
        gathered.reads(name, negated=excluded)
    else:
        raise NotUnderstood(f"an exception of it is of the kind `{kind}`, which is not read")
