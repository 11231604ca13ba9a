"""Rules of the linter about what a value becomes: conversions, tables, defaults."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from normalizer import okta
from normalizer.authoring.lint.arrivals import closed, looked_up, samples, stepped
from normalizer.authoring.lint.paths import always
from normalizer.authoring.lint.subject import Found, Read, Reading, Subject
from normalizer.backends.python.convert import CONVERT, STEP
from normalizer.errors import Place
from normalizer.language.advice import a, choices, did_you_mean
from normalizer.language.conversions import ABSENT, PROBLEM, STEPS, TEXT_TYPES, TYPES
from normalizer.language.plan import AS_IS, Table, Value

_NOUNS = {"date-time": "a date", "integer": "a whole number", "string": "a text"}
_WHOLE = re.compile(r"0|-?[1-9][0-9]*").fullmatch
_OTHERWISE = "write a `map`, or name another path"


# ---- what never converts


def cannot_convert(subject: Subject) -> Found:
    """Paths whose values never become what the field takes."""
    for read in subject.values:
        for reading in read.readings:
            if (why := _never(read.rule, reading)) is not None:
                yield reading.places[-1], why


def _never(rule: Value, reading: Reading) -> str | None:
    """Why no value of a path ever fits."""
    values = samples(reading)
    if values is None:
        return None
    for count, step in enumerate(rule.steps):
        if not stepped(values, rule.steps[: count + 1]):
            return _no_step(reading, step, rule.steps[:count])
    if rule.table is not None or rule.destination.type == AS_IS:
        return None
    convert, noun = CONVERT[rule.destination.type], TYPES[rule.destination.type].noun
    if any(convert(value) not in (PROBLEM, ABSENT) for value in stepped(values, rule.steps)):
        return None
    if rule.steps:
        return f"what `{rule.steps[-1]}` gives is never {noun}; remove it from `as`"
    if (among := closed(reading)) is not None and isinstance(among[0], str):
        return f'"{reading.name}" is {choices(map(str, among))} in LogEvent, which is never {noun}; {_OTHERWISE}'
    return f'"{reading.name}" is {_noun(reading)} in LogEvent, which never becomes {noun}; {_other(reading)}'


def _no_step(reading: Reading, step: str, before: Sequence[str]) -> str:
    """Why a conversion takes nothing that arrives at it."""
    if before:
        return f"`{step}` takes nothing that `{before[-1]}` gives; remove one of them from `as`"
    among = closed(reading)
    what = choices(map(str, among)) if among is not None and isinstance(among[0], str) else _noun(reading)
    return f'"{reading.name}" is {what} in LogEvent, and `{step}` takes {_taken(step)}; remove it from `as`'


def _taken(step: str) -> str:
    return "e-mail addresses" if step == "email" else f"nothing but {STEPS[step].noun}"


def _noun(reading: Reading) -> str:
    kind = reading.fact.type if reading.fact is not None else "any"
    return _NOUNS.get(kind) or a(kind)


def _other(reading: Reading) -> str:
    """What to write instead of a path: a point in its object, where there is one."""
    inside = [path for path in okta.log_event() if path.startswith(f"{reading.name}.") and path.endswith(".lat")]
    if inside:
        return f'did you mean "{inside[0].removesuffix(".lat")}"?'
    return _OTHERWISE if reading.fact is not None and reading.fact.type != "object" else "name another path"


# ---- tables


def impossible_key(subject: Subject) -> Found:
    """Keys that no rule which looks into the table ever asks for."""
    users: dict[str | Place, tuple[Table, list[Read]]] = {}
    for read in subject.values:
        if (table := read.rule.table) is not None:
            users.setdefault(table.name or table.places[0], (table, []))[1].append(read)
    for table, reads in users.values():
        askers = [(read.rule, reading) for read in reads for reading in read.readings]
        keys = [key for key, _ in table.entries]
        for key, place in zip(keys, table.places, strict=True):
            reason = None
            for rule, reading in askers:
                if (reason := _why_not(key, rule, reading, keys)) is None:
                    break
            if reason is not None:
                yield place, f'"{key}" never occurs here: {reason}'


def _why_not(key: str, rule: Value, reading: Reading, keys: Sequence[str]) -> str | None:
    """Why a path never asks for a key; None where it may."""
    if key == "":
        return "an empty text counts as absent; remove the line"
    among = closed(reading)
    if among is not None:
        return _not_among(key, among, rule, reading)
    fact = reading.fact
    if fact is not None and fact.type in ("integer", "number"):
        if _WHOLE(key) or rule.steps:
            return None
        return f'"{reading.name}" is a number in LogEvent; write its digits alone, or remove the line'
    if "lower" in rule.steps and (small := STEP["lower"](key)) != key:
        advice = "remove the line" if small in keys else f'write "{small}"'
        return f"`lower` leaves no capitals; {advice}"
    if "email" in rule.steps and STEP["email"](key) is ABSENT:
        return "`email` lets only addresses through; remove the line"
    known_text = fact is not None and fact.type != "any"
    only_itself = not rule.steps and (known_text or not (_WHOLE(key) or key in ("true", "false")))
    if key in rule.ignore and (only_itself or ("lower" in rule.steps and key == key.upper())):
        return "the rule ignores it; remove the line, or do not ignore it"
    return None


def _not_among(key: str, among: Sequence[Any], rule: Value, reading: Reading) -> str | None:
    """Why a key is nothing that comes of the few values that a path has."""
    every = stepped(among, rule.steps)
    if not every:
        return None  # told as one mistake: nothing ever converts
    left = looked_up(stepped([value for value in among if value not in rule.ignore], rule.steps))
    if key in left:
        return None
    if key in looked_up(every):
        return "the rule ignores it; remove the line, or do not ignore it"
    after = f" after `{rule.steps[-1]}`" if rule.steps else ""
    advice = (did_you_mean(key, sorted(left)) if left else "") or "; remove the line"
    return f'"{reading.name}" is {choices(sorted(looked_up(every)))} in LogEvent{after}{advice}'


def unused_table(subject: Subject) -> Found:
    """Tables that no event type looks into."""
    used = {read.rule.table.name for read in subject.values if read.rule.table is not None}
    for name, table in subject.mappings.tables.items():
        if name not in used and table.places:
            yield min(table.places), f'no event type looks into the table "{name}"; write `map: {name}`, or delete it'


# ---- defaults


def useless_default(subject: Subject) -> Found:
    """Defaults of rules that always give a value."""
    for read in subject.values:
        rule, first = read.rule, read.readings[0]
        if rule.origin.default is None or rule.ignore or rule.table is not None or set(rule.steps) - {"lower"}:
            continue
        text = rule.destination.type in (*TEXT_TYPES, AS_IS)
        date = first.name == "published" and rule.destination.type == "date" and not rule.steps
        if always(first) and (text or date):
            yield rule.origin.default, f'every event has "{first.name}", so this default is never written; remove it'


def constant_default(subject: Subject) -> Found:
    """Rules that give the same value whatever the event says."""
    by_value: dict[Place, set[str]] = defaultdict(set)
    for read in subject.values:
        rule = read.rule
        if rule.table is None or rule.default is None or rule.origin.default is None or rule.destination.array:
            continue
        default = str(rule.default).lower() if isinstance(rule.default, bool) else str(rule.default)
        by_value[rule.origin.default] |= {default, *(value for _, value in rule.table.entries)}
    for place, values in by_value.items():
        if len(values) == 1:
            what = f'the default and every line of the `map` give "{min(values)}"'
            yield place, f"{what}, whatever the event says; write a constant in `set`, or other values"
