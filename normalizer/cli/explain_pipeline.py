"""`mim-ecs explain --pipeline`: the processors, lines of script and rules that write a field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from normalizer.backends.pipelines import build
from normalizer.backends.pipelines.lookup import Source, Writer, Written, written
from normalizer.cli.view import say
from normalizer.errors import SettingsError
from normalizer.language import load
from normalizer.language.advice import choices, nearest


def explain_pipeline(fields: tuple[str, ...], mappings: Path | None, *, as_json: bool) -> None:
    """Print what writes these fields; a table of all where none is named. Raises SettingsError for unknown ones."""
    known = load(mappings)
    found = written(known, build(known))
    _check_known(fields, found)
    wanted = [found[name] for name in fields or found]
    if as_json:
        say(orjson.dumps([_json(each) for each in wanted], option=orjson.OPT_INDENT_2).decode())
    else:
        for line in _told(wanted) if fields else _table(wanted):
            say(line)


def _check_known(fields: Iterable[str], found: dict[str, Written]) -> None:
    """Raise SettingsError for fields that nothing writes."""
    unknown = [f'"{name}"{_near(name, found)}' for name in dict.fromkeys(fields) if name not in found]
    if unknown:
        raise SettingsError(f"the pipelines write no field {'; nor '.join(unknown)}")


_MOST_NEAR = 5


def _near(name: str, found: Iterable[str]) -> str:
    """The nearest known names: the field that holds this one, those that it holds, or one that looks like it."""
    names = [each for each in found if name.startswith(f"{each}.")][-1:]
    names = names or [each for each in found if each.startswith(f"{name}.")][:_MOST_NEAR]
    if not names and (near := nearest(name, found)) is not None:
        names = [near]
    return f" (did you mean {choices(names)}?)" if names else ""


# ---- for people


def _told(wanted: Iterable[Written]) -> Iterator[str]:
    for each in wanted:
        yield f"{each.name} ({each.type})" if each.type else each.name
        for writer in each.writers:
            yield f"  {_where(writer)}{f', {writer.when}' if writer.when else ''}"
            yield from (f"    {_rule(source)}" for source in writer.sources)
            yield from (f"      {number:4}  {line}" for number, line in enumerate(writer.code, start=writer.line))


def _where(writer: Writer) -> str:
    by = writer.processor
    where = f"{by.type} {by.tag} of {by.pipeline}"
    return f"{where}, {_lines(writer)}" if writer.line else where


def _lines(writer: Writer) -> str:
    last = writer.line + len(writer.code) - 1
    return f"line {writer.line}" if last == writer.line else f"lines {writer.line}-{last}"


def _rule(source: Source) -> str:
    """`mappings/_mim.yml:7: "okta.mim"`, and for which event types where not for all."""
    types = ""
    if source.others:
        all_but = len(source.others) < len(source.event_types)
        types = f" ({'all but ' if all_but else ''}{', '.join(source.others if all_but else source.event_types)})"
    return f"{source.place}: {_value(source)}{types}"


def _value(source: Source) -> str:
    if source.value is not None:
        return orjson.dumps(source.value).decode()
    parts = [f"{'all of ' if source.collect else ''}{', '.join(source.paths)}"]
    parts += [f"as {step}" for step in source.steps]
    parts += [f"by the table {source.table}"] if source.table else []
    parts += [f"else {orjson.dumps(source.default).decode()}"] if source.default is not None else []
    return ", ".join(parts)


def _table(wanted: Iterable[Written]) -> Iterator[str]:
    """A line for each field: its name, the first processor that writes it, the places of its rules."""
    rows = [("field", "written by", "rules")]
    for each in wanted:
        by = each.writers[0]
        places = list(dict.fromkeys(source.place for writer in each.writers for source in writer.sources))
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        by_whom = f"{by.processor.type} {by.processor.tag}{f', {_lines(by)}' if by.line else ''}"
        rows.append((each.name, by_whom, f"{places[0] if places else ''}{more}"))
    widths = [max(len(row[at]) for row in rows) for at in range(2)]
    for name, by_whom, rules in rows:
        yield f"{name:{widths[0]}}  {by_whom:{widths[1]}}  {rules}".rstrip()


# ---- for machines


def _json(each: Written) -> dict[str, Any]:
    return {"field": each.name, "type": each.type or None, "writers": [*map(_writer, each.writers)]}


def _writer(writer: Writer) -> dict[str, Any]:
    by = writer.processor
    return {
        "pipeline": by.pipeline,
        "processor": by.type,
        "tag": by.tag,
        "description": by.description,
        "when": writer.when or None,
        "line": writer.line or None,
        "code": writer.code,
        "rules": [{key: value for key, value in asdict(each).items() if key != "others"} for each in writer.sources],
    }
