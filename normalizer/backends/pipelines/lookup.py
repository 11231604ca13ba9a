"""Which processor writes a field, at which lines of its script, and by which rules: from pipelines and Plans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from normalizer.backends.pipelines.values import COMPILER
from normalizer.language import Constant, Each, Mappings, Value
from normalizer.language.plan import Scalar


@dataclass(frozen=True, slots=True)
class Processor:
    """A processor of a pipeline. `on_failure`: it runs only where another one has failed."""

    pipeline: str
    type: str
    tag: str
    description: str
    on_failure: bool
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A rule that gives a field its value in documents of some event types.

    `place` is a mapping file and its line. A constant has a `value`; all others have `paths`, of which the first that
    gives a value counts, or with `collect` every value of all; what is passed over (`ignore`), conversions (`steps`), a
    table's name and a `default`. `others` are the event types whose documents do not get it from here.
    """

    place: str
    event_types: tuple[str, ...]
    others: tuple[str, ...]
    value: Scalar | tuple[Scalar, ...] | None
    paths: tuple[str, ...]
    collect: bool = False
    ignore: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    table: str | None = None
    default: Scalar | tuple[Scalar, ...] | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """A place in a pipeline where a field is written.

    `line` is the first one (from 1) of `code` in the processor's script; 0 where it is no script. `when` says when, as
    half a sentence, where that is not always.
    """

    processor: Processor
    line: int = 0
    code: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    when: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A field, its type in the mappings, and what writes it: first by rules, then without; in the pipelines' order."""

    name: str
    type: str
    writers: tuple[Writer, ...]


def processors(name: str, body: Mapping[str, Any], *, on_failure: bool = False) -> Iterator[Processor]:
    """Every processor of a pipeline, or held by a processor: each before those that it holds."""
    for key in ("processors", "on_failure"):
        failed = on_failure or key == "on_failure"
        for each in body.get(key, ()):
            for kind, options in each.items():
                yield Processor(name, kind, options.get("tag", ""), options.get("description", ""), failed, options)
                yield from processors(name, options, on_failure=failed)


def written(mappings: Mappings, pipelines: Mapping[str, Mapping[str, Any]]) -> dict[str, Written]:
    """Every field that these pipelines write, sorted by name: those of `build(mappings)`."""
    sources = _sources(mappings)
    writers: dict[str, list[Writer]] = {name: [] for name in sources}
    for name, body in pipelines.items():
        for processor in processors(name, body):
            for field, writer in _writers(processor, sources):
                writers.setdefault(field, []).append(writer)
    return {
        name: Written(name, _type(mappings, name), tuple(sorted(found, key=lambda writer: not writer.sources)))
        for name, found in sorted(writers.items())
    }


def _type(mappings: Mappings, name: str) -> str:
    """The type of a field; empty below a flattened one, whose values go in as they are."""
    field = mappings.fields.get(name)
    return "" if field is None else field.type


# ---- rules


def _sources(mappings: Mappings) -> dict[str, list[Source]]:
    """The rules of each field: those of event types that say the same at the same place are one."""
    plans = [plan for plan in mappings.plans if plan.event_type != "*"]
    every = [plan.event_type for plan in plans]
    found: dict[str, dict[tuple[Any, ...], list[str]]] = {}
    for plan in plans:
        for rule in plan.rules:
            for name, said in _said(rule):
                found.setdefault(name, {}).setdefault(said, []).append(plan.event_type)
    return {
        name: [
            Source(said[0], tuple(event_types), tuple(each for each in every if each not in event_types), *said[1:])
            for said, event_types in rules.items()
        ]
        for name, rules in found.items()
    }


def _said(rule: Constant | Value | Each) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """A field and what a Source of it says, but for the event types; for a list of objects also those within it."""
    place = _place(rule)
    if isinstance(rule, Constant):
        yield rule.destination.name, (place, rule.value, ())
    elif isinstance(rule, Value):
        yield rule.destination.name, (place, None, tuple(map(str, rule.paths)), *_how(rule))
    else:
        yield rule.destination.name, (place, None, (str(rule.path),))
        for inner in rule.fields:
            paths = tuple(str(path) if path.absolute or path.given else f"{rule.path}.{path}" for path in inner.paths)
            yield inner.destination.name, (_place(inner), None, paths, *_how(inner))


