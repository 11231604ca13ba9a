"""Changes ▶ a cluster."""

from __future__ import annotations

from collections.abc import Iterable

from normalizer.cluster.asking import ask
from normalizer.cluster.plan import Change
from normalizer.outputs.server import Server


def apply(server: Server, changes: Iterable[Change]) -> None:
    """Put what is not the same. Raises ServerError, and leaves what was put before it."""
    for change in changes:
        if change.acts:
            ask(server, change.kind.privilege, "PUT", change.kind.path(change.name), change.body)
