"""Strategies of values that stand in events: good ones, near misses, and odd ones of every kind.

What lies outside the promise is not among them: lone surrogates, NaN, numbers that are no finite fraction, keys that
stand twice, nesting beyond some hundred levels.
"""

from __future__ import annotations

import copy
import string
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from normalizer.language.conversions import MAX_KEY_UNITS, MAX_LEVELS, STEPS, TYPES
from tests.backends.python.events import ODD
from tests.parity.writing import STYLES, Raw, written

Strategy = st.SearchStrategy[Any]

NESTING: Final = 220
"""Levels of the deepest values. The JSON library of the Python way reads up to 1,024 levels, but writes only 254: of
what it has to write again, whatever stands deeper is outside the promise."""
PRINTABLE: Final = string.ascii_letters + string.digits + string.punctuation + " "
PLACEHOLDERS: Final = ("unknown", "Unknown", "UNKNOWN", "null")
ALMOST_PLACEHOLDERS: Final = ("UnKnown", "unknown ", " null", "NULL", "Null", "none", ".", "..")

TEXTS: Final = (
    *PLACEHOLDERS, *ALMOST_PLACEHOLDERS, "", " ", "\n", "\0", "a\0b", '"', "\\", "\\\\", "'", "\\'", '"""', "\\u0041",
    'a "b" \\ \n\u2028', "/", "</x>", "\b\f\r\n\t", "\x1f", "\x7f", "\x80", "\u00a0", "\u2028\u2029", "\ufeff",
    "\ufffd", "\uffff", "\ufffe", "\ud7ff", "\ue000", "\U0010ffff", "😀", "👩\u200d👩\u200d👧", "é", "e\u0301",
    "\u0301", "İ", "ı", "ß", "ẞ", "ΣΑΣ", "ǅ", "\u0661", "１", "true", "false", "True", "TRUE", "0", "-0", "1", "-1",
    "+1", "007", "1.0", "1e5", " 1", "1 ", "127", "128", "-128", "-129", "32767", "32768", "2147483647", "2147483648",
    "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "9" * 18, "9" * 20, "null", "None", "NaN", "[]", "{}", "{a}", "$.x", "${x}", "{{x}}",
    "{{{x}}}", "%s", "params.x", "SystemPrincipal", "systemprincipal", "User", "Device", "SUCCESS", "success", "INFO",
    "info", "x" * 33_000, "é" * 17_000, "😀" * 8_500, "\\" * 33_000, '"' * 10_922, "\0" * 6_000,
)  # fmt: skip

NUMBERS: Final[tuple[Any, ...]] = (
    0, -0.0, 0.0, 1, 1.0, -1, 7, 0.1, 12.5, 90, 90.0, -180, 180.00000000000003, 90.00000000000001, 100.0, 127, 128,
    -128, -129, 32767, 32768, -32768, -32769, *(sign * (2**bits + more) for bits in (31, 53, 63, 64) for more in (-1,
    0, 1) for sign in (1, -1)), 2**80, 10**30, 1e15, 1e16, 1e17, 1e22, 1e23, 1e300, 1.7976931348623157e308, 5e-324,
    1e-5, 1e-4, 0.001, 1e7, 9999999.0, 2.2250738585072014e-308, float(2**53), float(2**63), float(2**64),
    3.4028234663852886e38, *map(Raw, ("-0", "0.10", "1E5", "1e+5", "1.0E-7", "0e0", "-0e0", "10e-1",
    "100000000000000000000.0", "0.30000000000000004440892098500626", "2.00000000000000011102230246251565",
    "9007199254740993.0", "1e-400", "18446744073709551616", "123456789012345678901234567890")),
)  # fmt: skip

