"""Two JSON values ▶ the parts in which they differ, in few words for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

MOST = 6
"""So many names or changes stand in one text."""
NONE: Any = object()
"""Stands for a value that is not there."""
_LONG = 60
_BEFORE = 20
"""So many characters of long texts stand before the place where they begin to differ."""


def more(told: list[str]) -> str:
    """What stands behind the first ones."""
    return f" and {len(told) - MOST} more" if len(told) > MOST else ""


def text_of(value: object) -> str:
    """A text as it is, other values as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def parts(one: Any, other: Any, is_field: bool, path: str = "") -> Iterator[tuple[str, str]]:
    """Where two values differ, as a path, and how: `.ignore_above`, `none → 1024`."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys(), key=lambda key: (key != "type", key)):
            inner = path if is_field and key == "type" else f"{path}.{key}"
            absent = {} if is_field and key == "fields" else NONE  # its multi-fields are told one by one
            yield from _different(one.get(key, absent), other.get(key, absent), is_field, inner)
    elif _are_lists(one, other) and len(one) == len(other) and all(isinstance(each, dict) for each in (*one, *other)):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from _different(*pair, is_field, f"{path}[{number}]")
    elif _are_lists(one, other) and max(len(text_of(one)), len(text_of(other))) > _LONG:
        yield path, _list_change(one, other)
    else:
        yield path, " → ".join(_short(_words(one, is_field), _words(other, is_field)))


def _different(one: Any, other: Any, is_field: bool, path: str) -> Iterator[tuple[str, str]]:
    if not is_same(one, other):
        yield from parts(one, other, is_field, path)


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same to a server, which reads `true` and `"true"` alike."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
    if _are_lists(one, other):
        return len(one) == len(other) and all(map(is_same, one, other))
    return one is other or (NONE not in (one, other) and text_of(one) == text_of(other))


def _are_lists(one: Any, other: Any) -> bool:
    return isinstance(one, list) and isinstance(other, list)


def _list_change(one: list[Any], other: list[Any]) -> str:
    """What a long list has more and less of."""
    changes = []
    for word, has, lacks in (("added", other, one), ("removed", one, other)):
        if names := [_cut(text_of(each)) for each in has if each not in lacks]:
            changes.append(f"{word} {', '.join(names[:MOST])}{more(names)}")
    return "; ".join(changes) or "another order"


def _words(value: Any, is_field: bool) -> str:
    """A value for people; a field by its type, with its parameters where it has any."""
    if value is NONE:
        return "none"
    if is_field and isinstance(value, dict) and isinstance(value.get("type"), str):
        parameters = {name: each for name, each in value.items() if name != "type"}
        return f"{value['type']} {text_of(parameters)}" if parameters else value["type"]
    return text_of(value)


def _short(one: str, other: str) -> tuple[str, str]:
    """Two texts that differ, as they are; of long ones that begin alike, from a little before the difference."""
    if max(len(one), len(other)) <= _LONG:
        return _cut(one), _cut(other)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return _cut(one, alike - _BEFORE), _cut(other, alike - _BEFORE)


def _cut(text: str, start: int = 0) -> str:
    """A text in one line, of which as much is shown as is not long."""
    start = max(start, 0)
    shown = f"{'…' if start else ''}{text[start : start + _LONG]}{'…' if len(text) > start + _LONG else ''}"
    return shown.replace("\n", "\\n")
