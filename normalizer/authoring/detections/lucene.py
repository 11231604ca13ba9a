"""Lucene's query syntax: Kibana's other search language, and `query_string` in filters."""

from __future__ import annotations

import re
from typing import Any

from lark import Token, Transformer, v_args

from normalizer.authoring.detections import patterns, trees
from normalizer.authoring.detections.model import Bound
from normalizer.authoring.detections.parsing import grammar, parse
from normalizer.authoring.detections.trees import Group, Leaf, Tree

_EXISTS = "_exists_"
_PIECE = re.compile(r"\\([\s\S])|([*?])|([^\\])")
_ESCAPED = re.compile(r"\\([\s\S])")


def read(query: str) -> Tree:
    """The conditions of a query; raises NotUnderstood."""
    tree: Tree = parse(grammar("lucene", _Reader), query, "Lucene query")
    return tree


def _pattern(word: str) -> str:
    """What a word matches."""
    return "".join(patterns.literal(escaped or char) or wild for escaped, wild, char in _PIECE.findall(word))


def _leaf(pattern: str, token: Token) -> Leaf:
    return Leaf(None, None if pattern == "*" else (pattern,), token.start_pos or 0)


@v_args(inline=True)
class _Reader(Transformer[Token, Any]):
    def start(self, tree: Tree) -> Tree:
        return tree

    def clauses(self, *parts: Tree | None) -> Tree:
        return trees.joined(part for part in parts if part is not None)

    def joint(self, _: Token) -> None:
        return None

    def plain(self, tree: Tree) -> Tree:
        return tree

    def negated(self, _: Token, tree: Tree) -> Tree:
        return trees.negation(tree)

    def compared(self, name: Token, values: Tree) -> Tree:
        if name == _EXISTS and isinstance(values, Leaf) and values.values is not None:
            return Leaf(patterns.shown(values.values[0]), None, name.start_pos or 0)
        return Group((values,), field=_ESCAPED.sub(r"\1", name))  # wildcards in names are written \*

    def tuned(self, tree: Tree, *signs: Token) -> Tree:
        """A word with ~ is found by what resembles it; a boost changes nothing, and in quotes ~ is about distance."""
        fuzzy = any(sign.startswith("~") for sign in signs)
        return Leaf(None, None, tree.offset) if fuzzy and isinstance(tree, Leaf) and not tree.negated else tree

    def word(self, token: Token) -> Leaf:
        return _leaf(_pattern(token), token)

    def quoted(self, token: Token) -> Leaf:
        return _leaf(patterns.literal(_ESCAPED.sub(r"\1", token[1:-1])), token)

    def expression(self, token: Token) -> Leaf:
        return trees.matching(None, token[1:-1].replace("\\/", "/"), token.start_pos or 0)

    def range(self, operator: Token, limit: Token) -> Leaf:
        return Leaf(None, None, operator.start_pos or 0, bounds=(Bound(str(operator), _limit(limit)),))

    def interval(self, opened: Token, low: Token, _: Token, high: Token, closed: Token) -> Leaf:
        sides = ((">=" if opened == "[" else ">", low), ("<=" if closed == "]" else "<", high))
        bounds = tuple(Bound(operator, _limit(limit)) for operator, limit in sides if limit != "*")
        return Leaf(None, None, opened.start_pos or 0, bounds=bounds)


def _limit(token: Token) -> str:
    return token[1:-1] if token.type == "QUOTED" else str(token)
