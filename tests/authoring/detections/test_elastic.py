"""Elastic's detection rules, as TOML and as exports, with all that reads fields in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.authoring.detections.folders import lines, not_checked, only, reading, uses
from tests.authoring.detections.said import in_short

TOML = '''\
[metadata]
maturity = "production"

[rule]
name = "Devices that were wiped"
rule_id = "b8f0"
note = """
query = "none of this"
"""
index = ["logs-okta.mim-*"]
language = "kuery"
type = "query"
query = """
event.action:mim.command.ios.new
  and not user.name:"svc"
"""
'''


def test_a_rule_as_toml(tmp_path: Path) -> None:
    rule = only(tmp_path, a__toml=TOML)
    assert (rule.name, rule.id, rule.kind, rule.language) == (
        "Devices that were wiped",
        "b8f0",
        "detection rule",
        "kuery",
    )
    assert (rule.indices, rule.place.line) == (("logs-okta.mim-*",), 4)
    assert in_short(rule.uses) == ["event.action:mim.command.ios.new", "-user.name:svc"]
    assert [(use.place.line, use.place.column) for use in rule.uses] == [(14, 14), (15, 21)]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ('query = "a:x and b:y"', (3, 12)),
        ("query = 'a:x'", (3, 12)),
        ("query = '''a:x'''", (3, 14)),
        ("query = '''\na:x'''", (4, 3)),
        ('query = """a:x and c:"z\\""""', (3, 14)),
        ('note = """\nquery = "b"\n"""\n  query= "a:x"', (6, 13)),
        ('"query" = "a:x"', (2, 1)),
    ],
)
def test_where_a_query_stands(tmp_path: Path, written: str, place: tuple[int, int]) -> None:
    """Where it is written as nobody does, the rule's own place is told."""
    found = only(tmp_path, a__toml=f"\n[rule]\n{written}\n").uses[0].place
    assert (found.line, found.column) == place


def parts(**more: Any) -> dict[str, Any]:
    return {"name": "One", "rule_id": "1", "type": "query", "language": "kuery", "query": "", **more}


def filtered(*queries: dict[str, Any]) -> dict[str, Any]:
    return {"filters": [{"query": each} for each in queries]}


B_IS_NOT_Y = {"meta": {"negate": True}, "query": {"term": {"b": "y"}}}
COMBINED = {"meta": {"type": "combined", "negate": True, "params": [{"query": {"term": {"a": "x"}}}, B_IS_NOT_Y]}}
BOOL = {"should": [{"term": {"a": {"value": "x"}}}], "must_not": [{"terms": {"b": ["y", "z"]}}]}
WILD = {"a": {"value": "x*", "case_insensitive": True}}

PARTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"query": "a:x", "language": "lucene"}, ["a:x"]),
    ({"threshold": {"field": ["a", "b"], "value": 3, "cardinality": [{"field": "c", "value": 2}]}}, ["a", "b", "c"]),
    ({"threshold": {"field": "a", "value": 3}}, ["a"]),
    ({"new_terms_fields": ["a", "b"]}, ["a", "b"]),
    ({"new_terms": {"field": "new_terms_fields", "value": ["a", "b"]}}, ["a", "b"]),
    ({"alert_suppression": {"group_by": ["a"]}}, ["a"]),
    ({"threat_mapping": [{"entries": [{"field": "a", "type": "mapping", "value": "threat.b"}]}]}, ["a"]),
    ({"severity_mapping": [{"field": "a", "value": "x"}, {"field": "b", "value": ""}]}, ["a:x", "b"]),
    ({"investigation_fields": {"field_names": ["a"]}, "rule_name_override": "b"}, []),
    ({"type": "eql", "language": "eql", "query": "iam where true", "event_category_override": "kind"}, ["kind:iam"]),
    ({"type": "machine_learning", "language": None, "anomaly_threshold": 50}, []),
    ({"type": "esql", "language": "esql", "query": "FROM logs-* | WHERE a == 1"}, ["a:1"]),
    ({"filters": [{"meta": {"disabled": True}, "query": {"match_phrase": {"a": "x"}}}]}, []),
    ({"filters": [{"meta": {}, "query": {"match_phrase": {"a": "x"}}}, B_IS_NOT_Y]}, ["a:x", "-b:y"]),
    ({"filters": [{"meta": {"negate": True}, "query": {"exists": {"field": "b"}}}]}, ["-b"]),
    (filtered({"bool": BOOL}), ["a:x", "-b:y|z"]),
    (filtered({"range": {"a": {"gte": 3, "lt": 5}}}, {"prefix": {"b": "x*"}}), ["a>=3<5", r"b:x\**"]),
    (filtered({"wildcard": WILD}, {"regexp": {"b": "y.*"}}), ["a~:x*", "b:y*"]),
    (filtered({"query_string": {"query": "a:x AND y", "fields": ["b"]}}), ["a:x", ":y", "b"]),
    (filtered({"nested": {"path": "a", "query": {"match": {"a.b": {"query": "x"}}}}}), ["a.b:x"]),
    ({"filters": [{"meta": {"key": "a"}, "range": {"a": {"gt": 1}}}, {"exists": {"field": "b"}}]}, ["a>1", "b"]),
    ({"filters": [COMBINED]}, ["-a:x", "b:y"]),
    ({"filters": [{"meta": {"key": "a", "negate": True}}]}, ["-a"]),
    (filtered({"constant_score": {"filter": {"term": {"a": True}}}}, {"fuzzy": {"b": "x"}}), ["a:true", "b"]),
    (filtered({"term": {"a": "x", "boost": 2, "_name": "n"}}), ["a:x"]),
    (filtered({"bool": {"must_not": {"query_string": {"query": "a:x AND NOT b:y"}}}}), ["-a:x", "b:y"]),
    (filtered({"multi_match": {"query": "x", "fields": ["a", "b^2"]}}, {"match_all": {}}), ["a:x", "b:x"]),
]


