"""What each conversion means by the language, and what the Python back end does: equal lists, every example.

The pipelines run the same examples, beside Python, in tests/parity.
"""

from __future__ import annotations

import ipaddress
import random
import string
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from normalizer.backends.pipelines import rules as painless
from normalizer.backends.python import what
from normalizer.backends.python.convert import CONVERT, STEP
from normalizer.language.conversions import (
    ABSENT,
    BAD_KEY,
    NOT_AN_OBJECT,
    PROBLEM,
    STEPS,
    TOO_DEEP,
    TYPES,
    Conversion,
    levels,
)
from tests.backends.python.ways import EVENT, Ways, text, ways

CUSTOM = "".join(
    f"t.{kind}: {{type: {'keyword' if kind == 'constant_keyword' else kind}, description: One of this type.}}\n"
    for kind in TYPES
)
CUSTOM += "".join(
    f"s.{name}: {{type: {'flattened' if step.gives == 'object' else 'keyword'}, description: After a step.}}\n"
    for name, step in STEPS.items()
)
FIELDS = "".join(f"t.{kind}: debugContext.debugData.{kind}\n" for kind in TYPES)
FIELDS += "".join(f"s.{name}: {{from: debugContext.debugData.{name}, as: {name}}}\n" for name in STEPS)
FUZZED = 4000

EXAMPLES = [
    pytest.param(prefix, conversion, name, value, expected, id=f"{name}-{number}")
    for prefix, table in (("t", TYPES), ("s", STEPS))
    for name, conversion in table.items()
    for number, (value, expected) in enumerate(conversion.examples)
]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Ways:
    """A mapping with a field for each type and each step."""
    return ways(tmp_path_factory.mktemp("conversions"), FIELDS, CUSTOM)


def test_the_back_ends_have_the_same_conversions() -> None:
    assert list(CONVERT) == list(painless.CONVERT) == list(TYPES)
    assert list(STEP) == list(painless.STEP) == list(STEPS)


@pytest.mark.parametrize("conversion", [*TYPES.values(), *STEPS.values()], ids=[*TYPES, *STEPS])
def test_there_are_enough_examples(conversion: Conversion) -> None:
    results = [result for _, result in conversion.examples]
    assert len(results) >= 8
    assert ABSENT in results
    assert PROBLEM in results
    assert any(result not in (ABSENT, PROBLEM) for result in results)
    assert len({text(value) for value, _ in conversion.examples}) == len(results), "an example stands there twice"
    assert conversion.noun
    assert conversion.summary.endswith(".")


@pytest.mark.parametrize(("prefix", "conversion", "name", "value", "expected"), EXAMPLES)
def test_example(compiled: Ways, prefix: str, conversion: Conversion, name: str, value: Any, expected: Any) -> None:
    before = text(value)
    document, problems = compiled.document({**EVENT, "debugContext": {"debugData": {name: value}}})
    assert text(value) == before
    got = document.get(prefix, {}).get(name, ABSENT)
    path = f"debugContext.debugData.{name}"
    if expected is not PROBLEM:
        assert problems == []
        assert got is ABSENT if expected is ABSENT else text(got) == text(expected)
    elif conversion is TYPES["flattened"]:  # what is good in it stays
        assert problems
        assert all(
            sentence.startswith(path) and sentence.endswith((NOT_AN_OBJECT, TOO_DEEP, BAD_KEY)) for sentence in problems
        )
    else:
        assert problems == [f"{path}: {what(value)} is not {conversion.noun}"]
        assert got is ABSENT


@pytest.mark.parametrize(("prefix", "conversion", "name", "value", "expected"), EXAMPLES)
def test_example_in_a_list(
    compiled: Ways, prefix: str, conversion: Conversion, name: str, value: Any, expected: Any
) -> None:
    """A list in a single-valued field is a problem, whatever is in it; flattened takes lists of objects."""
    if conversion.gives == "object" and prefix == "t" and name == "flattened":
        return
    document, problems = compiled.document({**EVENT, "debugContext": {"debugData": {name: [value]}}})
    assert problems == [f"debugContext.debugData.{name}: a list is not {conversion.noun}"]
    assert prefix not in document


