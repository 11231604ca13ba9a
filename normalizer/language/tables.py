"""Tables: flat look-ups from text to text, one file each in `tables/`, or written in a rule."""

from __future__ import annotations

from collections.abc import Mapping

from normalizer.ecs import Field
from normalizer.language.advice import did_you_mean, nearest
from normalizer.language.literals import wrong_text
from normalizer.language.notes import Notes
from normalizer.language.plan import Table
from normalizer.language.reader import Block, Node, Scalar

_SHOWN = 3


def table(name: str, tree: Node | None, notes: Notes) -> Table | None:
    """The table that a file holds; None where it holds a mistake (noted)."""
    if tree is None:
        return None
    if not isinstance(tree, Block):
        notes.add(tree.place, f"a table is a block of `text: text` lines, and this is {tree.what}; write such lines")
        return None
    entries = _entries(tree, "a table maps text to text", notes)
    return None if entries is None else _table(tree, entries, name)


def table_of_rule(node: Node, tables: Mapping[str, Table | None], field: Field, notes: Notes) -> Table | None:
    """The table that a rule names or holds, its values fit for the field; None where they are not (noted).

    Also None for a name that is no table, which `is_table` tells, and for a table that is broken, which is None.
    """
    if isinstance(node, Block):
        return _inline(node, field, notes)
    assert isinstance(node, Scalar)
    name = str(node.value)
    table = tables.get(name)
    lines = zip(table.entries, table.places, strict=True) if table else ()
    wrong = [(place, key, value, why) for (key, value), place in lines if (why := wrong_text(value, field))]
    if not wrong:
        return table
    assert table is not None
    slips = len(wrong) < len(table.entries) or all(nearest(value, field.values) for _, _, value, _ in wrong)
    if (slips or node.place.shipped) and not wrong[0][0].shipped:  # it is the right table, with slips in it
        for place, key, value, why in wrong:
            notes.add(place, f'"{value}" is given for "{key}", and {why}', "table")
        return None
    pairs = ", ".join(f'"{value}" for "{key}"' for _, key, value, _ in wrong[:_SHOWN])
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    notes.add(node.place, f'the table "{name}" gives {pairs}{more}, and {wrong[0][3]}', "table")
    return None


def is_table(node: Scalar, tables: Mapping[str, Table | None], notes: Notes) -> bool:
    """Whether there is a table of the name that a rule gives (noted where not)."""
    name = str(node.value)
    if name in tables:
        return True
    plain = name.removeprefix("tables/").removesuffix(".yml")
    advice = did_you_mean(name, tables) or f"; write tables/{plain}.yml, or {{text: value}} here"
    if plain != name and plain in tables:
        advice = f'; write its name alone: "{plain}"'
    notes.add(node.place, f'there is no table "{name}"{advice}')
    return False


def _inline(block: Block, field: Field, notes: Notes) -> Table | None:
    if not block.entries and not block.dropped:
        notes.add(
            block.place, "this `map` is empty, so it never gives a value; write {text: value}, or a constant in `set`"
        )
    entries = _entries(block, "a `map` gives texts", notes)
    good = bool(entries)
    for key, item in block.entries:
        if entries is not None and (why := wrong_text(entries[str(key.value)], field)) is not None:
            notes.add(item.place, f'"{entries[str(key.value)]}" is given for "{key.value}", and {why}', "table")
            good = False
    return _table(block, entries) if good and entries else None


def _table(block: Block, entries: Mapping[str, str], name: str = "") -> Table:
    places = {str(key.value): key.place for key, _ in block.entries}
    return Table(tuple(sorted(entries.items())), name, tuple(places[key] for key in sorted(entries)))


def _entries(block: Block, rule: str, notes: Notes) -> dict[str, str] | None:
    """The texts of a block; None where one of them is a mistake."""
    entries = {}
    for key, node in block.entries:
        if not isinstance(node, Scalar):
            notes.add(node.place, f"{rule}, and this is {node.what}; write one text", "table")
        elif not isinstance(node.value, str):
            notes.add(node.place, f'{rule}, and this is {node.what}; quote it ("{node.shown}")', "table")
        elif not node.value:
            notes.add(
                node.place, f"{rule}, and this is an empty text, which is never written; remove the line", "table"
            )
        else:
            entries[str(key.value)] = node.value
    return entries if len(entries) == len(block.entries) and not block.dropped else None
