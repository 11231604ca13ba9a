"""Which rules a change of the mappings breaks, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from normalizer.authoring.detections import patterns
from normalizer.authoring.detections.model import Bound, Broken, DetectionRule, Gone, Use

_KEYWORDS = ("keyword", "constant_keyword", "wildcard")
_NUMBERS = ("long", "integer", "short", "byte", "unsigned_long", "double", "float", "half_float", "scaled_float")
_TEXTS = ("text", "match_only_text")
_ALIKE = (frozenset(_KEYWORDS), frozenset(_NUMBERS), frozenset(_TEXTS))
"""Types that answer the same queries."""

_MULTI_FIELDS = ("text", "keyword", "caseless")
_SHOWN = 5


def broken(rules: Iterable[DetectionRule], gone: Mapping[str, Gone], fields: Collection[str] = ()) -> list[Broken]:
    """The rules that a change breaks, one entry for each rule, field and reason, in the order of the rules.

    `gone` says by field what the change takes away. `fields` are all fields that documents have after it: a wildcard
    such as `okta.*` is broken only when it matches none of these any more. Without them it is broken by each field that
    it matches and that is gone.
    """
    found: list[Broken] = []
    for rule in rules:
        told: dict[tuple[str, str], Broken] = {}
        for use in rule.uses:
            for why, advice in _reasons(use, gone, fields):
                told.setdefault((use.field, why), Broken(rule, use.field, use.place, why, advice))
        found += told.values()
    return found


def _wholly(gone: Gone) -> bool:
    return gone.removed is not None or gone.renamed is not None


Reason = tuple[str, str]
"""Why, and what to write instead."""


def _reasons(use: Use, gone: Mapping[str, Gone], left: Collection[str]) -> Iterable[Reason]:
    if not use.field or use.field == "*":
        return
    if "*" in use.field:
        yield from _by_wildcard(use, gone, left)
        return
    name = use.field if use.field in gone else _above(use.field, gone)
    if name is None or (name != use.field and use.field in left):
        return
    yield from _by_field(use, name, gone[name])


def _above(name: str, gone: Mapping[str, Gone]) -> str | None:
    """The field that holds all below it (a flattened one, or one with another form such as `.text`) and is gone."""
    while "." in name:
        name = name.rpartition(".")[0]
        if name in gone:
            return name
    return None


def _by_wildcard(use: Use, gone: Mapping[str, Gone], left: Collection[str]) -> Iterable[Reason]:
    lost = sorted(name for name, each in gone.items() if _wholly(each) and patterns.matches(use.field, name))
    new = (gone[name].renamed for name in lost)
    if not lost or any(patterns.matches(use.field, name) for name in left):
        return
    if any(name is not None and patterns.matches(use.field, name) for name in new):
        return
    shown = ", ".join(lost[:_SHOWN]) + (", …" if len(lost) > _SHOWN else "")
    names = sorted({name for each in lost if (name := gone[each].renamed) is not None})
    advice = f"use {' or '.join(names[:_SHOWN])}" if names else ""
    yield f"uses {use.field}, which matched {shown}: {_why(gone[lost[0]])}", advice


def _why(gone: Gone) -> str:
    return f"that is {gone.renamed} now" if gone.renamed is not None else gone.removed or ""


def _by_field(use: Use, name: str, gone: Gone) -> Iterable[Reason]:
    rest = use.field[len(name) :]
    if gone.renamed is not None:
        yield f"uses {use.field}, which is {gone.renamed}{rest} now", f"use {gone.renamed}{rest}"
    elif gone.removed is not None:
        yield f"uses {use.field}: {gone.removed}", ""
    if gone.retyped is not None and not _same_answers(use, *gone.retyped):
        before, after = gone.retyped
        yield f"uses {use.field}, whose type was {before} and is {after} now", "look whether the query still works"
    if gone.lost and (not rest or rest[1:] in _MULTI_FIELDS):
        yield from _by_values(use, gone)


def _same_answers(use: Use, before: str, after: str) -> bool:
    """Whether a use goes on with the new type. What only asks for a value does, unless it groups texts."""
    if any(before in alike and after in alike for alike in _ALIKE):
        return True
    return use.values is None and not use.bounds and after not in (*_TEXTS, "object", "nested", "flattened")


def _by_values(use: Use, gone: Gone) -> Iterable[Reason]:
    lost = [value for value in use.values or () if _is_lost(value, gone, use)]
    if lost:
        shown = [patterns.shown(value) for value in lost]
        listed = ", ".join(shown[:_SHOWN]) + (", …" if len(shown) > _SHOWN else "")
        verb = "excludes" if use.negated else "uses"
        why = f"{verb} {use.field}:{listed}, which no event gives any more"
        instead = sorted(
            {gone.instead[old] for value in lost for old in _matched(value, gone.lost, use) if old in gone.instead}
        )
        yield why, f"use {' or '.join(instead[:_SHOWN])}" if instead else ""
    elif use.bounds and _in_bounds(gone.lost, use.bounds) and not _in_bounds(gone.left, use.bounds):
        limits = " and ".join(f"{each.operator} {each.limit}" for each in use.bounds)
        yield f"uses {use.field} {limits}, and no event gives such a value any more", ""


def _is_lost(pattern: str, gone: Gone, use: Use) -> bool:
    return bool(_matched(pattern, gone.lost, use)) and not _matched(pattern, gone.left, use)


def _matched(pattern: str, values: Iterable[str], use: Use) -> list[str]:
    return [value for value in values if patterns.matches(pattern, value, caseless=use.caseless)]


def _in_bounds(values: Iterable[str], bounds: tuple[Bound, ...]) -> bool:
    """Whether a number among the values lies in a range; where anything is no number, none does."""
    try:
        limits = [(each.operator, float(each.limit)) for each in bounds]
        numbers = [float(value) for value in values]
    except ValueError:
        return False
    return any(all(_holds(number, operator, limit) for operator, limit in limits) for number in numbers)


def _holds(number: float, operator: str, limit: float) -> bool:
    match operator:
        case "<":
            return number < limit
        case "<=":
            return number <= limit
        case ">":
            return number > limit
    return number >= limit
