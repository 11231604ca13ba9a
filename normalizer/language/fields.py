"""All fields that a mapping can write: ECS's, and those that `_custom_fields.yml` declares."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from normalizer import ecs
from normalizer.ecs import Field
from normalizer.errors import Place
from normalizer.language.advice import a, choices, did_you_mean
from normalizer.language.conversions import TEXT_TYPES, TYPES
from normalizer.language.notes import Notes
from normalizer.language.reader import Block, Node, Scalar, Sequence

FILE = "_custom_fields.yml"
_TYPES = (*TYPES, "object")
_KEYS = ("type", "description", "array", "values")
_NAME = re.compile(r"[A-Za-z0-9@-][A-Za-z0-9_@-]*(\.[A-Za-z0-9_@-]+)*").fullmatch
_IGNORE_ABOVE = 1024


@dataclass(frozen=True, slots=True)
class Declared:
    """The fields that a folder declares, or has of others; `places` are those of its own.

    `broken` are names whose declaration holds a mistake, which is noted. Where the file cannot be read, any name could
    be in it.
    """

    fields: dict[str, Field] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    readable: bool = True
    places: dict[str, Place] = field(default_factory=dict)

    def doubtful(self, name: str) -> bool:
        """Whether a name that is no field may be one once the file is mended."""
        return not self.readable or name in self.broken


def custom_fields(tree: Node | None, others: Mapping[str, Field], notes: Notes) -> Declared:
    """The fields that the file declares, beside those of others; mistakes go into the notes."""
    if tree is None:
        return Declared({**others}, readable=False)
    if not isinstance(tree, Block):
        notes.add(
            tree.place,
            f"{FILE} is a block of `name: {{type: …, description: …}}` lines, and this is {tree.what}; write such "
            "lines",
        )
        return Declared({**others}, readable=False)
    declared = {**others}
    for key, node in tree.entries:
        name = str(key.value)
        if (why := _wrong_name(name)) is not None:
            notes.add(key.place, why)
        elif not isinstance(node, Block):
            notes.add(
                node.place, f'"{name}" is declared as {{type: …, description: …}}, and this is {node.what}; write that'
            )
        elif (declared_field := _field(name, key, node, notes)) is not None:
            if name not in others or _extends(others[name], declared_field):
                declared[name] = declared_field
            else:
                advice = "remove the line"
                if others[name].values:
                    advice += f", or let `values` list the package's ({', '.join(others[name].values)}) and yours"
                notes.add(key.place, f'"{name}" is declared by the package already; {advice}')
    places = {str(key.value): key.place for key, _ in tree.entries}
    for name in places.keys() & declared.keys() - others.keys():
        above = next((each for each in _parents(name) if each in declared and declared[each].type != "object"), None)
        if above is not None:
            del declared[name]
            what = f'"{above}", which is {a(declared[above].type)} field'
            notes.add(places[name], f'"{name}" lies below {what} and holds all below it itself; remove one of the two')
    own = {name: place for name, place in places.items() if name in declared and declared[name] != others.get(name)}
    return Declared(declared, frozenset({*places, *tree.dropped} - declared.keys()), places=own)


def _extends(known: Field, further: Field) -> bool:
    """Whether a declaration only allows more values than the one before."""
    return (
        bool(known.values)
        and {*known.values} < {*further.values}
        and (known.type, known.array) == (further.type, further.array)
    )


def _wrong_name(name: str) -> str | None:
    """Why a custom field cannot have a name."""
    known = ecs.fields()
    if name.startswith("_"):
        return f'"{name}" cannot be a field: names that begin with _ are the server\'s own; choose another'
    if not _NAME(name):
        return f'"{name}" is no field name; write letters, digits, _, - and @, in parts joined by single dots'
    if name in known:
        return f'"{name}" is a field of ECS already; remove the line'
    above = next(
        (each for each in _parents(name) if each in known and known[each].type not in ("object", "nested")), None
    )
    if above is not None:
        return f'"{name}" lies below "{above}", a field of ECS that holds a value; choose another name'
    if (below := _first_below(name)) is not None:
        return f'"{name}" is an object of ECS, which holds "{below}"; choose another name'
    return None


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _first_below(name: str) -> str | None:
    """ECS's first field below a name."""
    names = [*ecs.fields()]  # sorted, a test of the facts says
    at = bisect_left(names, f"{name}.")
    return names[at] if at < len(names) and names[at].startswith(f"{name}.") else None