@pytest.mark.parametrize(("more", "expected"), PARTS)
def test_what_the_parts_of_a_rule_read(tmp_path: Path, more: dict[str, Any], expected: list[str]) -> None:
    assert uses(tmp_path, a__ndjson=lines(parts(**more))) == expected


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"query": "a:("}, "the KQL query ends where something is missing"),
    ({"language": "sql"}, "queries of the language sql are not read; kuery, lucene, eql, esql are"),
    ({"query": 7}, "its query is no text"),
    ({"threshold": "a"}, "its `threshold` is not written as Kibana has it"),
    ({"threat_mapping": [{"entries": ["a"]}]}, "its `threat_mapping` is not written as Kibana has it"),
    ({"filters": [{"query": {"script": {}}}]}, "a filter of it is of the kind `script`, which is not read"),
    ({"query": "a:/[b]/", "language": "lucene"}, "the regular expression [b] is not compared with values"),
    ({"query": "a:(\u2028"}, "the KQL query ends where something is missing"),
    ({"query": "a:x \u0007)"}, r"the KQL query is not understood from `)` on"),
    ({"query": "a:x )\u0007"}, r"the KQL query is not understood from `)\x07` on"),
    ({"severity_mapping": [{"field": {}, "value": "x"}]}, "its `severity_mapping` is not written as Kibana has it"),
    ({"filters": [{"query": {"bool": {"must": ["a"]}}}]}, "a filter of it holds no object where a query should stand"),
    ({"filters": [{"query": {"query_string": "a"}}]}, "the filter `query_string` of it holds no query"),
    ({"filters": ["a"]}, "a filter of it is no object"),
    ({"filters": [{"meta": {}}]}, "a filter of it holds no query"),
    ({"filters": [{"query": {"term": 3}}]}, "the filter `term` of it holds no object"),
    ({"filters": [{"query": {"regexp": {"a": "[b]"}}}]}, "the regular expression [b] is not compared with values"),
]


@pytest.mark.parametrize(("more", "why"), WRONG)
def test_what_is_not_understood_of_a_rule(tmp_path: Path, more: dict[str, Any], why: str) -> None:
    assert not_checked(tmp_path, a__ndjson=lines({}, parts(**more))) == [f'a.ndjson:2:1: "One": {why}']


def test_a_saved_query_that_is_elsewhere(tmp_path: Path) -> None:
    rule = {"name": "One", "rule_id": "1", "type": "saved_query", "saved_id": "2"}
    assert not_checked(
        tmp_path, a__ndjson=lines(rule, parts(type="eql") | {"query": None}, {**rule, "type": "eql"})
    ) == [
        'a.ndjson:1:1: "One": its query is a saved one, which is not in the file of the rule',
        'a.ndjson:2:1: "One": its query is no text',
        'a.ndjson:3:1: "One": it has no query',
    ]


