"""Saved objects of Kibana (dashboards, Lens, visualizations, searches, queries), whatever version wrote them.

Their shapes change from version to version, what they are made of does not: so an object is searched for queries,
filters and names of fields by the keys under which Kibana keeps these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from normalizer.authoring.detections import filters
from normalizer.authoring.detections.elastic import Object
from normalizer.authoring.detections.gathering import Gathered, listed
from normalizer.authoring.detections.indices import concerned
from normalizer.authoring.detections.reading import Reading
from normalizer.errors import Place

KINDS: Mapping[str, str] = {
    "dashboard": "dashboard",
    "lens": "Lens visualization",
    "visualization": "visualization",
    "search": "saved search",
    "query": "saved query",
    "map": "map",
    "event-annotation-group": "annotation group",
}
"""Types of saved objects that search, and the word for each."""

DATA_VIEW = "index-pattern"
UNREAD: Mapping[str, str] = {
    "canvas-workpad": "a Canvas workpad",
    "canvas-element": "a Canvas element",
    "timelion-sheet": "a Timelion sheet",
    "infrastructure-ui-source": "a source of the infrastructure's pages",
    "siem-ui-timeline": "a timeline",
}
"""Types that search too, and are not read."""

_JSON_KEYS = ("visState", "panelsJSON", "searchSourceJSON", "layerListJSON", "optionsJSON", "uiStateJSON")
_FIELDS = (
    "field",
    "sourceField",
    "fieldName",
    "field_name",
    "terms_field",
    "time_field",
    "timeField",
    "geoField",
    "metricField",
    "secondaryFields",
    "columns",
)
_NO_FIELDS = ("___records___", "_source")
_UNREAD_VISUALIZATIONS = {"vega": "Vega", "timelion": "Timelion"}
_FILTERS = ("filter", "filters")
_MAX_DEPTH = 200


def data_view(each: Object) -> tuple[str, str] | None:
    """The id and the index patterns of a data view."""
    attributes = each.get("attributes")
    title = attributes.get("title") if isinstance(attributes, dict) else None
    identity = each.get("id")
    return (identity, title) if isinstance(identity, str) and isinstance(title, str) else None


def read(each: Object, place: Place, views: Mapping[str, str], into: Reading) -> None:
    """Read one saved object of one of the KINDS; `views` are the index patterns of data views by their ids."""
    attributes = each.get("attributes")
    kind = KINDS[each["type"]]
    title = attributes.get("title") if isinstance(attributes, dict) else None
    gathered = Gathered(title if isinstance(title, str) and title else f"a {kind} without a title", place)
    indices = _indices(each, views)
    if not concerned(indices):
        into.elsewhere += 1
        return
    if isinstance(attributes, dict):
        for part in _objects(attributes):
            _search(part, gathered)
            if part.depth == _MAX_DEPTH:
                gathered.doubt(f"it nests more than {_MAX_DEPTH} levels deep")
    else:
        gathered.doubt("it has no attributes")
    identity = each.get("id")
    into.add(gathered, identity if isinstance(identity, str) else "", kind, "", indices)


def _indices(each: Object, views: Mapping[str, str]) -> tuple[str, ...]:
    """The index patterns of all data views that an object names; none where one of them is not known."""
    names = {
        str(reference.get("id"))
        for part in _objects(each)
        for reference in listed(part.value.get("references"))
        if isinstance(reference, dict) and reference.get("type") == DATA_VIEW
    }
    known = tuple(sorted(views[name] for name in names if name in views))
    return known if len(known) == len(names) else ()


@dataclass(frozen=True, slots=True)
class _Part:
    """An object inside a saved object; `given` where the fields it names are columns that an ES|QL query gives."""

    value: Object
    depth: int
    given: bool


def _objects(root: Object) -> Iterator[_Part]:
    """All objects in one, also in its JSON texts, but for filters. Without recursion, and down to a limit."""
    waiting: list[tuple[Any, int, bool]] = [(root, 0, False)]
    while waiting:
        value, depth, given = waiting.pop()
        if isinstance(value, dict):
            yield _Part(value, depth, given)
        if depth == _MAX_DEPTH:
            continue
        if isinstance(value, list):
            waiting.extend((inner, depth + 1, given) for inner in reversed(value))
        elif isinstance(value, dict):
            waiting.extend(
                (_opened(key, inner), depth + 1, given or key == "textBased")
                for key, inner in reversed(value.items())
                if not _are_filters(key, inner)
            )


def _are_filters(key: str, value: Any) -> bool:
    """Whether a list is one of Kibana's filters; Lens keeps other things under these names too."""
    return (
        key in _FILTERS and isinstance(value, list) and any(isinstance(each, dict) and "meta" in each for each in value)
    )


def _opened(key: str, value: Any) -> Any:
    """The JSON in a text that Kibana keeps so; what is none stays a text."""
    if key in _JSON_KEYS and isinstance(value, str):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _search(part: _Part, gathered: Gathered) -> None:
    """What one object itself says: its query, its filters, the fields it names."""
    value = part.value
    for key, inner in value.items():
        if key in _JSON_KEYS and inner and isinstance(_opened(key, inner), str):
            gathered.doubt(f"its `{key}` is no JSON")
        elif _are_filters(key, inner):
            filters.read(inner, gathered)
        elif key in _FIELDS and not part.given:
            gathered.reads(*(name for name in listed(inner) if name not in _NO_FIELDS))
    if isinstance(value.get("esql"), str):
        gathered.query(value["esql"], "esql")
    elif isinstance(value.get("language"), str) and "query" in value:
        _query(value["query"], value["language"], gathered)
    kind = value.get("type")
    if isinstance(kind, str) and kind in _UNREAD_VISUALIZATIONS and "params" in value:
        gathered.doubt(f"it is drawn by {_UNREAD_VISUALIZATIONS[kind]}, whose searches are not read")


def _query(query: Any, language: str, gathered: Gathered) -> None:
    """A search bar's query; old versions keep those of Lucene as query DSL."""
    if isinstance(query, dict):
        filters.read([{"query": query}] if query else [], gathered)
    else:
        gathered.query(query, language)
