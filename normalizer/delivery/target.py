"""Where events are delivered to, as a state file keeps it: what is known of one place says nothing about another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A data stream of a cluster."""

    stream: str
    cluster: str | None = None
    """The cluster's uuid; None where it is not known, and then it is not compared."""
    address: str | None = None
    """Host and port by which it was reached, for people: the same cluster may have many."""

    def differs(self, other: Target) -> str:
        """How the other is another place, as the end of a sentence; empty where it is the same."""
        if self.stream != other.stream:
            return f"into {self}, and not into {other.stream}"
        if self.cluster and other.cluster and self.cluster != other.cluster:
            return f"into {self}, and not at {other.where}"
        return ""

    def known_with(self, before: Target | None) -> Target:
        """The same, with what was known of it before where nothing is known of its cluster now."""
        return before if before is not None and not self.cluster and before.cluster else self

    @property
    def where(self) -> str:
        """The cluster, for people; empty where nothing is known of it."""
        if not self.cluster:
            return self.address or ""
        return f"cluster {self.cluster}" + (f" ({self.address})" if self.address else "")

    def __str__(self) -> str:
        return f"{self.stream} at {self.where}" if self.where else self.stream