def _field(name: str, key: Scalar, node: Block, notes: Notes) -> Field | None:
    before = len(notes.findings)
    unknown = [other for other, _ in node.entries if other.value not in _KEYS]
    if unknown and all(isinstance(inner, Block) for _, inner in node.entries):
        below = unknown[0]
        notes.add(below.place, f'names are written whole; write "{name}.{below.shown}: {{type: …, description: …}}"')
        return None
    for other in unknown:
        advice = did_you_mean(str(other.value), _KEYS) or f"; it can have {choices(_KEYS)}"
        notes.add(other.place, f'a custom field has no key "{other.shown}"{advice}')
    kind, description, array, values = (node.get(each) for each in _KEYS)
    for word, value in (("type", kind), ("description", description)):
        if value is None:
            if word not in node.dropped and not unknown:
                notes.add(key.place, f'"{name}" has no `{word}`; every custom field needs `type` and `description`')
        elif not isinstance(value, Scalar) or not isinstance(value.value, str) or not value.value.strip():
            notes.add(value.place, f"`{word}` must be a text, and this is {value.what}; write a text")
        elif word == "type" and value.value not in _TYPES:
            advice = did_you_mean(value.value, _TYPES) or f"; write {choices(_TYPES)}"
            notes.add(value.place, f'"{value.shown}" is no type that a mapping can write{advice}')
    is_array = isinstance(array, Scalar) and array.value is True
    if array is not None and not (isinstance(array, Scalar) and isinstance(array.value, bool)):
        notes.add(array.place, f"`array` must be true or false, and this is {array.what}; write true, or remove it")
    elif (
        isinstance(kind, Scalar)
        and kind.value == "object"
        and not is_array
        and not unknown
        and "array" not in node.dropped
    ):
        notes.add(
            kind.place,
            "an object is filled as a list, by `each`; add array: true, or declare the fields below it alone",
        )
    allowed = _values(values, kind, notes)
    if (
        len(notes.findings) > before
        or node.dropped
        or not isinstance(kind, Scalar)
        or not isinstance(description, Scalar)
    ):
        return None
    return Field(
        name=name,
        type=str(kind.value),
        array=is_array,
        values=allowed,
        ignore_above=_IGNORE_ABOVE if kind.value in ("keyword", "wildcard", "flattened") else None,
        level="custom",
        description=str(description.value),
        ours=True,
    )


def _values(node: Node | None, kind: Node | None, notes: Notes) -> tuple[str, ...]:
    """The values that a custom field allows; none where any is."""
    if node is None:
        return ()
    if isinstance(kind, Scalar) and kind.value in _TYPES and kind.value not in TEXT_TYPES:
        notes.add(node.place, f"`values` lists texts, and the field's type is {kind.value}; remove it")
    elif not isinstance(node, Sequence):
        shown = node.shown if isinstance(node, Scalar) else "…"
        notes.add(node.place, f"`values` must be a list of texts, and this is {node.what}; write [{shown}]")
    elif not node.items and node.whole:
        notes.add(node.place, "the list of `values` is empty; write those that are allowed, or remove it where all are")
    allowed = []
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar) and isinstance(item.value, str) and item.value:
            allowed.append(item.value)
        else:
            notes.add(item.place, f"`values` holds texts, and this is {item.what}; quote it where it is meant as text")
    return tuple(allowed)


class AllFields(Mapping[str, Field]):
    """ECS's fields and the declared ones; no name is in both."""

    def __init__(self, custom: Mapping[str, Field]) -> None:
        self._ecs, self._custom = ecs.fields(), custom

    def __getitem__(self, name: str) -> Field:
        return self._custom[name] if name in self._custom else self._ecs[name]

    def __contains__(self, name: object) -> bool:
        return name in self._custom or name in self._ecs

    def __iter__(self) -> Iterator[str]:
        return chain(self._ecs, self._custom)

    def __len__(self) -> int:
        return len(self._ecs) + len(self._custom)
