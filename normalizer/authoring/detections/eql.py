"""EQL: conditions on single events, sequences and samples of them, pipes."""

from __future__ import annotations

import re
from typing import Any

from lark import Token, v_args

from normalizer.authoring.detections import functions, operands, patterns, trees
from normalizer.authoring.detections.expressions import Expressions
from normalizer.authoring.detections.functions import called
from normalizer.authoring.detections.operands import Operand, Part
from normalizer.authoring.detections.parsing import grammar, parse
from normalizer.authoring.detections.trees import Group, Leaf, Tree

CATEGORY = "event.category"
_ANY = ("any", "*")
_INDEX = re.compile(r"\[[0-9]+\]")


def read(query: str) -> Tree:
    """The conditions of a query; raises NotUnderstood."""
    tree: Tree = parse(grammar("eql", _Reader), query, "EQL query")
    return tree


def field_name(written: str) -> str:
    """The name of a field without what EQL and ES|QL allow around and in it."""
    return _INDEX.sub("", written.removeprefix("?")).replace("`", "")


@v_args(inline=True)
class _Reader(Expressions):
    def start(self, *parts: Tree) -> Tree:
        return trees.joined(parts)

    def event(self, category: Token, condition: Part) -> Tree:
        word = operands.unquoted(category) if category.type == "TEXT" else str(category)
        if word in _ANY:
            return operands.reads(condition)
        kind = Leaf(CATEGORY, (patterns.literal(word),), category.start_pos or 0)
        return Group((kind, operands.reads(condition)))

    def sequence(self, *parts: Tree | None) -> Tree:
        return trees.joined(part for part in parts if part is not None)

    sample = term = until = sequence

    def missing(self, event: Tree, keys: Tree | None = None) -> Tree:
        return Group((trees.negation(event), keys or Group(())))

    def keys(self, *parts: Part) -> Tree:
        return operands.reads(*parts)

    def span(self, _: Token) -> None:
        return None

    runs = span

    def pipe(self, _: Token, *parts: Part) -> Tree:
        return operands.reads(*parts)

    def like(self, left: Part, operator: Token, values: tuple[Operand, ...]) -> Tree:
        texts = tuple(each.text or "" for each in values)
        either_case = operator in (":", "like~", "regex~")
        if operator.startswith("regex"):
            return operands.expression(left, texts, caseless=either_case)
        return operands.like(left, tuple(map(operands.wild, texts)), caseless=either_case)

    def unlike(self, left: Part, operator: Token, values: tuple[Operand, ...]) -> Tree:
        return trees.negation(self.like(left, operator, values))

    def among(self, left: Part, operator: Token, *values: Part) -> Tree:
        return operands.one_of(left, values, caseless=operator.endswith("~"))

    def not_among(self, left: Part, operator: Token, *values: Part) -> Tree:
        return trees.negation(self.among(left, operator, *values))

    def constants(self, *values: Operand) -> tuple[Operand, ...]:
        return values

    def name(self, token: Token) -> Operand:
        return Operand(token.start_pos or 0, field=field_name(token))

    def call(self, function: Token, *rest: Any) -> Part:
        either_case = bool(rest) and isinstance(rest[0], Token)
        arguments: tuple[Part, ...] = rest[1:] if either_case else rest
        return called(functions.EQL, function.lower(), arguments, function.start_pos or 0, caseless=either_case)
