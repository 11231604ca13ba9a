"""When two rules do the same: a form of them that is equal then, their names and places apart.

Rules are equal objects when they were written alike. Here also what has no order loses it: the texts of `ignore`, the
values of a selector, the fields of `each`; and paths and conversions count once.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from normalizer.language.paths import EventPath, Selector
from normalizer.language.plan import Constant, Each, Rule, Scalar, Value


def form(rule: Rule) -> Hashable:
    """What a rule does, whatever field it writes."""
    match rule:
        case Constant():
            return "constant", tuple(map(repr, values(rule.value)))
        case Value():
            paths = tuple(path.plain for path in once(rule).paths)
            table = None if rule.table is None else rule.table.entries
            return "value", paths, rule.collect, frozenset(rule.ignore), steps(rule), table, repr(values(rule.default))
        case Each():
            start = len(rule.destination.name)
            inner = frozenset((each.destination.name[start:], form(each)) for each in rule.fields)
            return "each", rule.path.plain, inner


def steps(rule: Value) -> tuple[str, ...]:
    """The conversions of a rule, each once: none of them does more the second time."""
    return tuple(dict.fromkeys(rule.steps))


def values(value: Scalar | tuple[Scalar, ...] | None) -> tuple[Scalar, ...]:
    """A literal as a list of values."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def once(rule: Value) -> Value:
    """The rule without paths that stand in it before: those give nothing more."""
    numbers = {path.plain: number for number, path in reversed([*enumerate(rule.paths)])}
    if len(numbers) == len(rule.paths):
        return rule
    first = sorted(numbers.values())
    origin = replace(rule.origin, parts=tuple(rule.origin.parts[at] for at in first), segments=())
    return replace(rule, paths=tuple(rule.paths[at] for at in first), origin=origin)


def shown(path: EventPath, *, inside: bool = False) -> str:
    """A path as a mapping file has it. `inside` of `each`, those that start at the event begin with `$.`."""
    return f"$.{path}" if inside and path.absolute and not path.given else str(path)


def wider(old: EventPath, new: EventPath) -> bool:
    """Whether a path differs in its conditions alone, and takes all objects that it took before, and more."""
    if old.names != new.names or old.absolute != new.absolute:
        return False
    pairs = zip(old.segments, new.segments, strict=True)
    return old != new and all(_wider(before.selector, after.selector) for before, after in pairs)


def _wider(old: Selector | None, new: Selector | None) -> bool:
    if new is None or old == new:
        return True
    if old is None or old.key != new.key or old.negated != new.negated:
        return False
    less, more = (new, old) if old.negated else (old, new)
    return {*less.values} <= {*more.values}
