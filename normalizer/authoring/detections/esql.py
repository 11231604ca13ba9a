"""ES|QL: which fields of the index its commands read. Names that a command makes are no fields from there on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from lark import Token, v_args

from normalizer.authoring.detections import functions, kql, lucene, operands, trees
from normalizer.authoring.detections.columns import Column, Columns, Field
from normalizer.authoring.detections.expressions import Expressions
from normalizer.authoring.detections.functions import called
from normalizer.authoring.detections.model import NotUnderstood
from normalizer.authoring.detections.operands import Operand, Part
from normalizer.authoring.detections.parsing import grammar, parse
from normalizer.authoring.detections.trees import At, Found, Group, Leaf, Tree
from normalizer.errors import Place

_DISSECTED = re.compile(r"%\{[+&?*]?([^}:>/-][^}:>/-]*)")
_GROKKED = re.compile(r"%\{\w+:([\w.@-]+)(?::\w+)?\}|\(\?<([\w.@-]+)>")
_QUERIES: dict[str, Callable[[str], Tree]] = {"kql": kql.read, "qstr": lucene.read}
_SAME_VALUE = ("to_string", "mv_first", "mv_last", "mv_dedupe")
_WITHOUT_CASE = ("to_lower", "to_upper")


@dataclass(frozen=True, slots=True)
class _Step:
    """One command: what it reads first, then the columns it makes. After `closes` no other column is left."""

    tree: Tree = field(default_factory=lambda: Group(()))
    makes: tuple[Column, ...] = ()
    closes: bool = False
    indices: tuple[str, ...] = ()


def found(query: str, at: At) -> Found:
    """What a query reads; raises NotUnderstood."""
    steps: list[_Step] = parse(_grammar(), query, "ES|QL query")
    columns = Columns()
    parts: list[Found] = []
    for step in steps:
        parts.append(_resolved(step.tree, columns, at))
        for column in step.makes:
            parts.append(_resolved(column.tree, columns, at))
            if not step.closes:
                columns.make(column)
        if step.closes:
            columns.close(step.makes)
    uses = tuple(use for part in parts for use in part.uses)
    return Found(uses, tuple(doubt for part in parts for doubt in part.doubts), steps[0].indices)


def _resolved(tree: Tree, columns: Columns, at: At) -> Found:
    part = trees.found(tree, at)
    return Found(tuple(columns.resolved(part.uses)), part.doubts)


def indices(query: str) -> tuple[str, ...]:
    """The indices of a query, also of one that is not understood as a whole; none where they cannot be told."""
    try:
        steps: list[_Step] = parse(_grammar(), query.partition("|")[0], "ES|QL query")
    except NotUnderstood:
        return ()
    return steps[0].indices


def _grammar() -> Any:
    return grammar("esql", _Reader)


def _name(token: Token) -> str:
    return "*" if token == "*" else str(token).replace("``", "\0").replace("`", "").replace("\0", "`")


@v_args(inline=True)
class _Reader(Expressions):
    def start(self, *steps: _Step) -> list[_Step]:
        return [*steps]

    # commands

    def source(self, *parts: str | None) -> _Step:
        return _Step(indices=tuple(part for part in parts if part is not None))

    def index(self, token: Token) -> str:
        return operands.unquoted(token) if token.type == "TEXT" else str(token)

    def metadata(self, *_: Token) -> None:
        return None

    def where(self, *parts: Part) -> _Step:
        return _Step(operands.reads(*parts))

    sort = where

    def where_joined(self, _: Token, *keys: Part) -> _Step:
        return _Step(operands.reads(*keys))

    def eval(self, *columns: Column) -> _Step:
        return _Step(makes=columns)

    def stats(self, *columns: Column | tuple[Column, ...]) -> _Step:
        flat = (each if isinstance(each, tuple) else (each,) for each in columns)
        return _Step(makes=tuple(column for each in flat for column in each), closes=True)

    def inlinestats(self, *columns: Column | tuple[Column, ...]) -> _Step:
        return replace(self.stats(*columns), closes=False)

    def keep(self, columns: Tree) -> _Step:
        return _Step(columns)

    drop = keep

    def dissect(self, text: Part, pattern: Token, _: None = None) -> _Step:
        return self._taken_apart(text, _DISSECTED.findall(operands.unquoted(pattern)))

    def grok(self, text: Part, *several: Token) -> _Step:
        names = [one or other for each in several for one, other in _GROKKED.findall(operands.unquoted(each))]
        return self._taken_apart(text, names)

    def _taken_apart(self, text: Part, names: list[str]) -> _Step:
        return _Step(operands.reads(text), tuple(Column(name, Group(())) for name in names))

    def enrich(self, _: Token, *parts: Part | Column) -> _Step:
        made = tuple(Column(part.called, Group(())) for part in parts if isinstance(part, Column))
        return _Step(operands.reads(*(part for part in parts if not isinstance(part, Column))), made)

    def change_point(self, *parts: Part | Token) -> _Step:
        made = tuple(Column(_name(part), Group(())) for part in parts if isinstance(part, Token))
        return _Step(operands.reads(*(part for part in parts if not isinstance(part, Token))), made)

    # columns

    def by(self, *columns: Column) -> tuple[Column, ...]:
        return columns

    def counted(self, column: Column, condition: Part | None = None) -> Column:
        tree = column.tree if condition is None else Group((column.tree, operands.reads(condition)))
        return replace(column, tree=tree)

    def unnamed(self, part: Part) -> Column:
        return Column(None, operands.reads(part), _field_of(part))

    def named(self, name: Token, part: Part) -> Column:
        return Column(_name(name), operands.reads(part), _field_of(part))

    def renamed(self, old: Token, new: Token) -> Column:
        return Column(_name(new), Leaf(_name(old), None, old.start_pos or 0), Field(_name(old)))

    def renamed_to(self, new: Token, old: Token) -> Column:
        return self.renamed(old, new)

    def order(self, part: Part) -> Part:
        return part

    def columns(self, *names: Token) -> Tree:
        return trees.joined(Leaf(_name(each), None, each.start_pos or 0) for each in names if each != "*")

    def dissected(self, *_: Token) -> None:
        return None

    # conditions

    def matched(self, left: Part, right: Part) -> Tree:
        return operands.compared(left, "==", right)

    def like(self, left: Part, operator: Token, texts: tuple[str, ...]) -> Tree:
        if operator.lower() == "rlike":
            return operands.expression(left, texts)
        return operands.like(left, texts)  # a backslash stands before * and ? here as in our patterns

    def unlike(self, left: Part, operator: Token, texts: tuple[str, ...]) -> Tree:
        return trees.negation(self.like(left, operator, texts))

    def texts(self, *several: Token) -> tuple[str, ...]:
        return tuple(map(operands.unquoted, several))

    def among(self, left: Part, *values: Part) -> Tree:
        return operands.one_of(left, values)

    def not_among(self, left: Part, *values: Part) -> Tree:
        return trees.negation(self.among(left, *values))

    def is_there(self, part: Part, _: Token) -> Tree:
        return operands.reads(part)

    def is_null(self, part: Part, _: Token) -> Tree:
        return trees.negation(operands.reads(part))

    # what conditions are made of

    def cast(self, part: Part, _: Token) -> Part:
        return part

    def call(self, function: Token, *given: Part | None) -> Part:
        word, offset = function.lower(), function.start_pos or 0
        arguments = tuple(each for each in given if each is not None)
        if word in _SAME_VALUE and len(arguments) == 1:
            return arguments[0]
        if word in _WITHOUT_CASE and len(arguments) == 1:
            return operands.without_case(arguments[0])
        if word in _QUERIES and len(arguments) == 1:
            return _query(_QUERIES[word], arguments[0], offset)
        return called(functions.ESQL, word, arguments, offset)

    def name(self, token: Token) -> Operand:
        return Operand(token.start_pos or 0, field=_name(token))

    def parameter(self, *_: Any) -> Operand:
        return Operand(0)

    def options(self, *_: Any) -> None:
        return None


def _field_of(part: Part) -> Field | None:
    return Field(part.field, part.caseless) if isinstance(part, Operand) and part.field is not None else None


def _query(read: Callable[[str], Tree], argument: Part, offset: int) -> Part:
    """A query in another language, in quotes; all of it stands where its function does."""
    if not isinstance(argument, Operand) or argument.text is None:
        return operands.made_of(offset, argument)
    try:
        tree = read(argument.text)
    except NotUnderstood as error:
        raise NotUnderstood(error.why, offset) from error
    inside = trees.found(tree, lambda _: Place("", 1, 1)).uses
    return trees.joined(
        Leaf(use.field or None, use.values, offset, use.negated, use.caseless, use.bounds) for use in inside
    )
