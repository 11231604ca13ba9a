"""What `setup` does: pipelines and templates that should be there ▶ one Change each, against what is installed.

A pipeline acts at once. Templates act on new backing indices, which is told by `normalizer.cluster.rollover`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from normalizer.backends.pipelines.pipeline import CUSTOM
from normalizer.backends.templates import Body, Templates
from normalizer.cluster.differences import differences
from normalizer.cluster.installed import Installed, Kind, is_ours
from normalizer.cluster.overlapping import overlapping
from normalizer.errors import SetupError
from normalizer.names import MANAGED_BY
from normalizer.outputs.server import Server


class State(StrEnum):
    """What applying does: puts a new one, puts one over ours, or nothing; nothing either where it is the user's own."""

    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"
    YOURS = "yours"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing, what applying does to it, and the body that it has afterwards.

    `differences` are lines for people about what changes.
    """

    kind: Kind
    name: str
    state: State
    body: Body
    differences: tuple[str, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether applying changes the cluster."""
        return self.state in (State.ADDED, State.CHANGED)


def plan(
    server: Server,
    templates: Templates,
    pipelines: Mapping[str, Body] | None = None,
    *,
    installed: Installed | None = None,
) -> list[Change]:
    """What applying would do, one Change for each pipeline and template, in the order of applying. Changes nothing.

    Index templates of the user's own that take the place of ours, composed of ours, are among them. Raises SetupError
    where one of the same name, or an index template of the same pattern, is not ours, or where one is newer than ours;
    ServerError.
    """
    installed = installed or Installed(server)
    changes, refused = [], []
    for kind, name, body in _each(templates, pipelines or {}):
        there = installed.get(kind, name)
        if there is None:
            changes.append(Change(kind, name, State.ADDED, body))
        elif (kind, name) == (Kind.PIPELINE, CUSTOM):
            changes.append(Change(kind, name, State.YOURS, there))
        elif reason := _refusal(kind, there, body):
            refused.append(f"the {kind} {name} {reason}")
        else:
            lines = differences(there, body)
            changes.append(Change(kind, name, State.CHANGED if lines else State.SAME, body, lines))
    for body in templates.index.values():
        yours, others = overlapping(server, installed, body)
        refused += others
        changes += [Change(Kind.INDEX_TEMPLATE, name, State.YOURS, installed.index_templates()[name]) for name in yours]
    if refused:
        raise SetupError(f"Nothing was changed at {server.address}: {'; '.join(refused)}.")
    return changes


def _each(templates: Templates, pipelines: Mapping[str, Body]) -> Iterator[tuple[Kind, str, Body]]:
    for name in sorted(pipelines, key=lambda name: name != CUSTOM):  # ours calls it
        yield Kind.PIPELINE, name, pipelines[name]
    for name, body in templates.components.items():
        yield Kind.COMPONENT_TEMPLATE, name, body
    for name, body in templates.index.items():
        yield Kind.INDEX_TEMPLATE, name, body


def _refusal(kind: Kind, there: Body, ours: Body) -> str | None:
    if not is_ours(kind, there):
        sign = "description does not name it" if kind is Kind.PIPELINE else "_meta.managed_by says so"
        return f"is not of {MANAGED_BY} (its {sign}); rename or remove it"
    version = there.get("version")
    if isinstance(version, int) and version > ours["version"]:
        return f"is of version {version}, newer than the {ours['version']} of this release; use the newer release"
    return None
