"""Rules of the linter about event types as a whole: parents, what says where a document belongs, summaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from normalizer.authoring.lint.subject import Found, Subject
from normalizer.authoring.same import form
from normalizer.errors import Place
from normalizer.language import Constant, Plan, Rule, Value
from normalizer.language.advice import choices
from normalizer.language.conversions import PROBLEM_KIND, PROBLEM_TAG
from normalizer.names import DATASET

_EVERYTHING = "*"
"""The mapping of what belongs to no data set: its documents are never indexed by this package."""
_ENDS = (".", "!", "?", "…")


# ---- parents


def unused_parent(subject: Subject) -> Found:
    """Parents that no event type extends."""
    used = {name for plan in subject.plans for name in plan.chain}
    for name, place in subject.mappings.files.items():
        if name not in used:
            yield place, f'no event type extends "{name}"; write `extends: {name}` in one, or delete the file'


def repeated_rule(subject: Subject) -> Found:
    """Rules that say what the parent says already."""
    repeats: dict[Place, tuple[Rule, Rule]] = {}
    changes: set[Place] = set()
    for rule in subject.rules:
        before = rule.origin.instead_of
        if before is not None and before.destination == rule.destination and form(before) == form(rule):
            repeats.setdefault(rule.origin.place, (rule, before))
        else:
            changes.add(rule.origin.place)  # a scope with `also` writes several: all of them must be repeats
    for place, (rule, before) in repeats.items():
        if place not in changes:
            where = f"{before.origin.place.file} says in line {before.origin.place.line}"
            yield place, f'{where} already what this says of "{rule.destination.name}"; remove the line'


# ---- what every document should say


def incomplete_categorization(subject: Subject) -> Found:
    """Event types that ECS cannot place: one of the four fields is there and another is not."""
    yield from _without(subject, "event.category", ("event.type", "event.kind", "event.outcome"))
    yield from _without(subject, "event.type", ("event.category",))


def _without(subject: Subject, name: str, others: tuple[str, ...]) -> Found:
    """Event types that have a field and lack another."""
    having = [plan for plan in subject.plans if plan.rule(name) is not None]
    missing: dict[tuple[Place, str], list[str]] = {}
    for other in others:
        for found in _lacking(subject, other, having):
            missing.setdefault(found, []).append(other)
    for (place, who), names in missing.items():
        how = "write them in `set`" if len(names) > 1 else f"write {_categorize(names[0])}"
        yield place, f'{who} "{name}", and no {_either(names)}; {how}'


def _lacking(subject: Subject, name: str, plans: Sequence[Plan]) -> Iterator[tuple[Place, str]]:
    """Where a field is missing, and who has no rule for it: a parent where it is missing in all that extend it."""
    lacking = [plan for plan in plans if plan.rule(name) is None]
    told = set()
    for plan in lacking:
        for file in reversed(plan.chain):
            extending = [each for each in plans if file in each.chain]
            if file in subject.mappings.files and all(each.rule(name) is None for each in extending):
                if file not in told:
                    who = f'"{plan.event_type}" has' if file == plan.chain[0] else f'all that extends "{file}" has'
                    yield subject.mappings.files[file], who
                told.add(file)
                break


def _either(names: Sequence[str]) -> str:
    return choices(f'"{name}"' for name in names)


def _categorize(name: str) -> str:
    return "a rule for it, or success, failure or unknown in `set`" if name == "event.outcome" else "it in `set`"


def other_dataset(subject: Subject) -> Found:
    """Event types whose documents say that they belong to another data stream, or to none."""
    plans = [plan for plan in subject.plans if plan.event_type != _EVERYTHING]
    for name in ("data_stream.dataset", "event.dataset"):
        for place, who in _lacking(subject, name, plans):
            lines = f"`data_stream.dataset: {DATASET}` and `event.dataset: {DATASET}`"
            yield place, f'{who} no "{name}", which names the data stream; write {lines} in `set`, or extend _mim'
        for plan in plans:
            rule = plan.rule(name)
            if isinstance(rule, Constant) and rule.value != DATASET:
                what = f'"{name}" is "{rule.value}" here, and the data stream takes only "{DATASET}"'
                yield rule.origin.place, f"{what}; write that, or remove the line where a parent does"


def problem_mark(subject: Subject) -> Found:
    """Rules that write what marks a document of which a value was left out."""
    marks = {"event.kind": PROBLEM_KIND, "tags": PROBLEM_TAG}
    for rule in subject.rules:
        mark = marks.get(rule.destination.name, "")
        for value, place in _written(rule):
            if value == mark:
                what = f'"{mark}" marks documents of which the normalizer left a value out'
                yield place, f"{what}, and it writes that itself; write another value"


def _written(rule: Rule) -> Iterator[tuple[object, Place]]:
    """The literals of a rule with their places."""
    match rule:
        case Constant():
            values = rule.value if isinstance(rule.value, tuple) else (rule.value,)
            yield from zip(values, rule.origin.parts, strict=True)
        case Value():
            if rule.table is not None and not rule.table.name:
                yield from zip((value for _, value in rule.table.entries), rule.table.places, strict=True)
            if rule.default is not None and rule.origin.default is not None:
                defaults = rule.default if isinstance(rule.default, tuple) else (rule.default,)
                yield from ((value, rule.origin.default) for value in defaults)


# ---- summaries


def _has_summary(plan: Plan) -> bool:
    """Whether a summary could be read: a mistake in it is told already."""
    return bool(plan.summary)


def summary_repeated(subject: Subject) -> Found:
    """Event types that say the same of themselves."""
    first: dict[str, Plan] = {}
    for plan in sorted(filter(_has_summary, subject.plans), key=lambda plan: (subject.own(plan), plan.event_type)):
        other = first.setdefault(" ".join(plan.summary.lower().split()), plan)
        if other is not plan:
            what = f'the summary of "{other.event_type}" is the same'
            yield plan.summary_place, f"{what}, and people cannot tell the two apart; say what differs"


def summary_sentence(subject: Subject) -> Found:
    """Summaries that do not end as a sentence does."""
    for plan in filter(_has_summary, subject.plans):
        if not plan.summary.rstrip().rstrip(")”’\"'").endswith(_ENDS):
            what = "the summary is no whole sentence: a period is missing at its end; write one sentence"
            yield plan.summary_place, what
