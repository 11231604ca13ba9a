"""What EQL and ES|QL write alike: how conditions are joined, compared and negated, and what they are made of."""

from __future__ import annotations

from typing import Any

from lark import Token, Transformer, v_args

from normalizer.authoring.detections import operands, trees
from normalizer.authoring.detections.operands import Operand, Part
from normalizer.authoring.detections.trees import Tree


@v_args(inline=True)
class Expressions(Transformer[Token, Any]):
    """The rules of both grammars that have the same names and mean the same."""

    def either(self, *parts: Part) -> Tree:
        """Conditions joined by `or`."""
        return operands.reads(*parts)

    both = either

    def negated(self, condition: Part) -> Tree:
        """A condition after `not`."""
        return trees.negation(operands.reads(condition))

    def comparison(self, left: Part, operator: Token, right: Part) -> Tree:
        """Two sides and what stands between them."""
        return operands.compared(left, str(operator), right)

    def total(self, *parts: Part) -> Operand:
        """Parts that are added, or multiplied: the fields in them are read."""
        return operands.made_of(0, *parts)

    product = total

    def computed(self, part: Part) -> Operand:
        """A part with its sign."""
        return operands.minus(part)

    def text(self, token: Token) -> Operand:
        """A literal in quotes."""
        return Operand(token.start_pos or 0, text=operands.unquoted(token))

    def number(self, token: Token) -> Operand:
        """A number, as it is written."""
        return Operand(token.start_pos or 0, text=str(token))

    def null(self, token: Token) -> Operand:
        """The word for nothing."""
        return Operand(token.start_pos or 0, null=True)
