"""What a template, pipeline or index says otherwise than it should: compared as a server means it, told in short."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from normalizer.backends.templates import Body

MOST = 6
"""So many names or changes stand in one text."""
_LONG = 60

Facts = dict[str, str]
"""What a body says, as `noun name` and text: `field host.name` is `keyword`."""


def same(ours: Body, theirs: Body) -> bool:
    """Whether a server's body says what ours does.

    A server writes settings as text in its own shape, and adds dates and defaults; these are not differences.
    """
    return _plain(ours, ours) == _plain(theirs, ours)


def differences(theirs: Body, ours: Body) -> tuple[str, ...]:
    """Lines for people: what changes where ours takes the place of theirs. Nothing where they are the same."""
    if same(ours, theirs):
        return ()
    return told(_facts(_plain(theirs, ours)), _facts(_plain(ours, ours))) or ("the order of its parts",)


def told(before: Facts, after: Facts) -> tuple[str, ...]:
    """Lines for people: names of what there is more or less of, then changed facts one by one."""
    groups: dict[str, list[str]] = {}
    changed = []
    for fact in sorted(before.keys() | after.keys()):
        noun, _, name = fact.partition(" ")
        if before.get(fact) == after.get(fact) or _goes_with(fact, before, after):
            continue
        if noun in _MANY and not (fact in before and fact in after):
            groups.setdefault(f"{noun}s {'added' if fact in after else 'removed'}", []).append(name)
        else:
            changed.append(f"{fact}: {_short(before.get(fact, 'none'))} → {_short(after.get(fact, 'none'))}")
    named = [f"{group}: {', '.join(names[:MOST])}{_more(names)}" for group, names in sorted(groups.items())]
    return *named, *changed[:MOST], *([_more(changed).strip()] if len(changed) > MOST else [])


_MANY = ("field", "processor", "option")


def _goes_with(fact: str, before: Facts, after: Facts) -> bool:
    """Whether it is an option of a processor that is itself more or less."""
    processor = f"processor {fact.partition(' of ')[2]}"
    return fact.startswith("option ") and (processor in before) != (processor in after)


def _more(told: list[str]) -> str:
    return f" and {len(told) - MOST} more" if len(told) > MOST else ""


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{len(text.encode()):,} bytes"


# ---- facts


def _facts(body: Body) -> Facts:
    facts: Facts = {}
    for key, value in body.items():
        if key == "template" and isinstance(value, dict):
            facts |= _facts(value)
        elif key == "settings":
            facts |= setting_facts(value)
        elif key == "mappings" and isinstance(value, dict):
            facts |= mapping_facts(value)
        elif key in ("processors", "on_failure") and isinstance(value, list):
            facts |= _processor_facts(value, key == "on_failure")
        elif isinstance(value, dict):
            facts |= {f"{key} {name}": _text(each) for name, each in value.items()} or {f"{key} ": ""}
        else:
            facts[f"its {key}"] = _text(value)
    return facts


def setting_facts(settings: Mapping[str, Any]) -> Facts:
    """Of flat settings."""
    return {f"setting {name}": _text(value) for name, value in settings.items()}


def mapping_facts(mapping: Mapping[str, Any]) -> Facts:
    """Of an index mapping: each field's type, with its parameters where it has any."""
    facts = {f"mapping {key}": _text(value) for key, value in mapping.items() if key != "properties"}
    return facts | dict(_fields(mapping.get("properties", {}), ""))


def _fields(properties: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, body in properties.items():
        name = f"{prefix}{key}"
        said = {each: value for each, value in body.items() if each not in ("type", "properties")}
        kind = str(body.get("type", "object"))
        if said or "properties" not in body:
            yield f"field {name}", f"{kind} {_text(said)}" if said else kind
        yield from _fields(body.get("properties", {}), f"{name}.")


def _processor_facts(processors: list[Body], on_failure: bool) -> Facts:
    """Each option of each processor by its tag, the place of one without."""
    facts = {}
    for number, processor in enumerate(processors, start=1):
        for kind, options in processor.items():
            tag = f"{'on_failure ' if on_failure else ''}{options.get('tag') or f'{kind} ({number})'}"
            facts[f"processor {tag}"] = kind
            facts |= {f"option {name} of {tag}": _text(value) for name, value in options.items() if name != "tag"}
    return facts


# ---- as a server means it

_ADDED = ("created_date", "created_date_millis", "modified_date", "modified_date_millis")
_WITH_DEFAULTS = ("data_stream", "lifecycle", "data_stream_options")
_OPTIONAL = ("data_retention",)


def _plain(body: Mapping[str, Any], ours: Mapping[str, Any]) -> Body:
    """A body with settings as flat texts, and without what a server adds to keys that ours has too."""
    plain: Body = {}
    for key, value in body.items():
        if key == "template" and isinstance(value, dict):
            plain[key] = _plain(value, ours.get(key, {}))
        elif key == "settings":
            plain[key] = flat(value)
        elif key in _WITH_DEFAULTS and isinstance(value, dict):
            known = {*ours.get(key, ()), *_OPTIONAL}
            plain[key] = {each: value[each] for each in value if each in known}
        elif key not in _ADDED:
            plain[key] = value
    return plain


def flat(settings: Mapping[str, Any]) -> Body:
    """Settings by their whole names; values are texts or lists of them, None takes a setting away."""
    return {name if name.startswith("index.") else f"index.{name}": value for name, value in _flat(settings, "")}


def _flat(settings: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield f"{prefix}{key}", [_text(each) for each in value]
        else:
            yield f"{prefix}{key}", None if value is None else _text(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
