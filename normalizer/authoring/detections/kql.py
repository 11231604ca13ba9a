"""KQL (`kuery`), the language of Kibana's search bar and of most detection rules."""

from __future__ import annotations

import re
from typing import Any

from lark import Token, Transformer, v_args

from normalizer.authoring.detections import patterns, trees
from normalizer.authoring.detections.model import Bound
from normalizer.authoring.detections.parsing import grammar, parse
from normalizer.authoring.detections.trees import Group, Leaf, Tree

_PIECE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(and|or|not)|\\([\s\S])|(\*)|([^\\])", re.IGNORECASE)
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n"}


def read(query: str) -> Tree:
    """The conditions of a query; raises NotUnderstood."""
    tree: Tree = parse(grammar("kql", _Reader), query, "KQL query")
    return tree


def _pattern(token: Token, *, wildcards: bool) -> str:
    """What a word or a quoted text matches; only words have wildcards."""
    text = token[1:-1] if token.type == "QUOTED" else str(token)
    result = []
    for code, keyword, escaped, star, char in _PIECE.findall(text):
        if star and wildcards and token.type == "WORDS":
            result.append("*")
        elif code:
            result.append(patterns.literal(chr(int(code, 16))))
        else:
            result.append(patterns.literal(keyword or _ESCAPES.get(escaped, escaped) or star or char))
    return "".join(result)


@v_args(inline=True)
class _Reader(Transformer[Token, Any]):
    def start(self, tree: Tree | None = None) -> Tree:
        return tree or Group(())

    def either(self, *parts: Any) -> Tree:
        return trees.joined(part for part in parts if not isinstance(part, Token))

    both = either

    def negated(self, _: Token, tree: Tree) -> Tree:
        return trees.negation(tree)

    def nested(self, field: Leaf, tree: Tree) -> Tree:
        return Group((tree,), below=_name(field))

    def compared(self, field: Leaf, values: Tree) -> Tree:
        return Group((values,), field=_name(field))

    def range(self, field: Leaf, operator: Token, value: Leaf) -> Tree:
        limit = "*" if value.values is None else patterns.shown(value.values[0])
        return Leaf(_name(field), None, field.offset, bounds=(Bound(str(operator), limit),))

    def free(self, text: Leaf) -> Tree:
        return text

    def value(self, token: Token) -> Leaf:
        pattern = _pattern(token, wildcards=True)
        return Leaf(None, None if pattern == "*" else (pattern,), token.start_pos or 0)

    text = value


def _name(text: Leaf) -> str:
    """The field that a text is. A name without wildcards is plain; `*` alone is every field."""
    return "*" if text.values is None else patterns.shown(text.values[0])
