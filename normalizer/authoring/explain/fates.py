"""What became of each value that a rule's paths found: it arrived, or why it did not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from normalizer.authoring.explain.picks import Found, OfPaths
from normalizer.backends.python.convert import CONVERT, is_absent
from normalizer.backends.python.library import Problems, Where, missing
from normalizer.backends.python.library import Rule as Following
from normalizer.errors import Place
from normalizer.language.plan import Each, Table, Value


class Fate(Enum):
    """What became of a value; for all but the first, why it is not in the field."""

    ARRIVED = "arrived"
    IGNORED = "ignored"
    PASSED_OVER = "passed over"
    PROBLEM = "did not convert"
    NO_ENTRY = "no entry"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Hit:
    """The line of a table that a value was looked up in; `place` is None where there is none for its text."""

    table: str
    key: str
    gives: str | None
    place: Place | None


@dataclass(frozen=True, slots=True, eq=False)
class Pick:
    """A value that a path found: where, what it became, and what is said about it."""

    where: Where
    value: Any
    fate: Fate
    got: Any = None
    hit: Hit | None = None
    problems: tuple[str, ...] = ()

    def arrives(self, rest: Where) -> bool:
        """Whether what stands below this value, at the end of `rest`, arrived: of an object parts may be left out."""
        if self.fate is not Fate.ARRIVED:
            return False
        got = self.got
        for key in rest:
            try:
                got = got[key]
            except (KeyError, IndexError, TypeError):
                return False
        return True


class Fates:
    """Says of what the paths of one rule found what becomes of it, as the library has it: ignore ▶ as ▶ map ▶ type."""

    def __init__(self, rule: Value, inside: Each | None = None) -> None:
        self.rule = rule
        self._ignored = frozenset(rule.ignore)
        keys: tuple[str, ...] = ()
        if inside is not None and inside.destination.type == "flattened":
            keys = tuple(rule.destination.name.removeprefix(f"{inside.destination.name}.").split("."))
        kind = rule.destination.type
        convert = CONVERT.get(kind, str)
        table = None if rule.table is None else {key: convert(text) for key, text in rule.table.entries}
        self._following = Following(0, kind, (), rule.steps, table, None, keys)
        self._text = None if rule.table is None else Following(0, "keyword", (), rule.steps)
        self._by_item = kind == "flattened" and not rule.steps

    def of(self, found: OfPaths) -> list[list[Pick]]:
        """The picks of each path, in the same order."""
        picks: list[list[Pick]] = []
        served = False
        for every in found:
            if not every:
                picks.append([])
                continue
            ignored = [Pick(each.where, each.value, Fate.IGNORED) for each in every if self._is_ignored(each)]
            good = [each for each in every if not self._is_ignored(each)]
            if served and not self.rule.collect:
                picks.append([*(Pick(each.where, each.value, Fate.PASSED_OVER) for each in good), *ignored])
            else:
                picks.append([*self._converted(good), *ignored])
            served = served or bool(good)
        return picks

    def _is_ignored(self, found: Found) -> bool:
        return missing(found.value, self._ignored)

    def _converted(self, found: Sequence[Found]) -> list[Pick]:
        picks = []
        for each in found:
            if self._by_item and type(each.value) is list:  # each object of it arrives, or does not
                picks += [
                    self._pick((*each.where, index), item)
                    for index, item in enumerate(each.value)
                    if not is_absent(item)
                ]
            else:
                picks.append(self._pick(each.where, each.value))
        return picks

    def _pick(self, where: Where, value: Any) -> Pick:
        problems: Problems = []
        got = self._following(value, where, problems)
        hit = None if problems else self._hit(value, where)
        if got is not None:
            fate = Fate.ARRIVED
        elif problems:
            fate = Fate.PROBLEM
        else:
            fate = Fate.NOTHING if hit is None else Fate.NO_ENTRY
        return Pick(where, value, fate, got, hit, tuple(text for _, text in problems))

    def _hit(self, value: Any, where: Where) -> Hit | None:
        if self._text is None or self.rule.table is None:
            return None
        key = self._text(value, where, [])
        return None if key is None else _hit(self.rule.table, key)


def _hit(table: Table, key: str) -> Hit:
    at = bisect_left(table.entries, (key, ""))
    if at == len(table.entries) or table.entries[at][0] != key:
        return Hit(table.name, key, None, None)
    return Hit(table.name, key, table.entries[at][1], table.places[at] if table.places else None)