WRONG_DATES: Final[tuple[Any, ...]] = (
    "", " ", "2026-09-14", "2026-09-14T06:00Z", "2026-09-14T06:00:00", "2026-09-14 06:00:00Z", "2026-09-14t06:00:00Z",
    "2026-09-14T06:00:00z", " 2026-09-14T06:00:00Z", "2026-09-14T06:00:00Z ", "2026-09-14T06:00:00Z\n",
    "2026-09-14T06:00:00.Z", "2026-09-14T06:00:00,5Z", "2026-09-14T24:00:00Z", "2026-09-14T06:60:00Z",
    "2026-09-14T06:00:60Z", "2026-09-14T23:59:60Z", "2026-09-14T06:00:00+18:00", "2026-09-14T06:00:00+0100",
    "2026-09-14T06:00:00+01", "2026-09-14T06:00:00+01:60", "2026-09-14T06:00:00+01:00:00", "2026-09-14T06:00:00 Z",
    "2026-09-14T06:00:00\u221201:00", "2026-W38-1T06:00:00Z", "2026-257T06:00:00Z", "20260914T060000Z",
    "2026-9-14T06:00:00Z", "02026-09-14T06:00:00Z", "+2026-09-14T06:00:00Z", "-2026-09-14T06:00:00Z",
    "2026-13-01T06:00:00Z", "2026-00-01T06:00:00Z", "2026-01-00T06:00:00Z", "2026-04-31T06:00:00Z",
    "2023-02-29T06:00:00Z", "2100-02-29T06:00:00Z", "2026-09-14T06:00:00Zjunk", "2026-09-14T06:00:00Z+01:00",
    "1969-12-31T23:59:59Z", "1969-12-31T23:59:59-01:00", "9999-01-01T00:00:00Z", "9999-12-31T23:59:59-17:59",
    "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "\u0662026-09-14T06:00:00Z", "2026-09-14T06:00:00.\u0661Z",
    "２026-09-14T06:00:00Z", "1789365600000", "2026-09-14T06:00:00Z\0", "2026-09-14T06:00:00.123\0Z", 1789365600000,
    1.5, True, None, [], {}, ["2026-09-14T06:00:00Z"], {"a": "2026-09-14T06:00:00Z"},
)  # fmt: skip

ADDRESSES: Final = (
    "192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "2001:DB8::A", "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8", "1:2:3:4::8", "::ffff:192.0.2.1", "::192.0.2.1",
    "1:2:3:4:5:6:192.0.2.1", "64:ff9b::192.0.2.33", "0000:0000:0000:0000:0000:0000:0000:0000",
    "0000:0000:0000:0000:0000:ffff:255.255.255.255", "fe80::1", "1:2:3:4:5::192.0.2.1",
)  # fmt: skip
WRONG_ADDRESSES: Final[tuple[Any, ...]] = (
    "192.0.2", "192.0.2.", ".192.0.2.1", "192.0.2.1.5", "192.0.2.256", "192.0.2.01", "00.0.0.0", "192.0.2.1 ", " ::1",
    "192.0.2.1\n", "192.0.2.1\0", "0x7f.0.0.1", "3221225985", "1.2.3.4:80", "[::1]", "::1/128", "10.0.0.0/8",
    "fe80::1%eth0", "::1%", ":", ":::", ":::1", "1:::8", "1::2::3", ":1", "1:", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::8", "1:2:3:4:5:6:7:192.0.2.1",
    "::00001", "::g", "::ffff:192.0.2.01", "::ffff:192.0.2", "::192.0.2.1:5", "192.0.2.1::", "::1.2.3.4.5",
    "\u0661.2.3.4", "１.2.3.4", "localhost", "192.0.2.-1", "192.0.2.+1", "1,2,3,4", "::ﬀ", 3221225985, True,
    ["192.0.2.1"], {"ip": "::1"},
)  # fmt: skip

EMAILS: Final = (
    "anna@example.com", "a@b", "José@x", "a\u00a0b@x", "a@😀", "'@'", '"@"', "anna", "@", "a@", "@b", "a@b@c", "a@@b",
    "a b@x", "a@b\x7f", "a\x7f@b", "a\0@b", "a@b\n", "\ta@b", "a@\x1f", "a@\x80", "a@\u2028b", "\u3000a@b", "a＠b",
)  # fmt: skip

KEYS: Final = (
    "", ".", "..", "a.b", ".a", "a.", "\0", "n\0n", " ", "id ", "é", "e\u0301", "😀", "\u2028", '"', "\\", "'", "[0]",
    "a[0]", "0", "-1", "__proto__", "constructor", "class", "_source", "_id", "_ingest", "@timestamp", "event", "id",
    "type", "k" * 510, "k" * 511, "k" * 512, "k" * 513, "k" * 600, "é" * 512, "é" * 513, "😀" * 256, "😀" * 256 + "k",
    "😀" * 255 + "k", "k" * 300, "k" * 200, "k" * 100,
)  # fmt: skip


@cache
def texts() -> Strategy:
    """Any text; some just as long as what a problem's sentence still quotes, and one more."""
    quoted = st.builds(
        lambda text, length, end: (text * 65)[: length - len(end)] + end,
        st.text(PRINTABLE, min_size=1, max_size=5),
        st.sampled_from((63, 64, 65)),
        st.sampled_from(("", "", "", "é", "\x7f", "\n", "\0", "😀", '"')),
    )
    return st.sampled_from(TEXTS) | st.text(max_size=10) | quoted


