"""What is changed in the declarations of custom fields, and no document shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from normalizer.authoring.diff.model import Change, Said
from normalizer.ecs import Field
from normalizer.errors import Place
from normalizer.language import Each, Mappings, Plan


def declarations(old: Mappings, new: Mappings) -> Iterator[Change]:
    """Changes of custom fields. What a mapping writes on either side is compared by its rules, but for words."""
    used = written_by(old.plans) | written_by(new.plans)
    for name in sorted(old.declared.keys() | new.declared.keys()):
        places = _places(old, name), _places(new, name)
        for kind, before, after in _differences(old.fields.get(name), new.fields.get(name), name in used):
            yield Change(kind, name, before, after, (), False, *places)


def _differences(before: Field | None, after: Field | None, used: bool) -> Iterator[tuple[str, Said, Said]]:
    if before is None or after is None:
        if not used:
            yield "declaration-added" if before is None else "declaration-removed", _type(before), _type(after)
        return
    if before.description != after.description:
        yield "description-changed", before.description, after.description
    if {*before.values} != {*after.values}:
        yield "allowed-values-changed", before.values or None, after.values or None
    if _type(before) != _type(after) and not used:
        yield "declaration-changed", _type(before), _type(after)


def _places(side: Mappings, name: str) -> tuple[Place, ...]:
    return (side.declared[name],) if name in side.declared else ()


def written_by(plans: Iterable[Plan]) -> set[str]:
    """The fields that Plans write, also those within lists of objects."""
    found = set()
    for plan in plans:
        for rule in plan.rules:
            found.add(rule.destination.name)
            if isinstance(rule, Each):
                found |= {inner.destination.name for inner in rule.fields}
    return found


def _type(field: Field | None) -> str | None:
    if field is None:
        return None
    return f"list of {field.type}" if field.array else field.type
