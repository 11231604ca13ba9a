"""Which data streams index as their templates said once: a template acts on the backing index that a rollover makes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from normalizer.backends.templates import Body
from normalizer.cluster.asking import Privilege, ask, unreadable
from normalizer.cluster.composed import composed
from normalizer.cluster.differences import Facts, flat, mapping_facts, setting_facts, told
from normalizer.cluster.installed import Installed, Kind
from normalizer.cluster.plan import Change
from normalizer.cluster.streams import DataStream
from normalizer.outputs.server import Server


@dataclass(frozen=True, slots=True)
class Rollover:
    """A data stream that needs one, and lines for people: what its next backing index has otherwise."""

    name: str
    differences: tuple[str, ...]


def needed(
    server: Server, installed: Installed, changes: Iterable[Change], streams: Iterable[DataStream]
) -> list[Rollover]:
    """The data streams whose write index lacks what the templates give once the changes are applied. Changes nothing.

    Fields and settings that only the index has do no harm there, and need none. Raises ServerError.
    """
    after = {(change.kind, change.name): change.body for change in changes}
    given: dict[str, Facts] = {}  # most data streams get the same
    found = []
    for stream in streams:
        template = composed([*_layers(stream, after, installed), stream.own])
        key = json.dumps(template, sort_keys=True)
        if key not in given:
            given[key] = _facts_given(server, installed, template)
        has = _index_facts(server, stream.write_index)
        if lines := told({fact: text for fact, text in has.items() if fact in given[key]}, given[key]):
            found.append(Rollover(stream.name, lines))
    return found


def roll_over(server: Server, rollover: Rollover) -> str:
    """Do it; the name of the new write index. Raises ServerError."""
    answer = ask(server, Privilege.ROLLOVER, "POST", f"/{rollover.name}/_rollover")
    try:
        return str(answer["new_index"])
    except (KeyError, TypeError):
        raise unreadable(server) from None


def _layers(stream: DataStream, after: dict[tuple[Kind, str], Body], installed: Installed) -> Iterator[Body]:
    """What makes the next backing index, later ones over earlier ones: component templates, then the index template."""
    matching = [
        body
        for (kind, _), body in after.items()
        if kind is Kind.INDEX_TEMPLATE and any(_matches(pattern, stream.name) for pattern in body["index_patterns"])
    ]
    template = max(matching, key=lambda body: body.get("priority") or 0, default={})
    for name in template.get("composed_of", ()):
        key = (Kind.COMPONENT_TEMPLATE, name)
        body = after[key] if key in after else installed.get(*key)
        yield (body or {}).get("template", {})
    yield template.get("template", {})


def _matches(pattern: str, name: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


def _facts_given(server: Server, installed: Installed, template: Body) -> Facts:
    """What a backing index of this template has, in the server's own words."""
    answer = installed.simulate(template)
    try:
        return _facts(answer["template"])
    except (AttributeError, KeyError, TypeError):
        raise unreadable(server) from None


def _index_facts(server: Server, index: str) -> Facts:
    answer = ask(server, Privilege.VIEW, "GET", f"/{index}", params={"flat_settings": "true"})
    try:
        return _facts(answer[index])
    except (AttributeError, KeyError, TypeError):
        raise unreadable(server) from None


def _facts(body: Body) -> Facts:
    mapping = {key: value for key, value in body["mappings"].items() if key in ("properties", "dynamic")}
    return setting_facts(flat(body["settings"])) | mapping_facts(mapping)
