"""Rules of the linter about event paths: lists, selectors, paths that stand twice or are never reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from normalizer import okta
from normalizer.authoring.lint.subject import Found, Reading, Subject
from normalizer.errors import Place
from normalizer.language.advice import a, choices, did_you_mean
from normalizer.language.paths import Selector
from normalizer.language.plan import AS_IS, Value

_ALWAYS = ("uuid", "eventType", "published")
"""What every event has: one without is no event."""
_LIKE = {"target": "target(type=User)"}


def always(reading: Reading) -> bool:
    """Whether every event has a value at a path."""
    return reading.path.absolute and str(reading.path) in _ALWAYS


def list_into_single(subject: Subject) -> Found:
    """Paths through or to a list of LogEvent, without a selector, into a field that holds one value."""
    for read in subject.values:
        if read.rule.destination.array:
            continue
        for reading in read.readings:
            if (index := _first_list(read.rule, reading)) is not None:
                name = reading.upto(index + 1)
                advice = f"select an element, like {_selected(name)}, or fill a list field"
                if not _selectable(name):
                    advice = "fill a list field"
                what = f'"{name}" is a list in LogEvent, and "{read.rule.destination.name}" holds a single value'
                yield reading.places[index], f"{what}; {advice}"


def _first_list(rule: Value, reading: Reading) -> int | None:
    """The first segment of a path that gives many values where one is wanted."""
    segments = reading.path.segments
    takes_lists = rule.destination.type in ("flattened", AS_IS) and not rule.steps and rule.table is None
    for index, segment in enumerate(segments):
        fact = None if reading.path.given else okta.fact(reading.upto(index + 1))
        if fact is None or not fact.list or segment.selector is not None:
            continue
        if not (takes_lists and index == len(segments) - 1):
            return index
    return None


def _selectable(name: str) -> bool:
    fact = okta.fact(name)
    return fact is not None and fact.type == "object"


def _selected(name: str) -> str:
    """A list of LogEvent with a selector, for advice."""
    known = ((path.rpartition("."), fact) for path, fact in okta.log_event().items())
    by_values = (f"{name}({key}={fact.values[0]})" for (above, _, key), fact in known if above == name and fact.values)
    return _LIKE.get(name) or next(by_values, f"{name}(key=value)")


def impossible_selector(subject: Subject) -> Found:
    """Selectors that look for a text which LogEvent never has there."""
    used = Counter((name, value) for reading in subject.readings for _, name, selector in _selectors(reading)
                   for value in selector.values)  # fmt: skip
    for reading in subject.readings:
        for place, name, selector in _selectors(reading):
            fact = okta.fact(name)
            if fact is None or fact.type in ("any", "date-time"):
                continue
            if fact.type != "string":
                verb = "keeps every element" if selector.negated else "never matches"
                what = f'"{name}" is {a(_plain(fact.type))} in LogEvent, and a selector compares texts'
                yield place, f"{what}, so {selector} {verb}; select by another key, or remove it"
            elif bad := [value for value in selector.values if fact.values and value not in fact.values]:
                advice = did_you_mean(bad[0], fact.values) if len(bad) == 1 else ""
                quoted = choices(f'"{value}"' for value in bad)
                yield place, f'"{name}" is never {quoted} in LogEvent{advice or f"; write {choices(fact.values)}"}'
            else:
                for value in selector.values:
                    if (other := _other_case(name, value, used)) is not None:
                        what = f'other rules select "{other}" by "{name}", and this "{value}", which is another text'
                        yield place, f'{what}; did you mean "{other}"?'


def _selectors(reading: Reading) -> Iterator[tuple[Place, str, Selector]]:
    """The selectors of a path: place, the name in LogEvent of what they look at, and they."""
    for index, segment in enumerate(reading.path.segments):
        if segment.selector is not None:
            yield reading.places[index], f"{reading.upto(index + 1)}.{segment.selector.key}", segment.selector


def _other_case(name: str, value: str, used: Mapping[tuple[str, str], int]) -> str | None:
    """How more rules write a value than this one, where only capitals differ."""
    alike = {other: count for (key, other), count in used.items() if key == name and other.lower() == value.lower()}
    most = max(alike, key=lambda other: alike[other])
    return most if alike[most] > alike[value] else None


def _plain(kind: str) -> str:
    return "whole number" if kind == "integer" else kind


def repeated_path(subject: Subject) -> Found:
    """The same path twice in one rule, or the same text twice in a selector."""
    for reading in subject.readings:
        for place, _, selector in _selectors(reading):
            for value, count in Counter(selector.values).items():
                if count > 1:
                    yield place, f'"{value}" stands twice in {selector}; remove one'
    for read in subject.values:
        met = set()
        if len(read.rule.paths) == 1:
            continue
        for path, place in zip(read.rule.paths, read.rule.origin.parts, strict=True):
            if path.plain in met:
                yield place, f'"{path}" stands twice in this rule; remove one'
            met.add(path.plain)


def unreachable_path(subject: Subject) -> Found:
    """Paths of `from` behind one that every event has."""
    for read in subject.values:
        rule = read.rule
        if rule.collect or rule.ignore or len(rule.paths) == 1:
            continue
        at = next((index for index, reading in enumerate(read.readings) if always(reading)), len(rule.paths))
        before = {*rule.paths[: at + 1]}
        for place, path in zip(rule.origin.parts[at + 1 :], rule.paths[at + 1 :], strict=True):
            if path not in before:
                what = f'every event has "{rule.paths[at]}", so `from` never reaches "{path}"'
                yield place, f"{what}; remove it, or write it before that one"
