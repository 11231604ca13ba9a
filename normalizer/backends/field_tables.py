"""Plans ▶ field tables for people: a page of Markdown for each event type, and one that lists them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from normalizer.ecs import VERSION
from normalizer.language import Constant, Each, Mappings, Plan, Rule, Value
from normalizer.language.plan import Scalar, Table

FOLDER = "docs/fields"
_SHOWN = 6
"""A table with no more lines than this is shown whole."""
_OFTEN = 5
_BY_THE_NORMALIZER = {"ecs.version": f"`{VERSION}`; written by the normalizer itself"}


def field_tables(mappings: Mappings) -> Iterator[tuple[str, bytes]]:
    """The pages, by their paths from the top level."""
    yield f"{FOLDER}/index.md", _page(_index(mappings.plans))
    for plan in mappings.plans:
        yield f"{FOLDER}/{plan.chain[0]}.md", _page(_event_type(plan, mappings))


def _page(lines: Iterable[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _index(plans: Iterable[Plan]) -> Iterator[str]:
    yield "# Fields of each event type"
    yield ""
    yield "Made by `mim-ecs build`. A page lists all fields of the documents and where they come from."
    yield ""
    yield "| event type | what it says | event.category | event.type | event.outcome |"
    yield "|---|---|---|---|---|"
    for plan in plans:
        cells = (_cell(plan.rule(f"event.{name}")) for name in ("category", "type", "outcome"))
        page = f"[`{plan.event_type}`]({plan.chain[0]}.md)"
        yield f"| {page} | {_escaped(plan.summary)} | {' | '.join(cells)} |"


def _cell(rule: Rule | None) -> str:
    if rule is None:
        return ""
    if isinstance(rule, Constant):
        return _literal(rule.value)
    return f"from {_paths(rule)}"


def _event_type(plan: Plan, mappings: Mappings) -> Iterator[str]:
    constants = [rule for rule in plan.rules if isinstance(rule, Constant)]
    others = [rule for rule in plan.rules if not isinstance(rule, Constant)]
    yield f"# `{plan.event_type}`"
    yield ""
    yield _escaped(plan.summary)
    yield ""
    yield f"The mapping: {' ▶ '.join(f'`{name}.yml`' for name in plan.chain)}. Made by `mim-ecs build`."
    yield ""
    yield "## The same in every document"
    yield ""
    yield "| field | type | value |"
    yield "|---|---|---|"
    for constant in constants:
        value = _BY_THE_NORMALIZER.get(constant.destination.name, _literal(constant.value))
        yield f"| {_field(constant, mappings)} | {_type(constant)} | {value} |"
    yield ""
    yield "## From the event"
    yield ""
    placeholders = _placeholders(others)
    if placeholders:
        yield f"Placeholders are the texts {', '.join(map(_code, sorted(placeholders)))}; they count as absent."
        yield ""
    yield "| field | type | event path | how |"
    yield "|---|---|---|---|"
    for rule in others:
        yield f"| {_field(rule, mappings)} | {_type(rule)} | {_paths(rule)} | {_how(rule, placeholders)} |"
        if isinstance(rule, Each):
            for inner in rule.fields:
                cells = (_field(inner, mappings), _type(inner), _paths(inner, below=rule), _how(inner, placeholders))
                yield f"| {' | '.join(cells)} |"


def _placeholders(rules: Iterable[Value | Each]) -> frozenset[str]:
    """What most rules ignore that ignore anything, where that is said often enough to have a name."""
    counts = Counter(rule.ignore for rule in rules if isinstance(rule, Value) and rule.ignore)
    ignored, count = next(iter(counts.most_common(1)), ((), 0))
    return frozenset(ignored if count >= _OFTEN else ())


def _field(rule: Rule, mappings: Mappings) -> str:
    """The name; what it means where the field is ours."""
    field = mappings.fields.get(rule.destination.name)
    about = f"<br>{_escaped(field.description)}" if field is not None and field.description else ""
    return f"`{rule.destination.name}`{about}"


def _type(rule: Rule) -> str:
    kind = rule.destination.type or "as it came"
    return f"list of {kind}" if rule.destination.array and isinstance(rule, Constant | Value) else kind


def _paths(rule: Value | Each, below: Each | None = None) -> str:
    if isinstance(rule, Each):
        return f"each of {_code(str(rule.path))}"
    start = f"{below.path}[]." if below is not None else ""
    paths = [_code(str(path) if path.absolute or path.given else f"{start}{path}") for path in rule.paths]
    return f"all of {', '.join(paths)}" if rule.collect else ", else ".join(paths)


def _how(rule: Value | Each, placeholders: frozenset[str]) -> str:
    if isinstance(rule, Each):
        return "a list of objects"
    named = bool(placeholders) and placeholders <= {*rule.ignore}
    ignored = ["placeholders"] if named else []
    ignored += [_code(text) for text in rule.ignore if not (named and text in placeholders)]
    parts = [f"without {', '.join(ignored)}"] if ignored else []
    parts += [f"as {_code(step)}" for step in rule.steps]
    parts += [_lines(rule.table)] if rule.table is not None else []
    parts += [f"else {_literal(rule.default)}"] if rule.default is not None else []
    return "; ".join(parts)


def _lines(table: Table) -> str:
    if len(table.entries) <= _SHOWN:
        return ", ".join(f"{_code(key)} → {_code(value)}" for key, value in table.entries)
    name = f"the table `{table.name}`" if table.name else "a table"
    return f"by {name} of {len(table.entries)} lines"


def _literal(value: Scalar | tuple[Scalar, ...]) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_literal, value))
    return _code(value if isinstance(value, str) else json.dumps(value))


def _code(text: str) -> str:
    """A span of code that may hold anything (CommonMark), in a cell."""
    marks = "``" if "`" in text else "`"
    blank = " " if "`" in text else ""
    return f"{marks}{blank}{text}{blank}{marks}".replace("|", "\\|")


def _escaped(text: str) -> str:
    """Plain text that stays plain in a cell."""
    for char in "\\`*_[]<>|":
        text = text.replace(char, f"\\{char}")
    return text
