"""Events as they are ▶ items: an ingest pipeline of the server's makes the documents."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import orjson

from normalizer.delivery.items import Item
from normalizer.errors import EventError
from normalizer.inputs import Batch, Unreadable
from normalizer.names import DATASET
from normalizer.runtime.batch import DeadLetter, unreadable
from normalizer.runtime.decode import decode


@dataclass(slots=True)
class Raw:
    """What can be sent of a batch, and what cannot: only text can stand in JSON."""

    items: list[Item] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)


def raw(batch: Batch, namespace: str) -> Raw:
    """The events of a batch as they are, for the data stream of a namespace."""
    result = Raw()
    for item, line in zip(batch.items, batch.lines, strict=True):
        if isinstance(item, Unreadable):
            result.dead.append(unreadable(batch.file, item))
            continue
        try:
            result.items.append(raw_item(item, namespace, batch.file, line))
        except EventError as error:
            result.dead.append(DeadLetter(error.reason, error.message, batch.file, line, item))
    return result


def raw_item(text: bytes, namespace: str, file: str, line: int) -> Item:
    """The text of an event, an envelope or whatever it is, as the message of a shipper. Raises NotJSON for no UTF-8.

    The pipeline gives a document the event's uuid as `_id`. What it makes no document of, and keeps with the reason,
    keeps the `_id` that it is sent with: a digest of the text. So sending again does no harm in either case, and an
    event that the pipeline could not read once is taken when a better one can.
    """
    try:
        uuid = decode(text)[0].get("uuid")
    except EventError:
        if not _is_text(text):
            raise
        uuid = None
    document = {
        "message": text.decode(),
        "data_stream": {"type": "logs", "dataset": DATASET, "namespace": namespace},
    }
    key = hashlib.sha256(text).hexdigest()
    return Item(
        key, orjson.dumps(document), text, file, line, raw=True, becomes=uuid if isinstance(uuid, str) else None
    )


def _is_text(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
