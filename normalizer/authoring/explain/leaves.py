"""An event line by line, as JSON is written for people; what stands where, and how it is called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from normalizer.backends.python.convert import is_absent
from normalizer.backends.python.library import Where


class Kind(Enum):
    """What stands in a line: a value, or where an object or a list begins and ends."""

    VALUE = "value"
    BEGIN = "begin"
    END = "end"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `key` is what stands before it (None in a list), `value` all that it belongs to."""

    kind: Kind
    where: Where
    key: str | None
    value: Any
    comma: bool

    @property
    def text(self) -> str:
        """Its JSON without key and comma; a bracket for `BEGIN` and `END`."""
        if self.kind is Kind.VALUE:
            return written(self.value)
        return ("{}" if isinstance(self.value, dict) else "[]")[self.kind is Kind.END]


def lines(value: Any) -> Iterator[Line]:
    """The lines of a JSON value. Never recursive, for events may be nested more deeply than Python can follow."""
    pending: list[Line | tuple[Where, str | None, Any, bool]] = [((), None, value, False)]
    while pending:
        item = pending.pop()
        if isinstance(item, Line):
            yield item
            continue
        where, key, value, comma = item
        if not isinstance(value, dict | list) or not value:
            yield Line(Kind.VALUE, where, key, value, comma)
            continue
        yield Line(Kind.BEGIN, where, key, value, False)
        pending.append(Line(Kind.END, where, None, value, comma))
        inner: list[tuple[str | int, Any]]
        inner = [*value.items()] if isinstance(value, dict) else [*enumerate(value)]
        last = len(inner) - 1
        for at in reversed(range(len(inner))):
            name, below = inner[at]
            pending.append(((*where, name), name if isinstance(name, str) else None, below, at != last))


def leaves(event: Any) -> Iterator[tuple[Where, Any]]:
    """The present values of an event that are neither objects nor lists, with their places, in its order."""
    pending: list[tuple[Where, Any]] = [((), event)]
    while pending:
        where, value = pending.pop()
        if type(value) is dict:
            pending.extend([((*where, key), inner) for key, inner in value.items()][::-1])
        elif type(value) is list:
            pending.extend([((*where, index), inner) for index, inner in enumerate(value)][::-1])
        elif not is_absent(value):
            yield where, value


def folded(where: Where) -> str:
    """A place without its list indices: `target[].id`."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += "[]"
        else:
            text += f".{part}" if text else part
    return text


def written(value: Any) -> str:
    """A value as one line of JSON."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "[…]" if isinstance(value, list) else "{…}"


def cut(text: str, length: int) -> str:
    """A text of at most so many characters; `…` stands for the rest."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