def _how(rule: Value) -> tuple[Any, ...]:
    table = None if rule.table is None else rule.table.name or "table"
    return rule.collect, tuple(sorted(rule.ignore)), rule.steps, table, rule.default


def _place(rule: Constant | Value | Each) -> str:
    place = rule.origin.place
    return f"{place.file}:{place.line}" if place.file.endswith(".yml") else COMPILER


# ---- processors

_TARGETS = {"append": "field", "rename": "target_field", "set": "field"}
"""The option that names the field that a processor writes."""

_FUNCTIONS = {
    "report": ("where a value does not convert", ("error.message", "event.kind", "tags")),
    "stop": (
        "where an event gives no document",
        ("data_stream.dataset", "data_stream.namespace", "data_stream.type", "event.original", "tags"),
    ),
}
"""Functions of a script's library that write fields without a rule: when, and which."""

_ID = ("_id", "ctx.put('_id', ")


def _writers(processor: Processor, sources: Mapping[str, list[Source]]) -> Iterator[tuple[str, Writer]]:
    """The fields that a processor writes itself."""
    if processor.type == "script":
        yield from _of_script(processor, sources)
    target = processor.options.get(_TARGETS.get(processor.type, ""), "_")
    if not target.startswith("_"):
        yield target, Writer(processor, when="where a processor fails" if processor.on_failure else "")


def _of_script(processor: Processor, sources: Mapping[str, list[Source]]) -> Iterator[tuple[str, Writer]]:
    lines: list[str] = processor.options["source"].splitlines()
    for block in _blocks(lines, sources):
        for name, places in block.fields.items():
            fitting = tuple(each for each in sources[name] if each.place.rpartition("/")[2] in places)
            # equal lists of objects of several files are one, and its comments name the places of one file
            yield name, Writer(processor, block.first + 1, block.code, fitting or tuple(sources[name]))
    for at, line in enumerate(lines):
        if line.lstrip().startswith(_ID[1]):
            yield _ID[0], Writer(processor, at + 1, (line,))
        for function, (when, names) in _FUNCTIONS.items():
            if line.startswith(f"void {function}("):
                end = next(index for index in range(at, len(lines)) if lines[index] == "}")
                for name in names:
                    yield name, Writer(processor, at + 1, tuple(lines[at : end + 1]), when=when)


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that write fields, from `first` (from 0), and the places that comments name for each field."""

    first: int
    code: tuple[str, ...]
    fields: Mapping[str, frozenset[str]]


_COMMENT = re.compile(r"( *)// (.+): (.+)")
_NEXT = re.compile(r"//|Map \w+ = begin\(|removeEmpty\(")
"""What begins the code of other fields, at the same depth."""


def _blocks(lines: list[str], known: Iterable[str]) -> Iterator[_Block]:
    """The code below each comment that names fields: `// field, field: file.yml:12, file.yml:3`."""
    known = frozenset(known)
    fields: dict[str, frozenset[str]] = {}
    first = 0
    for at, line in enumerate(lines):
        comment = _COMMENT.fullmatch(line)
        names = comment[2].split(", ") if comment is not None else []
        if comment is None or not known.issuperset(names):
            continue
        if not fields:
            first = at
        fields |= dict.fromkeys(names, frozenset(comment[3].split(", ")))
        end = _end(lines, at + 1, len(comment[1]))
        if end > at + 1:  # else another comment follows, for the same code
            yield _Block(first, tuple(lines[first:end]), fields)
            fields = {}


def _end(lines: list[str], at: int, depth: int) -> int:
    """Where the code ends that begins here, at this depth."""
    while at < len(lines):
        line = lines[at].lstrip(" ")
        indented = len(lines[at]) - len(line)
        if indented < depth or (indented == depth and _NEXT.match(line)):
            break
        at += 1
    return at
