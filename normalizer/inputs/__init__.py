"""Finds and reads input and splits it into candidate events, in flat memory.

    sources(names) ─▶ Source ─read()─▶ Batch, Batch, …
                                │
        streams    raw bytes ▶ decompressed text in blocks of one size
        form       lines, or values (an array, values over many lines)?
        lines      NDJSON
        values     arrays and values over many lines, by `nesting`
        passed     what stood before a place, to know it again; `identity` tells files apart

Nothing here parses an event: an item of a batch is the text of something that may be one. What can't be handed on as
such a text is an `Unreadable` in its place, so that nothing is lost in silence.
"""

from normalizer.errors import InputError
from normalizer.inputs.model import HEAD_BYTES, Batch, Identity, Position, Tail, Unreadable
from normalizer.inputs.read import BATCH_BYTES, MAX_EVENT, read
from normalizer.inputs.sources import Source, sources

__all__ = [
    "BATCH_BYTES",
    "HEAD_BYTES",
    "MAX_EVENT",
    "Batch",
    "Identity",
    "InputError",
    "Position",
    "Source",
    "Tail",
    "Unreadable",
    "read",
    "sources",
]
