"""What a query's grammar makes of it: a small tree of conditions, which becomes uses of fields.

A grammar reads from the inside out, and only the outside tells whether a condition is negated and whose values are
listed. So the parts are kept as a tree until the end; it is walked without recursion, since queries nest as they like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from normalizer.authoring.detections import patterns
from normalizer.authoring.detections.model import Bound, NotUnderstood, Use
from normalizer.errors import Place

At = Callable[[int], Place]
"""From a character of the query to its place in the file."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison. Without a `field` it is of the field around it, or of none.

    `doubt` is a sentence on what of it is not compared.
    """

    field: str | None
    values: tuple[str, ...] | None
    offset: int = 0
    negated: bool = False
    caseless: bool = False
    bounds: tuple[Bound, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by and, or; `field` is that of leaves without one, `below` stands before all their names."""

    parts: tuple[Tree, ...]
    negated: bool = False
    field: str | None = None
    below: str = ""


Tree = Leaf | Group


def negation(tree: Tree) -> Tree:
    """The tree with `not` before it."""
    return Group((tree,), negated=True)


def joined(parts: Iterable[Tree]) -> Tree:
    """Several conditions as one."""
    several = tuple(parts)
    return several[0] if len(several) == 1 else Group(several)


@dataclass(frozen=True, slots=True)
class Found:
    """What a query reads; `doubts` are the places and sentences of what is not compared."""

    uses: tuple[Use, ...]
    doubts: tuple[tuple[Place, str], ...] = ()
    indices: tuple[str, ...] = ()


def found(tree: Tree, at: At) -> Found:
    """The uses that a tree's leaves are, in their order; the values of one list are one use."""
    uses: list[tuple[Use, list[str]]] = []
    doubts = []
    last: tuple[object, ...] = ()
    waiting: list[tuple[Tree, _Around]] = [(tree, _Around())]
    while waiting:
        part, around = waiting.pop()
        if isinstance(part, Group):
            inner = around.inside(part)
            waiting.extend((each, inner) for each in reversed(part.parts))
            continue
        use = around.use(part, at)
        if part.doubt:
            doubts.append((use.place, part.doubt))
        key = (id(around.list), use.negated, use.caseless)
        listed = around.list is not None and part.field is None and part.values is not None
        if listed and key == last:
            uses[-1][1].extend(part.values or ())
        else:
            uses.append((use, [*(part.values or ())]))
        last = key if listed else ()
    whole = (use if use.values is None else replace(use, values=tuple(values)) for use, values in uses)
    return Found(tuple(whole), tuple(doubts))


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a part of the tree; `list` is the group that named the field."""

    negated: bool = False
    field: str = ""
    below: str = ""
    list: Group | None = None

    def inside(self, group: Group) -> _Around:
        return _Around(
            negated=group.negated != self.negated,
            field=self.field if group.field is None else group.field,
            below=f"{self.below}{group.below}." if group.below else self.below,
            list=self.list if group.field is None else group,
        )

    def use(self, leaf: Leaf, at: At) -> Use:
        name = self.field if leaf.field is None else leaf.field
        return Use(
            field=f"{self.below}{name}" if name else "",
            values=leaf.values,
            negated=leaf.negated != self.negated,
            place=at(leaf.offset),
            caseless=leaf.caseless,
            bounds=leaf.bounds,
        )


def matching(
    field: str | None, expression: str, offset: int, *, anywhere: bool = False, caseless: bool = False
) -> Leaf:
    """A comparison with a regular expression; one that cannot be said in patterns is a doubt."""
    try:
        found = patterns.of_expression(expression, anywhere=anywhere)
    except NotUnderstood as error:
        return Leaf(field, None, offset, doubt=error.why)
    return Leaf(field, found, offset, caseless=caseless)
