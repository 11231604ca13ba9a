"""Items ▶ batches of prepared bytes, cut by size and count; the one place here that writes `event.ingested`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from normalizer.errors import InvalidDocument


@dataclass(frozen=True, slots=True)
class Item:
    """One document to deliver and where it came from.

    `id` becomes `_id` (1 to 512 bytes). `document` is a JSON object without `event.ingested`. `original` is the event's
    own bytes, for a dead letter; `file` and `line` (from 1) say where they stood.

    `raw`: an ingest pipeline will make the document of this one, which is sent as it is, one line of JSON. `becomes` is
    the `_id` that the pipeline gives it, where that is known.
    """

    id: str
    document: bytes
    original: bytes
    file: str
    line: int
    raw: bool = False
    becomes: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a batch may become: bytes of the request and number of items. One item is always a batch."""

    bytes: int = 5 * 1024 * 1024
    count: int = 1000


@dataclass(slots=True)
class Prepared:
    """An item as bytes of a bulk request, cut where the time of sending goes; None where it goes nowhere.

    `sent` counts how often it was sent, `answered` how often the server said something about it.
    """

    item: Item
    head: bytes
    tail: bytes | None
    sent: int = 0
    answered: int = 0

    def line(self, ingested: bytes) -> bytes:
        """The action and the document, each with its line end. `ingested` is an RFC 3339 time without quotes."""
        return self.head if self.tail is None else self.head + ingested + self.tail

    @property
    def size(self) -> int:
        """Bytes in a request."""
        rest = 0 if self.tail is None else len("1970-01-01T00:00:00.000Z") + len(self.tail)
        return len(self.head) + rest


def batches(items: Iterable[Prepared], limits: Limits) -> Iterator[list[Prepared]]:
    """Lists of items in order, none empty, each within the limits unless it is a single item."""
    batch: list[Prepared] = []
    size = 0
    for item in items:
        if batch and (size + item.size > limits.bytes or len(batch) >= limits.count):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield batch


def prepare(item: Item) -> Prepared:
    """The `create` action and the document. Raises InvalidDocument where the document is no JSON object."""
    action = b'{"create":{"_id":%b}}\n' % orjson.dumps(item.id)
    if item.raw:
        return Prepared(item, action + item.document + b"\n", None)
    head, tail = _cut(item.document)
    return Prepared(item, action + head, tail + b"\n")


_EVENT = b'"event":{'
_INGESTED = b'"ingested":"'


def _cut(document: bytes) -> tuple[bytes, bytes]:
    """The document before and after the value of `event.ingested`.

    Reading and writing the whole document takes twice as long as putting a key into its bytes, which is right
    when the first `"event":{` is the root's: then what stands before it, closed by one brace, is a whole object.
    Anything else, and what is not one line, takes the long way.
    """
    at = document.find(_EVENT)
    after = at + len(_EVENT)
    if at > 0 and b'"ingested"' not in document and b"\n" not in document and _is_object(document[:at] + b'"":0}'):
        comma = b"" if document[after : after + 1] == b"}" else b","
        return document[:after] + _INGESTED, b'"' + comma + document[after:]
    return _cut_parsed(document)


def _is_object(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _cut_parsed(document: bytes) -> tuple[bytes, bytes]:
    try:
        root: Any = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise InvalidDocument(f"The document is not JSON: {error}.") from None
    event = root.pop("event", {}) if isinstance(root, dict) else None
    if not isinstance(event, dict):
        raise InvalidDocument("The document is not an object with an object `event`.")
    event.pop("ingested", None)
    rest = orjson.dumps(event)[1:], orjson.dumps(root)[1:]
    tail = b"".join((b"" if rest[0] == b"}" else b",", rest[0], b"" if rest[1] == b"}" else b",", rest[1]))
    return b"{" + _EVENT + _INGESTED, b'"' + tail
