"""Pipelines and templates ▶ a cluster: `plan` says what `apply` would do, and `apply` puts only what differs.

A pipeline acts at once. Templates act on new backing indices: a data stream that exists keeps its index mapping and
settings until it rolls over, and its lifecycle and failure store as they were when it was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from normalizer.backends.pipelines.pipeline import CUSTOM
from normalizer.backends.templates import Body, IndexMode, Templates, build
from normalizer.errors import SettingsError, SetupError
from normalizer.language import Mappings
from normalizer.names import MANAGED_BY, NAME
from normalizer.outputs.elasticsearch import address, plainly

_TIME = re.compile(r"[1-9][0-9]{0,8}(d|h|m|s)")


class Kind(StrEnum):
    """What is set up, in the order in which it is put: an index template names its component templates.

    It is the last, so that where it is, everything is.
    """

    PIPELINE = "ingest pipeline"
    COMPONENT_TEMPLATE = "component template"
    INDEX_TEMPLATE = "index template"


class State(StrEnum):
    """What applying does: puts a new one, puts one over ours, or nothing; nothing either where it is the user's own."""

    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"
    YOURS = "yours"


@dataclass(frozen=True, slots=True)
class Change:
    """One template or pipeline, what applying does to it, and the body that the cluster has afterwards."""

    kind: Kind
    name: str
    state: State
    body: Body

    @property
    def acts(self) -> bool:
        """Whether applying changes the cluster."""
        return self.state in (State.ADDED, State.CHANGED)


def wanted(
    mappings: Mappings,
    client: Elasticsearch,
    *,
    index_mode: IndexMode = "standard",
    retention: str | None = None,
) -> Templates:
    """The templates for this cluster: without the failure store where the server is too old for it.

    `retention` is a time such as `365d`; None keeps documents for ever. Raises SettingsError, ServerError.
    """
    if retention is not None and not _TIME.fullmatch(retention):
        raise SettingsError("A retention is a whole number with d, h, m or s behind it; write 365d.")
    if index_mode not in ("standard", "logsdb"):
        raise SettingsError("An index mode is standard or logsdb.")
    with plainly(client):
        number = str(client.info()["version"]["number"])
    return build(mappings, index_mode=index_mode, retention=retention, failure_store=_has_failure_store(number))


def _has_failure_store(version: str) -> bool:
    """8.19, 9.1 and later have it."""
    major, minor = (int(part) for part in re.findall(r"[0-9]+", f"{version}.0")[:2])
    return (major, minor) >= (8, 19) and (major, minor) != (9, 0)


def plan(client: Elasticsearch, templates: Templates, pipelines: Mapping[str, Body] | None = None) -> list[Change]:
    """What applying would do, one Change for each pipeline and template, in the order of applying. Changes nothing.

    Raises SetupError where one of the same name is not ours, or newer than ours; ServerError.
    """
    changes, refused = [], []
    for kind, name, body in _each(templates, pipelines or {}):
        there = _get(client, kind, name)
        if there is None:
            changes.append(Change(kind, name, State.ADDED, body))
        elif (kind, name) == (Kind.PIPELINE, CUSTOM):
            changes.append(Change(kind, name, State.YOURS, there))
        elif reason := _refusal(kind, there, body):
            refused.append(f"the {kind} {name} {reason}")
        else:
            changes.append(Change(kind, name, State.SAME if same(body, there) else State.CHANGED, body))
    if refused:
        raise SetupError(f"Nothing was changed at {address(client)}: {'; '.join(refused)}.")
    return changes


def apply(client: Elasticsearch, changes: Iterable[Change]) -> None:
    """Put what is not the same. Raises ServerError, and leaves what was put before it."""
    for change in changes:
        if change.acts:
            with plainly(client):
                if change.kind is Kind.PIPELINE:
                    client.ingest.put_pipeline(id=change.name, **change.body)
                elif change.kind is Kind.COMPONENT_TEMPLATE:
                    client.cluster.put_component_template(name=change.name, **change.body)
                else:
                    client.indices.put_index_template(name=change.name, **_arguments(change.body))


