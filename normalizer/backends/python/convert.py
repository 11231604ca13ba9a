"""How each conversion is done in Python; what it means stands in `normalizer.language.conversions`.

One function for each, in two tables with the same keys as there. A function takes a present value of the event and
gives a value, ABSENT or PROBLEM. The grammars are checked by pattern and character: no library's own parser
is the judge.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from normalizer.language.conversions import ABSENT, INTEGER_BITS, PROBLEM, TEXT_TYPES, whole_range

Convert = Callable[[Any], Any]


def is_absent(value: object) -> bool:
    """Whether a value counts as missing: null, "", [] and {}."""
    return value is None or value == "" or value == [] or value == {}


_DATE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?(Z|[+-](?:0[0-9]|1[0-7]):[0-5][0-9])"
).fullmatch
# Okta's own form is the result already; days over 28 take the long way, which knows the calendar.
CANONICAL = re.compile(
    r"(?:19[7-9][0-9]|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
).fullmatch


def date(value: Any) -> Any:
    """RFC 3339 to UTC with milliseconds, cut and never rounded."""
    if type(value) is not str:
        return PROBLEM
    if CANONICAL(value):
        return value
    match = _DATE(value)
    if match is None or not "1970" <= value[:4] <= "9998":
        return PROBLEM
    seconds, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(seconds + zone)
    except ValueError:
        return PROBLEM
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{((fraction or '') + '000')[:3]}Z"


def ip(value: Any) -> Any:
    """IPv4 or IPv6 as RFC 4291 writes them, by inet_pton, which takes exactly these."""
    if type(value) is not str or len(value) > 45 or not value.isascii() or "\0" in value:
        return PROBLEM
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in value else socket.AF_INET, value)
    except OSError:
        return PROBLEM
    return value


def keyword(value: Any) -> Any:
    """Text as it is; true, false; whole numbers of 64 bits."""
    kind = type(value)
    if kind is str:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is int and -(2**63) <= value < 2**63:
        return str(value)
    return PROBLEM


_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}").fullmatch


def _whole(kind: str) -> Convert:
    low, high = whole_range(kind)

    def whole(value: Any) -> Any:
        if type(value) is str and _WHOLE(value):
            value = int(value)
        return value if type(value) is int and low <= value <= high else PROBLEM

    return whole


def boolean(value: Any) -> Any:
    """true, false and their texts."""
    if type(value) is bool:
        return value
    return {"true": True, "false": False}.get(value, PROBLEM) if type(value) is str else PROBLEM


def geo_point(value: Any) -> Any:
    """{lat, lon} with numbers in range; nothing else is kept."""
    if type(value) is not dict:
        return PROBLEM
    lat: Any = value.get("lat")
    lon: Any = value.get("lon")
    if is_absent(lat) and is_absent(lon):
        return ABSENT
    if type(lat) not in (int, float) or type(lon) not in (int, float) or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return PROBLEM
    return {"lat": lat, "lon": lon}


def flattened(value: Any) -> Any:
    """An object or a list of objects. What must be dropped from it is a matter of `fitting`, which can report it."""
    return value if type(value) is dict else PROBLEM


CONVERT: Final[dict[str, Convert]] = {
    **dict.fromkeys(TEXT_TYPES, keyword),
    "date": date,
    "ip": ip,
    **{kind: _whole(kind) for kind in INTEGER_BITS},
    "boolean": boolean,
    "geo_point": geo_point,
    "flattened": flattened,
}


# ---- named conversions

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_EMAIL = re.compile(r"[^@\x00-\x20\x7f]+@[^@\x00-\x20\x7f]+").fullmatch


def lower(value: Any) -> Any:
    """A to Z only: what other letters do depends on the engine."""
    return value.translate(_LOWER) if type(value) is str else PROBLEM


def email(value: Any) -> Any:
    """The text when it is an address."""
    if type(value) is not str:
        return PROBLEM
    return value if _EMAIL(value) else ABSENT


def json(value: Any) -> Any:
    """Text that is one JSON object."""
    if type(value) is dict:
        return value
    if type(value) is not str or not value.startswith("{") or not value.endswith("}"):
        return PROBLEM
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return PROBLEM


STEP: Final[dict[str, Convert]] = {"lower": lower, "email": email, "json": json}
