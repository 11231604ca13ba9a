"""Instances of our JSON Schemas: a good one, those that break one keyword, and near misses that break none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

DATE, PUBLISHED = "2026-09-14T06:00:00.123Z", "2026-09-14T06:00:00+02:00"
SUBSCHEMAS = ("items", "not")
ANNOTATIONS = {"$schema", "$comment", "title", "description"}
OF_EACH_TYPE: dict[str, list[Any]] = {
    "null": [None],
    "boolean": [True, False],
    "integer": [0, 1, -1, 2**63, -(2**63)],
    "number": [1.5, -0.5, 1e300],
    "string": ["", "x", "1", "true", "null", "😀"],
    "array": [[], [1], [[]], ["x"]],
    "object": [{}, {"a": 1}, {"lat": 1, "lon": 2}],
}


def subschemas(schema: Schema) -> Iterator[Schema]:
    """A schema and all below it that describe a place of their own."""
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from subschemas(inner)
    if "items" in schema:
        yield from subschemas(schema["items"])


def key(schema: Schema) -> str:
    """What equal schemas share; annotations mean nothing."""
    return json.dumps({name: value for name, value in schema.items() if name not in ANNOTATIONS}, sort_keys=True)


def good(schema: Schema) -> Any:
    """An instance that a schema accepts; of objects one with everything."""
    match schema:
        case {"const": value}:
            return value
        case {"enum": [value, *_]}:
            return value
        case {"anyOf": [first, *_]}:
            return good(first)
        case {"type": "string", "maxLength": 24}:
            return DATE
        case {"type": "string", "pattern": _}:
            return PUBLISHED
        case {"type": "string", "minLength": 2}:
            return "::1"
        case {"type": "string"}:
            return "x-1"
        case {"type": "array", "items": items}:
            return [good(items)] * schema["minItems"]
        case {"type": "object"}:
            return {name: good(inner) for name, inner in schema.get("properties", {}).items()} or {"a": [1]}
        case {"type": "boolean"}:
            return True
        case _:
            return 1


def broken(schema: Schema) -> Iterator[tuple[str, Any]]:  # noqa: C901 - one case for each keyword
    """Each keyword, with an instance that breaks it; where that can be, no other."""
    whole = good(schema)
    for keyword, value in schema.items():
        match keyword:
            case "type":
                yield from ((keyword, each) for each in _of_other_types(value))
            case "const":
                others: list[Any] = (
                    [[*value, "x"], value[:-1], value[0]] if isinstance(value, list) else [f"{value} ", [value]]
                )
                yield from ((keyword, each) for each in [*others, None, 1, True, {}, ""])
            case "enum":
                texts: list[Any] = ["", f"{whole} ", f"{whole}\n"]
                yield from ((keyword, each) for each in [*texts, None, 0, True, [whole], {}])
            case "pattern":
                yield from ((keyword, each) for each in _other_dates(whole))
            case "not":
                yield from (
                    (keyword, f"{whole[:-1]}{letter}") for letter in ("\n", " ", "é", "\x7f", "\0", "😀", "\u0661")
                )
            case "minLength":
                yield keyword, whole[: value - 1]
            case "maxLength":
                yield keyword, "1" * (value + 1)
            case "minimum":
                yield from ((keyword, each) for each in (value - 1, value * 2 - 2, -1e300, value - 2**12))
            case "maximum":
                yield from ((keyword, each) for each in (value + 1, value * 2 + 2, 1e300, value + 2**12))
            case "minItems":
                yield keyword, whole[: value - 1]
            case "items":
                yield from (("items", [*whole, each]) for _, each in broken(value))
            case "required":
                yield from ((keyword, {k: v for k, v in whole.items() if k != name}) for name in value)
            case "additionalProperties" if value is False:
                yield from ((keyword, {**whole, name: 1}) for name in ("", "zzz", "a.b", f"{min(whole)} ", "@"))
            case "anyOf":
                neither: list[Any] = ["x", 1, None, True, [], [1], [{}, "x"], [[{}]], [None]]
                yield from ((keyword, each) for each in neither)
            case "properties":
                yield from (
                    (keyword, {**whole, name: bad})
                    for name, inner in value.items()
                    for _, bad in list(broken(inner))[:1]
                )
            case _:
                assert keyword in ANNOTATIONS or keyword == "additionalProperties", keyword


def kept(schema: Schema) -> Iterator[Any]:
    """Instances that a schema accepts, at the edge of what it refuses."""
    yield good(schema)
    match schema:
        case {"const": _} | {"anyOf": _}:
            yield from ([{}, {"a": None}, [{}], [{}, {"b": []}]] if "anyOf" in schema else [])
        case {"enum": values}:
            yield from values
        case {"type": "string", "maxLength": 24}:
            yield from (
                "0000-00-00T00:00:00.000Z",
                "9999-99-99T99:99:99.999Z",
            )  # a day's being is the conversion's matter
        case {"type": "string", "pattern": _}:
            yield from ("2026-09-14T06:00:00Z", f"2026-09-14T06:00:00.{'1' * 99}Z", "9999-99-99T99:99:99-99:99")
        case {"type": "string", "minLength": 2}:
            yield from ("::", "1" * 45, "ABCDEF:abcdef.0123456789")
        case {"type": "string", "maxLength": most}:
            yield from ("!", "~" * most, "\\\"'")
        case {"type": "string"}:
            yield from (" ", "\n", "\0", "😀", "x\n", "é" * 100_000)
        case {"type": "integer", "minimum": low, "maximum": high}:
            yield from (low, high, 0, -1, 1.0, -0.0, 100.0, -128.0)
        case {"type": "number", "minimum": low, "maximum": high}:
            yield from (low, high, float(low), float(high), 0, -0.0, 5e-324, high - 1e-9)
        case {"type": "boolean"}:
            yield False
        case {"type": "array", "minItems": least, "items": items}:
            yield from ([good(items)] * (least + more) for more in (1, 50))
        case {"type": "object"}:
            whole, needed = good(schema), schema.get("required", [])
            yield {name: whole[name] for name in needed}
            yield from ({k: v for k, v in whole.items() if k != name} for name in whole if name not in needed)
            if "properties" not in schema:
                yield from ({}, {"": {"": [None]}})
        case _:
            yield from (each for values in OF_EACH_TYPE.values() for each in values)


def _of_other_types(kind: str) -> Iterator[Any]:
    for name, values in OF_EACH_TYPE.items():
        if name != kind and (kind, name) not in (("number", "integer"), ("integer", "number")):
            yield from values
    if kind == "integer":
        yield from (1.5, 1e-300, -0.5)


def _other_dates(whole: str) -> Iterator[str]:
    yield from (f"{whole[:at]}{whole[at + 1 :]}" for at in range(len(whole) - 1))
    yield from (whole[:-1], whole.replace("T", "t"), whole.replace("T", " "), f" {whole[1:]}", whole.replace("-", "/"))
    yield from (
        f"{whole[:-2]}Z\n",
        f"{whole[:-1]}\n",
        f"\n{whole}",
        whole.replace("2", "\u0662"),
        whole.replace(":", "."),
    )
