"""The document to come, as generated code sees it: objects inside objects, and what is put under their keys."""

from __future__ import annotations

from dataclasses import dataclass, field

from normalizer.backends.python.values import Put


@dataclass
class Node:
    """One object of the document: what stands under its keys."""

    children: dict[str, Node | Leaf] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is put under a key: a constant's name, a rule's value, a part that a call has given."""

    what: str
    constant: bool = False
    ready: bool = False
    identity: object = None


@dataclass(frozen=True, slots=True)
class Object:
    """An object in code: its variable, and whether it is there in every document."""

    variable: str
    always: bool
    ready: tuple[str, ...] = ()

    @property
    def there(self) -> str:
        """The condition under which it is part of the document: something is in it, or ready JSON will be."""
        return " or ".join([self.variable, *(f"{part} is not None" for part in self.ready)])


def put(variable: str, key: str) -> Put:
    """Puts a value under a key of an object."""
    return lambda expression: f"{variable}[{key!r}] = {expression}"


def assign(variable: str) -> Put:
    """Puts a value into a variable."""
    return lambda expression: f"{variable} = {expression}"


def insert(root: Node, name: str, leaf: Leaf) -> None:
    """Put a leaf under a name with dots."""
    *above, last = name.split(".")
    node = root
    for key in above:
        child = node.children.setdefault(key, Node())
        assert isinstance(child, Node)
        node = child
    node.children[last] = leaf


def shape(node: Node) -> object:
    """What two equal objects share."""
    return tuple((key, shape(child) if isinstance(child, Node) else child) for key, child in node.children.items())
