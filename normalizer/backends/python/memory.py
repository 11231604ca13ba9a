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

    SIZE: Final = 2048

    def __init__(
        self,
        memory: Memory,
        make: Callable[[Any, Problems], tuple[Any, ...] | None],
        valid: Sequence[Callable[[Any], bool] | None],
    ) -> None:
        self._memory, self._make, self._valid = memory, make, valid
        self._known: dict[bytes, tuple[Any, ...]] = {}

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
        ready = tuple(map(_ready, parts, self._valid))
        if len(self._known) >= self.SIZE:
            self._known.clear()
        self._known[_copy(key)] = ready
        return ready


def _ready(part: Any, valid: Callable[[Any], bool] | None) -> Any:
    if part is None or valid is None:
        return part
    if not valid(part):
        raise GivesUp
    return orjson.Fragment(_copy(orjson.dumps(part)))


def _copy(text: bytes) -> bytes:
    """The same bytes in no more memory than they need: orjson's keep the large buffer that they were written into."""
    return bytes(memoryview(text))