_INSTALLED_BY = {Kind.INDEX_TEMPLATE: "mim-ecs setup", Kind.PIPELINE: "mim-ecs setup --pipelines"}


def check_installed(client: Elasticsearch, kind: Kind = Kind.INDEX_TEMPLATE) -> None:
    """Raise SetupError where the index template (or pipeline) is missing or not ours, ServerError without an answer.

    Without the template a document would go to a data stream of Elasticsearch's own making, or to none.
    """
    there = _get(client, kind, NAME)
    if there is None:
        raise SetupError(f"There is no {kind} {NAME} at {address(client)}; run `{_INSTALLED_BY[kind]}` first.")
    if not is_ours(kind, there):
        raise SetupError(f"The {kind} {NAME} at {address(client)} is not of {MANAGED_BY}; rename or remove it.")


def _each(templates: Templates, pipelines: Mapping[str, Body]) -> Iterator[tuple[Kind, str, Body]]:
    for name in sorted(pipelines, key=lambda name: name != CUSTOM):  # ours calls it
        yield Kind.PIPELINE, name, pipelines[name]
    for name, body in templates.components.items():
        yield Kind.COMPONENT_TEMPLATE, name, body
    for name, body in templates.index.items():
        yield Kind.INDEX_TEMPLATE, name, body


def _get(client: Elasticsearch, kind: Kind, name: str) -> Body | None:
    with plainly(client):
        try:
            if kind is Kind.PIPELINE:
                pipeline: Body = client.ingest.get_pipeline(id=name)[name]
                return pipeline
            if kind is Kind.COMPONENT_TEMPLATE:
                found = client.cluster.get_component_template(name=name)["component_templates"]
            else:
                found = client.indices.get_index_template(name=name)["index_templates"]
        except NotFoundError:
            return None
        body: Body = found[0][kind.replace(" ", "_")]
        return body


def _arguments(body: Body) -> dict[str, Any]:
    """The keyword arguments of the client for a body: `_meta` is `meta` there."""
    return {key.removeprefix("_"): value for key, value in body.items()}


def is_ours(kind: Kind, there: Body) -> bool:
    """Whether we have made it: a template says so in its `_meta`, a pipeline, which need not have one, in words."""
    if kind is Kind.PIPELINE:
        return MANAGED_BY in str(there.get("description", ""))
    meta = there.get("_meta")
    return isinstance(meta, dict) and meta.get("managed_by") == MANAGED_BY


def _refusal(kind: Kind, there: Body, ours: Body) -> str | None:
    if not is_ours(kind, there):
        sign = "description does not name it" if kind is Kind.PIPELINE else "_meta.managed_by says so"
        return f"is not of {MANAGED_BY} (its {sign}); rename or remove it"
    version = there.get("version")
    if isinstance(version, int) and version > ours["version"]:
        return f"is of version {version}, newer than the {ours['version']} of this release; use the newer release"
    return None


def same(ours: Body, theirs: Body) -> bool:
    """Whether a server's body says what ours does.

    A server writes settings as text in its own shape, and adds dates and defaults; these are not differences.
    """
    return _plain(ours, ours) == _plain(theirs, ours)


_ADDED = ("created_date", "created_date_millis", "modified_date", "modified_date_millis")
_WITH_DEFAULTS = ("data_stream", "lifecycle", "data_stream_options")
_OPTIONAL = ("data_retention",)


def _plain(body: Mapping[str, Any], ours: Mapping[str, Any]) -> Body:
    """A body with settings as flat texts, and without what a server adds to keys that ours has too."""
    plain: Body = {}
    for key, value in body.items():
        if key == "template" and isinstance(value, dict):
            plain[key] = _plain(value, ours.get(key, {}))
        elif key == "settings":
            plain[key] = dict(_flat(value, ""))
        elif key in _WITH_DEFAULTS and isinstance(value, dict):
            known = {*ours.get(key, ()), *_OPTIONAL}
            plain[key] = {each: value[each] for each in value if each in known}
        elif key not in _ADDED:
            plain[key] = value
    return plain


def _flat(settings: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, list):
            yield name, [_text(each) for each in value]
        else:
            yield name, _text(value)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
