"""What became of the items."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """What became of the items so far. At the end `read` is `indexed + duplicates + dropped + dead`.

    `indexed` are documents that the server says it has created; `duplicates` were there already, also from an earlier
    request of this run whose answer was lost; `dropped` are those that a pipeline of the server's wants no document of.
    `sent` counts items as often as they were sent, `retried` those that were sent before, `bytes` all requests' bodies.
    """

    read: int = 0
    sent: int = 0
    indexed: int = 0
    duplicates: int = 0
    dropped: int = 0
    retried: int = 0
    dead: int = 0
    requests: int = 0
    bytes: int = 0
