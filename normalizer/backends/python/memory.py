"""What the quick way remembers: ready JSON of the parts of documents that repeat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from normalizer.backends.python.library import Problems


class GivesUp(Exception):
    """The quick way is not sure; the plain way decides."""


class Memory:
    """What the quick way remembers, and whether that is worth it.

    Where events repeat little, misses cost more than hits save. The misses of `WATCH` events are counted; when an event
    had more than `MOST_MISSES` on average, nothing is remembered for the next `REST` events.
    """

    WATCH: Final = 1024
    REST: Final = 16 * 1024
    MOST_MISSES: Final = 2.5

    def __init__(self) -> None:
        self.memos: dict[object, Memo] = {}
        self.on = True
        self.misses = 0
        self.left = self.WATCH

    def review(self) -> None:
        """Look back at the events that were counted, and decide about those to come."""
        self.on = not self.on or self.misses <= self.MOST_MISSES * self.WATCH
        self.misses = 0
        self.left = self.WATCH if self.on else self.REST


class Memo:
    """Ready JSON of the parts of documents that one object of the event determines, where such objects repeat.

    The key is the object's own JSON: nothing else tells 1, 1.0 and true apart as cheaply. What has a check in `valid`
    enters as ready JSON, when it obeys the schema, so that the document need not be checked there again; the others are
    plain values and are checked with the document.
    """

    MOST_BYTES: Final = 1024 * 1024
    """So much JSON one memo holds; then it begins anew. Four times as much makes nothing faster, and grows for long."""
    LARGE: Final = 4096
    """An object with more bytes is not remembered: large ones hardly repeat."""

    def __init__(
        self,
        memory: Memory,
        make: Callable[[Any, Problems], tuple[Any, ...] | None],
        valid: Sequence[Callable[[Any], bool] | None],
    ) -> None:
        self._memory, self._make, self._valid = memory, make, valid
        self._known: dict[bytes, tuple[Any, ...]] = {}
        self._bytes = 0

    def __call__(self, value: Any, problems: Problems) -> tuple[Any, ...]:
        """The parts. Raises GivesUp where one has a problem or breaks the schema."""
        key = orjson.dumps(value)
        known = self._known.get(key)
        if known is not None:
            return known
        self._memory.misses += 1
        parts = self._make(value, problems)
        if parts is None or problems:
            raise GivesUp
        ready = []
        size = len(key)
        for part, valid in zip(parts, self._valid, strict=True):
            if part is None or valid is None:
                ready.append(part)
            elif valid(part):
                text = _copy(orjson.dumps(part))
                size += len(text)
                ready.append(orjson.Fragment(text))
            else:
                raise GivesUp
        if len(key) <= self.LARGE:
            self._remember(_copy(key), tuple(ready), size)
        return tuple(ready)

    def _remember(self, key: bytes, ready: tuple[Any, ...], size: int) -> None:
        self._bytes += size
        if self._bytes > self.MOST_BYTES:
            self._known.clear()
            self._bytes = size
        self._known[key] = ready


def _copy(text: bytes) -> bytes:
    """The same bytes in no more memory than they need: orjson's keep the large buffer that they were written into."""
    return bytes(memoryview(text))
