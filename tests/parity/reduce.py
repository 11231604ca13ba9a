"""A differing event ▶ a small one that differs in the same way: parts are taken out while the difference stays."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.parity.writing import Raw, spelled, written

Differs = Callable[[Sequence[str]], list[bool]]
Place = tuple[str | int, ...]
Change = tuple[Place, Any]
"""A place, and the value to put there; GONE takes it out."""

GONE = object()
_ROUNDS = 200
_AT_ONCE = 100
_LONG = 8


def reduced(text: str, differs: Differs) -> str:
    """The smallest text found for which `differs` holds; the text itself where only that will do."""
    try:
        event = spelled(text)
    except ValueError:
        return text
    if not differs([written(event)])[0]:  # its blanks or escapes matter
        return text
    for _ in range(_ROUNDS):
        smaller = _smaller(event, differs)
        if smaller is None:
            break
        event = smaller
    return written(event)


def _smaller(event: Any, differs: Differs) -> Any:
    """An event with less in it, or None. What can be left out alone is tried together first."""
    changes = list(_changes(event, ()))
    for start in range(0, len(changes), _AT_ONCE):
        tried = changes[start : start + _AT_ONCE]
        good = [
            change
            for change, differing in zip(
                tried, differs([written(_changed(event, [each])) for each in tried]), strict=True
            )
            if differing
        ]
        while good:
            together = _changed(event, good)
            if len(good) == 1 or differs([written(together)])[0]:
                return together
            good = good[: len(good) // 2]
    return None


def _changes(value: Any, place: Place) -> Iterator[Change]:
    """What could be left out, the largest parts first."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    elif isinstance(value, str) and len(value) > 1:
        half = len(value) // 2
        yield place, value[:half]
        yield place, value[half:]
        if len(value) <= _LONG:
            yield from ((place, value[:at] + value[at + 1 :]) for at in range(len(value)))
    elif isinstance(value, Raw) and len(value.text) > 1:
        yield place, Raw("1")
    yield from (((*place, key), GONE) for key, _ in inner)
    for key, each in inner:
        if isinstance(each, (dict, list)) and len(each) == 1 and place:  # one level less
            yield (*place, key), next(iter(each.values())) if isinstance(each, dict) else each[0]
        yield from _changes(each, (*place, key))


def _changed(event: Any, changes: Sequence[Change]) -> Any:
    """The event with these changes; the last come first, so that list indices stay true."""
    new = copy.deepcopy(event)
    for place, value in reversed(changes):
        *above, last = place
        try:
            holder = new
            for key in above:
                holder = holder[key]
            if value is GONE:
                del holder[last]
            else:
                holder[last] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue  # gone already, with what held it
    return new
