"""Strategies of events: half of them good but for one or two changes, the other half anything, as JSON texts.

Whatever a path leads to can be missing, null, of a wrong type, in a list or without one. Outside the promise, and so
not among them, is what `values` leaves out, and whole numbers beyond 64 bits inside values that are taken as they are.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from normalizer import Mappings
from tests.backends.python.events import GOOD, LEAST, NEEDED, TARGETS, documented, full, put
from tests.backends.python.ways import Event
from tests.parity import values
from tests.parity.writing import STYLES, Style, written

SAMPLES: Final = Path(__file__).resolve().parents[2] / "examples" / "okta-mim.ndjson"
PATHS: Final = tuple(path for path in documented() if path not in NEEDED)
OBJECTS: Final = tuple(path for path in PATHS if documented()[path].type == "object")
AS_IT_IS: Final = (
    "debugContext.debugData", "target.detailEntry", "target.changeDetails.from", "target.changeDetails.to",
    "securityContext.userBehaviors", "device.device_integrator", "request.ipChain",
)  # fmt: skip
"""Paths whose values go into flattened fields, with all that is below them."""
ROOTS: Final = tuple(tuple(path.split(".")) for path in AS_IT_IS)
TARGET_TYPES: Final = (*TARGETS, "UDDevice", "MobileDevice", "AppInstance", "device", "Device ", "", "😀")
UNMAPPED: Final = (
    "mim.x", "mim.command.ios.new.more", "mim.command.ios", "mim.", "mim..", "mim.command.IOS.new", "mim.é", "mim.\0",
    "mim. x", "mim.command.ios.new ", "mim.createEnrollment.ios", 'mim."', "mim.😀" + "x" * 200, "mim.*",
)  # fmt: skip
"""Event types that have no mapping file of their own."""
OUTSIDE: Final = ("user.session.start", "mim", "MIM.command.ios.new", " mim.x", "mimx", "x.mim.y", "*", "\0")
"""Event types that are none of mobile management's: pipelines drop such events."""
BATCH: Final = 100
"""Events of one seed, some of them twice."""

Change = Callable[[st.DrawFn, Event], None]


# ---- what a good value is, by path


@dataclass(frozen=True, slots=True)
class Words:
    """What the mappings know: event types, and keys of tables."""

    types: tuple[str, ...]
    keys: tuple[str, ...]

    @staticmethod
    def of(mappings: Mappings) -> Words:
        """The words of these mappings, sorted."""
        types = sorted({plan.event_type for plan in mappings.plans if not plan.fallback})
        keys = sorted({key for table in mappings.tables.values() for key, _ in table.entries})
        return Words(tuple(types), tuple(keys))


@cache
def fitting(path: str, words: Words) -> values.Strategy:
    """Values of the kind that a path should hold, near misses among them."""
    name = path.rpartition(".")[2]
    if path in AS_IT_IS:
        return values.json_texts() | values.flattened() if name == "device_integrator" else values.flattened()
    match documented()[path].type:
        case "boolean":
            return st.booleans() | st.sampled_from(("true", "false", "True", "unknown", 1, 0))
        case "integer" | "number":
            return values.numbers() | st.integers(0, 100) | st.integers(0, 10**6).map(str)
        case "object":
            return values.points() if name == "geolocation" else values.flattened()
    if name in ("ipAddress", "ip"):
        return values.addresses()
    if name == "alternateId":
        return values.emails() | values.texts()
    if name == "type":
        return st.sampled_from((*TARGET_TYPES, "SystemPrincipal"))
    return st.sampled_from(words.keys) | st.sampled_from(documented()[path].values or ("x",)) | values.texts()


# ---- where events begin


@cache
def _samples() -> tuple[str, ...]:
    return tuple(SAMPLES.read_text(encoding="utf-8").splitlines())


def _some_of_it(mask: int) -> Event:
    """An event with a good value at some documented paths: one for each bit of a number."""
    event = copy.deepcopy(LEAST)
    for bit, path in enumerate(PATHS):
        if mask >> bit & 1:
            fact = documented()[path]
            put(event, path, [copy.deepcopy(GOOD[fact.type])] if fact.list else copy.deepcopy(GOOD[fact.type]))
    return event


