"""What the mapping language can say and the shipped mappings do not, in every way: events against whole documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from normalizer.language.conversions import levels
from tests.backends.python.ways import EVENT, Event, reported, text, ways, with_fields

KEYWORD, KEYWORDS = "{type: keyword, description: Text.}", "{type: keyword, array: true, description: Texts.}"


def lists(*kinds: str) -> str:
    return "".join(f"x.{kind}: {{type: {kind}, array: true, description: A list.}}\n" for kind in kinds)


def singles(*kinds: str) -> str:
    return "".join(f"x.{kind}: {{type: {kind}, description: A value.}}\n" for kind in kinds)


class Case(NamedTuple):
    """Rules under `fields`, custom fields, and events with what they add to the least document."""

    fields: str
    custom: str
    events: list[tuple[Event, Event]]


def debug(**data: Any) -> Event:
    return {"debugContext": {"debugData": data}}


FINE = "debugContext.debugData"
CASES = {
    "nested scopes": Case(
        """\
  client:
    at: client
    also: [source]
    ignore: [unknown]
    fields:
      ip: ipAddress
      geo: {at: geographicalContext, ignore: ["null"], fields: {city_name: city, name: $.actor.id}}
""",
        "",
        [
            (
                {"client": {"ipAddress": "192.0.2.1", "geographicalContext": {"city": "Oslo"}}, "actor": {"id": "00u"}},
                {
                    "client": {"ip": "192.0.2.1", "geo": {"city_name": "Oslo", "name": "00u"}},
                    "source": {"ip": "192.0.2.1", "geo": {"city_name": "Oslo", "name": "00u"}},
                },
            ),
            ({"client": {"ipAddress": "unknown", "geographicalContext": {"city": "null"}}, "actor": {"id": "unknown"}}, {}),
            (
                {"client": {"geographicalContext": "Oslo"}},
                reported('client.geographicalContext: "Oslo" is not an object'),
            ),
            ({"client": [], "actor": {}}, {}),
        ],
    ),
    "absolute paths inside each": Case(
        "  x.list: {each: target, fields: {id: id, actor: $.actor.id, all: $.target.id}}\n",
        "x.list: {type: object, array: true, description: L.}\n"
        f"x.list.id: {KEYWORD}\nx.list.actor: {KEYWORD}\nx.list.all: {KEYWORDS}\n",
        [
            (
                {"target": [{"id": "1"}, {"type": "x"}, {"id": "3"}], "actor": {"id": "a"}},
                {
                    "x": {
                        "list": [
                            {"id": "1", "actor": "a", "all": ["1", "3"]},
                            {"actor": "a", "all": ["1", "3"]},
                            {"id": "3", "actor": "a", "all": ["1", "3"]},
                        ]
                    }
                },
            ),
            ({"target": [], "actor": {"id": "a"}}, {}),
            ({"actor": {"id": "a"}}, {}),
            (
                {"target": [{"id": "1"}], "actor": "a"},
                {"x": {"list": [{"id": "1", "all": ["1"]}]}} | reported('actor: "a" is not an object'),
            ),
        ],
    ),
    "only absolute paths inside each": Case(
        "  x.list: {each: target, fields: {actor: $.actor.id}}\n",
        f"x.list: {{type: object, array: true, description: L.}}\nx.list.actor: {KEYWORD}\n",
        [
            ({"target": [{"id": "1"}, {}, None], "actor": {"id": "a"}}, {"x": {"list": [{"actor": "a"}]}}),
            (
                {"target": ["x", {"id": "1"}, 5], "actor": {"id": "a"}},
                {"x": {"list": [{"actor": "a"}]}}
                | reported('target[0]: "x" is not an object', "target[2]: a number is not an object"),
            ),
            ({"target": {}, "actor": {"id": "a"}}, {}),
            ({"target": "", "actor": {"id": "a"}}, {}),
            ({"target": [[]], "actor": {"id": "a"}}, {}),
        ],
    ),
    "a default inside each": Case(
        "  x.list: {each: target, fields: {id: id, kind: {from: type, map: {User: person}, default: thing}}}\n"
        "  x.one: {each: client, fields: {kind: {from: zone, default: none}}}\n",
        "x.list: {type: object, array: true, description: L.}\nx.one: {type: object, array: true, description: L.}\n"
        f"x.list.id: {KEYWORD}\nx.list.kind: {KEYWORD}\nx.one.kind: {KEYWORD}\n",
        [
            ({}, {}),
            ({"client": {}, "target": []}, {}),
            ({"client": None, "target": [{}, None, {"a": 1}]}, {"x": {"list": [{"kind": "thing"}]}}),
            ({"client": {"a": 1}, "target": {"type": "User"}}, {"x": {"list": [{"kind": "person"}], "one": [{"kind": "none"}]}}),
            ({"client": [{"zone": "z"}, {"zone": ""}]}, {"x": {"one": [{"kind": "z"}, {"kind": "none"}]}}),
            (
                {"target": [{"type": 1.5, "id": "1"}]},
                {"x": {"list": [{"id": "1", "kind": "thing"}]}} | reported("target[0].type: a number is not text"),
            ),
        ],
    ),
    "collect with steps": Case(
        f"  x.keyword: {{collect: [actor.alternateId, target.alternateId, {FINE}.who], ignore: [NONE], as: [lower, email]}}\n",
        lists("keyword"),
        [
            (
                {
                    "actor": {"alternateId": "A@X"},
                    "target": [{"alternateId": "b@x"}, {"alternateId": "a@x"}, {"alternateId": "NONE"}],
                    **debug(who=["C@x", "none", None, "b@X"]),
                },
                {"x": {"keyword": ["a@x", "b@x", "c@x"]}},
            ),
            (
                {"target": [{"alternateId": 5}, {"alternateId": ["b@x", True]}]},
                {"x": {"keyword": ["b@x"]}}
                | reported("target[0].alternateId: a number is not text", "target[1].alternateId[1]: a boolean is not text"),
            ),
            ({"target": [{"alternateId": "none"}]}, {}),
        ],
    ),
    "collect with a table": Case(
        f"  x.keyword: {{collect: [{FINE}.a, {FINE}.b], map: {{'true': yes, '1': one, a: one}}, default: [nothing]}}\n",
        lists("keyword"),
        [
            (debug(a=[True, 1, "a", "b", False], b="true"), {"x": {"keyword": ["yes", "one"]}}),
            (debug(a="b"), {"x": {"keyword": ["nothing"]}}),
            ({}, {"x": {"keyword": ["nothing"]}}),
            (debug(a=1.0), {"x": {"keyword": ["nothing"]}} | reported(f"{FINE}.a: a number is not text")),
            (debug(a={"b": 1}, b="a"), {"x": {"keyword": ["one"]}} | reported(f"{FINE}.a: an object is not text")),
        ],
    ),
    "a list field with from and default": Case(
        f"  x.keyword: {{from: [{FINE}.a, target.id], ignore: [no], default: [d, e]}}\n",
        lists("keyword"),
        [
            (debug(a=["x", "x", "no", ""]), {"x": {"keyword": ["x", "x"]}}),
            ({**debug(a=["no", None]), "target": [{"id": "1"}, {}, {"id": "no"}]}, {"x": {"keyword": ["1"]}}),
            (debug(a="x"), {"x": {"keyword": ["x"]}}),
            (debug(a=[[]]), {"x": {"keyword": ["d", "e"]}}),
            (debug(a=[True, 5, 1.5]), {"x": {"keyword": ["true", "5"]}} | reported(f"{FINE}.a[2]: a number is not text")),
            (debug(a=[["x"]]), {"x": {"keyword": ["d", "e"]}} | reported(f"{FINE}.a[0]: a list is not text")),
            (
                {"target": ["x", {"id": "2"}]},
                {"x": {"keyword": ["2"]}} | reported('target[0]: "x" is not an object'),
            ),
        ],
    ),
    "byte and short": Case(
        f"  x.byte: {FINE}.b\n  x.short: {{from: {FINE}.s, default: -1}}\n",
        singles("byte", "short"),
        [
            (debug(b=127, s=-32768), {"x": {"byte": 127, "short": -32768}}),
            (debug(b="-128", s="32767"), {"x": {"byte": -128, "short": 32767}}),
            (debug(b=0, s=0), {"x": {"byte": 0, "short": 0}}),
            (
                debug(b=128, s="32768"),
                {"x": {"short": -1}}
                | reported(f"{FINE}.b: a number is not a whole number", f'{FINE}.s: "32768" is not a whole number'),
            ),
            (debug(b=None, s=""), {"x": {"short": -1}}),
        ],
    ),
    "lists of ip, long, boolean and date": Case(
        "".join(f"  x.{kind}: {{collect: [{FINE}.{kind}]}}\n" for kind in ("boolean", "date", "ip", "long")),
        lists("boolean", "date", "ip", "long"),
        [
            (
                debug(ip=["::1", "::1", "192.0.2.1"], long=[1, "1", 2], boolean=["true", False, True]),
                {"x": {"ip": ["::1", "192.0.2.1"], "long": [1, 2], "boolean": [True, False]}},
            ),
            (
                debug(date=["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z"], long=[0, False], boolean=[0, False]),
                {"x": {"date": ["2026-01-01T00:00:00.000Z"], "long": [0], "boolean": [False]}}
                | reported(f"{FINE}.boolean[0]: a number is not true or false", f"{FINE}.long[1]: a boolean is not a whole number"),
            ),
            (debug(ip="::1"), {"x": {"ip": ["::1"]}}),
            (debug(ip=["localhost"]), reported(f'{FINE}.ip[0]: "localhost" is not an IP address')),
        ],
    ),
    "lists of points and objects": Case(
        f"  x.geo_point: {{from: {FINE}.points}}\n  x.flattened: {{from: {FINE}.objects}}\n",
        lists("geo_point", "flattened"),
        [
            (
                debug(points=[{"lat": 1, "lon": 2.0, "x": 3}, {"lat": None}], objects=[{"a": 1}, {}, {"a": 1}]),
                {"x": {"geo_point": [{"lat": 1, "lon": 2.0}], "flattened": [{"a": 1}, {"a": 1}]}},
            ),
            (debug(points={"lat": 1, "lon": 2}, objects={"a": [None]}), {"x": {"geo_point": [{"lat": 1, "lon": 2}], "flattened": [{"a": [None]}]}}),
            (
                debug(points=[{"lat": 1}], objects=["x"]),
                reported(f'{FINE}.objects[0]: "x" is not an object', f"{FINE}.points[0]: an object is not a point"),
            ),
        ],
    ),
    "lists of points and objects collected": Case(
        f"  x.geo_point: {{collect: [{FINE}.a, {FINE}.b]}}\n  x.flattened: {{collect: [{FINE}.a, {FINE}.b]}}\n",
        lists("geo_point", "flattened"),
        [
            (
                debug(a=[{"lat": 1, "lon": 2}, {"lat": 1.0, "lon": 2}], b={"lat": 1, "lon": 2}),
                {
                    "x": {
                        "geo_point": [{"lat": 1, "lon": 2}, {"lat": 1.0, "lon": 2}],
                        "flattened": [{"lat": 1, "lon": 2}, {"lat": 1.0, "lon": 2}],
                    }
                },
            ),
        ],
    ),
    "selectors below the root": Case(
        f"  x.keyword: {FINE}.list(kind=a|b).id\n  x.wildcard: {FINE}.list(kind!=a).deep.id\n",
        singles("keyword", "wildcard"),
        [
            (debug(list=[{"kind": "c", "id": "0"}, {"kind": "b", "id": "1"}, {"kind": "a", "id": "2"}]), {"x": {"keyword": "1"}}),
            (debug(list=[{"kind": "a", "deep": {"id": 1}}, {"deep": {"id": 2}}]), {"x": {"wildcard": "2"}}),
            (debug(list=[{"kind": "b"}, {"kind": "a", "id": "2"}]), {}),
            (debug(list={"kind": "a", "id": True}), {"x": {"keyword": "true"}}),
            (debug(list=["x", 5, {"kind": "a", "id": "1"}]), {"x": {"keyword": "1"}}),
            (debug(list="x"), {}),
            (debug(list=[{"kind": 1, "deep": {"id": "1"}}]), {"x": {"wildcard": "1"}}),
            (debug(list=[{"kind": "c", "deep": "x"}]), reported(f'{FINE}.list[0].deep: "x" is not an object')),
            (debug(list=[{"kind": "c", "deep": [{"id": 1}]}]), reported(f"{FINE}.list[0].deep: a list is not one value")),
        ],
    ),
    "selectors of the same list with several keys": Case(
        "  x.keyword: {collect: ['target(type=User).id', 'target(alternateId!=x).id', 'target(type!=User).displayName']}\n"
        "  x.wildcard: 'target(alternateId=y).id'\n",
        lists("keyword") + singles("wildcard"),
        [
            (
                {
                    "target": [
                        {"type": "User", "id": "1", "alternateId": "x"},
                        {"type": "Device", "id": "2", "alternateId": "y", "displayName": "D"},
                        {"id": "3", "displayName": "E"},
                        "x",
                    ]
                },
                {"x": {"keyword": ["1", "2", "3", "D", "E"], "wildcard": "2"}},
            ),
            ({"target": "x"}, {}),
        ],
    ),
    "a selector on an object": Case(
        "  x.keyword: 'client(zone!=null|Off).id'\n  x.wildcard: 'outcome(result=SUCCESS).reason'\n",
        singles("keyword", "wildcard"),
        [
            ({"client": {"zone": "A", "id": "1"}, "outcome": {"result": "SUCCESS", "reason": "r"}}, {"x": {"keyword": "1", "wildcard": "r"}}),
            ({"client": {"zone": "null", "id": "1"}, "outcome": {"result": "FAILURE", "reason": "r"}}, {}),
            ({"client": {"id": "1"}, "outcome": {"reason": "r"}}, {"x": {"keyword": "1"}}),
            ({"client": {"zone": 5, "id": "1"}, "outcome": {"result": True}}, {"x": {"keyword": "1"}}),
            ({"client": "x", "outcome": [1, {"result": "SUCCESS", "reason": "r"}]}, {"x": {"wildcard": "r"}}),
        ],
    ),
    "a table for booleans and numbers": Case(
        f"  x.keyword: {{from: {FINE}.a, map: {{'true': on, '0': off, 'x': y}}}}\n  x.long: {{from: {FINE}.b, map: {{a: '7', '1': '8'}}}}\n"
        f"  x.boolean: {{from: {FINE}.c, map: {{'0': 'false', Y: 'true'}}, default: true}}\n",
        singles("keyword", "long", "boolean"),
        [
            (debug(a=True, b="a", c=0), {"x": {"keyword": "on", "long": 7, "boolean": False}}),
            (debug(a=0, b=1, c="Y"), {"x": {"keyword": "off", "long": 8, "boolean": True}}),
            (debug(a=False, b=True, c=1), {"x": {"boolean": True}}),
            (debug(a="X"), {"x": {"boolean": True}}),
            (
                debug(a=0.0, b=[1], c={"Y": 1}),
                {"x": {"boolean": True}}
                | reported(f"{FINE}.c: an object is not text", f"{FINE}.a: a number is not text", f"{FINE}.b: a list is not text"),
            ),
        ],
    ),
    "a default after everything": Case(
        f"  x.ip: {{from: {FINE}.ip, ignore: [none], default: '::'}}\n  x.boolean: {{from: {FINE}.b, default: false}}\n"
        f"  x.keyword: {{from: [{FINE}.k, {FINE}.l], as: email, default: nobody}}\n  x.long: {{from: {FINE}.n, default: 0}}\n",
        singles("ip", "boolean", "keyword", "long"),
        [
            ({}, {"x": {"ip": "::", "boolean": False, "keyword": "nobody", "long": 0}}),
            (debug(ip="none", b=[], k="x"), {"x": {"ip": "::", "boolean": False, "keyword": "nobody", "long": 0}}),
            (debug(ip="::1", b=True, k="", l="a@b", n="5"), {"x": {"ip": "::1", "boolean": True, "keyword": "a@b", "long": 5}}),
            (
                debug(ip="::g", b="TRUE", k=5, n=False),
                {"x": {"ip": "::", "boolean": False, "keyword": "nobody", "long": 0}}
                | reported(
                    f'{FINE}.b: "TRUE" is not true or false', f'{FINE}.ip: "::g" is not an IP address',
                    f"{FINE}.k: a number is not text", f"{FINE}.n: a boolean is not a whole number",
                ),
            ),
            ({"debugContext": 5}, {"x": {"ip": "::", "boolean": False, "keyword": "nobody", "long": 0}} | reported("debugContext: a number is not an object")),
        ],
    ),
    "from several paths": Case(
        f"  x.keyword: {{from: [{FINE}.a, actor.id, $.client.id], ignore: ['-']}}\n  x.long: {{from: [{FINE}.a, {FINE}.b]}}\n",
        singles("keyword", "long"),
        [
            ({**debug(a="-"), "actor": {"id": ""}, "client": {"id": "c"}}, {"x": {"keyword": "c"}} | reported(f'{FINE}.a: "-" is not a whole number')),
            ({**debug(a=0, b=1), "actor": {"id": "b"}}, {"x": {"keyword": "0", "long": 0}}),
            (debug(a={}, b="1"), {"x": {"long": 1}}),
            (debug(a=1.5, b=1), reported(f"{FINE}.a: a number is not text", f"{FINE}.a: a number is not a whole number")),
        ],
    ),
    "each under flattened": Case(
        f"  x.flattened: {{each: {FINE}.list, fields: {{a: x, b.c: y, b.d: z.q, {'k' * 300}: long}}}}\n",
        lists("flattened"),
        [
            (
                debug(list=[{"x": 1.0, "y": False, "z": {"q": [None, []]}}, {"x": None, "y": ""}, {}, {"x": {"deep": levels(18)}}]),
                {
                    "x": {
                        "flattened": [
                            {"a": 1.0, "b": {"c": False, "d": [None, []]}},
                            {"a": {"deep": levels(18)}},
                        ]
                    }
                },
            ),
            (
                debug(list=[{"x": levels(20), "z": {"q": levels(18)}}, {"z": {"q": levels(19)}}]),
                {"x": {"flattened": [{"b": {"d": levels(18)}}]}}
                | reported(
                    f"{FINE}.list[0].x: an object is not an object of at most 20 levels",
                    f"{FINE}.list[1].z.q: an object is not an object of at most 20 levels",
                ),
            ),
            (
                debug(list={"long": {"k" * 211: 1, "k" * 212: 2}, "x": {"k" * 510: 1}, "y": {"k" * 509: 1}}),
                {"x": {"flattened": [{"k" * 300: {"k" * 211: 1}, "a": {"k" * 510: 1}}]}}
                | reported(
                    f"{FINE}.list.y: a key is not a key of at most 512 characters",
                    f"{FINE}.list.long: a key is not a key of at most 512 characters",
                ),
            ),
            (debug(list=[{"x": ["a", {"b": 1}]}, 7]), {"x": {"flattened": [{"a": ["a", {"b": 1}]}]}} | reported(f"{FINE}.list[1]: a number is not an object")),
            (debug(list=True), reported(f"{FINE}.list: a boolean is not an object")),
        ],
    ),
    "each whose elements are all empty": Case(
        "  x.list: {each: target, fields: {id: {from: id, ignore: [no]}, deep.ip: detailEntry.ip}}\n",
        f"x.list: {{type: object, array: true, description: L.}}\nx.list.id: {KEYWORD}\n"
        "x.list.deep.ip: {type: ip, description: I.}\n",
        [
            ({"target": [{"id": "no"}, {"id": ""}, {"detailEntry": {"ip": None}}, {"other": 1}]}, {}),
            ({"target": {"detailEntry": {"ip": "::1"}}}, {"x": {"list": [{"deep": {"ip": "::1"}}]}}),
            (
                {"target": [{"detailEntry": {"ip": "x"}}, {"id": "1", "detailEntry": []}]},
                {"x": {"list": [{"id": "1"}]}} | reported('target[0].detailEntry.ip: "x" is not an IP address'),
            ),
            ({"target": [{"detailEntry": "x"}]}, reported('target[0].detailEntry: "x" is not an object')),
        ],
    ),
    "each with list fields and selectors": Case(
        "  x.list: {each: 'target(type=Group)', fields: {ids: {collect: [detailEntry.ids, id]}, first: 'detailEntry.m(k=v).id'}}\n",
        f"x.list: {{type: object, array: true, description: L.}}\nx.list.ids: {KEYWORDS}\nx.list.first: {KEYWORD}\n",
        [
            (
                {"target": [{"type": "Group", "id": 1, "detailEntry": {"ids": ["2", 1, "2"], "m": [{"k": "w"}, {"k": "v", "id": "f"}]}}]},
                {"x": {"list": [{"ids": ["2", "1"], "first": "f"}]}},
            ),
            ({"target": [{"type": "User", "id": "1"}, "x"]}, {}),
            (
                {"target": [{"type": "Group", "detailEntry": {"ids": [1.5]}}, {"type": "Group", "id": "3"}]},
                {"x": {"list": [{"ids": ["3"]}]}} | reported("target[0].detailEntry.ids[0]: a number is not text"),
            ),
        ],
    ),
    "json": Case(
        f"  x.flattened: {{from: [{FINE}.a, {FINE}.b], as: json, ignore: [none]}}\n",
        singles("flattened"),
        [
            (debug(a='{"x": [1.0, {"y": null}]}'), {"x": {"flattened": {"x": [1.0, {"y": None}]}}}),
            (debug(a="none", b="{}"), {}),
            (debug(a="{}", b='{"x": 1}'), {}),
            (debug(a={"x": 1}), {"x": {"flattened": {"x": 1}}}),
            (debug(a="[1]"), reported(f'{FINE}.a: "[1]" is not JSON')),
            (debug(a='{"' + "k" * 600 + '": 1}'), reported(f"{FINE}.a: a key is not a key of at most 512 characters")),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_language(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    compiled = ways(tmp_path / "mappings", case.fields, case.custom)
    for event, expected in case.events:
        document, _ = compiled.document({**EVENT, **event})
        assert text(document) == text(with_fields(expected)), event


def test_what_the_run_time_gives(tmp_path: Path) -> None:
    from normalizer import Options

    fields = "  x.keyword: _org\n  x.wildcard: {from: [_org, actor.id], default: none}\n  data_stream.namespace: _namespace\n"
    for org, actor, expected in (("acme", "a", "acme"), (None, "a", "a"), (None, None, "none")):
        compiled = ways(
            tmp_path / "m", fields, singles("keyword", "wildcard"), options=Options(org, "n", all_events=True)
        )
        document, _ = compiled.document({**EVENT, "actor": {"id": actor}})
        assert document["x"] == ({"keyword": org} if org else {}) | {"wildcard": expected}
        assert document["data_stream"] == {"namespace": "n"}
