"""Tables: flat look-ups from text to text, one file each in `tables/`."""

from __future__ import annotations

from normalizer.language.notes import Notes
from normalizer.language.plan import Table
from normalizer.language.reader import Block, Node, Scalar


def table(name: str, tree: Node | None, notes: Notes) -> Table | None:
    """The table that a file holds; None where it holds a mistake (noted)."""
    if tree is None:
        return None
    if not isinstance(tree, Block):
        notes.add(tree.place, f"a table is a block of `text: text` lines, and this is {tree.what}")
        return None
    good = True
    entries = []
    for key, node in tree.entries:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            entries.append((str(key.value), node.value))
        else:
            good = False
            notes.add(node.place, f"a table maps text to text, and this is {node.what}; quote it where it is meant as text")
    return Table(tuple(sorted(entries)), name) if good else None