@cache
def bases() -> values.Strategy:
    """Events that are good: complete, as Okta writes them, any part of what is documented."""
    samples: values.Strategy = st.sampled_from(_samples()).map(json.loads)
    some: values.Strategy = st.integers(0, 2 ** len(PATHS) - 1).map(_some_of_it)
    return samples | samples | st.builds(full) | some


# ---- changes. Strategies are made once: that takes longer than to draw from them.


@cache
def _paths() -> values.Strategy:
    return st.sampled_from(PATHS)


@cache
def _nothing() -> values.Strategy:
    return st.none() | values.empties() | st.sampled_from(values.PLACEHOLDERS)


@cache
def _anything() -> values.Strategy:
    return values.odd() | st.sampled_from(values.EXAMPLES).map(copy.deepcopy)


def _gone(draw: st.DrawFn, event: Event) -> None:
    """Without a path, if it is there."""
    *above, last = draw(_paths()).split(".")
    for holder in _holders(event, above):
        holder.pop(last, None)


def _null(draw: st.DrawFn, event: Event) -> None:
    put(event, draw(_paths()), draw(_nothing()))


def _odd(draw: st.DrawFn, event: Event) -> None:
    put(event, draw(_paths()), draw(_anything()))


@cache
def _beside() -> values.Strategy:
    return st.lists(values.odd(), max_size=2)


def _wrapped(draw: st.DrawFn, event: Event) -> None:
    """A value in a list, or the first element of a list without it."""
    *above, last = draw(_paths()).split(".")
    beside = draw(_beside())
    for holder in _holders(event, above):
        if last in holder:
            value = holder[last]
            holder[last] = value[0] if isinstance(value, list) and value else [value, *copy.deepcopy(beside)]


@cache
def _unknown() -> values.Strategy:
    return st.tuples(
        st.sampled_from(("", *OBJECTS)),
        values.keys() | st.sampled_from(("other", "Id", "ID")),
        values.odd() | values.flattened(),
    )


def _more(draw: st.DrawFn, event: Event) -> None:
    """A key that nobody knows beside those that are read."""
    path, key, value = draw(_unknown())
    for holder in _holders(event, path.split(".")):
        holder.setdefault(key, copy.deepcopy(value))


def _published(draw: st.DrawFn, event: Event) -> None:
    event["published"] = draw(values.dates())


@cache
def _good_uuids() -> values.Strategy:
    letters = st.text(values.PRINTABLE.strip(), min_size=1, max_size=12)
    return letters | letters.map(lambda text: (text * 512)[:512])


def _uuid(draw: st.DrawFn, event: Event) -> None:
    event["uuid"] = draw(_good_uuids())


@cache
def _target() -> values.Strategy:
    details = st.dictionaries(st.sampled_from(DETAILS), values.texts() | values.odd(), max_size=4)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(TARGET_TYPES) | st.sampled_from((None, 5, True, ["User"], {"a": 1})),
            "id": values.texts() | st.sampled_from(("a", "b", 1)),
            "alternateId": values.emails() | values.texts(),
            "displayName": values.texts(),
            "detailEntry": details | values.flattened(),
            "changeDetails": st.fixed_dictionaries({}, optional={"from": values.flattened(), "to": values.flattened()}),
        },
    )


@cache
def _new_targets() -> values.Strategy:
    none = st.lists(values.odd() | values.empties(), max_size=1)
    return st.tuples(
        st.lists(_target(), max_size=3), none, st.integers(0, 1), st.integers(0, 2**16), st.integers(0, 7), _target()
    )


def _targets(draw: st.DrawFn, event: Event) -> None:
    """Targets of any type, in any order, several times; what is no target between them; one without a list."""
    new, none, again, order, form, only = draw(_new_targets())
    given = event.get("target")
    items = [*(given if isinstance(given, list) else []), *new, *none]
    items += copy.deepcopy(items[:again])
    Random(order).shuffle(items)
    event["target"] = only if form == 7 else items


