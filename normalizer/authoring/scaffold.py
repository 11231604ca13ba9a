"""A mapping file and golden cases to start from, for an event type that has none."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from normalizer import okta
from normalizer.authoring.explain.leaves import cut, folded, written
from normalizer.authoring.explain.trace import Fact, Tracer
from normalizer.authoring.golden import DOCUMENT, EVENT, Golden
from normalizer.authoring.pack import GOLDEN
from normalizer.backends.python.library import Where
from normalizer.errors import NormalizerError, OutputError, SettingsError
from normalizer.language import Constant, Mappings, Plan, Rule, load
from normalizer.language.advice import choices
from normalizer.language.fields import FILE as CUSTOM_FIELDS
from normalizer.names import DATASET
from normalizer.outputs.files import replace_file, why

MODELINE = "# yaml-language-server: $schema=../schemas/mapping.schema.json"
_EVENT_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*").fullmatch
_TYPES = {"integer": "long", "boolean": "boolean", "date-time": "date"}
"""Fields for LogEvent's types; all others are keyword."""
_SHOWN = 50
_MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class Scaffold:
    """What `new` writes: the mapping file, lines for `_custom_fields.yml`, and events by the names of their cases.

    `unread` are places of the example event that no rule can read, since LogEvent has no such path.
    """

    event_type: str
    mapping: str
    declarations: tuple[str, ...]
    events: Mapping[str, Any]
    unread: tuple[str, ...] = ()


@dataclass(slots=True)
class _Proposals:
    """Rules for what no parent reads, the fields to declare for them, and comments."""

    rules: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    declarations: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def scaffold(mappings: Mappings, event_type: str, example: bytes | None = None, *, modeline: bool = False) -> Scaffold:
    """What to write for an event type, from an example of its events where there is one.

    `modeline`: editors find their schema beside the mappings. Raises SettingsError for a name that is none, or one that
    is mapped already, and EventError for an example that is no event.
    """
    if not _EVENT_TYPE(event_type) or event_type.rpartition(".")[2] == "any":
        raise SettingsError(f'"{event_type}" is no event type; write one like mim.command.ios.new')
    known = mappings.plan(event_type)
    if known is not None and not known.fallback:
        where = known.place.file
        advice = "a copy of it in mappings/ takes its place" if known.place.shipped else "change that file"
        raise SettingsError(f'"{event_type}" is mapped already, by {where}; {advice}')
    parent = _parent(mappings, event_type)
    inherited = _inherited(mappings, parent)
    siblings = [plan for plan in mappings.plans if plan.chain[1:2] == (parent,)]
    made = _Proposals()
    events: dict[str, Any] = {"sparse": _event(event_type, "sparse")}
    if example is None:
        events["example"] = _event(event_type, "example") | _EXAMPLE
    else:
        plan = _plan(event_type, parent, inherited)
        trace = Tracer(replace(mappings, plans=(*mappings.plans, plan))).trace(example)
        if trace.event["eventType"] != event_type:
            raise SettingsError(f'the example is an event of type "{trace.event["eventType"]}", not "{event_type}"')
        events["first"] = trace.event
        made = _proposals(mappings, trace.facts)
    lines = [MODELINE] if modeline else []
    lines += [f"event_type: {event_type}", f"extends: {parent}"]
    lines += ["# Say in one sentence what has happened.", f"summary: Okta logs {event_type}."]
    lines += _constants(mappings, event_type, inherited, siblings)
    if made.rules:
        lines += ["fields:", *made.rules]
    lines += made.comments
    return Scaffold(
        event_type, "\n".join(lines) + "\n", tuple(made.declarations), events, (*dict.fromkeys(made.unread),)
    )


