"""One event out of an input."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from normalizer.authoring.explain.trace import Trace, Tracer
from normalizer.errors import EventError, NotJSON, SettingsError
from normalizer.inputs import Batch, Unreadable
from normalizer.runtime.decode import decode


@dataclass(frozen=True, slots=True)
class Selected:
    """A candidate event: where it stands, and its number from 1 among all of the input."""

    file: str
    line: int
    number: int
    item: bytes | Unreadable
    own_text: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def trace(self, tracer: Tracer) -> Trace:
        """Its trace. Raises EventError where it gives no document."""
        if isinstance(self.item, Unreadable):
            raise NotJSON(self.item.detail)
        return tracer.trace(self.item, own_text=self.own_text)


def select(batches: Iterable[Batch], wanted: str | None) -> Selected:
    """The first candidate event, or the one with this uuid or number.

    A uuid of digits alone is a number. Raises SettingsError where there is no such event.
    """
    number = 0
    at = 1 if wanted is None else int(wanted) if wanted.isdecimal() and wanted.isascii() else 0
    for batch in batches:
        for item, line in zip(batch.items, batch.lines, strict=True):
            number += 1
            selected = Selected(batch.file, line, number, item, batch.own_text)
            if number == at or (not at and wanted == _uuid(selected)):
                return selected
    if not number:
        raise SettingsError("the input holds no event")
    has = f"the input has {number:,} event{'s' if number > 1 else ''}"
    raise SettingsError(f"there is no event {wanted}; {has}, and --event takes a uuid or a number from 1")


def _uuid(selected: Selected) -> object:
    if isinstance(selected.item, Unreadable):
        return None
    try:
        return decode(selected.item, own_text=selected.own_text)[0].get("uuid")
    except EventError:
        return None
