"""Literals in mapping files held against the type and the allowed values of their field.

A literal obeys the grammar of the field's type, as the event's values do, and is written in the type's own form: text
for text, a number for a number. What is right here needs no conversion at run time.
"""

from __future__ import annotations

import re
from datetime import datetime
from ipaddress import ip_address

from normalizer.ecs import Field
from normalizer.language.advice import choices, did_you_mean
from normalizer.language.conversions import INTEGER_BITS, whole_range
from normalizer.language.notes import Notes
from normalizer.language.plan import AS_IS
from normalizer.language.plan import Scalar as Plain
from normalizer.language.reader import Node, Scalar, Sequence

_OBJECTS = ("geo_point", "flattened", "object")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,19}").fullmatch
_DATE = re.compile(r"(?:19[7-9]|[2-9][0-9]{2})[0-9]-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z").fullmatch


def constant(node: Node, field: Field, notes: Notes) -> Plain | tuple[Plain, ...] | None:
    """The value that a literal is for a field: one, or a tuple for a list field. None where it is wrong (noted)."""
    if isinstance(node, Sequence):
        return _list(node, field, notes)
    if field.array and isinstance(node, Scalar) and field.type not in _OBJECTS:
        notes.add(node.place, f'"{field.name}" is a list; write [{node.shown}]', "literal")
        return None
    return _scalar(node, field, notes)


def wrong_text(text: str, field: Field) -> str | None:
    """Why a table's text cannot go into the field, as the end of a sentence; None where it can."""
    if field.type in INTEGER_BITS:
        good = _WHOLE(text) and int(text) in _range(field)
        return None if good else f'"{field.name}" takes a whole number of {INTEGER_BITS[field.type]} bits; write one'
    if field.type == "boolean":
        return None if text in ("true", "false") else f'"{field.name}" takes true or false; write one'
    if field.type in _OBJECTS:
        return f'"{field.name}" has the type {field.type}, which no text can fill; remove the table'
    return _grammar(text, field)


def _list(node: Sequence, field: Field, notes: Notes) -> tuple[Plain, ...] | None:
    if not field.array:
        message = f'"{field.name}" holds a single value, and this is a list; write the value alone'
        if len(node.items) == 1 and isinstance(node.items[0], Scalar):
            message += f": {node.items[0].shown}"
        notes.add(node.place, message, "literal")
        return None
    if not node.items and node.whole:
        notes.add(
            node.place, f'the list for "{field.name}" is empty; write at least one value, or remove the line', "literal"
        )
        return None
    values: list[Plain] = []
    for item in node.items:
        value = _scalar(item, field, notes)
        if value is not None and value in values:
            notes.add(item.place, f'"{value}" stands twice in this list; remove one', "literal")
        elif value is not None:
            values.append(value)
    return tuple(values) if node.whole and len(values) == len(node.items) else None


def _scalar(node: Node, field: Field, notes: Notes) -> Plain | None:
    why = _wrong(node, field)
    if why is not None:
        notes.add(node.place, why, "literal")
        return None
    assert isinstance(node, Scalar)
    return node.value


def _wrong(node: Node, field: Field) -> str | None:
    """Why a literal cannot be the field's value, with what to write; None where it can."""
    name = field.name
    if field.type in _OBJECTS:
        return f'"{name}" has the type {field.type}, which no literal can fill; take it from the event in `fields`'
    if not isinstance(node, Scalar):
        return f'"{name}" takes a literal, and this is {node.what}; write one value'
    value = node.value
    if value is None:
        return f'"{name}" is null here, which is never written; write a value, or remove it'
    if value == "":
        return f'"{name}" is an empty text here, which is never written; write a value, or remove it'
    if field.type in INTEGER_BITS:
        return _wrong_number(node, field)
    if field.type == "boolean":
        if isinstance(value, bool):
            return None
        return f'"{name}" takes true or false, and this is {node.what}; write true or false, without quotes'
    if field.type == AS_IS and not isinstance(value, float):
        return None
    if not isinstance(value, str):
        return f'"{name}" takes text, and this is {node.what}; quote it ("{node.shown}")'
    why = _grammar(value, field)
    return None if why is None else f'"{node.shown}" cannot be written: {why}'


def _wrong_number(node: Scalar, field: Field) -> str | None:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int):
        how = "it without quotes" if isinstance(value, str) and _WHOLE(value) else "one, like 1"
        return f'"{field.name}" takes a whole number, and this is {node.what}; write {how}'
    fits = _range(field)
    bits = INTEGER_BITS[field.type]
    return None if value in fits else f'"{field.name}" takes {bits} bits; write {fits[0]} to {fits[-1]}'


def _range(field: Field) -> range:
    low, high = whole_range(field.type)
    return range(low, high + 1)


def _grammar(text: str, field: Field) -> str | None:
    """Why a text breaks the type's grammar or is none of the field's values."""
    if field.type == "date" and not _is_date(text):
        return f'"{field.name}" takes a date; write one like 2026-09-14T06:00:00.000Z'
    if field.type == "ip" and not _is_ip(text):
        return f'"{field.name}" takes an IP address; write one like 192.0.2.1 or 2001:db8::1'
    if field.values and text not in field.values:
        advice = did_you_mean(text, field.values) or "; write one of these"
        return f'"{field.name}" allows only {choices(field.values)}{advice}'
    return None


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return bool(_DATE(text)) and not text.startswith("9999")


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text
