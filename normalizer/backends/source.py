"""What back ends that write source code share: lines, names for variables, and which rules give the same value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from normalizer.language.conversions import TEXT_TYPES
from normalizer.language.plan import Each, Value


class Source:
    """Collects indented lines. A block of a language with braces ends in `}`."""

    def __init__(self, indent: str = "    ", end: str = "") -> None:
        self.lines: list[str] = []
        self._indent, self._end = indent, end
        self._depth = 0

    def add(self, line: str) -> None:
        """One line at the present depth."""
        self.lines.append(self._indent * self._depth + line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """A line that opens a block, and what follows inside it."""
        self.add(head)
        self._depth += 1
        yield
        self._depth -= 1
        if self._end:
            self.add(self._end)


class Names:
    """Readable names, each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def new(self, prefix: str, text: str) -> str:
        """A name like `prefix_text` that nothing has yet."""
        wanted = f"{prefix}_{re.sub(r'[^A-Za-z0-9]+', '_', text).strip('_')}"
        name, count = wanted, 1
        while name in self._given:
            count += 1
            name = f"{wanted}_{count}"
        self._given.add(name)
        return name


def same(rule: Value | Each, keys: tuple[str, ...] = ()) -> object:
    """What two rules share that give the same value, wherever they put it.

    `keys` are the names below a flattened list of objects, whose values go in as they are.
    """
    if isinstance(rule, Each):
        return rule
    kind = "keyword" if rule.destination.type in TEXT_TYPES else rule.destination.type
    field = kind, rule.destination.array, keys, type(rule.default)  # True == 1
    return rule.paths, rule.collect, rule.ignore, rule.steps, rule.table, rule.default, field
