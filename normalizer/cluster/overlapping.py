"""Index templates of somebody else's for the same data streams.

Of all index templates whose patterns match a data stream the one of the highest priority is taken, alone.
"""

from __future__ import annotations

from normalizer.backends.templates import Body
from normalizer.cluster.asking import unreadable
from normalizer.cluster.installed import Installed
from normalizer.names import NAME
from normalizer.outputs.server import Server


def overlapping(server: Server, installed: Installed, ours: Body) -> tuple[list[str], list[str]]:
    """The names of those that win over ours and are composed of it, and why any others are in the way, as clauses.

    One of a lower priority, like the server's own `logs`, is neither. Raises ServerError.
    """
    priority = ours.get("priority", 0)
    yours, others = [], []
    for name in _matching(server, installed):
        there = installed.index_templates().get(name, {})
        its, pattern = there.get("priority") or 0, ", ".join(there.get("index_patterns", ()))
        if its < priority:
            continue
        if its > priority and _composed_of(there, ours):
            yours.append(name)
            continue
        rank = "the same priority as ours" if its == priority else f"above the {priority} of ours"
        way = f"give it a priority below {priority}, other patterns, or remove it"
        others.append(
            f"the index template {name} of somebody else has the pattern {pattern}, priority {its} ({rank}); {way}"
        )
    return yours, others


def _matching(server: Server, installed: Installed) -> list[str]:
    """The index templates, but for our own, that match some of our data streams: the server compares the patterns."""
    answer = installed.simulate({})
    try:
        return sorted(name for each in answer["overlapping"] if (name := each["name"]) != NAME)
    except (KeyError, TypeError):
        raise unreadable(server) from None


def _composed_of(there: Body, ours: Body) -> bool:
    """Whether it makes data streams out of our component templates, and adds to them."""
    needed = {name for name in ours["composed_of"] if name not in ours.get("ignore_missing_component_templates", ())}
    return "data_stream" in there and needed <= set(there.get("composed_of", ()))