def test_a_filter_without_end(tmp_path: Path) -> None:
    clause: dict[str, Any] = {"term": {"a": "x"}}
    for _ in range(60):
        clause = {"bool": {"must": [clause]}}
    assert not_checked(tmp_path, a__ndjson=lines(parts(filters=[{"query": clause}]))) == [
        'a.ndjson:1:1: "One": a filter of it nests more than 40 levels deep'
    ]


def test_a_mistake_in_a_query_is_told_at_its_place(tmp_path: Path) -> None:
    assert not_checked(tmp_path, a__toml=TOML.replace("user.name:", "user.name::")) == [
        'a.toml:15:21: "Devices that were wiped": the KQL query is not understood from `:"svc"` on'
    ]


LIST = {"list_id": "l", "type": "detection", "name": "A list"}
ITEM = {
    "list_id": "l",
    "item_id": "i",
    "name": "An item",
    "type": "simple",
    "entries": [
        {"field": "a", "type": "match", "operator": "included", "value": "x*"},
        {"field": "b", "type": "match_any", "operator": "excluded", "value": ["y", "z"]},
        {"field": "c", "type": "wildcard", "operator": "included", "value": "w*"},
        {"field": "d", "type": "exists", "operator": "included"},
        {"field": "e", "type": "list", "operator": "included", "list": {"id": "ips", "type": "ip"}},
        {"field": "f", "type": "nested", "entries": [{"field": "g", "type": "match", "value": "v"}]},
    ],
}
EXCEPTED = [r"-a:x\*", "b:y|z", "-c:w*", "-d", "-e", "-f.g:v"]


def test_exceptions_are_read_with_their_rule(tmp_path: Path) -> None:
    rule = parts(query="q:x", exceptions_list=[{"list_id": "l"}, {"list_id": "endpoint_list"}])
    assert uses(tmp_path, a__ndjson=lines(rule, LIST, ITEM, {"exported_count": 3})) == ["q:x", *EXCEPTED]


def test_exceptions_without_their_rule(tmp_path: Path) -> None:
    rule = only(tmp_path, a__ndjson=lines(LIST, ITEM, ITEM | {"list_id": "endpoint_list"}))
    assert (rule.kind, rule.name, rule.id, in_short(rule.uses)) == ("exception", "An item", "i", EXCEPTED)


def test_an_exception_of_an_unknown_kind(tmp_path: Path) -> None:
    item = ITEM | {"entries": [{"field": "a", "type": "new", "value": "x"}, {"type": "match"}]}
    assert not_checked(tmp_path, a__ndjson=lines(item)) == [
        'a.ndjson:1:1: "An item": an entry of its exceptions is not written as Kibana has it',
        'a.ndjson:1:1: "An item": an exception of it is of the kind `new`, which is not read',
    ]


def test_rules_that_search_elsewhere_are_counted_and_not_read(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        a__toml=TOML.replace("logs-okta.mim-*", "winlogbeat-*").replace("user.name:", "user.name::"),
        b__ndjson=lines(
            parts(index=["logs-okta.system-*"], query="a:("),
            parts(type="esql", language="esql", query="FROM logs-okta.system-* | WHERE ((("),
            parts(data_view_id="v", query="a:("),
            {"type": "index-pattern", "id": "v", "attributes": {"title": "metrics-*"}},
            parts(name="Two"),
        ),
    )
    assert ([rule.name for rule in found.rules], found.not_checked, found.elsewhere) == (["Two"], [], 4)


def test_a_rule_as_packages_hold_it(tmp_path: Path) -> None:
    rule = only(tmp_path, a__json=lines({"type": "security-rule", "attributes": parts(query="a:x")}))
    assert (rule.name, rule.id, in_short(rule.uses)) == ("One", "1", ["a:x"])


def test_a_rule_as_kibana_stores_it(tmp_path: Path) -> None:
    params = {"ruleId": "1", "type": "query", "language": "kuery", "query": "a:x", "newTermsFields": ["b"]}
    rule = only(tmp_path, a__ndjson=lines({"type": "alert", "attributes": {"name": "One", "params": params}}))
    assert (rule.name, rule.id, in_short(rule.uses)) == ("One", "1", ["a:x", "b"])
