"""Saved objects of Kibana: dashboards and what stands on them, searches, queries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.authoring.detections.folders import lines, not_checked, only, reading, uses
from tests.authoring.detections.said import in_short

Object = dict[str, Any]


def text(value: Any) -> str:
    return orjson.dumps(value).decode()


def saved(kind: str, attributes: Object, **more: Any) -> Object:
    return {"id": "1", "type": kind, "attributes": {"title": "One", **attributes}, **more}


KUERY = {"query": "q:x", "language": "kuery"}
PHRASE = {"meta": {"negate": True, "field": "shown"}, "query": {"match_phrase": {"f": "y"}}}
SOURCE = {"kibanaSavedObjectMeta": {"searchSourceJSON": text({"query": KUERY, "filter": [PHRASE]})}}
COLUMNS = {
    "c": {"operationType": "terms", "sourceField": "a", "params": {"secondaryFields": ["b"]}},
    "d": {"sourceField": "___records___", "filter": {"query": "c:z", "language": "lucene"}},
    "e": {"params": {"filters": [{"input": {"query": "d:w", "language": "kuery"}, "label": ""}]}},
}
BY_ESQL = {"query": {"esql": "FROM logs-* | STATS n = COUNT(*) BY e"}, "columns": [{"fieldName": "n"}]}
LAYERS = {"formBased": {"layers": {"l": {"columns": COLUMNS}}}, "textBased": {"layers": {"m": BY_ESQL}}}
LENS = {"state": {"query": KUERY, "filters": [PHRASE], "datasourceStates": LAYERS}}
LENS_READS = ["-f:y", "q:x", "a", "b", "c:z", "d:w", "e"]
PANELS = text([{"type": "lens", "embeddableConfig": {"attributes": LENS}}])
CONTROLS = text({"c": {"explicitInput": {"fieldName": "a"}}})
VEGA = {"type": "vega", "params": {"spec": "{}"}}
ESQL = {"searchSourceJSON": text({"query": {"esql": "FROM a | WHERE b == 1"}})}
AGGREGATION = {"type": "pie", "aggs": [{"type": "terms", "params": {"field": "a", "filters": [{"input": KUERY}]}}]}

READ: list[tuple[Object, list[str]]] = [
    (saved("search", {**SOURCE, "columns": ["a", "b"], "sort": [["@timestamp", "desc"]]}), ["a", "b", "q:x", "-f:y"]),
    (saved("query", {"query": KUERY, "filters": [PHRASE]}), ["-f:y", "q:x"]),
    (saved("query", {"query": {"query": {"query_string": {"query": "a:x"}}, "language": "lucene"}}), ["a:x"]),
    (saved("search", {"kibanaSavedObjectMeta": ESQL}), ["b:1"]),
    (saved("lens", LENS), LENS_READS),
    (saved("visualization", {"visState": text(AGGREGATION), **SOURCE}), ["a", "q:x", "-f:y", "q:x"]),
    (saved("visualization", {"visState": text({"type": "markdown", "params": {"markdown": "a:x"}})}), []),
    (saved("dashboard", {**SOURCE, "panelsJSON": PANELS}), ["-f:y", "q:x", *LENS_READS]),
    (saved("dashboard", {"controlGroupInput": {"panelsJSON": CONTROLS}}), ["a"]),
    (saved("map", {"layerListJSON": text([{"query": KUERY, "sourceDescriptor": {"geoField": "g"}}])}), ["q:x", "g"]),
]


@pytest.mark.parametrize(("each", "expected"), READ)
def test_what_saved_objects_read(tmp_path: Path, each: Object, expected: list[str]) -> None:
    assert sorted(uses(tmp_path, a__ndjson=lines(each))) == sorted(expected)


def test_what_a_saved_object_is_called(tmp_path: Path) -> None:
    rule = only(tmp_path, a__ndjson=lines({"exported_count": 1}, saved("lens", LENS)))
    assert (rule.name, rule.id, rule.kind, rule.place.line) == ("One", "1", "Lens visualization", 2)


def test_data_views_say_where_an_object_searches(tmp_path: Path) -> None:
    views = [
        {"type": "index-pattern", "id": "ours", "attributes": {"title": "logs-okta.mim-*"}},
        {"type": "index-pattern", "id": "other", "attributes": {"title": "winlogbeat-*"}},
    ]
    objects = [
        saved("search", {"title": name}, references=[{"type": "index-pattern", "id": each} for each in ids])
        for name, ids in (("A", ["ours"]), ("B", ["other"]), ("C", ["ours", "other"]), ("D", ["other", "unknown"]))
    ]
    found = reading(tmp_path, a__ndjson=lines(*objects, *views))
    assert [(rule.name, rule.indices) for rule in found.rules] == [
        ("A", ("logs-okta.mim-*",)),
        ("C", ("logs-okta.mim-*", "winlogbeat-*")),
        ("D", ()),
    ]
    assert found.elsewhere == 1


WRONG: list[tuple[Object, str]] = [
    (saved("visualization", {"visState": text(VEGA)}), '"One": it is drawn by Vega, whose searches are not read'),
    (saved("canvas-workpad", {}), "a Canvas workpad is not read"),
    (saved("dashboard", {"panelsJSON": "[{"}), '"One": its `panelsJSON` is no JSON'),
    (saved("search", {"query": {"query": 7, "language": "kuery"}}), '"One": its query is no text'),
    ({"type": "lens", "attributes": 3}, '"a Lens visualization without a title": it has no attributes'),
]


@pytest.mark.parametrize(("each", "why"), WRONG)
def test_what_is_not_understood_of_saved_objects(tmp_path: Path, each: Object, why: str) -> None:
    assert not_checked(tmp_path, a__ndjson=lines(each)) == [f"a.ndjson:1:1: {why}"]


def test_other_saved_objects_are_passed_over(tmp_path: Path) -> None:
    found = reading(
        tmp_path, a__ndjson=lines(saved("tag", {}), saved("config", {}), {"type": 3}, {"exported_count": 2})
    )
    assert (found.rules, found.not_checked, found.elsewhere) == ([], [], 0)


def test_an_object_that_nests_too_deep(tmp_path: Path) -> None:
    inner: Any = KUERY
    for _ in range(250):
        inner = {"a": inner}
    assert not_checked(tmp_path, a__ndjson=lines(saved("lens", {"state": inner}))) == [
        'a.ndjson:1:1: "One": it nests more than 200 levels deep'
    ]


def test_json_in_many_lines(tmp_path: Path) -> None:
    whole = orjson.dumps([saved("query", {"query": KUERY})], option=orjson.OPT_INDENT_2).decode()
    assert in_short(only(tmp_path, a__json=whole).uses) == ["q:x"]
