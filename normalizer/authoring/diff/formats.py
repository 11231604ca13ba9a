"""A report for people, pull requests and machines.

A format is a function that gives the lines of a report, and a line in `FORMATS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import groupby
from textwrap import wrap
from typing import Any

from normalizer.authoring.annotations import annotation
from normalizer.authoring.diff.markdown import markdown
from normalizer.authoring.diff.model import Change
from normalizer.authoring.diff.report import Report, counted, cut, example, pair, rules_told, samples_told
from normalizer.authoring.diff.verdicts import INDEX, Verdict
from normalizer.errors import Place

WIDTH = 100
_MOST_PLACES = 3
_MOST_TYPES = 5
_MOST_VALUE = 200


def text(report: Report) -> Iterator[str]:
    """For people, in 100 columns: changes by kind, each kind with its reason, each change with its places."""
    yield from _wrapped(_headline(report), 0)
    for verdict in (Verdict.MAJOR, Verdict.MINOR, Verdict.PATCH):
        for _, group in groupby(report.changes(verdict), key=lambda change: change.kind):
            changes = [*group]
            yield ""
            yield from wrap(f"{verdict}: {changes[0].row.title}. {changes[0].row.reason}", WIDTH)
            for change in changes:
                yield from _change(report, change)
    for need in report.needs():
        yield ""
        yield from wrap(f"{need}: {INDEX[need]}", WIDTH)
    yield from _rules(report)
    yield from _samples(report)


def _headline(report: Report) -> str:
    """Without a full stop: a name of a side ends it, and may be one."""
    word = "" if report.verdict is Verdict.NONE else f"{report.verdict}: "
    return f"{word}{report.headline()}"


def _change(report: Report, change: Change) -> Iterator[str]:
    before, after = pair(change)
    if change.kind == "field-renamed":
        yield from _wrapped(f"{before} → {after}", 2)
    elif not change.field and change.kind != "summary-changed":
        yield from _wrapped(" → ".join(filter(None, (before, after))), 2)
    else:
        yield from _wrapped(change.subject, 2)
        yield from _wrapped(_arrow(before, after), 4)
    if types := report.types(change):
        yield from _wrapped(f"in {types}", 4)
    yield from (line for note in _notes(change) for line in _wrapped(note, 4))
    for word, places in zip(("old", "new"), report.places(change), strict=True):
        for place in places[:_MOST_PLACES]:
            yield f"    {word}: {place}"
        if len(places) > _MOST_PLACES:
            yield f"    {word}: and {len(places) - _MOST_PLACES} more places"


def _arrow(before: str, after: str) -> str:
    before, after = cut(before, _MOST_VALUE), cut(after, _MOST_VALUE)
    if before and after:
        return f"{before} → {after}"
    return f"+ {after}" if after else f"- {before}"


def _notes(change: Change) -> Iterator[str]:
    yield from change.notes
    if change.index:
        yield f"index mapping: {change.index}"


def _rules(report: Report) -> Iterator[str]:
    if report.impact is None:
        return
    found = report.impact
    yield ""
    yield from _wrapped(rules_told(found), 0)
    yield from (line for each in found.broken for line in _wrapped(str(each), 2))
    if found.not_checked:
        yield f"Not checked: {counted(len(found.not_checked), 'rule')}"
        yield from (line for each in found.not_checked for line in _wrapped(str(each), 2))


def _samples(report: Report) -> Iterator[str]:
    if report.samples is None:
        return
    yield ""
    yield from wrap(" ".join(samples_told(report.samples)), WIDTH)
    for name, changed in report.samples.fields.items():
        yield f"  {name}: {counted(changed.count, 'event')}"
        for each in changed.examples:
            pairs = " → ".join(cut(example(value), _MOST_VALUE) for value in (each.before, each.after))
            yield from _wrapped(f"{each.id}: {pairs}", 4)


def _wrapped(words: str, indent: int) -> list[str]:
    """Lines of 100 columns; a word that is longer stays whole, to be copied."""
    first, rest = " " * indent, " " * (indent + 2)
    return wrap(
        words, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


# ---- for machines


def as_json(report: Report) -> Iterator[str]:
    """One object; its keys are described in docs/diff.md."""
    found: dict[str, Any] = {
        "old": report.old.name,
        "new": report.new.name,
        "verdict": str(report.verdict),
        "counts": {str(verdict): count for verdict, count in report.difference.counts.items()},
        "changes": [_json(report, change) for change in report.difference.changes],
        "rules": None,
        "events": None,
    }
    if (impact := report.impact) is not None:
        found["rules"] = {
            "read": impact.rules,
            "elsewhere": impact.elsewhere,
            "broken": [
                {
                    "rule": each.rule.name,
                    "id": each.rule.id,
                    "kind": each.rule.kind,
                    "field": each.field,
                    "why": each.why,
                    "advice": each.advice,
                    **_place(each.place),
                }
                for each in impact.broken
            ],
            "not_checked": [{"rule": each.rule, "why": each.why, **_place(each.place)} for each in impact.not_checked],
        }
    if (samples := report.samples) is not None:
        numbers = ("read", "more", "compared", "changed", "lost", "won")
        fields = [{"field": name, **asdict(changed)} for name, changed in samples.fields.items()]
        found["events"] = {name: getattr(samples, name) for name in numbers} | {"fields": fields}
    yield json.dumps(found, indent=2, ensure_ascii=False)


def _json(report: Report, change: Change) -> dict[str, Any]:
    old, new = report.places(change)
    return {
        "kind": change.kind,
        "verdict": str(change.verdict),
        "reason": change.row.reason,
        "field": change.field or None,
        "before": change.before,
        "after": change.after,
        "event_types": change.event_types,
        "all_event_types": change.everywhere,
        "index": change.index or None,
        "notes": change.notes,
        "old": [*map(_place, old)],
        "new": [*map(_place, new)],
    }


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}


# ---- GitHub Actions

_LEVELS = {Verdict.MAJOR: "error", Verdict.MINOR: "warning", Verdict.PATCH: "notice"}


def github(report: Report) -> Iterator[str]:
    """Workflow commands of GitHub Actions: annotations of the lines in NEW, or in OLD for what is gone."""
    for change in report.difference.changes:
        yield _command(_LEVELS[change.verdict], _where(report, change), f"{change.verdict}: {_about(report, change)}")
    if report.impact is not None:
        for each in report.impact.broken:
            yield _command("error", each.place, f"major: the {each.rule.kind} {str(each).partition(': ')[2]}")
        for left in report.impact.not_checked:
            yield _command("notice", left.place, f"Not checked: {left.why}")
    yield _command("notice", None, _headline(report))


def _where(report: Report, change: Change) -> Place | None:
    if change.new:
        return report.new.in_repository(change.new[0])
    return report.old.in_repository(change.old[0]) if change.old else None


def _about(report: Report, change: Change) -> str:
    """A change as one sentence or more, without its places."""
    before, after = pair(change)
    told = f"{change.row.title}: {change.subject}"
    if change.kind.endswith("-renamed"):
        told = f"{change.row.title}: {before} → {after}"
    elif change.field or change.kind == "summary-changed":
        told += f": {_arrow(before, after)}"
    if types := report.types(change, most=_MOST_TYPES):
        told += f" (in {types})"
    return " ".join([f"{told}. {change.row.reason}", *change.notes])


def _command(level: str, place: Place | None, message: str) -> str:
    return annotation(level, "mim-ecs diff", message, place)


FORMATS: dict[str, Callable[[Report], Iterator[str]]] = {
    "text": text,
    "markdown": markdown,
    "json": as_json,
    "github": github,
}
