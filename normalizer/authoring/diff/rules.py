"""What is changed between two rules that write the same field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from normalizer.authoring.diff.model import Said
from normalizer.authoring.same import form, once, shown, steps, values, wider
from normalizer.backends.python.convert import CONVERT
from normalizer.errors import Place
from normalizer.language.conversions import PROBLEM
from normalizer.language.paths import EventPath
from normalizer.language.plan import AS_IS, Constant, Destination, Each, Rule, Table, Value


@dataclass(frozen=True, slots=True)
class Part:
    """A change of a part of a rule: its kind, what it is before and after, and its places on either side, if any."""

    kind: str
    before: Said
    after: Said
    old: Place | None
    new: Place | None


def parts(old: Rule, new: Rule, *, inside: bool = False) -> Iterator[Part]:
    """All changes between two rules of one field. `inside`: they stand in an `each`."""
    yield from _destination(old, new)
    if form(old) == form(new):
        return
    places = old.origin.place, new.origin.place
    match old, new:
        case Constant(), Constant():
            yield from _constant(old, new)
        case Value(), Value():
            yield from _paths(once(old), once(new), inside)
            yield from _ignore(old, new)
            if steps(old) != steps(new):
                yield Part("conversion-changed", _one(old.steps), _one(new.steps), *places)
            yield from _table(old, new)
            yield from _default(old, new)
        case Each(), Each():
            before, after = old.path.plain, new.path.plain
            if before != after:
                yield Part(_changed(before, after, many=True), shown(old.path), shown(new.path), *places)
        case Constant(), _:
            yield Part("constant-becomes-source", old.value, said(new, inside=inside), *places)
        case _, Constant():
            yield Part("source-becomes-constant", said(old, inside=inside), new.value, *places)
        case _:
            yield Part("source-changed", said(old), said(new), *places)


def said(rule: Rule, *, inside: bool = False) -> Said:
    """Where a rule takes its value from: a literal, or event paths."""
    match rule:
        case Constant():
            return rule.value
        case Value():
            return _one([shown(path, inside=inside) for path in rule.paths])
        case Each():
            return shown(rule.path)


def _destination(old: Rule, new: Rule) -> Iterator[Part]:
    before, after = old.destination, new.destination
    places = old.origin.place, new.origin.place
    if before.type != after.type and AS_IS not in (before.type, after.type):
        yield Part("field-retyped", before.type, after.type, *places)
    if before.array != after.array:
        kind = "field-becomes-list" if after.array else "field-becomes-single"
        yield Part(kind, *(("a list", "one value") if before.array else ("one value", "a list")), *places)


def _constant(old: Constant, new: Constant) -> Iterator[Part]:
    before, after = ({*map(repr, values(rule.value))} for rule in (old, new))  # 1 and True are equal in Python
    gone, more = before - after, after - before
    places = old.origin.place, new.origin.place
    if gone and more:
        yield Part("constant-changed", old.value, new.value, *places)
    elif gone:
        yield Part("constant-value-removed", old.value, new.value, *places)
    elif more:
        yield Part("constant-value-added", old.value, new.value, *places)
    else:
        yield Part("constant-reordered", old.value, new.value, *places)


# ---- paths


def _paths(old: Value, new: Value, inside: bool) -> Iterator[Part]:
    before, after = ([path.plain for path in rule.paths] for rule in (old, new))
    if old.collect != new.collect:
        kind = "collect-becomes-from" if old.collect else "from-becomes-collect"
        kind = kind if max(len(before), len(after)) > 1 else "repeats-changed"
        yield Part(kind, said(old, inside=inside), said(new, inside=inside), old.origin.place, new.origin.place)
    gone = [at for at, path in enumerate(before) if path not in after]
    more = [at for at, path in enumerate(after) if path not in before]
    if old.collect or new.collect:
        found = _collected(before, after, gone, more)
        if before != after and not gone and not more and old.collect and new.collect:
            found = [("collect-reordered", [*range(len(before))], [*range(len(after))])]
    else:
        found = _picked(before, after, gone, more)
    for kind, olds, news in found:
        yield Part(
            kind,
            _one([shown(old.paths[at], inside=inside) for at in olds]),
            _one([shown(new.paths[at], inside=inside) for at in news]),
            _place(old, olds),
            _place(new, news),
        )


_Found = list[tuple[str, list[int], list[int]]]
"""Kinds, each with the numbers of the paths that it is about, on either side."""


def _picked(before: list[EventPath], after: list[EventPath], gone: list[int], more: list[int]) -> _Found:
    """`from`: the first path that gives a value counts, so their order means something."""
    every = [*range(len(before))], [*range(len(after))]
    if gone and more:
        conditions = gone == more and all(_changed(before[at], after[at]) == "condition-changed" for at in gone)
        return [("condition-changed", gone, more) if conditions else ("source-changed", *every)]
    if [path for path in before if path in after] != [path for path in after if path in before]:
        found: _Found = [("paths-reordered", *every)]
    else:
        found = []
    if gone:
        found.append(("path-removed", gone, []))
    kept = [at for at in every[1] if at not in more]
    for kind, numbers in (
        ("path-inserted", [at for at in more if at < max(kept, default=0)]),
        ("path-appended", [at for at in more if at > max(kept, default=0)]),
    ):
        if numbers:
            found.append((kind, [], numbers))
    return found


def _collected(before: list[EventPath], after: list[EventPath], gone: list[int], more: list[int]) -> _Found:
    """`collect`: every path gives its values."""
    found: _Found = []
    for kind, is_such in (("condition-widened", wider), ("condition-changed", _same_but_for_conditions)):
        for one in [*gone]:
            other = next((at for at in more if is_such(before[one], after[at])), None)
            if other is not None:
                found.append((kind, [one], [other]))
                gone, more = [at for at in gone if at != one], [at for at in more if at != other]
    if gone:
        found.append(("collect-path-removed", gone, []))
    if more:
        found.append(("collect-path-added", [], more))
    return found


def _changed(old: EventPath, new: EventPath, *, many: bool = False) -> str:
    """The kind of change of one path into another; `many`: all objects on its way count."""
    if many and wider(old, new):
        return "condition-widened"
    return "condition-changed" if _same_but_for_conditions(old, new) else "source-changed"


def _same_but_for_conditions(old: EventPath, new: EventPath) -> bool:
    return (old.names, old.absolute) == (new.names, new.absolute)


def _place(rule: Value, numbers: Sequence[int]) -> Place:
    """The place of the first of these paths; of the rule where there is none."""
    places = rule.origin.parts
    return places[numbers[0]] if numbers and numbers[0] < len(places) else rule.origin.place


def _one(texts: Sequence[str]) -> Said:
    if not texts:
        return None
    return texts[0] if len(texts) == 1 else tuple(texts)


# ---- what becomes of the value


def _ignore(old: Value, new: Value) -> Iterator[Part]:
    places = old.origin.place, new.origin.place
    more = tuple(sorted({*new.ignore} - {*old.ignore}))
    less = tuple(sorted({*old.ignore} - {*new.ignore}))
    if more:
        yield Part("ignore-added", None, _one(more), *places)
    if less:
        kind = "ignore-removed" if new.collect or len(new.paths) == 1 else "ignore-removed-first"
        if new.table is None and not new.steps and not all(_fits(text, new.destination) for text in less):
            kind = "ignore-removed-problem"
        yield Part(kind, _one(less), None, *places)


def _fits(text: str, destination: Destination) -> bool:
    """Whether a text becomes a value of the field."""
    return destination.type == AS_IS or CONVERT[destination.type](text) is not PROBLEM


def _table(old: Value, new: Value) -> Iterator[Part]:
    places = old.origin.table or old.origin.place, new.origin.table or new.origin.place
    if old.table is None or new.table is None:
        if old.table is not None:
            yield Part("table-removed", old.table.name or "written in the rule", None, *places)
        if new.table is not None:
            yield Part("table-added", None, new.table.name or "written in the rule", *places)
        return
    before, after = dict(old.table.entries), dict(new.table.entries)
    changed = [key for key in before if key in after and before[key] != after[key]]
    for kind, keys in (
        ("table-line-changed", changed),
        ("table-line-removed", [key for key in before if key not in after]),
        ("table-line-added", [key for key in after if key not in before]),
    ):
        if keys:
            before_lines, after_lines = (_lines(side, keys) for side in (before, after))
            yield Part(kind, before_lines, after_lines, _line(old.table, keys), _line(new.table, keys))


def _lines(table: Mapping[str, str], keys: Sequence[str]) -> Said:
    """Those lines of a table that have one of these keys."""
    return _one([f"{key}: {table[key]}" for key in keys if key in table])


def _line(table: Table, keys: Sequence[str]) -> Place | None:
    """The first line of a table that has one of these keys."""
    pairs = zip((key for key, _ in table.entries), table.places, strict=True)
    return min((place for key, place in pairs if key in keys), default=None)


def _default(old: Value, new: Value) -> Iterator[Part]:
    if repr(values(old.default)) == repr(values(new.default)):
        return
    kinds = {(False, True): "default-added", (True, False): "default-removed", (True, True): "default-changed"}
    kind = kinds[old.default is not None, new.default is not None]
    if {*map(repr, values(old.default))} == {*map(repr, values(new.default))}:
        kind = "default-reordered"
    places = old.origin.default or old.origin.place, new.origin.default or new.origin.place
    yield Part(kind, old.default, new.default, *places)