@cache
def numbers() -> Strategy:
    """Any number: at every limit, and between them."""
    fractions = st.floats(allow_nan=False, allow_infinity=False)
    return st.sampled_from(NUMBERS) | st.integers(-(2**63), 2**63 - 1) | st.integers(-200, 200) | fractions


@cache
def dates() -> Strategy:
    """RFC 3339 in every form that is one, and days that may not be."""
    return st.builds(
        lambda year, month, day, time, fraction, zone: f"{year}-{month:02}-{day:02}T{time}{fraction}{zone}",
        st.sampled_from((1970, 1971, 1972, 1999, 2000, 2023, 2024, 2026, 2038, 2100, 2400, 9996, 9998)),
        st.integers(1, 12) | st.just(2),
        st.integers(1, 28) | st.sampled_from((1, 28, 28, 29, 30, 31)),
        st.sampled_from(("00:00:00", "06:00:00", "12:34:56", "17:59:59", "23:59:59")),
        st.sampled_from(("", "", ".")).flatmap(
            lambda dot: st.text(string.digits, min_size=1, max_size=12).map(lambda more: dot + more if dot else "")
        ),
        st.sampled_from(("Z", "Z", "Z", "+00:00", "-00:00", "+05:30", "-01:00", "+17:59", "-17:59", "+13:45")),
    )


@cache
def wrong_dates() -> Strategy:
    """What is no date, mostly by little."""
    return st.sampled_from(WRONG_DATES) | dates().flatmap(_damaged)


@cache
def addresses() -> Strategy:
    """Addresses of both kinds, near misses among them."""
    good = st.sampled_from(ADDRESSES)
    groups = st.lists(st.sampled_from(("0", "1", "ff", "ABCD", "0000", "")), min_size=5, max_size=9).map(":".join)
    return good | good | st.sampled_from(WRONG_ADDRESSES) | groups | good.flatmap(_damaged)


@cache
def emails() -> Strategy:
    """E-mail addresses, near misses among them."""
    return st.sampled_from(EMAILS) | st.text("ab@. \x7f\u00a0", max_size=5)


def _damaged(good: str) -> Strategy:
    """A text with one character taken out, put in or changed."""
    return st.builds(
        lambda at, out, new: good[:at] + new + good[at + out :],
        st.integers(0, len(good)),
        st.integers(0, 1),
        st.sampled_from(("", *"0129:.-+TtZz/% \n\0\u0661f")),
    )


@cache
def points() -> Strategy:
    """Objects with lat and lon, good or not."""
    part = st.sampled_from(
        (0, 0.0, -0.0, 59.91, -23.5614, 90, -90, 90.5, 180, -180.0, 181, "1", None, True, "", Raw("1E1"))
    )
    both = st.fixed_dictionaries({"lat": part, "lon": part})
    loose = st.dictionaries(st.sampled_from(("lat", "lon", "alt", "LAT", "")), part | numbers(), max_size=4)
    return both | loose | st.builds(lambda a, o: {"lat": a, "lon": o}, st.floats(-90, 90), st.floats(-180, 180))


@cache
def keys() -> Strategy:
    """Keys of objects, the odd ones too."""
    return st.sampled_from(KEYS) | st.text(max_size=4) | st.sampled_from(("a", "b", "id", "type"))


@cache
def odd() -> Strategy:
    """Values of every kind that a path may hold, whatever it should."""
    return st.sampled_from(list(ODD.values())).map(copy.deepcopy) | texts() | numbers() | anything() | empties()


@cache
def empties() -> Strategy:
    """Values that count as missing, and those that do not quite."""
    return st.sampled_from((None, "", [], {}, False, 0, " ", [None], [[]], [{}], {"a": None}, {"a": {}})).map(
        copy.deepcopy
    )


@cache
def anything() -> Strategy:
    """JSON values, small but of any shape."""
    leaves = st.none() | st.booleans() | numbers() | texts() | st.sampled_from(ADDRESSES + EMAILS)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys(), inner, max_size=3), max_leaves=6
    )


@cache
def flattened() -> Strategy:
    """Objects and lists of them for flattened fields: about as deep as may be, keys about as long as may be."""
    objects = st.dictionaries(keys(), anything(), min_size=1, max_size=3)
    short = st.dictionaries(st.sampled_from(("a", "b", "c d", "é")), st.sampled_from(("x", 1, 1.5, None, [1, "x"])))
    one = objects | short | short | _deep() | _long_keys()
    return one | one | st.lists(one | empties() | odd(), max_size=4) | odd()


