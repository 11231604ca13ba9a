"""All fields that a mapping can write: ECS's, and those that `_custom_fields.yml` declares."""

from __future__ import annotations

from collections.abc import Mapping

from normalizer import ecs
from normalizer.ecs import Field
from normalizer.language.advice import choices, did_you_mean
from normalizer.language.conversions import TYPES
from normalizer.language.notes import Notes
from normalizer.language.reader import Block, Node, Scalar, Sequence

FILE = "_custom_fields.yml"
_TYPES = (*TYPES, "object")
_KEYS = ("type", "description", "array", "values")
_IGNORE_ABOVE = 1024


def custom_fields(tree: Node | None, notes: Notes) -> dict[str, Field]:
    """The fields that the file declares, by name; mistakes go into the notes."""
    if tree is None:
        return {}
    if not isinstance(tree, Block):
        notes.add(tree.place, f"{FILE} is a block of `name: {{type: …, description: …}}` lines, and this is {tree.what}")
        return {}
    declared = {}
    for key, node in tree.entries:
        name = str(key.value)
        if not all(part and part == part.strip() for part in name.split(".")):
            notes.add(key.place, f'"{name}" is no field name; write names joined by single dots')
        elif not isinstance(node, Block):
            notes.add(node.place, f'"{name}" is declared as {{type: …, description: …}}, and this is {node.what}')
        elif (declared_field := _field(name, key, node, notes)) is not None:
            declared[name] = declared_field
    return declared


def _field(name: str, key: Scalar, node: Block, notes: Notes) -> Field | None:
    before = len(notes.findings)
    for other, _ in node.entries:
        if other.value not in _KEYS:
            advice = did_you_mean(str(other.value), _KEYS) or f"; it can have {choices(_KEYS)}"
            notes.add(other.place, f'a custom field has no key "{other.value}"{advice}')
    kind, description, array, values = (node.get(each) for each in _KEYS)
    for word, value in (("type", kind), ("description", description)):
        if value is None:
            if word not in node.dropped and all(other.value in _KEYS for other, _ in node.entries):
                notes.add(key.place, f'"{name}" has no `{word}`; every custom field needs `type` and `description`')
        elif not isinstance(value, Scalar) or not isinstance(value.value, str) or not value.value.strip():
            notes.add(value.place, f"`{word}` must be a text, and this is {value.what}")
    if isinstance(kind, Scalar) and isinstance(kind.value, str) and kind.value not in _TYPES:
        advice = did_you_mean(kind.value, _TYPES) or f"; write {choices(_TYPES)}"
        notes.add(kind.place, f'"{kind.value}" is no type that a mapping can write{advice}')
    if array is not None and not (isinstance(array, Scalar) and isinstance(array.value, bool)):
        notes.add(array.place, f"`array` must be true or false, and this is {array.what}")
    allowed: list[str] = []
    if values is not None:
        if not isinstance(values, Sequence):
            notes.add(values.place, f"`values` must be a list of texts, and this is {values.what}")
        else:
            for item in values.items:
                if isinstance(item, Scalar) and isinstance(item.value, str):
                    allowed.append(item.value)
                else:
                    notes.add(item.place, f"`values` holds texts, and this is {item.what}; quote it where it is meant as text")
    if len(notes.findings) > before or not isinstance(kind, Scalar) or not isinstance(description, Scalar):
        return None
    return Field(
        name=name,
        type=str(kind.value),
        array=isinstance(array, Scalar) and array.value is True,
        values=tuple(allowed),
        ignore_above=_IGNORE_ABOVE if kind.value in ("keyword", "wildcard", "flattened") else None,
        level="custom",
        description=str(description.value),
        ours=True,
    )


def all_fields(custom: Mapping[str, Field]) -> dict[str, Field]:
    """ECS's fields and the declared ones; ECS wins where both have a name."""
    return {**custom, **ecs.fields()}
