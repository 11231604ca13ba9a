"""Sigma's YAML as nodes, which keep their places. Nothing is built of them, so that aliases cannot multiply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import yaml

from normalizer.authoring.detections.gathering import in_one_line
from normalizer.authoring.detections.model import NotUnderstood
from normalizer.errors import Place

if TYPE_CHECKING:
    _Loader = yaml.SafeLoader
else:
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Node = Any
"""PyYAML's; None where something is absent."""

_MAX_DEPTH = 50


class Damaged(Exception):
    """The text is no YAML, or nests too deep: at a line and a column, from 1."""

    def __init__(self, why: str, mark: Any) -> None:
        super().__init__(why)
        self.why = why
        self.line: int = mark.line + 1 if mark else 1
        self.column: int = mark.column + 1 if mark else 1


def documents(text: str) -> list[Node]:
    """The documents of a file that are blocks of keys; raises Damaged."""
    try:
        _measure(text)
        return [each for each in yaml.compose_all(text, Loader=_Loader) if isinstance(each, yaml.MappingNode)]
    except yaml.MarkedYAMLError as error:
        said = in_one_line(" ".join(filter(None, (error.context, error.problem))))
        raise Damaged(f"the file is no YAML: {said}", error.problem_mark or error.context_mark) from error
    except yaml.YAMLError as error:
        raise Damaged(f"the file is no YAML: {in_one_line(str(error))}", None) from error


def _measure(text: str) -> None:
    """Refuse what nests too deep before nodes are made of it: the composer would use up the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise Damaged(f"the file nests more than {_MAX_DEPTH} levels deep", event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def place(node: Node, file: str) -> Place:
    """Where a node stands."""
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)


def entries(node: Node) -> Iterator[tuple[str, Node, Node]]:
    """The keys of a block as texts, with the nodes of key and value; of anything else none."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield str(key.value), key, value


def get(node: Node, name: str) -> Node:
    """The value of a key, or None."""
    return next((value for key, _, value in entries(node) if key == name), None)


def is_block(node: Node) -> bool:
    """Whether a node is a block of keys."""
    return isinstance(node, yaml.MappingNode)


def items(node: Node) -> list[Node]:
    """The items of a list, or one node as the list of it; nothing of an absent one."""
    if node is None:
        return []
    return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]


def text(node: Node) -> str | None:
    """A scalar's text; None for null. Raises NotUnderstood for what is no scalar."""
    if not isinstance(node, yaml.ScalarNode):
        raise NotUnderstood("something nests where a value should stand")
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return node.value.lower() if node.tag == "tag:yaml.org,2002:bool" else str(node.value)


def texts(node: Node) -> list[str]:
    """The texts of a list or of one scalar; what is none is passed over."""
    return [str(each.value) for each in items(node) if isinstance(each, yaml.ScalarNode)]
