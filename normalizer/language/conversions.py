"""What each conversion means: what it takes and gives, its noun in a problem's sentence, and examples.

A conversion gives a value, ABSENT (nothing is written, nothing reported) or PROBLEM (nothing is written, and
`error.message` says `<path>: <what> is not <noun>`). How it is done stands in each back end; one test holds their lists
equal to this one and runs every example through each.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Outcome(Enum):
    """What a conversion gives when it gives no value."""

    ABSENT = "absent"
    PROBLEM = "problem"


ABSENT: Final = Outcome.ABSENT
PROBLEM: Final = Outcome.PROBLEM

NOT_AN_OBJECT: Final = "an object"
NOT_ONE_VALUE: Final = "one value"
TOO_DEEP: Final = "an object of at most 20 levels"
BAD_KEY: Final = "a key of at most 512 characters"

PROBLEM_TAG: Final = "normalization_problem"
PROBLEM_KIND: Final = "pipeline_error"
"""What a document with problems has: a tag beside the mapping's, and event.kind in place of the mapping's."""

TEXT_TYPES: Final = ("keyword", "text", "match_only_text", "wildcard", "constant_keyword")
"""The types of fields that hold text; one conversion serves them all."""
INTEGER_BITS: Final = {"long": 64, "integer": 32, "short": 16, "byte": 8}
"""The types of fields that hold whole numbers, with their widths."""


def whole_range(kind: str) -> tuple[int, int]:
    """The least and the greatest number that such a type holds."""
    half = 2 ** (INTEGER_BITS[kind] - 1)
    return -half, half - 1


MAX_LEVELS: Final = 20
MAX_KEY_UNITS: Final = 512


@dataclass(frozen=True, slots=True)
class Conversion:
    """One conversion. `takes` and `gives` are `text` (texts, booleans, whole numbers) or `object`.

    `examples` are pairs of a value of the event (never absent itself) and what the conversion gives.
    """

    name: str
    noun: str
    takes: str
    gives: str
    summary: str
    examples: tuple[tuple[Any, Any], ...]


def levels(count: int) -> dict[str, Any]:
    """An object of so many levels, for examples and tests."""
    value: dict[str, Any] = {"leaf": 1}
    for _ in range(count - 1):
        value = {"down": value}
    return value


def _whole(name: str) -> Conversion:
    low, high = whole_range(name)
    return Conversion(
        name,
        "a whole number",
        "text",
        "number",
        f"A JSON whole number of {INTEGER_BITS[name]} bits, or its text without sign, blanks and leading zeros.",
        (
            (0, 0), (-7, -7), (high, high), (low, low), (high + 1, PROBLEM), (low - 1, PROBLEM), ("12", 12), ("-3", -3),
            ("0", 0), (str(low), low), (str(high + 1), PROBLEM), ("", ABSENT), (None, ABSENT), (1.0, PROBLEM),
            ("1.0", PROBLEM), ("007", PROBLEM), ("-0", PROBLEM), ("+1", PROBLEM), (" 1", PROBLEM), ("1_0", PROBLEM),
            ("\u0661", PROBLEM), (True, PROBLEM), ({"a": 1}, PROBLEM), ([1], PROBLEM), (2**70, PROBLEM),
        ),
    )  # fmt: skip


_KEYWORD = Conversion(
    "keyword",
    "text",
    "text",
    "text",
    "Text, untouched; true and false; whole numbers of 64 bits in decimal.",
    (
        ("anna", "anna"), (" ", " "), ("é😀", "é😀"), (True, "true"), (False, "false"), (0, "0"), (-5, "-5"),
        (2**63 - 1, "9223372036854775807"), (2**63, PROBLEM), (1.0, PROBLEM), (1e300, PROBLEM), ("", ABSENT),
        (None, ABSENT), ([], ABSENT), ({}, ABSENT), ({"a": 1}, PROBLEM), (["a"], PROBLEM),
    ),
)  # fmt: skip

_DATE = Conversion(
    "date",
    "a date",
    "text",
    "text",
    "YYYY-MM-DDTHH:MM:SS[.digits](Z or ±HH:MM) of RFC 3339, years 1970 to 9998; gives UTC, milliseconds cut.",
    (
        ("2026-09-14T06:00:00.123Z", "2026-09-14T06:00:00.123Z"), ("2026-09-14T06:00:00Z", "2026-09-14T06:00:00.000Z"),
        ("2026-09-14T06:00:00.9999999Z", "2026-09-14T06:00:00.999Z"),
        ("2024-02-29T23:59:59+01:30", "2024-02-29T22:29:59.000Z"),
        ("2026-09-14T06:00:00.5-17:59", "2026-09-14T23:59:00.500Z"),
        ("1970-01-01T00:00:00+17:59", "1969-12-31T06:01:00.000Z"), ("2023-02-29T00:00:00Z", PROBLEM),
        ("2026-09-14T06:00:60Z", PROBLEM), ("2026-09-14t06:00:00z", PROBLEM), ("2026-09-14 06:00:00Z", PROBLEM),
        ("2026-09-14", PROBLEM), ("2026-09-14T06:00:00+18:00", PROBLEM), ("2026-09-14T24:00:00Z", PROBLEM),
        ("1969-12-31T23:59:59Z", PROBLEM), ("9999-01-01T00:00:00Z", PROBLEM), ("2026-09-14T06:00:00.Z", PROBLEM),
        ("2026-09-14T06:00:00+0100", PROBLEM), ("\u0662026-09-14T06:00:00Z", PROBLEM),
        ("2026-09-14T06:00:00Z\n", PROBLEM),
        (1789365600000, PROBLEM), ("", ABSENT), (None, ABSENT), ({"a": 1}, PROBLEM),
    ),
)  # fmt: skip

_IP = Conversion(
    "ip",
    "an IP address",
    "text",
    "text",
    "IPv4 of four numbers without leading zeros, or IPv6 of RFC 4291, its tail IPv4 or not; the text as it came.",
    (
        ("192.0.2.1", "192.0.2.1"), ("255.255.255.255", "255.255.255.255"), ("2001:DB8::1", "2001:DB8::1"),
        ("::", "::"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7::"), ("1:2:3:4:5:6:7:8:9", PROBLEM), ("1::2::3", PROBLEM),
        ("192.0.2.01", PROBLEM), ("192.0.2", PROBLEM), ("192.0.2.256", PROBLEM), ("fe80::1%eth0", PROBLEM),
        ("[::1]", PROBLEM), ("10.0.0.0/8", PROBLEM), (" ::1", PROBLEM), ("::00001", PROBLEM),
        ("\u0661.2.3.4", PROBLEM), ("192.0.2.1\n", PROBLEM), (3221225985, PROBLEM), ("", ABSENT), (None, ABSENT),
        (["192.0.2.1"], PROBLEM),
    ),
)  # fmt: skip

_BOOLEAN = Conversion(
    "boolean",
    "true or false",
    "text",
    "boolean",
    "true and false, or their texts in small letters.",
    (
        (True, True), (False, False), ("true", True), ("false", False), ("True", PROBLEM), ("yes", PROBLEM),
        (1, PROBLEM), (0, PROBLEM), (1.0, PROBLEM), ("", ABSENT), (None, ABSENT), ([True], PROBLEM),
        ({"a": True}, PROBLEM),
    ),
)  # fmt: skip

_GEO_POINT = Conversion(
    "geo_point",
    "a point",
    "object",
    "object",
    "An object with the numbers lat within ±90 and lon within ±180; other keys are dropped; absent where both are.",
    (
        ({"lat": 59.91, "lon": 10.75}, {"lat": 59.91, "lon": 10.75}),
        ({"lat": 90, "lon": -180}, {"lat": 90, "lon": -180}),
        ({"lat": 0, "lon": 0.0, "alt": 5}, {"lat": 0, "lon": 0.0}), ({"lat": None, "lon": None}, ABSENT),
        ({"alt": 5}, ABSENT), ({}, ABSENT), (None, ABSENT), ({"lat": 1}, PROBLEM), ({"lat": 90.1, "lon": 0}, PROBLEM),
        ({"lat": 0, "lon": 181}, PROBLEM), ({"lat": "1", "lon": "2"}, PROBLEM),
        ({"lat": True, "lon": False}, PROBLEM), ("59.91,10.75", PROBLEM), ([10.75, 59.91], PROBLEM), (5, PROBLEM),
    ),
)  # fmt: skip

_FLATTENED = Conversion(
    "flattened",
    NOT_AN_OBJECT,
    "object",
    "object",
    "An object, or a list of objects, as it came, of at most 20 levels; keys with NUL or over 512 units are dropped.",
    (
        ({"a": {"b": [1, "x", None]}}, {"a": {"b": [1, "x", None]}}), ([{"a": 1}, {"b": 2}], [{"a": 1}, {"b": 2}]),
        ([{"a": 1}, None, {}], [{"a": 1}]), (levels(20), levels(20)), (levels(21), PROBLEM), ("x", PROBLEM),
        (5, PROBLEM), (True, PROBLEM), ([{"a": 1}, "x"], PROBLEM), ({"k" * 512: 1}, {"k" * 512: 1}),
        ({"k" * 513: 1, "a": 1}, PROBLEM), ({"a": {"k" * 511: 1}}, PROBLEM), ({"a\0": 1, "b": 2}, PROBLEM),
        ({"😀" * 257: 1}, PROBLEM), ({}, ABSENT), ([], ABSENT), (None, ABSENT), ("", ABSENT),
    ),
)  # fmt: skip

TYPES: Final[dict[str, Conversion]] = {
    **dict.fromkeys(TEXT_TYPES, _KEYWORD),
    "date": _DATE,
    "ip": _IP,
    **{kind: _whole(kind) for kind in INTEGER_BITS},
    "boolean": _BOOLEAN,
    "geo_point": _GEO_POINT,
    "flattened": _FLATTENED,
}
"""The conversion that a field's type applies at the end of a rule, by type. `object` has none: only `each` fills it."""

