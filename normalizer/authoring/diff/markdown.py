"""A report as Markdown, fit for a comment on a pull request: GitHub takes no more than 65,536 characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from normalizer.authoring.diff.model import Change
from normalizer.authoring.diff.report import Report, counted, cut, example, pair, rules_told, samples_told
from normalizer.authoring.diff.verdicts import INDEX, Verdict

_LONG = 12
"""So many rows are a long list, which is folded."""
_MOST_ROWS = 60
_MOST_CELL = 120
_MOST_TYPES = 3


def markdown(report: Report) -> Iterator[str]:
    """A heading with the verdict, a table for each verdict, what breaks, what events become."""
    word = "no difference" if report.verdict is Verdict.NONE else str(report.verdict)
    yield f"### mim-ecs diff: {word}"
    yield ""
    headline = report.headline()
    yield _plain(headline[0].upper() + headline[1:])
    for verdict in (Verdict.MAJOR, Verdict.MINOR, Verdict.PATCH):
        changes = report.changes(verdict)
        rows = [_row(report, change) for change in changes]
        title = f"{str(verdict).capitalize()}: {counted(len(changes), 'change')}"
        yield from _table(title, ("change", "field", "before → after", "event types", "why", "where"), rows)
    for need in report.needs():
        names = [*dict.fromkeys(map(_code, report.indexed(need)))]
        yield f"\n**{need.capitalize()}**: {_few(names)}. {INDEX[need]}"
    yield from _rules(report)
    yield from _samples(report)


def _row(report: Report, change: Change) -> list[str]:
    before, after = map(_code, pair(change))
    arrow = " → ".join((before or "–", after or "–")) if change.kind != "field-renamed" else after
    old, new = report.places(change)
    place = (new or old)[:1]
    subject = change.subject if change.field or change.kind == "summary-changed" else ""
    return [
        change.row.title,
        _code(subject),
        arrow,
        _plain(report.types(change, most=_MOST_TYPES)),
        " ".join([change.row.reason, *map(_plain, change.notes)]),
        _code(f"{place[0].file}:{place[0].line}" if place else ""),
    ]


def _rules(report: Report) -> Iterator[str]:
    if report.impact is None:
        return
    found = report.impact
    yield f"\n{rules_told(found)}"
    rows = [
        [
            _plain(each.rule.name),
            _code(each.field),
            _plain("; ".join(filter(None, (each.why, each.advice)))),
            _code(each.place),
        ]
        for each in found.broken
    ]
    yield from _table("Broken rules", ("rule", "field", "why", "where"), rows)
    rows = [[_plain(each.rule), _plain(each.why), _code(each.place)] for each in found.not_checked]
    yield from _table("Not checked", ("rule", "why", "where"), rows)


def _samples(report: Report) -> Iterator[str]:
    if report.samples is None:
        return
    yield f"\n{' '.join(samples_told(report.samples))}"
    rows = [
        [_code(name), f"{changed.count:,}", _code(each.id), _value(each.before), _value(each.after)]
        for name, changed in report.samples.fields.items()
        for each in changed.examples
    ]
    yield from _table("Sample documents", ("field", "events", "event", "before", "after"), rows)


def _table(title: str, head: Iterable[str], rows: list[list[str]]) -> Iterator[str]:
    """A table below its title, folded where it is long; nothing where it has no row."""
    if not rows:
        return
    folded = len(rows) > _LONG
    yield ""
    yield f"<details><summary>{title}</summary>" if folded else f"**{title}**"
    yield ""
    cells = [*head]
    yield f"| {' | '.join(cells)} |"
    yield f"|{'---|' * len(cells)}"
    yield from (f"| {' | '.join(row)} |" for row in rows[:_MOST_ROWS])
    if len(rows) > _MOST_ROWS:
        yield f"\n… and {len(rows) - _MOST_ROWS} more, which the other formats tell."
    if folded:
        yield "\n</details>"


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _LONG} more" if len(names) > _LONG else ""
    return f"{', '.join(names[:_LONG])}{more}"


def _code(value: object) -> str:
    """A code span within a cell: pipes escaped, more backticks around than within."""
    text = cut(" ".join(str(value).split()), _MOST_CELL).replace("|", r"\|")
    if not text:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    gap = " " if "`" in text else ""
    return f"{fence}{gap}{text}{gap}{fence}"


def _value(value: Any) -> str:
    return "absent" if value is None else _code(example(value))


def _plain(text: str) -> str:
    """Words within a cell, none of which means anything in Markdown or HTML."""
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", " ".join(text.split()))
