"""A mapping that uses the whole language: every type alone, as a list, collected, with a default, in `each`; and events
for it. The shipped mappings use each form with few types only.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from normalizer.language.conversions import INTEGER_BITS, STEPS, TYPES, whole_range
from tests.backends.python.ways import EVENT
from tests.parity import values
from tests.parity.writing import STYLES, Style, written

KINDS: Final = tuple(kind for kind in TYPES if kind != "constant_keyword")
DEFAULTS: Final = {
    "keyword": "none", "date": "'1970-01-01T00:00:00.000Z'", "ip": "'::'", "boolean": "false",
    **dict.fromkeys(INTEGER_BITS, "-1"),
}  # fmt: skip
DATA: Final = "debugContext.debugData"


def _field(name: str, kind: str, *, array: bool = False) -> str:
    return f"{name}: {{type: {kind}, {'array: true, ' * array}description: One of this type.}}\n"


def _made() -> tuple[str, str]:
    fields = custom = ""
    for kind in KINDS:
        fields += f"single.{kind}: {DATA}.one.{kind}\n"
        fields += f"list.{kind}: {DATA}.{kind}\n"
        fields += f"collected.{kind}: {{collect: [{DATA}.{kind}, {DATA}.more.{kind}, actor.detailEntry.{kind}]}}\n"
        fields += f"first.{kind}: {{from: [{DATA}.one.{kind}, {DATA}.two.{kind}], ignore: [unknown, 'true', '0']}}\n"
        fields += f"chosen.{kind}: {DATA}.list(type=A|B).{kind}\n"
        fields += f"others.{kind}: {DATA}.list(type!=A).{kind}\n"
        custom += _field(f"single.{kind}", kind) + _field(f"list.{kind}", kind, array=True)
        custom += _field(f"collected.{kind}", kind, array=True) + _field(f"first.{kind}", kind)
        custom += _field(f"chosen.{kind}", kind) + _field(f"others.{kind}", kind, array=True)
    for kind, default in DEFAULTS.items():
        fields += f"given.{kind}: {{from: {DATA}.one.{kind}, default: {default}}}\n"
        custom += _field(f"given.{kind}", kind)
    for name, step in STEPS.items():
        kind = "flattened" if step.gives == "object" else "keyword"
        fields += f"step.{name}: {{from: {DATA}.one.{name}, as: {name}}}\n"
        fields += f"steps.{name}: {{collect: [{DATA}.{name}, {DATA}.more.{name}], as: {name}, ignore: [unknown]}}\n"
        custom += _field(f"step.{name}", kind) + _field(f"steps.{name}", kind, array=True)
    fields += f"mapped.one: {{from: {DATA}.one.word, map: {{a: x, 'true': y, '1': z, ' ': blank}}, default: other}}\n"
    fields += f"mapped.many: {{collect: [{DATA}.word, {DATA}.list.word], as: lower, map: {{a: x, b: x, c: y}}}}\n"
    custom += _field("mapped.one", "keyword") + _field("mapped.many", "keyword", array=True)
    for name, selector in (("each.all", ""), ("each.some", "(type=A|B)")):
        inner = ", ".join(f"{kind}: {kind}" for kind in KINDS)
        inner += ", many: {collect: [keyword, $.actor.id, word]}, word: {from: [word, $.actor.id], default: none}"
        fields += f"{name}: {{each: '{DATA}.list{selector}', fields: {{{inner}}}}}\n"
        custom += _field(name, "object", array=True) + "".join(_field(f"{name}.{kind}", kind) for kind in KINDS)
        custom += _field(f"{name}.many", "keyword", array=True) + _field(f"{name}.word", "keyword")
    # two steps one after the other, and an array of texts after a selector
    fields += f"both.one: {{from: {DATA}.one.email, as: [lower, email]}}\n"
    fields += f"both.many: {{from: {DATA}.list(type=B|C).email, as: [email, lower], ignore: ['a@b']}}\n"
    custom += _field("both.one", "keyword") + _field("both.many", "keyword", array=True)
    fields += f"each.flat: {{each: {DATA}.list, fields: {{a: flattened, b.c: keyword, b.d.e: word, f: json}}}}\n"
    return fields, custom + _field("each.flat", "flattened", array=True)


FIELDS, CUSTOM = _made()
"""The rules as they stand under `fields`, and the custom fields."""


NAMES: Final = (*KINDS, *STEPS, "word")


@cache
def _good(name: str) -> values.Strategy:
    """Values that a type or step takes, near misses among them."""
    match name:
        case "date":
            return values.dates() | values.dates() | values.wrong_dates()
        case "ip":
            return values.addresses()
        case "geo_point":
            return values.points()
        case "boolean":
            return st.booleans() | st.sampled_from(("true", "false", "True", 0, 1))
        case "flattened":
            return values.flattened()
        case "json":
            return values.json_texts() | values.flattened()
        case "email":
            return values.emails()
        case "word":
            return st.sampled_from(("a", "A", "b", "c", " ", True, 1, "1", "true", "x", "unknown"))
        case _ if name in INTEGER_BITS:
            least, most = whole_range(name)
            small = st.sampled_from((0, 1, -1, "0", "1", "-1"))
            own = st.integers(least, most) | small | small
            return own | own.map(str) | values.numbers() | st.integers(-(2**66), 2**66).map(str)
        case _:
            return values.texts() | st.integers(-3, 3) | st.sampled_from("0123") | st.booleans()


@cache
def _one(name: str) -> values.Strategy:
    """One value for a type or step; within the promise where it is taken as it is, as in `each.flat`."""
    good = _good(name)
    value = good | good | good | good | values.empties() | values.odd()
    return value.map(values.within) if name in ("flattened", "json", "keyword", "word") else value


@cache
def _many(name: str) -> values.Strategy:
    """The same in lists, some values twice."""
    few = st.lists(_good(name) | _good(name) | values.empties() | st.sampled_from(values.PLACEHOLDERS), max_size=4)
    value = st.tuples(few, st.integers(0, 2)).map(lambda both: copy.deepcopy(both[0] + both[0][: both[1]]))
    return (value.map(values.within) if name in ("flattened", "json", "keyword", "word") else value) | _one(name)


@cache
def _part(kind: Callable[[str], values.Strategy]) -> values.Strategy:
    """A few of the names: all of them at once would hide behind each other."""
    one = st.sampled_from(NAMES).flatmap(lambda name: kind(name).map(lambda value: {name: value}))
    return st.lists(one, max_size=3).map(lambda parts: {name: value for part in parts for name, value in part.items()})


@cache
def texts() -> st.SearchStrategy[str]:
    """The JSON texts of events for this mapping."""
    types = st.sampled_from(("A", "B", "C", "", None, 1, ["A"], {"A": 1}))
    item = st.builds(lambda part, kind: part | kind, _part(_one), st.fixed_dictionaries({}, optional={"type": types}))
    odd = values.odd().map(values.within)
    whole = st.fixed_dictionaries({}, optional={name: _one(name) for name in NAMES})
    parts = {
        "one": _part(_one) | _part(_one) | whole | values.empties(),
        "two": _part(_one) | values.empties(),
        "more": _part(_many) | values.empties(),
        "list": st.lists(item, max_size=4) | st.lists(item, max_size=4) | item | st.lists(item | odd, max_size=3) | odd,
    }
    broken = st.dictionaries(st.sampled_from(sorted(parts)), odd, max_size=1)
    data = st.builds(
        lambda many, parts, broken, is_broken: many | parts | (broken if is_broken == 7 else {}),
        _part(_many),
        st.fixed_dictionaries({}, optional=parts),
        broken,
        st.integers(0, 7),
    )
    name = st.sampled_from(("x", "y")) | values.texts()
    actor = st.builds(
        lambda name, part, none, form: none if form == 7 else {"id": name, "detailEntry": part},
        name,
        _part(_many),
        values.odd(),
        st.integers(0, 7),
    )

    def event(data: dict[str, Any], actor: Any, style: Style) -> str:
        return written({**EVENT, "actor": actor, "debugContext": {"debugData": data}}, style)

    return st.builds(event, data, actor, st.sampled_from((STYLES[0], *STYLES)))