def test_what_a_flattened_field_drops(compiled: Ways) -> None:
    def flattened(value: Any) -> tuple[Any, list[str]]:
        document, problems = compiled.document({**EVENT, "debugContext": {"debugData": {"flattened": value}}})
        return document.get("t", {}).get("flattened"), [
            sentence.removeprefix("debugContext.debugData.flattened") for sentence in problems
        ]

    key = f": a key is not {BAD_KEY}"
    assert flattened([{"a": 1}, "x"]) == ([{"a": 1}], ['[1]: "x" is not an object'])
    assert flattened([5, {"a": 1}]) == ([{"a": 1}], ["[0]: a number is not an object"])
    assert flattened({"k" * 513: 1, "a": 1}) == ({"a": 1}, [key])
    assert flattened({"k" * 513: 1}) == (None, [key])
    assert flattened({"a": {"b": {"k" * 509: 1, "x": 2}}}) == ({"a": {"b": {"x": 2}}}, [f".a.b{key}"])
    assert flattened({"a": {"b": {"k" * 508: 1}}}) == ({"a": {"b": {"k" * 508: 1}}}, [])
    assert flattened({"a": [{"n\0": 1}, {"b": []}]}) == ({"a": [{}, {"b": []}]}, [f".a[0]{key}"])
    assert flattened({"😀" * 256: 1}) == ({"😀" * 256: 1}, [])
    assert flattened({"😀" * 256 + "k": 1, "": 1}) == ({"": 1}, [key])
    assert flattened([levels(20), {"a": levels(20)}]) == ([levels(20)], [f"[1]: an object is not {TOO_DEEP}"])
    assert flattened({"a": [[[levels(19)]]]}) == ({"a": [[[levels(19)]]]}, [])
    assert flattened({"a": [[[levels(20)]]]}) == (None, [f": an object is not {TOO_DEEP}"])
    assert flattened({"a": {"k" * 600: levels(30)}}) == (None, [f": an object is not {TOO_DEEP}"])


# ---- against oracles of another make


def mutated(rng: random.Random, good: str, letters: str) -> str:
    """A text with some letters changed, taken out, or put in."""
    characters = list(good)
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        at = rng.randrange(len(characters) + 1)
        match rng.randrange(3):
            case 0:
                characters.insert(at, rng.choice(letters))
            case 1 if at < len(characters):
                del characters[at]
            case _ if at < len(characters):
                characters[at] = rng.choice(letters)
    return "".join(characters)


def dates() -> Iterator[str]:
    rng = random.Random(1)
    for _ in range(FUZZED):
        year = rng.choice((1969, 1970, 2000, 2024, 2026, 2100, 9998, 9999, rng.randrange(10000)))
        day = f"{year:04}-{rng.randrange(1, 13):02}-{rng.choice((*range(32), 28, 29, 30)):02}"
        time = f"{rng.choice((0, 6, 23, 24)):02}:{rng.choice((0, 30, 59)):02}:{rng.choice((0, 7, 59, 60)):02}"
        fraction = rng.choice(("", ".", ".5", ".123", ".123456789", f".{rng.randrange(10**6)}"))
        offset = f"{rng.choice('+-')}{rng.randrange(20):02}:{rng.randrange(62):02}"
        date = day + "T" + time + fraction + rng.choice(("Z", "Z", "Z", "z", offset, offset, "+0530"))
        yield mutated(rng, date, "0123456789-:.TZ+ tz\u0661\n") if rng.random() < 0.3 else date


def date_of_oracle(value: str) -> Any:
    """By position and strptime: the parts are looked at one by one."""
    seconds, rest = value[:19], value[19:]
    if not value.isascii() or len(seconds) < 19 or any(c not in string.digits + "-T:" for c in seconds):
        return PROBLEM
    if any(seconds[at] != c for at, c in zip((4, 7, 10, 13, 16), "--T::", strict=True)) or seconds.count("-") != 2:
        return PROBLEM
    fraction = ""
    if rest.startswith("."):
        fraction = rest[1 : 1 + len(rest[1:]) - len(rest[1:].lstrip(string.digits))]
        rest = rest[1 + len(fraction) :]
        if not fraction:
            return PROBLEM
    offset = timedelta()
    if rest != "Z":
        if len(rest) != 6 or rest[0] not in "+-" or rest[3] != ":" or not (rest[1:3] + rest[4:]).isdigit():
            return PROBLEM
        hours, minutes = int(rest[1:3]), int(rest[4:])
        if hours > 17 or minutes > 59:
            return PROBLEM
        offset = timedelta(hours=hours, minutes=minutes) * (1 if rest[0] == "+" else -1)
    try:
        moment = datetime.strptime(seconds, "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return PROBLEM
    if not 1970 <= moment.year <= 9998 or moment.second > 59 or seconds[17:] > "59":
        return PROBLEM
    utc = moment.replace(tzinfo=timezone(offset)).astimezone(timezone(timedelta()))
    milliseconds = int(fraction[:3].ljust(3, "0"))
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds:03}Z"


