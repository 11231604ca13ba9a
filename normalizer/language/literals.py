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
from normalizer.language.notes import Notes
from normalizer.language.plan import Scalar as Plain
from normalizer.language.reader import Node, Scalar, Sequence

_BITS = {"long": 64, "integer": 32, "short": 16, "byte": 8}
_WHOLE = re.compile(r"0|-?[1-9][0-9]*").fullmatch
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z").fullmatch


def constant(node: Node, field: Field, notes: Notes) -> Plain | tuple[Plain, ...] | None:
    """The value that a literal is for a field: one, or a tuple for a list field. None where it is wrong (noted)."""
    if isinstance(node, Sequence):
        if not field.array:
            notes.add(node.place, f'"{field.name}" holds a single value, and this is a list; write the value alone', "literal")
            return None
        if not node.items:
            notes.add(node.place, f'the list for "{field.name}" is empty; write at least one value, or remove the line', "literal")
            return None
        values = [_scalar(item, field, notes) for item in node.items]
        good = tuple(value for value in values if value is not None)
        return good if len(good) == len(values) else None
    if field.array and isinstance(node, Scalar):
        shown = node.value if isinstance(node.value, str) else str(node.value).lower()
        notes.add(node.place, f'"{field.name}" is a list; write [{shown}]', "literal")
        return None
    return _scalar(node, field, notes)


def literal_text(text: str, field: Field) -> str | None:
    """Why a table's text cannot go into the field, as the end of a sentence; None where it can."""
    if not text:
        return "an empty text is never written; remove the line"
    if field.type in _BITS:
        if not _WHOLE(text) or not _in_range(int(text), field.type):
            return f'"{field.name}" takes a whole number of {_BITS[field.type]} bits'
        return None
    if field.type == "boolean":
        return None if text in ("true", "false") else f'"{field.name}" takes true or false'
    if field.type in ("geo_point", "flattened", "object"):
        return f'"{field.name}" takes no text'
    return _grammar(text, field)


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
    if not isinstance(node, Scalar):
        return f'"{name}" takes a literal, and this is {node.what}'
    value = node.value
    if value is None:
        return f'"{name}" is null here; write a value, or remove the line (and `remove: [{name}]` takes a parent\'s away)'
    if value == "":
        return f'"{name}" is an empty text here, which is never written; remove the line'
    if field.type in ("geo_point", "flattened", "object"):
        return f'"{name}" has the type {field.type}, which no literal can fill; take it from the event in `fields`'
    if field.type in _BITS:
        if isinstance(value, bool) or not isinstance(value, int):
            return f'"{name}" takes a whole number, and this is {node.what}; write it without quotes'
        return None if _in_range(value, field.type) else f'"{name}" takes {_BITS[field.type]} bits, and {value} is outside'
    if field.type == "boolean":
        return None if isinstance(value, bool) else f'"{name}" takes true or false, and this is {node.what}'
    if not isinstance(value, str):
        shown = str(value).lower() if isinstance(value, bool) else value
        return f'"{name}" takes text, and this is {node.what}; quote it ("{shown}")'
    why = _grammar(value, field)
    return None if why is None else f'"{value}" cannot be written: {why}'


def _grammar(text: str, field: Field) -> str | None:
    """Why a text breaks the type's grammar or is none of the field's values."""
    if field.type == "date" and not _is_date(text):
        return f'"{field.name}" takes a date like 2026-09-14T06:00:00.000Z'
    if field.type == "ip" and not _is_ip(text):
        return f'"{field.name}" takes an IP address'
    if field.values and text not in field.values:
        return f'"{field.name}" allows only {choices(field.values)}{did_you_mean(text, field.values)}'
    return None


def _in_range(value: int, kind: str) -> bool:
    half = 2 ** (_BITS[kind] - 1)
    return -half <= value < half


def _is_date(text: str) -> bool:
    try:
        return _DATE(text) is not None and datetime.fromisoformat(text) is not None
    except ValueError:
        return False


def _is_ip(text: str) -> bool:
    try:
        return ip_address(text) is not None and "%" not in text
    except ValueError:
        return False
