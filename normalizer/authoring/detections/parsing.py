"""Grammars, read by Lark, and the sentence where one does not accept a query.

Lark's LALR parser takes a time that grows with the query's length alone, and its callbacks run while it reads: neither
long nor deep queries use up the stack.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

from lark import Lark, Transformer
from lark.exceptions import UnexpectedInput, UnexpectedToken

from normalizer.authoring.detections.model import NotUnderstood

MAX_QUERY = 100_000
"""Characters; the longest queries that people write have a few thousand."""

_SHOWN = 30


@cache
def grammar(name: str, callbacks: Callable[[], Transformer[Any, Any]]) -> Lark:
    """The parser of the grammar in `name`.lark; its callbacks make the result."""
    text = Path(__file__).with_name(f"{name}.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", transformer=callbacks(), maybe_placeholders=False)


def parse(parser: Lark, text: str, noun: str, limit: int = MAX_QUERY) -> Any:
    """What the grammar's callbacks make of a text. Raises NotUnderstood with a sentence that calls it by its noun."""
    if len(text) > limit:
        raise NotUnderstood(f"the {noun} is longer than {limit:,} characters")
    try:
        return parser.parse(text)
    except UnexpectedInput as error:
        raise NotUnderstood(*_sentence(error, text, noun)) from error


def _sentence(error: UnexpectedInput, text: str, noun: str) -> tuple[str, int]:
    """Why a text is not accepted, and at which character."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return f"the {noun} ends where something is missing", max(len(text.rstrip()) - 1, 0)
    offset = cast("int", error.pos_in_stream)  # declared as None in the class that all errors share
    rest = text[offset:].split("\n", 1)[0]
    found = rest if len(rest) <= _SHOWN else f"{rest[:_SHOWN]}…"
    return f"the {noun} is not understood from `{found}` on", offset
