"""One event and its document: for every rule what it read, what it made of that, and where it is written.

The document is the normalizer's. What a rule reads and reports is said by its own compiled code: `picks` for the
places, the rule alone in a Plan for the problems.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

import orjson

from normalizer.authoring.explain.fates import Fate, Fates, Pick
from normalizer.authoring.explain.leaves import leaves
from normalizer.authoring.explain.picks import Finder, Given
from normalizer.backends.python import Memory, Problems, compile_plan
from normalizer.backends.python.compile import Make
from normalizer.backends.python.library import Where, place
from normalizer.errors import NotJSON, Place, UnmappedEvent
from normalizer.language import Mappings
from normalizer.language.paths import EventPath
from normalizer.language.plan import Constant, Each, Plan, Rule, Value
from normalizer.runtime.decode import TOO_DEEP, decode
from normalizer.runtime.normalizer import Normalizer, Options

ABSENT: Final = object()
"""Stands for the value of a field that is not in the document: null is none there."""


class State(Enum):
    """Why a field is in the document, or is not."""

    EVENT = "event"
    """By its rule, from the event."""
    GIVEN = "given"
    """By its rule, from what the run time gives: `_original`, `_org`, `_namespace`."""
    CONSTANT = "constant"
    DEFAULT = "default"
    """By its rule's default, for the paths gave nothing that could be written."""
    NORMALIZER = "normalizer"
    """Not by a rule, or changed after it, since a value did not convert."""
    FAILED = "failed"
    """Not there: what the paths found did not convert."""
    ABSENT = "absent"
    """Not there: the paths found nothing, or what no table has."""


@dataclass(frozen=True, slots=True)
class Read:
    """One path of a rule, from the event on, and all that it found."""

    path: EventPath
    picks: tuple[Pick, ...]

    @property
    def served(self) -> bool:
        """Whether the field has something from here."""
        return any(pick.fate is Fate.ARRIVED for pick in self.picks)


@dataclass(frozen=True, slots=True)
class Traced:
    """A field and the rule that writes it, or would; None where only the normalizer does.

    `chain` and `instead_of` are those of the rule's origin, `inside` the list of objects whose elements have the field:
    `value` is then the list of its values there. `problems` are the sentences that the rule adds to error.message.
    """

    name: str
    state: State
    value: Any
    rule: Rule | None
    reads: tuple[Read, ...] = ()
    problems: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    inside: str = ""

    @property
    def place(self) -> Place | None:
        """Where the rule is written; None where no mapping file has it."""
        return self.rule.origin.place if self.rule is not None and self.chain else None

    @property
    def instead_of(self) -> Place | None:
        """The parent's rule whose place it takes."""
        other = None if self.rule is None or self.inside else self.rule.origin.instead_of
        return None if other is None else other.origin.place

    @property
    def is_there(self) -> bool:
        """Whether the document has the field."""
        return self.value is not ABSENT


@dataclass(frozen=True, slots=True)
class Fact:
    """A present value of the event: the fields whose rules found it, and what became of it there."""

    where: Where
    value: Any
    picks: tuple[tuple[Traced, Pick], ...]
    problem: str = ""

    @property
    def place(self) -> str:
        """Its place as people write it."""
        return place(self.where)

    def arrived(self) -> Iterator[Traced]:
        """The fields that have it."""
        for traced, pick in self.picks:
            if pick.arrives(self.where[len(pick.where) :]):
                yield traced

    @property
    def is_read(self) -> bool:
        """Whether a rule looks at it."""
        return bool(self.picks or self.problem)