def write(made: Scaffold, top: Path) -> list[Path]:
    """Write the files below a folder, with the documents that the events become; those that were written.

    Raises SettingsError where one of the files is there already, OutputError, MappingError; nothing is left then.
    """
    folder = top / "mappings"
    cases = top / GOLDEN / made.event_type
    files = {folder / f"{made.event_type}.yml": made.mapping.encode()}
    for name, event in made.events.items():
        files[cases / f"{name}{EVENT}"] = (json.dumps(event, indent=2, ensure_ascii=False) + "\n").encode()
    documents = [cases / f"{name}{DOCUMENT}" for name in made.events]
    if there := next((path for path in (*files, *documents) if os.path.lexists(path)), None):
        raise SettingsError(f"{there} is there already; change that file, or delete it first")
    declared = folder / CUSTOM_FIELDS
    before = declared.read_bytes() if declared.exists() else None
    if made.declarations:
        lines = "".join(f"{line}\n" for line in made.declarations).encode()
        end = b"" if before is None or before.endswith(b"\n") else b"\n"
        files[declared] = (before or b"") + end + lines
    try:
        for path, data in files.items():
            _write(path, data)
        renewed = [case.path(DOCUMENT) for case in Golden(load(folder), top / GOLDEN).renew(made.event_type)]
    except NormalizerError:
        for path in files:
            with suppress(OSError):
                path.unlink()
        if before is not None and made.declarations:
            _write(declared, before)
        raise
    return [*files, *renewed]


def _write(path: Path, data: bytes) -> None:
    try:
        replace_file(path, data)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {why(error)}") from None


# ---- where it belongs


def _parent(mappings: Mappings, event_type: str) -> str:
    """The parent whose event types are most like this one, and of our dataset."""
    own = event_type.split(".")
    best, most = "", (-1, 0)
    for name in sorted({name for plan in mappings.plans for name in plan.chain[1:]}):
        plans = [plan for plan in mappings.plans if name in plan.chain[1:]]
        if not all(_is_ours(plan) for plan in plans):
            continue
        prefix = _common([plan.event_type.split(".")[:-1] for plan in plans])
        fits = prefix == own[: len(prefix)]
        rank = (len(prefix) if fits else -1, len(plans))
        if rank > most:
            best, most = name, rank
    if not best:
        raise SettingsError(f"no parent here writes the dataset {DATASET}; write the mapping by hand")
    return best


def _is_ours(plan: Plan) -> bool:
    rule = plan.rule("data_stream.dataset")
    return isinstance(rule, Constant) and rule.value == DATASET


def _common(names: list[list[str]]) -> list[str]:
    """The segments that all begin with."""
    found = []
    for segments in zip(*names, strict=False):
        if len({*segments}) > 1:
            break
        found.append(segments[0])
    return found


def _inherited(mappings: Mappings, parent: str) -> dict[str, Rule]:
    """The rules that whoever extends a parent has from it."""
    plan = next(plan for plan in mappings.plans if parent in plan.chain[1:])
    above = {*plan.chain[plan.chain.index(parent) :]}
    found = {}
    for rule in plan.rules:
        known: Rule | None = rule
        while known is not None and known.origin.chain and known.origin.chain[-1] not in above:
            known = known.origin.instead_of
        if known is not None:
            found[known.destination.name] = known
    return found


def _plan(event_type: str, parent: str, inherited: Mapping[str, Rule]) -> Plan:
    """The Plan of a mapping that says nothing itself."""
    rules = tuple(inherited[name] for name in sorted(inherited))
    place = rules[0].origin.place
    return Plan(event_type, "", (event_type, parent), rules, place, place)


# ---- constants


def _constants(
    mappings: Mappings, event_type: str, inherited: Mapping[str, Rule], siblings: list[Plan]
) -> Iterator[str]:
    """What most event types beside it set themselves: written where the name tells it, else as a comment."""
    own = Counter(rule.destination.name for plan in siblings for rule in plan.rules if len(rule.origin.chain) == 1)
    usual = {name for name, count in own.items() if 2 * count > len(siblings)}
    lines: list[str] = []
    for name in sorted({*usual, "event.type"}):
        rule = inherited.get(name)
        values = mappings.fields[name].values
        segment = next((each for each in event_type.split(".") if each in values), None)
        if name == "event.type":
            expected = _expected(mappings, inherited)
            lines.append(f"  # What was done: {choices(expected)}.")
            if isinstance(rule, Constant):
                lines.append(f"  # event.type: {_literal(rule)}  (as a parent has it)")
            else:
                lines.append(f"  event.type: [{'info' if 'info' in expected else expected[0]}]")
        elif rule is None and segment is not None:
            lines.append(f"  {name}: {segment}")
        elif rule is None and values:
            lines.append(f"  # {name}: {choices(values)}")
    category = inherited.get("event.category")
    if isinstance(category, Constant) and not _is_like(event_type, mappings):
        lines.append(f"  # event.category: {_literal(category)}  (as a parent has it)")
    has_any = any(not line.lstrip().startswith("#") for line in lines)
    yield from ["set:", *lines] if has_any else [f"# {line.replace('# ', '', 1)}" for line in ["set:", *lines]]


