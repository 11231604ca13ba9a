"""The text of a candidate event ▶ the event: JSON read, the envelope of a log stream taken off.

Log streaming to Amazon EventBridge wraps the event in `detail`; a record of Splunk's HTTP Event Collector holds it
under `event`, as an object or as a string of JSON. A bare event has `eventType` or `uuid` of its own.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

import orjson

from normalizer.backends.python import what
from normalizer.errors import NotAnEvent, NotJSON

TOO_DEEP: Final = "not JSON: it is nested too deeply"


def decode(text: bytes, *, own_text: bool = True) -> tuple[dict[str, Any], str]:
    """The event and its text for event.original.

    The text is the event's own where it came as text; otherwise it is written anew, compact. Raises NotJSON and
    NotAnEvent.
    """
    event = loads(text)
    if type(event) is dict and ("eventType" in event or "uuid" in event):
        return event, text.decode() if own_text else written(event).decode()
    if type(event) is not dict:
        raise NotAnEvent(f"{'null' if event is None else what(event)} is not an event; an event is a JSON object")
    return _unwrapped(event, text, own_text=own_text)


def _unwrapped(envelope: dict[str, Any], text: bytes, *, own_text: bool) -> tuple[dict[str, Any], str]:
    for key in ("detail", "event"):
        inner = envelope.get(key)
        if type(inner) is dict:
            return inner, written(inner).decode()
        if type(inner) is str and key == "event":
            try:
                event = loads(inner.encode())
            except NotJSON as error:
                raise NotJSON(f'under "event": {error.message}') from None
            if type(event) is not dict:
                raise NotAnEvent('the text under "event" holds no JSON object')
            return event, inner
    return envelope, text.decode() if own_text else written(envelope).decode()


def loads(text: bytes) -> Any:
    """The JSON value of a text. Raises NotJSON with one sentence of our own."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotJSON(_why(text, error)) from None


def _why(text: bytes, error: orjson.JSONDecodeError) -> str:
    if not text.strip():
        return "the text is empty"
    try:
        text.decode()
    except UnicodeDecodeError as bad:
        return f"not JSON: byte {bad.start + 1} is not UTF-8"
    if "depth limit" in error.msg:
        return TOO_DEEP
    if error.pos >= len(error.doc.rstrip()):
        return "not JSON: it ends too early"
    if "surrogate" in error.msg.lower():
        return f"not JSON: a surrogate without its other half near character {error.pos + 1}"
    return f"not JSON at character {error.pos + 1}"


def written(value: object) -> bytes:
    """The compact JSON of what was read from JSON. Raises NotJSON where lists stand too deep in each other for that."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise NotJSON(TOO_DEEP) from None


def dumps(event: object) -> bytes:
    """The compact JSON of an event that came as Python objects. Raises NotJSON for what JSON cannot hold."""
    try:
        text = orjson.dumps(
            event,
            option=orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS,
        )
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise NotJSON(f"the event holds what JSON cannot: {error}") from None
    if not _is_finite(event):
        raise NotJSON("the event holds what JSON cannot: a number that is not finite")
    return text


def _is_finite(value: object) -> bool:
    """Whether no number is NaN or infinite, which would be written as null."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    return not isinstance(value, list | tuple) or all(map(_is_finite, value))