DETAILS: Final = (
    "serialNumber", "serial_number", "manufacturer", "model", "modelIdentifier", "model_identifier", "osPlatform",
    "os_platform", "platform", "osVersion", "os_version", "udid", "other",
)  # fmt: skip


def _fitting(words: Words, paths: Sequence[str]) -> Change:
    def change(draw: st.DrawFn, event: Event) -> None:
        path = draw(st.sampled_from(paths))
        put(event, path, draw(fitting(path, words)))

    return change


def _not_needed(draw: st.DrawFn, event: Event) -> None:
    """Something wrong with what every event needs."""
    path = draw(st.sampled_from(NEEDED))
    if draw(st.booleans()):
        event.pop(path, None)
    else:
        event[path] = draw(values.wrong_dates() if path == "published" else values.odd())


def _holders(event: Event, path: Sequence[str]) -> list[Event]:
    """The objects that stand at a path, through lists."""
    found = [event]
    for key in filter(None, path):
        inner = [holder.get(key) for holder in found]
        flat = [each for value in inner for each in (value if isinstance(value, list) else [value])]
        found = [each for each in flat if isinstance(each, dict)]
    return found


# ---- whole events


def texts(mappings: Mappings) -> st.SearchStrategy[str]:
    """The JSON texts of events for these mappings."""
    words = Words.of(mappings)
    small: list[Change] = [
        _gone, _null, _more, _published, _uuid, _targets, _wrapped, _odd,
        _fitting(words, PATHS), _fitting(words, PATHS), _fitting(words, PATHS), _fitting(words, AS_IT_IS),
    ]  # fmt: skip
    types = st.sampled_from(words.types)
    types = types | types | types | types | st.sampled_from(UNMAPPED)
    few = st.lists(st.sampled_from(small), min_size=1, max_size=2)
    many = st.lists(st.sampled_from((*small, _odd, _odd, _wrapped)), min_size=2, max_size=9)
    styles = st.sampled_from((STYLES[0], STYLES[0], *STYLES))

    @st.composite
    def text(draw: st.DrawFn) -> str:
        event = draw(bases())
        event["eventType"] = draw(types)
        is_good = draw(st.booleans())
        for change in draw(few if is_good else many):
            change(draw, event)
        match 0 if is_good else draw(st.integers(0, 15)):
            case 15:
                event["eventType"] = draw(st.sampled_from(OUTSIDE))
            case 14:
                _not_needed(draw, event)
        return enveloped(promised(event), draw(st.integers(0, 23)), draw(styles))

    return text()


def enveloped(event: Event, form: int, style: Style) -> str:
    """An event's text, for some numbers in the envelope of a log stream.

    What an envelope holds parsed is written anew, so all of its numbers are as they are taken.
    """
    match form:
        case 23:
            return written({"version": "0", "detail-type": "x", "detail": values.within(event)}, style)
        case 22:
            return written({"time": 1.5, "event": values.within(event)}, style)
        case 21:
            return written({"event": written(event, style), "detail": "x"}, style)
    return written(event, style)


def generated(strategy: st.SearchStrategy[str], count: int, seed: int) -> list[str]:
    """So many events, none twice; the same ones for the same seed, and the first ones whatever the count."""
    found: dict[str, None] = {}
    batch = 0
    while len(found) < count:
        found |= dict.fromkeys(_batch(strategy, f"{seed}-{batch}"))
        batch += 1
    return list(found)[:count]


def _batch(strategy: st.SearchStrategy[str], seed: str) -> list[str]:
    """Events of one seed. They are compared later, many in a request, so nothing can fail here."""
    found: list[str] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=BATCH,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(strategy)
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return found


def promised(value: Any, path: tuple[str, ...] = ()) -> Any:
    """An event within the promise: no whole number beyond 64 bits in what is taken as it is."""
    if path in ROOTS:
        return values.within(value)
    if isinstance(value, dict):
        return {key: promised(inner, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [promised(inner, path) for inner in value]
    return value