def _is_like(event_type: str, mappings: Mappings) -> bool:
    """Whether there are event types of the same part of Okta."""
    first = event_type.partition(".")[0]
    return any(plan.event_type.partition(".")[0] == first for plan in mappings.plans)


def _literal(rule: Constant) -> str:
    value = rule.value
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def _expected(mappings: Mappings, inherited: Mapping[str, Rule]) -> list[str]:
    """The values of event.type that ECS expects with the category that is inherited; all where there is none."""
    category, known = inherited.get("event.category"), mappings.fields["event.category"].expected_types
    if not isinstance(category, Constant) or not isinstance(category.value, tuple) or known is None:
        return [*mappings.fields["event.type"].values]
    return sorted({each for value in category.value for each in known.get(str(value), ())})


# ---- rules for what an example holds


def _proposals(mappings: Mappings, facts: tuple[Fact, ...]) -> _Proposals:
    made = _Proposals()
    whole: dict[str, str] = {}
    for fact in facts:
        path = ".".join(map(str, fact.where))
        known = None if any(isinstance(key, int) for key in fact.where) else _readable(path)
        if fact.is_read:
            is_part = all(pick.where != fact.where for _, pick in fact.picks)
            if is_part and _is_open(names := ".".join(_names(fact.where))):
                whole.setdefault(names, cut(written(fact.value), _SHOWN))
        elif known is None:
            made.unread.append(folded(fact.where))
        else:
            name = f"okta.{_snake(path)}"
            if name in mappings.fields or any(each.startswith(f"{name}.") for each in mappings.fields):
                made.unread.append(folded(fact.where))
                continue
            kind = _TYPES.get(known.type, "keyword")
            array = ", array: true" if known.list else ""
            made.declarations.append(f"{name}: {{type: {kind}{array}, description: What Okta has as {path}.}}")
            made.rules.append(f"  {name}: {path}  # {cut(written(fact.value), _SHOWN)}")
    if whole:
        made.comments.append("# Kept as a part of a whole object only; a rule makes a field of one:")
        made.comments += [f"#   {path}  ({value})" for path, value in [*whole.items()][:_MOST_PARTS]]
    return made


def _names(where: Where) -> Iterator[str]:
    """A place without its list indices, as a path for a list field names it."""
    return (str(key) for key in where if not isinstance(key, int))


def _is_open(path: str) -> bool:
    """Whether a path lies in an object in which any key is good."""
    known = _readable(path)
    return known is not None and known.open and known.type == "any"


def _readable(path: str) -> okta.Fact | None:
    """What LogEvent has at a path that a plain rule can read: without a list on the way."""
    above = path.split(".")[:-1]
    if any((known := okta.fact(".".join(above[: at + 1]))) and known.list for at in range(len(above))):
        return None
    return okta.fact(path)


def _snake(path: str) -> str:
    """`securityContext.asNumber` as `security_context.as_number`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1]}", path).lower().replace("-", "_")


# ---- events


def _event(event_type: str, case: str) -> dict[str, Any]:
    """The least that is an event; its uuid is always the same."""
    uuid = str(uuid5(NAMESPACE_URL, f"{event_type}/{case}"))
    return {"uuid": uuid, "eventType": event_type, "published": "2026-01-01T00:00:00.000Z"}


_EXAMPLE: dict[str, Any] = {
    "severity": "INFO",
    "displayMessage": "What Okta says of it",
    "outcome": {"result": "SUCCESS"},
    "actor": {"id": "00u1", "type": "User", "alternateId": "anna@example.com", "displayName": "Anna Example"},
    "client": {"ipAddress": "192.0.2.1"},
    "target": [
        {
            "id": "guo1",
            "type": "Device",
            "displayName": "Anna's phone",
            "detailEntry": {"platform": "IOS", "serialNumber": "C02X1"},
        }
    ],
}
"""What most events have, invented."""
