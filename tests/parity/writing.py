"""Events as JSON texts of many styles: blanks, escapes, and numbers as they were spelled.

A style changes the text and never what it says, so both ways must read the same and keep the text as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Raw:
    """A number as it is spelled: `1E5`, `-0`, `0.10`."""

    text: str


@dataclass(frozen=True, slots=True)
class Style:
    """What stands around the text, after commas and colons, and how texts are escaped."""

    around: str
    comma: str
    colon: str
    escaped: Callable[[str], str]


def _plain(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _everything(text: str) -> str:
    """Every character escaped that can be; long texts only where they must."""
    if len(text) > 100:
        return _plain(text)
    units = text.encode("utf-16-be")
    codes = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    spelled = {"002f": "\\/", "0008": "\\b", "0022": '\\"', "000a": "\\n"}
    return '"' + "".join(spelled.get(code, f"\\u{code.upper()}") for code in codes) + '"'


STYLES = (
    Style("", ",", ":", _plain),
    Style("", ", ", ": ", json.dumps),
    Style(" \t\r\n", "\r\n\t, ", "  :\n", _plain),
    Style("", ",", ":", _everything),
)
"""The first is compact, as Okta writes events."""


def written(value: Any, style: Style = STYLES[0]) -> str:
    """The JSON text of a value."""
    return f"{style.around}{_written(value, style)}{style.around}"


def _written(value: Any, style: Style) -> str:
    match value:
        case Raw():
            return value.text
        case str():
            return style.escaped(value)
        case dict():
            inner = (f"{style.escaped(key)}{style.colon}{_written(each, style)}" for key, each in value.items())
            return "{" + style.comma.join(inner) + "}"
        case list():
            return "[" + style.comma.join(_written(each, style) for each in value) + "]"
        case _:
            return json.dumps(value, allow_nan=False)


def spelled(text: str) -> Any:
    """The value of a JSON text, its numbers as they are spelled."""
    return json.loads(text, parse_int=Raw, parse_float=Raw)
