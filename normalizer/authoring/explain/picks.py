"""What every path of every rule finds in an event, and where.

It is the back end's own code that looks: the plain way is generated with one rule for each path, and what follows the
pick there (a `Rule` of its library) is a recorder that gives back what it was handed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, ClassVar, NamedTuple

from normalizer.backends.python import library
from normalizer.backends.python.convert import CANONICAL, is_absent
from normalizer.backends.python.generate import generate
from normalizer.backends.python.library import Problems, Where
from normalizer.backends.python.values import known
from normalizer.language.paths import EventPath
from normalizer.language.plan import Constant, Destination, Each, Plan, Rule, Value


class Given(NamedTuple):
    """What the run time gives beside the event: its text, the Okta org, the data stream's namespace."""

    original: str | None
    org: str | None
    namespace: str


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A present value of the event, and its place there."""

    where: Where
    value: Any


OfPaths = list[list[Found]]
"""What each path of a rule finds."""


class _Recorder:
    """Stands where the code has a rule. Nothing is known from before, so that the code asks it for every value."""

    known: ClassVar[dict[str, Any]] = {}

    def __call__(self, value: Any, where: Where, problems: Problems) -> Found | None:
        return None if is_absent(value) else Found(where, value)


class Finder:
    """The paths of a Plan's rules, compiled; constants have none. A rule is known by its number in the Plan.

    What an `ignore` passes over is found too: whoever asks can tell by it why a path gave nothing.
    """

    def __init__(self, plan: Plan) -> None:
        self._rules = {number: rule for number, rule in enumerate(plan.rules) if not isinstance(rule, Constant)}
        self._names: dict[int, list[list[str]]] = {}
        """Of each rule: for each of its fields, the names that its paths have in the compiled document."""
        variants: list[Rule] = []
        for number, rule in self._rules.items():
            if isinstance(rule, Each):
                self._names[number] = [
                    [_name(at, index) for index in range(len(inner.paths))] for at, inner in enumerate(rule.fields)
                ]
                name = f"each{number}"
                fields = tuple(
                    _variant(f"{name}.{own}", inner, path)
                    for inner, names in zip(rule.fields, self._names[number], strict=True)
                    for own, path in zip(names, inner.paths, strict=True)
                )
                variants.append(Each(Destination(name, "object", True), rule.path, fields, rule.origin))
            else:
                self._names[number] = [[_name(number, index) for index in range(len(rule.paths))]]
                variants += map(_variant, self._names[number][0], repeat(rule), rule.paths)
        generated = generate(replace(plan, rules=tuple(variants)))
        names: dict[str, Any] = vars(library) | {"CANONICAL": CANONICAL}
        recorder = _Recorder()
        for binding in generated.bindings:
            names[binding.name], names[known(binding.name)] = recorder, recorder.known
        exec(compile(generated.text, "<picks>", "exec"), names)
        self._document = names["document"]

    def find(self, event: dict[str, Any], given: Given) -> dict[int, list[list[OfPaths]]]:
        """For each rule by its number: what each path of each of its fields finds, element by element.

        A rule that is no `each` has one field, itself, and one element, the event.
        """
        document = self._document(event, given.original, given.org, given.namespace, [])
        found: dict[int, list[list[OfPaths]]] = {}
        for number, rule in self._rules.items():
            elements = document.get(f"each{number}", []) if isinstance(rule, Each) else [document]
            found[number] = [[_of_paths(each, names) for each in elements] for names in self._names[number]]
        return found


def _name(number: int, index: int) -> str:
    return f"r{number:04}p{index:04}"


def _variant(name: str, rule: Value, path: EventPath) -> Value:
    """The rule with one of its paths, in a field of its own.

    The code treats every value as out of the ordinary where a rule has steps; a step of its own name keeps it from
    being taken for another rule that reads the same.
    """
    destination = Destination(name, rule.destination.type, rule.destination.array)
    return Value(destination, (path,), False, (), (name,), None, None, rule.origin)


def _of_paths(holder: dict[str, Any], names: Iterable[str]) -> OfPaths:
    return [_listed(holder[name]) if name in holder else [] for name in names]


def _listed(found: Found | Sequence[Found]) -> list[Found]:
    return [found] if isinstance(found, Found) else [*found]