@dataclass(frozen=True, slots=True)
class Trace:
    """One event, its document, its fields in the order of their names, and what became of each value of the event."""

    event: dict[str, Any]
    document: dict[str, Any]
    plan: Plan
    fields: tuple[Traced, ...]
    facts: tuple[Fact, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What error.message says."""
        return tuple(self.document.get("error", {}).get("message", ()))


class Tracer:
    """Traces events one by one; what was compiled for an event type is kept."""

    def __init__(self, mappings: Mappings, options: Options | None = None) -> None:
        self.mappings, self.options = mappings, options or Options()
        self.normalizer = Normalizer(mappings, self.options)
        self._ready: dict[str, Ready] = {}
        self._finders: dict[tuple[Rule | None, ...], Finder] = {}
        self._alone: dict[Rule, Make] = {}

    def ready(self, event_type: str) -> Ready:
        """What is compiled for an event type. Raises UnmappedEvent."""
        plan = self.mappings.plan(event_type)
        if plan is None:
            raise UnmappedEvent(f'events of type "{event_type}" are not mapped')
        if plan.event_type not in self._ready:
            shape = tuple(None if isinstance(rule, Constant) else rule for rule in plan.rules)
            if shape not in self._finders:  # most event types differ in constants only
                self._finders[shape] = Finder(plan)
            self._ready[plan.event_type] = Ready(plan, self._finders[shape], self._alone)
        return self._ready[plan.event_type]

    def trace(self, text: bytes, *, own_text: bool = True) -> Trace:
        """The trace of one event's JSON, bare or in an envelope. Raises EventError where it gives no document."""
        done = self.normalizer.normalize_text(text, own_text=own_text)
        event, original = decode(text, own_text=own_text)
        ready = self.ready(done.event_type)
        keeps = self.options.keep_original or done.problem
        given = Given(original if keeps else None, self.options.org, self.options.namespace)
        document = orjson.loads(done.document)
        try:
            fields = tuple(sorted(ready.fields(event, document, given), key=lambda traced: traced.name))
        except RecursionError:
            raise NotJSON(TOO_DEEP) from None
        problems = at(document, ("error", "message")) if done.problem else ()
        return Trace(event, document, ready.plan, fields, tuple(_facts(event, fields, problems)))


@dataclass(frozen=True, slots=True)
class _Part:
    """A rule that reads the event, or one field of an `each`: its number there, its paths from the event on."""

    rule: Value
    at: int
    inside: Each | None
    fates: Fates
    paths: tuple[EventPath, ...]


class Ready:
    """What is compiled for one Plan: its paths as one function, each rule as a function of its own when it is asked.

    Plans share these functions, `alone`, where they have equal rules.
    """

    def __init__(self, plan: Plan, finder: Finder, alone: dict[Rule, Make]) -> None:
        self.plan = plan
        self._finder, self._alone = finder, alone
        self._parts = {
            number: [*_parts(rule)] for number, rule in enumerate(plan.rules) if not isinstance(rule, Constant)
        }

    def picks(self, event: dict[str, Any], given: Given) -> Iterator[tuple[Value, Pick]]:
        """What the paths find, with the rule, or the field of an `each`: of each place enough to say that it arrived.

        Rules whose places have all arrived by others before are passed over.
        """
        arrived: set[Where] = set()
        for number, found in self._finder.find(event, given).items():
            for part in self._parts[number]:
                for of_paths in found[part.at]:
                    if all(each.where in arrived for one in of_paths for each in one):
                        continue
                    for picks in part.fates.of(of_paths):
                        for pick in picks:
                            yield part.rule, pick
                            if pick.fate is Fate.ARRIVED and type(pick.value) not in (dict, list):
                                arrived.add(pick.where)

    def fields(self, event: dict[str, Any], document: dict[str, Any], given: Given) -> Iterator[Traced]:
        """What each rule did, in the order of the Plan, and what the normalizer added."""
        found = self._finder.find(event, given)
        for number, rule in enumerate(self.plan.rules):
            value = at(document, rule.destination.keys)
            if isinstance(rule, Constant):
                yield _constant(rule, value)
                continue
            problems = self._problems(rule, event, given)
            reads = [_reads(part, found[number][part.at]) for part in self._parts[number]]
            if isinstance(rule, Value):
                state = _state(rule, value, reads[0], problems)
                yield Traced(rule.destination.name, state, value, rule, reads[0], problems, rule.origin.chain)
                continue
            state = State.EVENT if value is not ABSENT else State.FAILED if problems else State.ABSENT
            yield Traced(rule.destination.name, state, value, rule, (Read(rule.path, ()),), problems, rule.origin.chain)
            for part, read in zip(self._parts[number], reads, strict=True):
                yield _inner(rule, part.rule, value, read)
        written = {rule.destination.name for rule in self.plan.rules}
        for name in ("error.message", "event.kind", "tags"):
            value = at(document, name.split("."))
            if name not in written and value is not ABSENT:
                yield Traced(name, State.NORMALIZER, value, None)

    def _problems(self, rule: Rule, event: dict[str, Any], given: Given) -> tuple[str, ...]:
        """What the rule says of this event when it is alone, each sentence once."""
        if rule not in self._alone:
            self._alone[rule] = compile_plan(replace(self.plan, rules=(rule,)), _anything, Memory()).document
        problems: Problems = []
        self._alone[rule](event, given.original, given.org, given.namespace, problems)
        return tuple(dict.fromkeys(text for _, text in problems))


def _anything(_name: str) -> Callable[[Any], bool]:
    """The check of a document of one rule: there is none, for it is thrown away."""
    return lambda _document: True


def _parts(rule: Value | Each) -> Iterator[_Part]:
    if isinstance(rule, Value):
        yield _Part(rule, 0, None, Fates(rule), rule.paths)
        return
    for number, inner in enumerate(rule.fields):
        paths = tuple(path.below(rule.path) for path in inner.paths)
        yield _Part(inner, number, rule, Fates(inner, rule), paths)


def _reads(part: _Part, found: Iterable[Any]) -> tuple[Read, ...]:
    """What the paths of a rule found: of all elements together, a value that stands outside of them once."""
    by_path: list[dict[tuple[Where, Fate], Pick]] = [{} for _ in part.paths]
    for of_paths in found:
        for into, picks in zip(by_path, part.fates.of(of_paths), strict=True):
            for pick in picks:
                into.setdefault((pick.where, pick.fate), pick)
    return tuple(Read(path, tuple(picks.values())) for path, picks in zip(part.paths, by_path, strict=True))


def _state(rule: Value, value: Any, reads: Iterable[Read], problems: Iterable[str]) -> State:
    if value is ABSENT:
        return State.FAILED if any(problems) else State.ABSENT
    served = [read for read in reads if read.served]
    if not served:
        return State.DEFAULT
    return State.GIVEN if all(read.path.given for read in served) else State.EVENT


def _constant(rule: Constant, value: Any) -> Traced:
    own = [*rule.value] if isinstance(rule.value, tuple) else rule.value
    state = State.CONSTANT if value == own and rule.origin.chain else State.NORMALIZER
    return Traced(rule.destination.name, state, value, rule, chain=rule.origin.chain)


def _inner(each: Each, rule: Value, value: Any, reads: tuple[Read, ...]) -> Traced:
    """A field of the objects of a list."""
    keys = rule.destination.name.removeprefix(f"{each.destination.name}.").split(".")
    elements = [] if value is ABSENT else value
    values: Any = [inner for element in elements if (inner := at(element, keys)) is not ABSENT] or ABSENT
    problems = tuple(dict.fromkeys(text for read in reads for pick in read.picks for text in pick.problems))
    state = _state(rule, values, reads, problems)
    name = rule.destination.name
    return Traced(name, state, values, rule, reads, problems, each.origin.chain, each.destination.name)


def at(document: Any, keys: Iterable[str]) -> Any:
    """The value at some keys, one below the other; ABSENT where there is none."""
    for key in keys:
        if not isinstance(document, dict) or key not in document:
            return ABSENT
        document = document[key]
    return document


def stuck(where: Where, sentences: Mapping[str, str]) -> str:
    """What is said of a value that no path reaches, since one cannot go on there or above; sentences by their place."""
    above = (place(where[:length]) for length in range(1, len(where) + 1))
    return next((sentences[text] for text in above if text in sentences), "")


def by_place(problems: Iterable[str]) -> dict[str, str]:
    """Sentences about problems, by the places that they are about; the first of each."""
    return {sentence.partition(": ")[0]: sentence for sentence in reversed([*problems])}


def _facts(event: dict[str, Any], fields: Iterable[Traced], problems: Iterable[str]) -> Iterator[Fact]:
    found: dict[Where, list[tuple[Traced, Pick]]] = {}
    sentences = by_place(problems)
    for traced in fields:
        for read in traced.reads:
            for pick in read.picks:
                if not read.path.given:
                    found.setdefault(pick.where, []).append((traced, pick))
    for where, value in leaves(event):
        picks = tuple(pick for length in range(1, len(where) + 1) for pick in found.get(where[:length], ()))
        yield Fact(where, value, picks, "" if picks else stuck(where, sentences))
