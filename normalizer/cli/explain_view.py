"""What `mim-ecs explain` tells people: an event's fields, and what of events is in no document."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator

import click

from normalizer.authoring.explain.coverage import Coverage, Seen, why
from normalizer.authoring.explain.leaves import cut, written
from normalizer.authoring.explain.trace import Fact, State, Trace, Traced
from normalizer.authoring.explain.words import SECTIONS, arrived, files, how, places, where_written, why_absent
from normalizer.cli.view import printable
from normalizer.language import Mappings
from normalizer.language.plan import Each, Value

_WIDTH, _LEAST, _MOST = 100, 60, 140
_NAMES = 34
"""Characters of the column of names; a longer name pushes what follows it."""


def told_trace(trace: Trace, where: str, mappings: Mappings, *, absent: bool = True) -> Iterator[str]:
    """The lines about one event; with `absent` those about fields that are not there too."""
    width = _width()
    yield _bold(f"{trace.event['eventType']}  {trace.event['uuid']}  {where}")
    yield from _wrapped(f"mapping: {files(trace.plan, mappings)}", width, "")
    for title, states in SECTIONS.items():
        yield from _section(title, [each for each in trace.fields if each.state in states and each.is_there], width)
    if trace.problems:
        yield from _headed("Did not convert", len(trace.problems))
        for problem in trace.problems:
            yield from _wrapped(problem, width)
            for each in trace.fields:
                if problem in each.problems:
                    yield from _right(f"    {each.name}", where_written(each), width)
    if absent:
        lists = {each.name for each in trace.fields if isinstance(each.rule, Each) and not each.is_there}
        gone = [each for each in trace.fields if each.state is State.ABSENT and each.inside not in lists]
        yield from _absent("Absent: of what the paths found nothing can be written", gone, width, found=True)
        yield from _absent("Absent: the paths found nothing", gone, width, found=False)
    yield from _facts("Read, but in no field", [each for each in trace.facts if _is_lost(each)], width)
    yield from _facts("No rule reads it", [each for each in trace.facts if not each.is_read], width)


def _section(title: str, fields: list[Traced], width: int) -> Iterator[str]:
    if not fields:
        return
    yield from _headed(title, len(fields))
    for each in fields:
        value = (
            f"  {each.name.ljust(_NAMES)}  {cut(written(each.value), max(20, width - max(_NAMES, len(each.name)) - 4))}"
        )
        if each.state is State.CONSTANT:
            yield from _right(value, where_written(each), width)
        else:
            yield _clean(value)
            yield from map(_dim, _right(f"    {_from(each)}", where_written(each), width))


def _from(traced: Traced) -> str:
    """The places in the event, and what was done to what stands there."""
    path = [str(traced.rule.path)] if isinstance(traced.rule, Each) else []
    return ", ".join(filter(None, [*path, places(arrived(traced)), how(traced)]))


def _absent(title: str, absent: Iterable[Traced], width: int, *, found: bool) -> Iterator[str]:
    """Fields that are not there, those whose paths found something or the others."""
    fields = [each for each in absent if any(read.picks for read in each.reads) == found]
    if fields:
        yield from _headed(title, len(fields))
        for each in fields:
            yield from _right(f"  {each.name.ljust(_NAMES)}  {why_absent(each)}", where_written(each), width)


def _is_lost(fact: Fact) -> bool:
    return fact.is_read and not any(fact.arrived())


def _facts(title: str, facts: list[Fact], width: int) -> Iterator[str]:
    """Values of the event that are in no field."""
    if not facts:
        return
    yield from _headed(title, len(facts))
    for fact in facts:
        yield _clean(cut(f"  {cut(fact.place, width - 30).ljust(_NAMES)}  {written(fact.value)}", width))
        said = dict.fromkeys(why(each.rule, pick) for each, pick in fact.picks if isinstance(each.rule, Value))
        for text in said:
            yield from map(_dim, _wrapped(text, width, "    "))


# ---- coverage


def told_coverage(coverage: Coverage) -> Iterator[str]:
    """The lines about many events."""
    width = _width()
    counts = [f"{coverage.mapped:,} mapped"]
    skipped, dead = coverage.unmapped.total() + coverage.more_unmapped, coverage.dead.total()
    counts += [f"{skipped:,} of types that are not mapped"] if skipped else []
    counts += [f"{dead:,} dead"] if dead else []
    yield f"{_events(coverage.events)}: {', '.join(counts)}; {coverage.paths:,} event paths."
    if coverage.more_paths:
        yield "So many paths are told apart, and no more: there are others, which are not counted here."
    yield from _paths("Never in a document", coverage.never(), width)
    yield from _paths("Not always in the document", coverage.sometimes(), width)
    for title, counter in (("Types that are not mapped", coverage.unmapped), ("Dead", coverage.dead)):
        if counter:
            yield from _headed(title, len(counter))
            yield from (_clean(f"  {count:8,}  {name}") for name, count in counter.most_common())
    if coverage.more_unmapped:
        yield f"  {coverage.more_unmapped:8,}  of more types"


def _paths(title: str, paths: Iterable[Seen], width: int) -> Iterator[str]:
    paths = [*paths]
    if not paths:
        return
    yield from _headed(title, len(paths))
    for each in paths:
        count = f"{each.missing:,}" if each.missing == each.events else f"{each.missing:,} of {each.events:,}"
        yield _clean(cut(f"  {count:>8}  {each.path.ljust(_NAMES)}  {each.value}", width))
        yield from map(_dim, _wrapped(f"{each.uuid}: {each.why}", width, " " * 12))


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"


# ---- lines


def _width() -> int:
    """Columns of the terminal; where there is none, those of a usual one."""
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
    return min(max(columns, _LEAST), _MOST)


def _headed(title: str, count: int) -> Iterator[str]:
    yield ""
    yield _bold(f"{title} ({count:,})")


def _right(text: str, place: str, width: int) -> Iterator[str]:
    """A text, with a place at the right edge of its last line, or of another where it is too long for that."""
    indent = text[: len(text) - len(text.lstrip())]
    *first, last = _wrapped(text.lstrip(), width, indent, more=2)
    yield from first
    if len(last) + 2 + len(place) > width:
        yield last
        last = ""
    yield _clean(f"{last}{' ' * (width - len(last) - len(place))}{place}") if place else last


def _wrapped(text: str, width: int, indent: str = "  ", more: int = 2) -> Iterator[str]:
    """The lines of a text, no longer than the width."""
    after = indent + " " * more
    yield from textwrap.wrap(
        _clean(text), width, initial_indent=indent, subsequent_indent=after, replace_whitespace=False,
        drop_whitespace=True, break_on_hyphens=False,
    ) or [indent]  # fmt: skip


def _clean(text: str) -> str:
    return printable(text)


def _bold(text: str) -> str:
    return click.style(printable(text), bold=True)


def _dim(text: str) -> str:
    return click.style(text, dim=True)
