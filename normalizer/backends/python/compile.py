"""Generated source ▶ functions. Event types that differ in constants only share their code object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

from normalizer.backends.python import library
from normalizer.backends.python.convert import CANONICAL, CONVERT
from normalizer.backends.python.generate import Generated, generate, generate_quick
from normalizer.backends.python.memory import GivesUp, Memo, Memory
from normalizer.backends.python.values import Binding, known
from normalizer.language.plan import AS_IS, Constant, Plan, Table

Make = Callable[[dict[str, Any], str | None, str | None, str | None, library.Problems], dict[str, Any]]
"""document(event, original, org, namespace, problems): the document of an event; problems are added to the list.

`original` is the event's text, `org` the Okta org, `namespace` the data stream's. What the event holds may stand in the
document as the same object: neither is to be changed afterwards.
"""

Quick = Callable[[dict[str, Any], str | None, str | None, str | None, library.Problems], "dict[str, Any] | None"]
"""The same, but it may give up (None); its document holds ready JSON, orjson.Fragment, and is checked."""

Valid = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Compiled:
    """The functions of one event type.

    `document` decides; `quick` is faster and may give up, but never decides otherwise.
    """

    document: Make
    quick: Quick


def compile_plan(plan: Plan, valid: Callable[[str], Valid], memory: Memory) -> Compiled:
    """The functions of a Plan. `valid` gives the check of what stands at a destination, of the whole document for "".

    `quick` has checked its document: a part that is ready JSON when it became that, the rest each time. The schema of
    the document must not require such parts (it does not: nothing in them is constant). Event types whose documents
    have the same parts share what is remembered of them.
    """
    shape = _Shape(plan)
    plain = _namespace(plan, _generated(shape, quick=False))["document"]
    generated = _generated(shape, quick=True)
    return Compiled(
        plain,
        _quick(
            _remembering(plan, generated, valid, memory), _namespace(plan, generated)["document"], valid(""), memory
        ),
    )


def _remembering(plan: Plan, generated: Generated, valid: Callable[[str], Valid], memory: Memory) -> Quick:
    """The quick way with a memo before each function that makes parts."""
    names = _namespace(plan, generated)
    for part in generated.parts:
        # The same rules make other parts where constants stand in their objects, or where they share these.
        key = (part.rules, part.destinations, part.ready)
        if key not in memory.memos:
            checks = [valid(name) if name in part.ready else None for name in part.destinations]
            memory.memos[key] = Memo(memory, names[part.function], checks)
        names[part.function] = memory.memos[key]
    names["valid"] = valid("")
    make: Quick = names["document"]
    return make


def _quick(remembering: Quick, direct: Quick, valid: Valid, memory: Memory) -> Quick:
    """The quick way: with what is remembered, where that is worth it; else its whole document is checked."""

    def quick(
        event: dict[str, Any], original: str | None, org: str | None, namespace: str | None, problems: library.Problems
    ) -> dict[str, Any] | None:
        memory.left -= 1
        if not memory.left:
            memory.review()
        try:
            if memory.on:
                return remembering(event, original, org, namespace, problems)
            document = direct(event, original, org, namespace, problems)
        except (AttributeError, TypeError, RecursionError, GivesUp):
            return None
        return document if document is not None and valid(document) else None

    return quick


class _Shape:
    """A Plan as far as its source goes: all but the values of its constants."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._rules = tuple(rule.destination if isinstance(rule, Constant) else rule for rule in plan.rules)
        self._hash = hash(self._rules)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shape) and self._rules == other._rules


@lru_cache(maxsize=64)
def _generated(shape: _Shape, *, quick: bool) -> Generated:
    return generate_quick(shape.plan) if quick else generate(shape.plan)


@lru_cache(maxsize=64)
def _code(text: str) -> CodeType:
    return compile(text, "<mapping>", "exec")


def _namespace(plan: Plan, generated: Generated) -> dict[str, Any]:
    """The names that the source uses, and after execution those that it defines."""
    names: dict[str, Any] = {name: getattr(library, name) for name in _LIBRARY}
    names |= {"CANONICAL": CANONICAL, "valid": lambda _: True}
    for destination, name in generated.constants.items():
        value = plan.rule(destination).value  # type: ignore[union-attr]
        names[name] = list(value) if isinstance(value, tuple) else value
    for binding in generated.bindings:
        rule = names[binding.name] = _rule(binding)
        names[known(binding.name)] = rule.known
    exec(_code(generated.text), names)
    return names


_LIBRARY = (
    "EMPTY",
    "collected",
    "converted",
    "distinct",
    "elements",
    "elements_below",
    "is_small",
    "missing",
    "no_object",
    "values",
)


def _rule(binding: Binding) -> library.Rule:
    value = binding.value
    return library.Rule(
        binding.number,
        value.destination.type,
        value.ignore,
        value.steps,
        _converted(value.table, value.destination.type) if value.table is not None else None,
        None if value.destination.array else value.default,
        binding.keys,
    )


@lru_cache(maxsize=256)
def _converted(table: Table, kind: str) -> Mapping[str, Any]:
    """A table whose values are converted to what the field holds; the language let only good ones in."""
    if kind == AS_IS:
        return dict(table.entries)
    return {key: CONVERT[kind](text) for key, text in table.entries}
