"""What a template, pipeline or index says otherwise than it should: compared as a server means it, told in short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from normalizer.backends.templates import Body
from normalizer.cluster.parts import MOST, NONE, is_same, more, parts, text_of

Facts = dict[str, Any]
"""What a body says, as `noun name` and JSON value: `field host.name` is `{"type": "keyword"}`."""


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
    """Lines for people: names of what there is more or less of, then what has changed, each part that differs."""
    groups: dict[str, list[str]] = {}
    changed: list[str] = []
    for fact in sorted(before.keys() | after.keys()):
        one, other = before.get(fact, NONE), after.get(fact, NONE)
        noun, _, name = fact.partition(" ")
        if is_same(one, other) or _goes_with(fact, before, after):
            continue
        if noun in _MANY and (one is NONE or other is NONE):
            groups.setdefault(f"{noun}s {'removed' if other is NONE else 'added'}", []).append(name)
        else:
            changed += [f"{_inside(fact, path)}: {change}" for path, change in parts(one, other, noun == "field")]
    named = [f"{group}: {', '.join(names[:MOST])}{more(names)}" for group, names in sorted(groups.items())]
    return *named, *changed[:MOST], *([more(changed).strip()] if len(changed) > MOST else [])


_MANY = ("field", "processor", "option")


def _goes_with(fact: str, before: Facts, after: Facts) -> bool:
    """Whether it is an option of a processor that is itself more or less."""
    processor = f"processor {fact.partition(' of ')[2]}"
    return fact.startswith("option ") and (processor in before) != (processor in after)


def _inside(fact: str, path: str) -> str:
    """The name of a part of a fact: of the option `params of a` it is `params.org of a`."""
    name, of, tag = fact.partition(" of ")
    return f"{name}{path}{of}{tag}"


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
            facts |= {f"{key} {name}": each for name, each in value.items()} or {f"{key} ": ""}
        else:
            facts[f"its {key}"] = value
    return facts


def setting_facts(settings: Mapping[str, Any]) -> Facts:
    """Of flat settings."""
    return {f"setting {name}": value for name, value in settings.items()}


def mapping_facts(mapping: Mapping[str, Any]) -> Facts:
    """Of an index mapping: each field's type and parameters."""
    facts = {f"mapping {key}": value for key, value in mapping.items() if key != "properties"}
    return facts | dict(_fields(mapping.get("properties", {}), ""))


def _fields(properties: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Body]]:
    for key, body in properties.items():
        name = f"{prefix}{key}"
        said = {each: value for each, value in body.items() if each != "properties"}
        if said.keys() - {"type"} or "properties" not in body:
            yield f"field {name}", {"type": "object"} | said
        yield from _fields(body.get("properties", {}), f"{name}.")


def _processor_facts(processors: list[Body], on_failure: bool) -> Facts:
    """Each option of each processor by its tag, the place of one without."""
    facts: Facts = {}
    for number, processor in enumerate(processors, start=1):
        for kind, options in processor.items():
            tag = f"{'on_failure ' if on_failure else ''}{options.get('tag') or f'{kind} ({number})'}"
            facts[f"processor {tag}"] = kind
            facts |= {f"option {name} of {tag}": value for name, value in options.items() if name != "tag"}
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
            yield f"{prefix}{key}", [text_of(each) for each in value]
        else:
            yield f"{prefix}{key}", None if value is None else text_of(value)
