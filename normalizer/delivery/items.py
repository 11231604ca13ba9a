"""Items ▶ bytes of a bulk request; the one place here that writes `event.ingested`."""

from __future__ import annotations

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
    the `_id` that the pipeline gives it, where that is known; what it cannot make a document of keeps `id`.
    """

    id: str
    document: bytes
    original: bytes
    file: str
    line: int
    raw: bool = False
    becomes: str | None = None

    @property
    def kept_as(self) -> tuple[str, ...]:
        """The `_id`s of which the document has one in the end."""
        return (self.becomes, self.id) if self.becomes else (self.id,)


@dataclass(slots=True)
class Prepared:
    """An item ready to be sent: its action, its document on one line, and what goes into that where.

    `before` and `after` stand around the time of sending, at the byte `at`; all empty where no time goes in.
    `sent` counts how often it was sent. Of the first time: `since` when it was (seconds of a clock that only goes
    forward), and `beside` how many items the server had taken then; `answered` counts how often the server said
    something about this one, but only when it had taken others since.
    """

    item: Item
    action: bytes
    document: bytes
    at: int = 0
    before: bytes = b""
    after: bytes = b""
    sent: int = 0
    answered: int = 0
    beside: int = 0
    since: float = 0.0

    def line(self, ingested: bytes) -> bytes:
        """The action and the document, each with its line end. `ingested` is an RFC 3339 time without quotes."""
        if not self.before:
            return b"".join((self.action, self.document, b"\n"))
        document = self.document
        return b"".join(
            (self.action, document[: self.at], self.before, ingested, self.after, document[self.at :], b"\n")
        )

    @property
    def size(self) -> int:
        """Bytes in a request."""
        time = len("1970-01-01T00:00:00.000Z") if self.before else 0
        return len(self.action) + len(self.document) + len(self.before) + time + len(self.after) + 1


def prepare(item: Item) -> Prepared:
    """The `create` action and the document. Raises InvalidDocument where the document is no JSON object."""
    action = b'{"create":{"_id":%b}}\n' % orjson.dumps(item.id)
    if item.raw:
        return Prepared(item, action, item.document)
    document, at = _place(item.document)
    after = b'"' if document[at : at + 1] == b"}" else b'",'
    return Prepared(item, action, document, at, _INGESTED, after)


_EVENT = b'"event":{'
_INGESTED = b'"ingested":"'


def _place(document: bytes) -> tuple[bytes, int]:
    """The document on one line, and the place behind the brace that opens its root's `event`.

    Reading and writing the whole document takes twice as long as putting a key into its bytes, which is right
    when the first `"event":{` is the root's: then what stands before it, closed by one brace, is a whole object.
    Anything else, and what is not one line, takes the long way.
    """
    at = document.find(_EVENT)
    if at > 0 and b'"ingested"' not in document and b"\n" not in document and _is_object(document[:at] + b'"":0}'):
        return document, at + len(_EVENT)
    return _written_anew(document), len(b"{" + _EVENT)


def _is_object(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _written_anew(document: bytes) -> bytes:
    """The document on one line, with `event` as its first key and without `event.ingested`."""
    try:
        root: Any = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise InvalidDocument(f"The document is not JSON: {error}.") from None
    event = root.pop("event", {}) if isinstance(root, dict) else None
    if not isinstance(event, dict):
        raise InvalidDocument("The document is not an object with an object `event`.")
    event.pop("ingested", None)
    return orjson.dumps({"event": event, **root})
