"""A field's origin in words: what the terminal and the page say alike."""

from __future__ import annotations

from collections.abc import Sequence

from normalizer.authoring.explain.fates import Fate, Hit, Pick
from normalizer.authoring.explain.leaves import cut, written
from normalizer.authoring.explain.trace import Read, State, Traced
from normalizer.backends.python.library import place
from normalizer.errors import PACKAGE, Place
from normalizer.language import Mappings
from normalizer.language.plan import Constant, Each, Plan, Value

MOST = 6
"""So many places of one rule are told, then how many more there are."""
SHOWN = 40
"""Characters of a value that is told inside a sentence."""
_COMPILER = "the compiler"

SECTIONS = {
    "From the event": (State.EVENT,),
    "From the run": (State.GIVEN,),
    "By default": (State.DEFAULT,),
    "Constants": (State.CONSTANT,),
    "Written by the normalizer": (State.NORMALIZER,),
}
"""Headings, and the fields of the document that stand below each."""


def files(plan: Plan, mappings: Mappings) -> str:
    """The event type's mapping file, and those that it extends."""
    first, *parents = (_file(name, mappings) for name in plan.chain)
    return f"{first}, extends {', '.join(parents)}" if parents else first


def _file(name: str, mappings: Mappings) -> str:
    known = mappings.files.get(name)
    return f"{PACKAGE}/mappings/{name}.yml" if known is None else known.file


def line(at: Place) -> str:
    """A place as file and line."""
    return f"{at.file}:{at.line}"


def where_written(traced: Traced) -> str:
    """File and line of the rule, and those of a parent's rule whose place it takes."""
    if traced.place is None:
        return "" if traced.state is State.NORMALIZER and traced.rule is None else _COMPILER
    instead = "" if traced.instead_of is None else f", instead of {line(traced.instead_of)}"
    return f"{line(traced.place)}{instead}"


def how(traced: Traced) -> str:
    """What was done to what came from the event, or where the value comes from if not from there; may be empty."""
    rule = traced.rule
    if traced.state is State.NORMALIZER:
        return _by_normalizer(traced)
    if isinstance(rule, Each):
        return "an object for each element"
    if not isinstance(rule, Value):
        return ""
    if traced.state is State.DEFAULT:
        return f"its default, for there is nothing in {why_absent(traced)}"
    picks = arrived(traced)
    if len(picks) == 1:
        done = _became(rule, picks[0])
    else:
        done = [*_steps(rule), *([_table(rule.table.name)] if rule.table is not None else [])]
    return ", ".join(done)


def arrived(traced: Traced) -> list[Pick]:
    """The values of the event that a field is made of, each place once."""
    picks = {pick.where: pick for read in traced.reads for pick in read.picks if pick.fate is Fate.ARRIVED}
    return [*picks.values()]


def places(picks: Sequence[Pick]) -> str:
    """Their places in the event."""
    names = [place(pick.where) for pick in picks[:MOST]]
    more = f" and {len(picks) - MOST:,} more" if len(picks) > MOST else ""
    return f"{', '.join(names)}{more}"


def _steps(rule: Value) -> list[str]:
    return [f"as {step}" for step in rule.steps]


def _by_normalizer(traced: Traced) -> str:
    match traced.name:
        case "error.message":
            return "the normalizer's words about what did not convert"
        case "tags":
            return "the mapping's tags, and the normalizer's: a value did not convert"
        case "event.kind" if isinstance(traced.rule, Constant):
            return f"by the normalizer in place of {written(traced.rule.value)}: a value did not convert"
        case "event.kind":
            return "by the normalizer: a value did not convert"
    return "the version of ECS that the mappings are checked against"


def _became(rule: Value, pick: Pick) -> list[str]:
    steps = _steps(rule)
    if pick.hit is not None:
        return [*steps, _hit(pick.hit)]
    if isinstance(pick.value, dict | list) or written(pick.value) == written(pick.got):
        return [*steps, "without what does not fit"] if pick.problems else steps
    change = f"{cut(written(pick.value), SHOWN)} → {cut(written(pick.got), SHOWN)}"
    return [f"{', '.join(steps) or f'to {rule.destination.type}'}: {change}"]


def _hit(hit: Hit) -> str:
    gives = "nothing" if hit.gives is None else f"{written(hit.gives)}"
    at = "" if hit.place is None else f" ({line(hit.place)})"
    return f"{_table(hit.table)}: {cut(written(hit.key), SHOWN)} → {gives}{at}"


def _table(name: str) -> str:
    return f"table {name}" if name else "map"


def why_absent(traced: Traced) -> str:
    """The paths of a rule that gave nothing, each with the reason where there was something."""
    return ", ".join(map(_why, traced.reads))


def _why(read: Read) -> str:
    reasons = dict.fromkeys(filter(None, map(_reason, read.picks)))
    return f"{read.path} ({', '.join([*reasons][:MOST])})" if reasons else f"{read.path}"


def _reason(pick: Pick) -> str:
    value = cut(written(pick.value), SHOWN)
    match pick.fate:
        case Fate.IGNORED:
            return f"{value} is ignored"
        case Fate.NO_ENTRY if pick.hit is not None:
            return f"{_table(pick.hit.table)} has no {cut(written(pick.hit.key), SHOWN)}"
        case Fate.PROBLEM:
            return f"{value} does not convert"
        case Fate.NOTHING:
            return f"{value} gives nothing"
    return ""
