"""Templates laid over each other as a server does it: what is asked of it about templates that are not there yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from normalizer.backends.templates import Body
from normalizer.cluster.differences import flat


def composed(templates: Iterable[Body]) -> Body:
    """Settings and index mapping of all: a later setting or field takes the place of an earlier one."""
    settings: Body = {}
    mapping: Body = {}
    properties: Body = {}
    for template in templates:
        settings |= flat(template.get("settings") or {})
        mappings = template.get("mappings") or {}
        mapping |= mappings
        _lay(properties, mappings.get("properties", {}))
    settings = {name: value for name, value in settings.items() if value is not None}
    return {"settings": settings, "mappings": mapping | {"properties": properties}}


def _lay(properties: Body, over: Mapping[str, Any]) -> None:
    """Fields over fields: objects become one, of all others the later one counts, with all of its parameters."""
    for name, body in over.items():
        first, _, rest = name.partition(".")
        if rest:
            body = {"properties": {rest: body}}
        there = properties.get(first, {})
        if not _is_object(body):
            properties[first] = dict(body)
            continue
        inner: Body = {}
        _lay(inner, there.get("properties", {}))
        _lay(inner, body.get("properties", {}))
        properties[first] = (there if _is_object(there) else {}) | body | {"properties": inner}


def _is_object(body: Mapping[str, Any]) -> bool:
    return body.get("type", "object") in ("object", "nested")
