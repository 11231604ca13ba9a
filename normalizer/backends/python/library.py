"""How the conversions are done in Python, and the few functions that generated code calls.

What each conversion means stands in `normalizer.language.conversions`; here is one function for each, in two tables
with the same keys. A place in the event is a tuple of keys and list indices, made into text only for a problem. A
problem is a pair of the rule's number (its order in the Plan) and a sentence.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from normalizer.language.conversions import (
    ABSENT,
    BAD_KEY,
    MAX_KEY_UNITS,
    MAX_LEVELS,
    NOT_AN_OBJECT,
    NOT_ONE_VALUE,
    PROBLEM,
    STEPS,
    TOO_DEEP,
    TYPES,
)
from normalizer.language.plan import AS_IS

Where = tuple[str | int, ...]
Problems = list[tuple[int, str]]
Convert = Callable[[Any], Any]
"""Takes a present value of the event; gives a value, ABSENT or PROBLEM."""

EMPTY: Final[dict[str, Any]] = {}
"""Stands for an object that an event lacks. Nobody writes to it."""


# ---- problems


def sentence(where: Where, value: object, noun: str) -> str:
    """`<path>: <what> is not <noun>`."""
    return f"{place(where)}: {what(value)} is not {noun}"


def place(where: Where) -> str:
    """A place in the event as people write it: `target[2].id`."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def what(value: object) -> str:
    """A value as a problem calls it: in quotes when it is printable ASCII of at most 64 characters, else its kind."""
    match value:
        case str():
            return f'"{value}"' if len(value) <= 64 and value.isascii() and value.isprintable() else "a text"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case dict():
            return "an object"
        case _:
            return "a list"


def is_absent(value: object) -> bool:
    """Whether a value counts as missing: null, "", [] and {}."""
    return value is None or value == "" or value == [] or value == {}


# ---- types

_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?(Z|[+-](?:0[0-9]|1[0-7]):[0-5][0-9])").fullmatch
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


def _whole(bits: int) -> Convert:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

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
    lat, lon = value.get("lat"), value.get("lon")
    if is_absent(lat) and is_absent(lon):
        return ABSENT
    if type(lat) not in (int, float) or type(lon) not in (int, float) or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return PROBLEM
    return {"lat": lat, "lon": lon}


def flattened(value: Any) -> Any:
    """An object or a list of objects. What must be dropped from it is a matter of `fitting`, which can report it."""
    return value if type(value) is dict else PROBLEM