def ips() -> Iterator[str]:
    rng = random.Random(2)
    for _ in range(FUZZED):
        if rng.random() < 0.4:
            good = ".".join(str(rng.choice((0, 1, 9, 10, 99, 255, 256, rng.randrange(300)))) for _ in range(4))
        else:
            groups = [f"{rng.randrange(65536):x}" for _ in range(rng.choice((1, 2, 6, 7, 8, 8, 9)))]
            if rng.random() < 0.6:
                groups.insert(rng.randrange(len(groups) + 1), "")
            good = ":".join(groups)
            good = rng.choice(("", "", "", ":", "::")) + good + rng.choice(("", "", "", ":", "::", ":192.0.2.1", "%1"))
        yield mutated(rng, good, "0123456789abcdefABCDEFg:.%/[] \u0661\n") if rng.random() < 0.5 else good


def ip_of_oracle(value: str) -> Any:
    """By the standard library, less what it takes beyond the grammar: zones, digits of other scripts."""
    if not value.isascii() or "%" in value:
        return PROBLEM
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return PROBLEM
    return value


def emails() -> Iterator[str]:
    rng = random.Random(3)
    for _ in range(FUZZED):
        yield (
            mutated(rng, "anna@example.com", "@@ \t\x00\x1f\x7f\x80\u00a0é😀a.")
            if rng.random() < 0.8
            else "".join(rng.choice("ab@@ \x7f\u00a0") for _ in range(rng.randrange(1, 6)))
        )


def email_of_oracle(value: str) -> Any:
    before, _, after = value.partition("@")
    good = value.count("@") == 1 and before and after and all(ord(c) > 0x20 and ord(c) != 0x7F for c in value)
    return value if good else ABSENT


def words() -> Iterator[str]:
    rng = random.Random(4)
    for _ in range(FUZZED):
        yield "".join(chr(rng.choice((rng.randrange(32, 127), rng.randrange(0xD800), 0x130, 0x3A3))) for _ in range(6))


def lower_of_oracle(value: str) -> str:
    small = dict(zip(string.ascii_uppercase, string.ascii_lowercase, strict=True))
    return "".join(small.get(c, c) for c in value)


def numbers() -> Iterator[str]:
    rng = random.Random(5)
    edges = [sign * (2**bits + more) for bits in (7, 15, 31, 63) for more in (-1, 0, 1) for sign in (1, -1)]
    for _ in range(FUZZED):
        number = rng.choice((*edges, 0, rng.randrange(-(10**20), 10**20), rng.randrange(-200, 200)))
        yield mutated(rng, str(number), "0123456789-+._ e\u0661\n")


def whole_of_oracle(bits: int, value: str) -> Any:
    try:
        number = int(value)
    except ValueError:
        return PROBLEM
    return number if str(number) == value and -(2 ** (bits - 1)) <= number < 2 ** (bits - 1) else PROBLEM


def checked(compiled: Ways, prefix: str, name: str, values: Iterator[str], oracle: Any) -> None:
    taken = 0
    for value in values:
        if value == "":
            continue
        expected = oracle(value)
        document, problems = compiled.plain({**EVENT, "debugContext": {"debugData": {name: value}}})
        got = document.get(prefix, {}).get(name, PROBLEM if problems else ABSENT)
        assert (got, type(got)) == (expected, type(expected)), repr(value)
        taken += got not in (PROBLEM, ABSENT)
    assert FUZZED / 10 < taken <= FUZZED, "too few or too many are good to tell anything"


def test_dates_against_an_oracle(compiled: Ways) -> None:
    checked(compiled, "t", "date", dates(), date_of_oracle)


def test_addresses_against_an_oracle(compiled: Ways) -> None:
    checked(compiled, "t", "ip", ips(), ip_of_oracle)


def test_emails_against_an_oracle(compiled: Ways) -> None:
    checked(compiled, "s", "email", emails(), email_of_oracle)


def test_lower_against_an_oracle(compiled: Ways) -> None:
    checked(compiled, "s", "lower", words(), lower_of_oracle)


@pytest.mark.parametrize(("kind", "bits"), [("long", 64), ("integer", 32), ("short", 16), ("byte", 8)])
def test_whole_numbers_against_an_oracle(compiled: Ways, kind: str, bits: int) -> None:
    checked(compiled, "t", kind, numbers(), lambda value: whole_of_oracle(bits, value))
