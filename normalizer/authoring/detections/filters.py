"""Filters beside a query, in the JSON of Elasticsearch's query DSL, as Kibana keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from normalizer.authoring.detections import patterns
from normalizer.authoring.detections.gathering import Gathered, listed, text_of
from normalizer.authoring.detections.model import Bound, NotUnderstood

_MAX_DEPTH = 40
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_QUERY_TEXT = ("query", "value")
_OLD_FORMS = ("exists", "range", "match_phrase", "match", "query_string", "bool", "terms", "term", "wildcard", "prefix")


def read(filters: Any, into: Gathered) -> None:
    """A list of Kibana's filters; those that are turned off do not count."""
    for each in listed(filters):
        try:
            _filter(each, into, negated=False, depth=0)
        except NotUnderstood as error:
            into.doubt(error.why)


def _filter(each: Any, into: Gathered, *, negated: bool, depth: int) -> None:
    if not isinstance(each, dict):
        raise NotUnderstood("a filter of it is no object")
    meta = each.get("meta") if isinstance(each.get("meta"), dict) else {}
    assert isinstance(meta, dict)
    if meta.get("disabled") is True:
        return
    turned = negated != (meta.get("negate") is True)
    clause = each.get("query")
    if meta.get("type") == "combined" and isinstance(meta.get("params"), list):
        _deeper(depth)
        for part in meta["params"]:
            _filter(part, into, negated=turned, depth=depth + 1)
    elif isinstance(clause, dict) and clause:
        _clause(clause, into, turned, depth)
    elif old := {key: each[key] for key in _OLD_FORMS if key in each}:
        _clause(old, into, turned, depth)
    elif isinstance(meta.get("key"), str):
        into.reads(meta["key"], negated=turned)
    else:
        raise NotUnderstood("a filter of it holds no query")


def _deeper(depth: int) -> None:
    if depth >= _MAX_DEPTH:
        raise NotUnderstood(f"a filter of it nests more than {_MAX_DEPTH} levels deep")


def _clause(clause: Any, into: Gathered, negated: bool, depth: int) -> None:
    """One object of the query DSL: the clause's name and what belongs to it."""
    _deeper(depth)
    if not isinstance(clause, dict):
        raise NotUnderstood("a filter of it holds no object where a query should stand")
    for name, body in clause.items():
        if name in _INSIDE:
            _INSIDE[name](body, into, negated, depth + 1)
        elif name in _OF_FIELD:
            _of_field(name, body, into, negated)
        elif name in _OF_QUERY:
            if not isinstance(body, dict):
                raise NotUnderstood(f"the filter `{name}` of it holds no query")
            into.query(body.get("query"), "lucene", negated=negated)
            into.reads(body.get("default_field"), *listed(body.get("fields")), negated=negated)
        elif name not in _WITHOUT_FIELDS:
            raise NotUnderstood(f"a filter of it is of the kind `{name}`, which is not read")


def _all_of(body: Any, into: Gathered, negated: bool, depth: int) -> None:
    for each in listed(body):
        _clause(each, into, negated, depth)


def _none_of(body: Any, into: Gathered, negated: bool, depth: int) -> None:
    _all_of(body, into, not negated, depth)


def _bool(body: Any, into: Gathered, negated: bool, depth: int) -> None:
    _deeper(depth)
    for key, parts in _block("bool", body).items():
        if key in ("must", "filter", "should"):
            _all_of(parts, into, negated, depth)
        elif key == "must_not":
            _none_of(parts, into, negated, depth)


def _nested(body: Any, into: Gathered, negated: bool, depth: int) -> None:
    _all_of(_block("nested", body).get("query"), into, negated, depth)


def _constant_score(body: Any, into: Gathered, negated: bool, depth: int) -> None:
    _all_of(_block("constant_score", body).get("filter"), into, negated, depth)


def _exists(body: Any, into: Gathered, negated: bool, depth: int) -> None:
    into.reads(_block("exists", body).get("field"), negated=negated)


def _many(body: Any, into: Gathered, negated: bool, depth: int) -> None:
    block = _block("multi_match", body)
    for name in listed(block.get("fields")) or [""]:
        into.compares(str(name).partition("^")[0], (patterns.literal(text_of(block.get("query"))),), negated=negated)


def _block(name: str, body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise NotUnderstood(f"the filter `{name}` of it holds no object")
    return body


_INSIDE: Mapping[str, Callable[[Any, Gathered, bool, int], None]] = {
    "bool": _bool,
    "nested": _nested,
    "constant_score": _constant_score,
    "exists": _exists,
    "multi_match": _many,
}
_WITHOUT_FIELDS = ("match_all", "match_none", "ids", "boost", "minimum_should_match")
_OF_QUERY = ("query_string", "simple_query_string")


def _exactly(text: str) -> tuple[str, ...]:
    return (patterns.literal(text),)


def _beginning(text: str) -> tuple[str, ...]:
    return (f"{patterns.literal(text)}*",)


def _wildcard(text: str) -> tuple[str, ...]:
    return (text,)  # the server's escapes are ours


_OF_FIELD: Mapping[str, Callable[[str], tuple[str, ...]] | None] = {
    "term": _exactly,
    "terms": _exactly,
    "match": _exactly,
    "match_phrase": _exactly,
    "match_bool_prefix": _beginning,
    "match_phrase_prefix": _beginning,
    "prefix": _beginning,
    "wildcard": _wildcard,
    "regexp": patterns.of_expression,
    "range": None,
    "fuzzy": None,
}
"""Clauses of the form `{field: value}`, and the patterns that a value is; None where values do not compare."""


def _of_field(clause: str, body: Any, into: Gathered, negated: bool) -> None:
    for name, value in _block(clause, body).items():
        if name in ("boost", "_name"):
            continue
        pattern = _OF_FIELD[clause]
        if clause == "range" and isinstance(value, dict):
            sides = (Bound(sign, text_of(value[key])) for key, sign in _SIGNS.items() if value.get(key) is not None)
            into.bounded(name, sides, negated=negated)
        elif pattern is None:
            into.reads(name, negated=negated)
        else:
            _compare(name, _values(value), pattern, into, negated, caseless=_caseless(value))


def _compare(
    name: str,
    texts: list[str],
    pattern: Callable[[str], tuple[str, ...]],
    into: Gathered,
    negated: bool,
    *,
    caseless: bool,
) -> None:
    try:
        values = [found for text in texts for found in pattern(text)]
    except NotUnderstood as error:
        into.doubt(error.why)
        values = []
    if values:
        into.compares(name, values, negated=negated, caseless=caseless)
    else:
        into.reads(name, negated=negated)


def _values(value: Any) -> list[str]:
    """The values of a clause, in its short form or as an object with options; none where they stand elsewhere."""
    if isinstance(value, dict):
        value = next((value[key] for key in _QUERY_TEXT if key in value), [])
    return [text_of(each) for each in listed(value) if not isinstance(each, dict | list)]


def _caseless(value: Any) -> bool:
    return isinstance(value, dict) and value.get("case_insensitive") is True
