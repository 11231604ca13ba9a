"""Kibana's exports: one JSON object a line, detection rules with their exceptions, or saved objects.

A file with one JSON object or list in many lines is read too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from normalizer.authoring.detections import elastic, kibana
from normalizer.authoring.detections.elastic import Object
from normalizer.authoring.detections.gathering import Gathered, listed
from normalizer.authoring.detections.model import NotChecked
from normalizer.authoring.detections.reading import Reading
from normalizer.errors import Place

_ENDPOINTS = "endpoint_list"
"""The exceptions of Elastic's own agents, which never look at our documents."""


@dataclass(slots=True)
class _Export:
    """One file: its objects, what they refer to, and what is found."""

    into: Reading
    views: dict[str, str] = field(default_factory=dict)
    items: list[tuple[Place, Object]] = field(default_factory=list)
    referring: set[str] = field(default_factory=set)
    """The exception lists that some rule of the file has."""

    def add(self, place: Place, each: Object) -> None:
        """Read one object."""
        kind = each.get("type")
        if elastic.is_rule(each):
            self.rule(each, place)
        elif isinstance(kind, str) and kind in kibana.KINDS and "attributes" in each:
            kibana.read(each, place, self.views, self.into)
        elif isinstance(kind, str) and kind in kibana.UNREAD and "attributes" in each:
            what = f"{kibana.UNREAD[kind]} is not read"
            self.into.not_checked.append(NotChecked(place, what))
        elif not isinstance(attributes := each.get("attributes"), dict):
            return
        elif elastic.is_rule(attributes):  # a rule as Elastic's packages hold it
            self.rule(attributes, place)
        elif kind == "alert":
            params = attributes.get("params")
            if isinstance(params, dict) and "ruleId" in params:
                self.rule(_as_exported(attributes, params), place)

    def rule(self, rule: Object, place: Place) -> None:
        """A detection rule with the items of its exception lists."""
        named = [each.get("list_id") for each in listed(rule.get("exceptions_list")) if isinstance(each, dict)]
        lists = {each for each in named if isinstance(each, str)} - {_ENDPOINTS}
        self.referring |= lists
        view = rule.get("data_view_id")
        title = self.views.get(view) if isinstance(view, str) else None
        elastic.read(
            rule,
            place,
            self.into,
            known=None if title is None else (title,),
            exceptions=[item for _, item in self.items if item["list_id"] in lists],
        )

    def rest(self) -> None:
        """The exceptions of rules that the file does not hold."""
        for place, item in self.items:
            name = item["list_id"]
            if name in self.referring or name == _ENDPOINTS:
                continue
            title = item.get("name")
            gathered = Gathered(title if isinstance(title, str) and title else "an exception without a name", place)
            elastic.excepted(item, gathered)
            identity = item.get("item_id")
            self.into.add(gathered, identity if isinstance(identity, str) else "", "exception", "", ())


def read(text: str, file: str, into: Reading) -> None:
    """Read one file; objects that do not search are passed over."""
    found = [*_objects(text, file, into)]
    export = _Export(into)
    for place, each in found:
        if each.get("type") == kibana.DATA_VIEW and (view := kibana.data_view(each)) is not None:
            export.views[view[0]] = view[1]
        elif isinstance(each.get("list_id"), str) and "entries" in each:
            export.items.append((place, each))
    for place, each in found:
        export.add(place, each)
    export.rest()


def _as_exported(attributes: Object, params: Object) -> Object:
    """A rule as Kibana stores it, under the names under which it exports it."""
    return {_EXPORTED.get(key, key): value for key, value in params.items()} | {"name": attributes.get("name")}


_EXPORTED: Mapping[str, str] = {
    "ruleId": "rule_id",
    "dataViewId": "data_view_id",
    "newTermsFields": "new_terms_fields",
    "threatMapping": "threat_mapping",
    "alertSuppression": "alert_suppression",
    "severityMapping": "severity_mapping",
    "riskScoreMapping": "risk_score_mapping",
    "exceptionsList": "exceptions_list",
    "eventCategoryOverride": "event_category_override",
    "tiebreakerField": "tiebreaker_field",
    "timestampField": "timestamp_field",
}


def _objects(text: str, file: str, into: Reading) -> Iterator[tuple[Place, Object]]:
    """The objects of a file with their places: one a line, or else all of it as one JSON value."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) > 1 and _json(lines[0][1]) is None and (whole := _json(text)) is not None:
        lines = []
        yield from _several(whole, Place(file, 1, 1))
    values = [_json(line) for _, line in lines]
    if lines and all(value is None for value in values):
        into.not_checked.append(NotChecked(Place(file, lines[0][0], 1), "the file is no JSON"))
        return
    for (number, _), value in zip(lines, values, strict=True):
        place = Place(file, number, 1)
        if value is None:
            into.not_checked.append(NotChecked(place, "the line is no JSON object"))
        else:
            yield from _several(value, place)


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _several(value: Any, place: Place) -> Iterator[tuple[Place, Object]]:
    yield from ((place, each) for each in listed(value) if isinstance(each, dict))
