"""What differs, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from normalizer.backends.pipelines import build as build_pipelines
from normalizer.backends.templates import Templates, build
from normalizer.cluster.composed import composed
from normalizer.cluster.differences import differences, flat, same, told
from normalizer.language import Mappings


def test_a_difference_is_a_difference(mappings: Mappings) -> None:
    ours = bodies(build(mappings))
    others = build(mappings, retention="1d"), build(mappings, index_mode="logsdb"), build(mappings, failure_store=False)
    for changed in others:
        assert not all(same(one, other) for one, other in zip(ours, bodies(changed), strict=True))
    assert all(same(one, other) for one, other in zip(ours, ours, strict=True))


def bodies(templates: Templates) -> list[dict[str, Any]]:
    return [*templates.components.values(), *templates.index.values()]


def component(mapping: dict[str, Any]) -> dict[str, Any]:
    return {"template": {"mappings": {"dynamic": False, "properties": mapping}}}


@pytest.mark.parametrize(
    ("theirs", "ours", "lines"),
    [
        ({"a": {"type": "long"}}, {"a": {"type": "long"}}, ()),
        ({}, {"a": {"properties": {"b": {"type": "long"}}}}, ("fields added: a.b",)),
        ({"a": {"type": "long"}}, {}, ("fields removed: a",)),
        ({"a": {"type": "long"}}, {"a": {"type": "ip"}}, ("field a: long → ip",)),
        (
            {"a": {"type": "keyword"}},
            {"a": {"type": "keyword", "ignore_above": 9}},
            ("field a.ignore_above: none → 9",),
        ),
        (
            {"a": {"type": "keyword", "ignore_above": 9}},
            {"a": {"type": "keyword", "ignore_above": 9, "fields": {"t": {"type": "match_only_text"}}}},
            ("field a.fields.t: none → match_only_text",),
        ),
        (
            {"a": {"type": "keyword", "fields": {"t": {"type": "text"}, "u": {"type": "keyword"}}}},
            {"a": {"type": "keyword", "fields": {"t": {"type": "keyword", "ignore_above": 9}}}},
            (
                "field a.fields.t: text → keyword",
                "field a.fields.t.ignore_above: none → 9",
                "field a.fields.u: keyword → none",
            ),
        ),
        (
            {},
            {f"f{number}": {"type": "ip"} for number in range(9)},
            ("fields added: f0, f1, f2, f3, f4, f5 and 3 more",),
        ),
        (
            {f"f{n}": {"type": "ip"} for n in range(8)},
            {f"f{n}": {"type": "long"} for n in range(8)},
            (*(f"field f{n}: ip → long" for n in range(6)), "and 2 more"),
        ),
    ],
)
def test_fields_in_short(theirs: dict[str, Any], ours: dict[str, Any], lines: tuple[str, ...]) -> None:
    assert differences(component(theirs), component(ours)) == lines


def test_a_pipeline_in_short(mappings: Mappings) -> None:
    ours = build_pipelines(mappings)["logs-okta.mim"]
    theirs = build_pipelines(mappings, org="acme.okta.com")["logs-okta.mim"]
    assert differences(theirs, ours) == ("option params.org of normalize: acme.okta.com → none",)
    first, *others = ours["processors"]
    tag = first["rename"]["tag"]
    assert differences(ours | {"processors": others, "version": 0}, ours) == (
        f"processors added: {tag}",
        "its version: 0 → 1",
    )
    changed = {"rename": first["rename"] | {"field": "other", "override": True}}
    assert differences(ours | {"processors": [changed, *others]}, ours) == (
        f"options removed: override of {tag}",
        f"option field of {tag}: other → {first['rename']['field']}",
    )


def test_an_order_is_a_difference() -> None:
    first, second = {"set": {"tag": "a"}}, {"set": {"tag": "b"}}
    assert differences({"processors": [first, second]}, {"processors": [second, first]}) == ("the order of its parts",)


def test_facts_in_short() -> None:
    assert told({"setting a": "1"}, {"setting b": "x" * 100}) == (
        "setting a: 1 → none",
        f"setting b: none → {'x' * 60}…",
    )


SCRIPT = "".join(f"line {number}\n" for number in range(30))
LONG = [f"field.of.a.long.name.{number}" for number in range(9)]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"a": 1, "b": {"c": 2, "d": [3]}}, {"a": 1, "b": {"c": "2", "d": [4]}}, [".b.d: [3] → [4]"]),
        ({"a": True}, {"a": "true"}, []),
        ({"a": None}, {}, [".a: null → none"]),
        (["a"], ["b", "c"], [': ["a"] → ["b", "c"]']),
        (LONG, [*LONG[1:], "new"], [f": added new; removed {LONG[0]}"]),
        ([], LONG, [f": added {', '.join(LONG[:6])} and 3 more"]),
        (LONG, LONG[::-1], [": another order"]),
        ([{"a": 1}, {"b": 2}], [{"a": 1}, {"b": 3, "c": 4}], ["[1].b: 2 → 3", "[1].c: none → 4"]),
        (
            SCRIPT,
            SCRIPT.replace("line 17", "Line 17"),
            [
                ": … 14\\nline 15\\nline 16\\nline 17\\nline 18\\nline 19\\nline 20\\nline 21\\n…"
                " → … 14\\nline 15\\nline 16\\nLine 17\\nline 18\\nline 19\\nline 20\\nline 21\\n…"
            ],
        ),
    ],
)
def test_the_part_that_differs_is_told(before: object, after: object, lines: list[str]) -> None:
    assert told({"its x": before}, {"its x": after}) == tuple(f"its x{line}" for line in lines)


def test_settings_by_their_whole_names() -> None:
    given: dict[str, Any] = {"index": {"codec": "default", "mapping": {"total_fields.limit": 9}}, "number_of_shards": 2}
    given |= {"index.query.default_field": ["a", "b"], "index.hidden": True, "index.refresh_interval": None}
    assert flat(given) == {
        "index.codec": "default",
        "index.mapping.total_fields.limit": "9",
        "index.number_of_shards": "2",
        "index.query.default_field": ["a", "b"],
        "index.hidden": "true",
        "index.refresh_interval": None,
    }


def test_templates_over_each_other() -> None:
    one = {
        "settings": {"index": {"codec": "default", "number_of_shards": 1}},
        "mappings": {
            "dynamic": False,
            "properties": {
                "host": {"properties": {"name": {"type": "keyword", "ignore_above": 9}, "id": {"type": "keyword"}}},
                "labels": {"type": "object", "enabled": False},
                "message": {"type": "text"},
            },
        },
    }
    two = {
        "settings": {"codec": None, "number_of_shards": 2},
        "mappings": {
            "properties": {"host.name": {"type": "text"}, "labels": {"dynamic": True}, "message.x": {"type": "ip"}}
        },
    }
    assert composed([one, {}, two]) == {
        "settings": {"index.number_of_shards": "2"},
        "mappings": {
            "dynamic": False,
            "properties": {
                "host": {"properties": {"name": {"type": "text"}, "id": {"type": "keyword"}}},
                "labels": {"type": "object", "enabled": False, "dynamic": True, "properties": {}},
                "message": {"properties": {"x": {"type": "ip"}}},
            },
        },
    }
    assert one["mappings"]["properties"]["host"]["properties"]["name"] == {"type": "keyword", "ignore_above": 9}  # type: ignore[index]