@cache
def _deep() -> Strategy:
    """Objects of about as many levels as may be, lists between them."""

    def built(levels: int, lists: int, every: int, key: str) -> Any:
        value: Any = {"leaf": [1, None, {}]}
        lists = min(lists, NESTING // levels - 1)
        for level in range(levels - 1):
            for _ in range(lists if level % every == 0 else 0):
                value = [value]
            value = {key: value}
        return value

    levels = st.integers(MAX_LEVELS - 3, MAX_LEVELS + 2) | st.sampled_from((MAX_LEVELS, MAX_LEVELS + 1, 40, 200))
    return st.builds(
        built, levels, st.integers(0, 2) | st.just(12), st.integers(1, 7), st.sampled_from(("a", "b", "é", "k" * 25))
    )


@cache
def _long_keys() -> Strategy:
    """Keys over some levels that are together, dots and all, about as long as may be."""

    def built(parts: int, more: int, letter: str, lists: bool, beside: bool) -> Any:
        units = len(letter.encode("utf-16-le")) // 2
        left = MAX_KEY_UNITS + more - (parts - 1)
        sizes = [left // parts + (left % parts if part == 0 else 0) for part in range(parts)]
        value: Any = {"leaf": 1} if lists else 1
        for size in sizes:
            value = {letter * (size // units) + "k" * (size % units): [value] if lists else value}
            if beside:
                value["b"] = 2
        return value

    return st.builds(
        built, st.integers(1, 6), st.integers(-2, 2), st.sampled_from(("k", "é", "😀")), st.booleans(), st.booleans()
    )


@cache
def json_texts() -> Strategy:
    """Texts that are one JSON object, or nearly."""
    good = st.builds(written, flattened().map(within), st.sampled_from((*STYLES[:2], STYLES[0], STYLES[3])))
    broken = st.sampled_from((
        "{", "}", "{}", "{ }", " {}", "{} ", "{}\n", "{}{}", "{} {}", "{},{}", "{}]", "[{}]", "{}x}", '{"a":1}}',
        '{"a":1},{"b":2}', '{"a":1}]}', '{"a":1,}', '{"a":1 "b":2}', '{"a" 1}', '{"a":}', '{a:1}', "{'a':1}",
        '{"a":01}', '{"a":+1}', '{"a":.5}', '{"a":1.}', '{"a":1e}', '{"a":0x1}', '{"a":tru}', '{"a":True}',
        '{"a":NaN}', '{"a":-Infinity}', '{"a":"\x01"}', '{"a":"\n"}', '{"a":"\\x"}', '{"a":"\\u12"}', '{"a":"b}',
        '{"a":1}#}', "\ufeff{}", "\x0b{}", "{\u00a0}", '{"a":"\x7f"}', "null", "true", "5", '"x"', "[]", '[1]',
        '{"a":1}, "<end>"}', "{\"a\":1}\0}", '{"a":1}\\}', '{"a":-}', '{"a":"\\\'"}', '{"a":[1,]}', '{"a":[,1]}',
        '{,"a":1}', '{"a":1;"b":2}', '{"a":1e5}', '{"a":-0}', '{"a":-0.0}', '{"a":1E400}x}', '{"":{"":""}}',
        '{"a":{"a":{"a":1}}}', '{"a":"\\u0000"}', '{"\\u0000":1,"b":2}', '{"a":"\\ud83d\\ude00"}',
    ))  # fmt: skip
    cut = good.flatmap(lambda text: st.integers(0, len(text)).map(lambda at: text[:at] + "}" * (at % 2)))
    return good | good | broken | cut


def within(value: Any) -> Any:
    """A value that is taken as it is, its whole numbers within 64 bits: others are outside the promise there."""
    match value:
        case dict():
            return {key: within(inner) for key, inner in value.items()}
        case list():
            return [within(inner) for inner in value]
        case Raw(text) if text.lstrip("-").isdigit():
            return value if len(text) < 19 else 7
        case bool():
            return value
        case int() if not -(2**63) <= value < 2**63:
            return abs(value) % 2**62
    return value


EXAMPLES: Final = [
    value for conversion in (*TYPES.values(), *STEPS.values()) for value, _ in conversion.examples if value is not None
]
"""Values that conversions take or do not take, each for any place."""
