"""Lines of generated Python, and names for its variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager


class Source:
    """Collects indented lines."""

    def __init__(self, depth: int = 0) -> None:
        self.lines: list[str] = []
        self._depth = depth

    def add(self, line: str) -> None:
        """One line at the present depth."""
        self.lines.append("    " * self._depth + line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """A line that opens a block, and what follows inside it."""
        self.add(head)
        self._depth += 1
        yield
        self._depth -= 1


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


def where(static: tuple[str, ...], base: str = "") -> str:
    """The expression of a place in the event: a tuple, after a base that is known only at run time."""
    own = f"({', '.join(map(repr, static))}{',' if len(static) == 1 else ''})"
    if not base:
        return own
    return f"{base} + {own}" if static else base
