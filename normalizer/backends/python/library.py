"""The few functions that generated code calls: picking, rules, problems.

A place in the event is a tuple of keys and list indices, made into text only for a problem. A
problem is a pair of the rule's number (its order in the Plan) and a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from normalizer.backends.python.convert import CONVERT, STEP, is_absent, keyword
from normalizer.language.conversions import (
    ABSENT,
    BAD_KEY,
    MAX_KEY_UNITS,
    MAX_LEVELS,
    NOT_AN_OBJECT,
    NOT_ONE_VALUE,
    PROBLEM,
    PROBLEM_KIND,
    PROBLEM_TAG,
    STEPS,
    TOO_DEEP,
    TYPES,
)
from normalizer.language.plan import AS_IS

Where = tuple[str | int, ...]
Problems = list[tuple[int, str]]

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


# ---- flattened fields: what the server would refuse is dropped and reported


def fitting(value: Any, where: Where, problems: Problems, rule: int, *, prefix: int = 0, level: int = 0) -> Any:
    """A value that fits into a flattened field, or None.

    `prefix` are the UTF-16 units of the keys above it, `level` their number.
    """
    if _fits(value, prefix, level):
        return value
    if _levels(value) + level > MAX_LEVELS:
        problems.append((rule, sentence(where, value, TOO_DEEP)))
        return None
    bad: set[str] = set()
    kept = _with_good_keys(value, where, bad, prefix)
    # in an order that does not hang on that of keys, which means nothing: by UTF-16 units, as Java compares texts
    places = sorted(bad, key=lambda text: text.encode("utf-16-be"))
    problems.extend((rule, f"{text}: a key is not {BAD_KEY}") for text in places)
    return None if is_absent(kept) else kept


SMALL_PREFIX: Final = 100
"""UTF-16 units of the keys above an object up to which `is_small` is enough."""


def is_small(value: dict[str, Any]) -> bool:
    """Whether an object surely fits into a flattened field: few and short keys, nothing nested. Most are so."""
    keys = "".join(value)
    if not keys or len(keys) > (MAX_KEY_UNITS - SMALL_PREFIX) // 2 or "\0" in keys:
        return False
    for inner in value.values():  # noqa: SIM110 - all() with a generator takes twice as long
        if type(inner) is dict or type(inner) is list:
            return False
    return True


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


def _with_good_keys(value: Any, where: Where, bad: set[str], prefix: int) -> Any:
    """The value without the entries whose keys the server would refuse. At most 20 levels deep, but for lists."""
    if type(value) is dict:
        kept = {}
        for key, inner in value.items():
            units = prefix + len(key.encode("utf-16-le")) // 2
            if units > MAX_KEY_UNITS or "\0" in key:
                bad.add(place(where))
            else:
                kept[key] = _with_good_keys(inner, (*where, key), bad, units + 1)
        return kept
    if type(value) is list:
        return [_with_good_keys(inner, (*where, index), bad, prefix) for index, inner in enumerate(value)]
    return value


# ---- rules


class Rule:
    """What follows the pick of a rule, for one value: ignore ▶ as ▶ map ▶ the field's type ▶ default. None is absent.

    `kind` is the field's type, or AS_IS below a flattened list of objects; `keys` are then the names in its objects.
    `known` holds what short texts became before, where that was no problem: generated code looks there first.
    """

    KNOWN: Final = 1024
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
        if type(value) is not str:
            got = None if is_absent(value) else self._made(value, where, problems)
            return self._default if got is None else got
        before = len(problems)
        got = None if not value or value in self._ignored else self._made(value, where, problems)
        if got is None:
            got = self._default
        if len(value) <= self.SHORT and len(problems) == before:
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


def distinct(values: list[Any] | None) -> list[Any]:
    """Each object once, the first of equal ones; 1, 1.0 and true differ, the order of keys does not."""
    each: dict[str, Any] = {}
    for value in values or ():
        each.setdefault(json.dumps(value, sort_keys=True), value)
    return list(each.values())


# ---- finishing a document


def report(document: dict[str, Any], problems: Problems) -> None:
    """Say in the document what had to be left out: error.message in Plan order, each once, event.kind, a tag."""
    message = list(dict.fromkeys(text for _, text in sorted(problems, key=lambda problem: problem[0])))
    document["error"] = {**document.get("error", EMPTY), "message": message}
    document["event"] = {**document.get("event", EMPTY), "kind": PROBLEM_KIND}
    document["tags"] = [*document.get("tags", ()), PROBLEM_TAG]