STEPS: Final[dict[str, Conversion]] = {
    "lower": Conversion(
        "lower",
        "text",
        "text",
        "text",
        "A to Z become a to z, nothing else changes.",
        (
            ("INFO", "info"), ("Ünï", "Ünï"), ("É", "É"), ("İI", "İi"), ("ΣΑΣ", "ΣΑΣ"), ("a1-Z", "a1-z"), ("", ABSENT),
            (None, ABSENT), (5, PROBLEM), (True, PROBLEM), (["A"], PROBLEM), ({"a": 1}, PROBLEM),
        ),
    ),
    "email": Conversion(
        "email",
        "text",
        "text",
        "text",
        'The text when it has exactly one "@", something on both sides, no blanks, no controls; else absent.',
        (
            ("anna@example.com", "anna@example.com"), ("José@x", "José@x"), ("anna", ABSENT), ("a@b@c", ABSENT),
            ("@x", ABSENT), ("x@", ABSENT), ("a b@x", ABSENT), ("a@b\u007f", ABSENT), ("a\u00a0b@x", "a\u00a0b@x"),
            ("", ABSENT), (None, ABSENT), (5, PROBLEM), (False, PROBLEM), ({"a": 1}, PROBLEM),
        ),
    ),
    "json": Conversion(
        "json",
        "JSON",
        "text",
        "object",
        "Text that is one JSON object, from `{` to `}`, as that object; an object passes unchanged.",
        (
            ('{"a": 1}', {"a": 1}), ('{"a":{"b":[1.5,null]}}', {"a": {"b": [1.5, None]}}), ("{}", ABSENT),
            ({"a": 1}, {"a": 1}), ("[1]", PROBLEM), (' {"a": 1}', PROBLEM), ('{"a": 1} x}', PROBLEM),
            ('{"a": 1}{"b": 2}', PROBLEM), ('{"a": 1', PROBLEM), ("{a: 1}", PROBLEM), ('{"a": NaN}', PROBLEM),
            ("true", PROBLEM), (5, PROBLEM), ("", ABSENT), (None, ABSENT), (["{}"], PROBLEM),
        ),
    ),
}  # fmt: skip
"""The conversions that a rule names with `as`, by name."""