CONVERT: Final[dict[str, Convert]] = {
    **dict.fromkeys(("keyword", "text", "match_only_text", "wildcard", "constant_keyword"), keyword),
    "date": date,
    "ip": ip,
    "long": _whole(64),
    "integer": _whole(32),
    "short": _whole(16),
    "byte": _whole(8),
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


# ---- flattened fields: what the server would refuse is dropped and reported


def fitting(value: Any, where: Where, problems: Problems, rule: int, *, prefix: int = 0, level: int = 0) -> Any:
    """A value that fits into a flattened field, or None. `prefix` are the UTF-16 units of the keys above, `level` theirs.

    Most values are small and fit: they are looked through once and go in as they are.
    """
    if type(value) is dict and level < MAX_LEVELS:
        for key, inner in value.items():
            if prefix + 2 * len(key) > MAX_KEY_UNITS or "\0" in key or type(inner) is dict or type(inner) is list:
                break
        else:
            return value
    if _fits(value, prefix, level):
        return value
    if _levels(value) + level > MAX_LEVELS:
        problems.append((rule, sentence(where, value, TOO_DEEP)))
        return None
    kept = _with_good_keys(value, where, problems, rule, prefix)
    return None if is_absent(kept) else kept


def _fits(value: Any, prefix: int, level: int) -> bool:
    """Whether nothing needs to be dropped, at a guess that errs only towards no."""
    pending = [(value, prefix, level)]
    while pending:
        value, prefix, level = pending.pop()
        if type(value) is dict:
            if level >= MAX_LEVELS:
                return False
            for key, inner in value.items():
                units = prefix + 2 * len(key) + 1
                if units > MAX_KEY_UNITS or "\0" in key:
                    return False
                if type(inner) is dict or type(inner) is list:
                    pending.append((inner, units, level + 1))
        elif type(value) is list:
            pending.extend((inner, prefix, level) for inner in value if type(inner) is dict or type(inner) is list)
    return True


def _levels(value: Any) -> int:
    """How many objects stand inside each other; lists do not count."""
    deepest = 0
    pending = [(value, 0)]
    while pending:
        value, level = pending.pop()
        if type(value) is dict:
            deepest = max(deepest, level + 1)
            pending.extend((inner, level + 1) for inner in value.values())
        elif type(value) is list:
            pending.extend((inner, level) for inner in value)
    return deepest


def _with_good_keys(value: Any, where: Where, problems: Problems, rule: int, prefix: int) -> Any:
    """The value without the entries whose keys the server would refuse. At most 20 levels deep, but for lists."""
    if type(value) is dict:
        kept = {}
        for key, inner in value.items():
            units = prefix + len(key.encode("utf-16-le")) // 2
            if units > MAX_KEY_UNITS or "\0" in key:
                problems.append((rule, f"{place(where)}: a key is not {BAD_KEY}"))
            else:
                kept[key] = _with_good_keys(inner, (*where, key), problems, rule, units + 1)
        return kept
    if type(value) is list:
        return [_with_good_keys(inner, (*where, index), problems, rule, prefix) for index, inner in enumerate(value)]
    return value


# ---- rules

class Rule:
    """What follows the pick of a rule, for one value: ignore ▶ as ▶ map ▶ the field's type ▶ default. None is absent.

    `kind` is the field's type, or AS_IS below a flattened list of objects; `keys` are then the names in its objects.
    `known` holds what short texts became before, where that was no problem: generated code looks there first.
    """

    KNOWN: Final = 2048
    SHORT: Final = 256

    def __init__(
        self,
        number: int,
        kind: str,
        ignore: Iterable[str] = (),
        steps: Sequence[str] = (),
        table: Mapping[str, Any] | None = None,
        default: Any = None,
        keys: Sequence[str] = (),
    ) -> None:
        self.known: dict[str, Any] = {}
        self._number, self._kind, self._table, self._default = number, kind, table, default
        self._ignored = frozenset(ignore)
        self._steps = [(STEP[name], STEPS[name].noun) for name in steps]
        self._level, self._prefix = len(keys), sum(len(key) + 1 for key in keys)
        self._convert = CONVERT.get(kind, keyword)

    def __call__(self, value: Any, where: Where, problems: Problems) -> Any:
        """The value of the document, or the default; what does not convert is added to the problems."""
        before = len(problems)
        got = None if missing(value, self._ignored) else self._made(value, where, problems)
        if got is None:
            got = self._default
        if type(value) is str and len(value) <= self.SHORT and len(problems) == before:
            if len(self.known) >= self.KNOWN:
                self.known.clear()
            self.known[value] = got
        return got

    def _made(self, original: Any, where: Where, problems: Problems) -> Any:
        value = original
        for step, noun in self._steps:
            value = step(value)
            if value is PROBLEM:
                problems.append((self._number, sentence(where, original, noun)))
                return None
            if value is ABSENT or value == {}:
                return None
        if self._table is not None:
            text = keyword(value)
            if text is PROBLEM:
                problems.append((self._number, sentence(where, original, TYPES["keyword"].noun)))
                return None
            return self._table.get(text)
        if self._kind == AS_IS:
            return fitting(value, where, problems, self._number, prefix=self._prefix, level=self._level)
        if self._kind == "flattened" and type(value) is list:
            return _objects(value, where, problems, self._number)
        got = self._convert(value)
        if got is PROBLEM:
            problems.append((self._number, sentence(where, original, TYPES[self._kind].noun)))
            return None
        if self._kind == "flattened":
            return fitting(got, where, problems, self._number)
        return None if got is ABSENT else got


def _objects(value: list[Any], where: Where, problems: Problems, number: int) -> Any:
    """A list of objects for a flattened field; what is no object is left out and named."""
    kept = []
    for index, item in enumerate(value):
        if type(item) is dict:
            if item and (fits := fitting(item, (*where, index), problems, number)) is not None:
                kept.append(fits)
        elif not is_absent(item):
            problems.append((number, sentence((*where, index), item, NOT_AN_OBJECT)))
    return kept or None


# ---- picking


def no_object(value: Any, where: Where, problems: Problems, number: int) -> dict[str, Any]:
    """What a path goes on from where no object stands: nothing, and a problem unless the value is absent."""
    if not is_absent(value):
        problems.append((number, sentence(where, value, NOT_ONE_VALUE if type(value) is list else NOT_AN_OBJECT)))
    return EMPTY


Found = list[tuple[Where, dict[str, Any]]]


def elements(value: Any, where: Where, problems: Problems | None, number: int) -> Found:
    """The objects of a list with their places; one object counts as a list of one.

    Other elements are left out; they are problems unless `problems` is None (a selector passes over them in silence).
    """
    if type(value) is dict:
        return [(where, value)] if value else []
    if type(value) is list:
        found = []
        for index, item in enumerate(value):
            if type(item) is dict:
                if item:
                    found.append(((*where, index), item))
            elif problems is not None and not is_absent(item):
                problems.append((number, sentence((*where, index), item, NOT_AN_OBJECT)))
        return found
    if problems is not None and not is_absent(value):
        problems.append((number, sentence(where, value, NOT_AN_OBJECT)))
    return []


def elements_below(parents: Found, key: str, problems: Problems | None, number: int) -> Found:
    """The objects that stand under a key of each parent."""
    found = []
    for where, parent in parents:
        found.extend(elements(parent.get(key), (*where, key), problems, number))
    return found


def missing(value: Any, ignored: frozenset[str]) -> bool:
    """Whether the pick goes on to the rule's next path."""
    return is_absent(value) or (type(value) is str and value in ignored)


Values = list[tuple[Where, Any]]


def values(parents: Found, key: str, ignored: frozenset[str]) -> Values:
    """Every present value under a key of each parent; a list gives its elements."""
    found: Values = []
    for where, parent in parents:
        value = parent.get(key)
        if type(value) is list:
            found.extend(((*where, key, index), item) for index, item in enumerate(value) if not missing(item, ignored))
        elif not missing(value, ignored):
            found.append(((*where, key), value))
    return found


def converted(found: Values, rule: Rule, problems: Problems) -> list[Any] | None:
    """The values of a list field; bad ones are left out and named."""
    good = [value for where, item in found if (value := rule(item, where, problems)) is not None]
    return good or None


def collected(found: Values, rule: Rule, problems: Problems, into: dict[Any, None]) -> None:
    """Add the values of a `collect` to what there is; each once, told apart after conversion."""
    for where, item in found:
        value = rule(item, where, problems)
        if value is not None:
            into[value] = None


# ---- finishing a document

PROBLEM_TAG: Final = "normalization_problem"


def report(document: dict[str, Any], problems: Problems) -> None:
    """Say in the document what had to be left out: error.message in Plan order, each once, event.kind, a tag."""
    message = list(dict.fromkeys(text for _, text in sorted(problems, key=lambda problem: problem[0])))
    document["error"] = {**document.get("error", EMPTY), "message": message}
    document["event"] = {**document.get("event", EMPTY), "kind": "pipeline_error"}
    document["tags"] = [*document.get("tags", ()), PROBLEM_TAG]


# ---- parts that repeat


class GivesUp(Exception):
    """The quick way is not sure; the plain way decides."""


class Memory:
    """What the quick way remembers, and whether that is worth it: where events repeat little, a miss costs more than hits save.

    The objects of `watch` events are counted; when more than `MOST_MISSES` of an event's were new on average, nothing is
    remembered for the next `REST` events.
    """

    WATCH: Final = 1024
    REST: Final = 16 * 1024
    MOST_MISSES: Final = 2.5

    def __init__(self) -> None:
        self.memos: dict[object, Memo] = {}
        self.on = True
        self.misses = 0
        self.left = self.WATCH

    def review(self) -> None:
        """Look back at the events that were counted, and decide about those to come."""
        self.on = not self.on or self.misses <= self.MOST_MISSES * self.WATCH
        self.misses = 0
        self.left = self.WATCH if self.on else self.REST


class Memo:
    """Ready JSON of the parts of documents that one object of the event determines, where such objects repeat.

    The key is the object's own JSON: nothing else tells 1, 1.0 and true apart as cheaply. What has a check in `valid`
    enters as ready JSON, when it obeys the schema, so that the document need not be checked there again; the others are
    plain values and are checked with the document.
    """

    SIZE: Final = 2048

    def __init__(
        self,
        memory: Memory,
        make: Callable[[Any, Problems], tuple[Any, ...] | None],
        valid: Sequence[Callable[[Any], bool] | None],
    ) -> None:
        self._memory, self._make, self._valid = memory, make, valid
        self._known: dict[bytes, tuple[Any, ...]] = {}

    def __call__(self, value: Any, problems: Problems) -> tuple[Any, ...]:
        """The parts. Raises GivesUp where one has a problem or breaks the schema."""
        key = orjson.dumps(value)
        known = self._known.get(key)
        if known is not None:
            return known
        self._memory.misses += 1
        parts = self._make(value, problems)
        if parts is None or problems:
            raise GivesUp
        ready = tuple(map(_ready, parts, self._valid))
        if len(self._known) >= self.SIZE:
            self._known.clear()
        self._known[key] = ready
        return ready


def _ready(part: Any, valid: Callable[[Any], bool] | None) -> Any:
    if part is None or valid is None:
        return part
    if not valid(part):
        raise GivesUp
    return orjson.Fragment(orjson.dumps(part))
