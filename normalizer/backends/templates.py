"""Plans ▶ component templates and the index template of the data stream `logs-okta.mim-*`, for either engine.

The index mapping holds the fields that a mapping file, the compiler or the run time writes, and no others: `dynamic` is
false, so that nothing an event says can add a field. Settings that a cluster may have its own defaults for are written
out. Everything but the index pattern stands in component templates, and `logs@custom` and `logs-okta.mim@custom` come
after them where the engine lets them be missing: what a user writes there wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from normalizer.ecs import VERSION as ECS_VERSION
from normalizer.ecs import Field
from normalizer.errors import SettingsError
from normalizer.language import Constant, Each, Mappings, Plan
from normalizer.names import DATASET, MANAGED_BY, NAME

VERSION = 1
"""Of the templates, in one line of whole numbers: raised by every release that changes what they say."""

IndexMode = Literal["standard", "logsdb"]
Body = dict[str, Any]

IGNORE_ABOVE = 1024
DEPTH_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Engine:
    """A server, and what of our templates it takes. Where it lacks something, that is left out.

    `types` are the types that are not simply written by their names, with what a field of such a type becomes.
    `may_be_missing`: an index template can name component templates that are not there.
    """

    name: str
    types: Mapping[str, Body]
    index_mode: bool
    lifecycle: bool
    failure_store: bool
    may_be_missing: bool


ELASTICSEARCH = Engine(
    "Elasticsearch",
    types={"flattened": {"type": "flattened", "ignore_above": IGNORE_ABOVE, "depth_limit": DEPTH_LIMIT}},
    index_mode=True,
    lifecycle=True,
    failure_store=True,
    may_be_missing=True,
)
OPENSEARCH = Engine(
    "OpenSearch",
    types={
        # Kept, not searchable. Its own flat_object has no ignore_above: 32,766 bytes in a value refuse the document.
        "flattened": {"type": "object", "enabled": False},
        # There a constant_keyword must say its value, and one template serves every namespace.
        "constant_keyword": {"type": "keyword", "ignore_above": IGNORE_ABOVE},
    },
    index_mode=False,
    lifecycle=False,
    failure_store=False,
    # It refuses an index template that names a missing component. An empty @custom of ours would not do: installed
    # again it would wipe out what a user wrote there. Users write an index template of a higher priority.
    may_be_missing=False,
)
ENGINES = (ELASTICSEARCH, OPENSEARCH)

RUN_TIME_FIELDS = (
    "ecs.version",
    "error.message",
    "event.created",
    "event.ingested",
    "event.kind",
    "event.original",
    "tags",
)
"""What the compiler and the run time write, whatever the mapping files say."""

_CONSTANT = ("data_stream.dataset", "data_stream.type", "event.dataset", "event.module")
"""One value in every document, where all Plans agree: `constant_keyword` costs no disk and skips whole indices."""

SEARCHED = (
    # what happened
    "message",
    "error.message",
    "event.action",
    "event.outcome",
    "event.reason",
    "okta.mim.command.status",
    "okta.mim.enrollment.platform",
    # who did it, and to whom
    "user.email",
    "user.full_name",
    "user.name",
    "user.target.email",
    "user.target.full_name",
    "user.target.group.name",
    "user.target.name",
    "okta.actor.alternate_id",
    "okta.actor.display_name",
    "okta.target.alternate_id",
    "okta.target.display_name",
    "related.user",
    # to which device
    "host.name",
    "host.os.name",
    "device.manufacturer",
    "device.model.name",
    "device.serial_number",
    "related.hosts",
    # from where
    "client.as.organization.name",
    "client.domain",
    "client.geo.city_name",
    "client.geo.country_name",
    "user_agent.original",
    # ids that people paste
    "event.id",
    "host.id",
    "user.id",
    "okta.authentication_context.external_session_id",
    "okta.debug_context.debug_data.request_id",
    "okta.transaction.id",
    "tags",
)
"""Where a search without a field name looks (`index.query.default_field`).

The server's own default, every field, asks some two hundred of them for each word and finds `okta` and `logs` in all
documents. These are the ones that hold what a person types or pastes: sentences, names, ids. All are text or keyword,
since a word is an error in a number, a date or an address. A field's `.text` is added where it has one, so that one
word of a name is enough; a field that no mapping writes is left out.
"""


@dataclass(frozen=True, slots=True)
class Templates:
    """The bodies of requests to a cluster, by name. The index template is composed of the components."""

    components: dict[str, Body]
    index: dict[str, Body]


def templates(mappings: Mappings) -> Iterator[tuple[str, bytes]]:
    """The files below the repository's top, with every option at its default: path and JSON."""
    for engine in ENGINES:
        top = f"schemas/{engine.name.lower()}"
        bodies = build(mappings, engine)
        for folder, group in (("component_templates", bodies.components), ("index_templates", bodies.index)):
            for name, body in group.items():
                yield f"{top}/{folder}/{name}.json", orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n"


def build(
    mappings: Mappings,
    engine: Engine = ELASTICSEARCH,
    *,
    index_mode: IndexMode = "standard",
    retention: str | None = None,
    failure_store: bool = True,
) -> Templates:
    """The templates as Python values.

    `retention` is a time of Elasticsearch's (`365d`) after which the data stream's lifecycle deletes; None: never.
    `failure_store` is for servers of 8.19, 9.1 and later; older ones refuse a template that names it.
    Raises SettingsError where an option asks for what the engine lacks.
    """
    if index_mode != "standard" and not engine.index_mode:
        raise SettingsError(f"{engine.name} has no index mode {index_mode}; leave it out.")
    if retention is not None and not engine.lifecycle:
        advice = "delete by a policy of Index State Management (ISM)"
        raise SettingsError(f"{engine.name} has no lifecycle of data streams; leave --retention out, and {advice}.")
    properties = index_mapping(mappings, engine)
    mode = {"mode": index_mode} if engine.index_mode else {}
    settings: Body = {"settings": {"index": mode | _settings(default_fields(properties))}}
    if engine.lifecycle:
        settings["lifecycle"] = {"enabled": True} | ({} if retention is None else {"data_retention": retention})
    if engine.failure_store and failure_store:
        settings["data_stream_options"] = {"failure_store": {"enabled": True}}
    mapping = {"mappings": {"dynamic": False, "properties": properties}}
    components = {
        f"{NAME}@mappings": {"template": mapping, **_marks("Index mapping of Okta's mobile-management events.")},
        f"{NAME}@settings": {"template": settings, **_marks("Settings of Okta's mobile-management events.")},
    }
    custom = ["logs@custom", f"{NAME}@custom"] if engine.may_be_missing else []
    index = {
        "index_patterns": [f"{NAME}-*"],
        "priority": 250,
        "data_stream": {},
        "composed_of": [*components, *custom],
        **({"ignore_missing_component_templates": custom} if custom else {}),
        **_marks("Okta's mobile-management events as Elastic Common Schema documents."),
    }
    return Templates(components, {NAME: index})


def _marks(description: str) -> Body:
    meta = {"managed_by": MANAGED_BY, "version": VERSION, "ecs_version": ECS_VERSION, "description": description}
    return {"version": VERSION, "_meta": meta}


def _settings(searched: list[str]) -> Body:
    return {
        "codec": "best_compression",
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        "mapping": {"ignore_malformed": True, "total_fields": {"limit": 1000}},
        "query": {"default_field": searched},
    }


def index_mapping(mappings: Mappings, engine: Engine = ELASTICSEARCH) -> Body:
    """The `properties` of the index mapping, objects within objects, sorted by name."""
    plans = [plan for plan in mappings.plans if _of_data_set(plan)]
    names = {name for plan in plans for name in _written(plan)} | set(RUN_TIME_FIELDS)
    root: Body = {}
    for name in sorted(names):
        *parents, last = name.split(".")
        properties = root
        for parent in parents:
            properties = properties.setdefault(parent, {}).setdefault("properties", {})
        properties[last] = _property(mappings.fields[name], _constant(name, plans), engine)
    return root


def _of_data_set(plan: Plan) -> bool:
    rule = plan.rule("data_stream.dataset")
    return isinstance(rule, Constant) and rule.value == DATASET


def _written(plan: Plan) -> Iterator[str]:
    """The fields that a Plan writes: below a list of objects each of theirs, a flattened field as one."""
    for rule in plan.rules:
        yield rule.destination.name
        if isinstance(rule, Each) and rule.destination.type != "flattened":
            yield from (each.destination.name for each in rule.fields)


def _constant(name: str, plans: list[Plan]) -> str | None:
    """The one value that a field has in the documents of all Plans, if it is one of those that should."""
    if name not in _CONSTANT:
        return None
    values = {rule.value if isinstance(rule := plan.rule(name), Constant) else None for plan in plans}
    value = values.pop() if len(values) == 1 else None
    return value if isinstance(value, str) else None


def _property(field: Field, constant: str | None, engine: Engine) -> Body:
    if field.name == "@timestamp":
        return {"type": "date", "ignore_malformed": False}  # a data stream refuses what the settings say of the others
    if field.type == "object":
        return {"type": "object", "properties": {}}
    if constant is not None:
        return {"type": "constant_keyword", "value": constant}
    if field.name in _CONSTANT:
        return {"type": "keyword", "ignore_above": IGNORE_ABOVE}
    if field.type in engine.types:
        return dict(engine.types[field.type])
    body: Body = {"type": field.type}
    if not field.index:
        body["index"] = False
    if not field.doc_values:
        body["doc_values"] = False
    if field.type in ("keyword", "wildcard") and (field.index or field.doc_values):
        body["ignore_above"] = field.ignore_above or IGNORE_ABOVE  # else a long text refuses the whole document
    if field.multi_fields:
        body["fields"] = {name: {"type": kind} for name, kind in field.multi_fields}
    return body


def default_fields(properties: Body) -> list[str]:
    """Those of SEARCHED that the index mapping has, each followed by its text, sorted by name."""
    found = []
    for name in SEARCHED:
        body: Body = {"properties": properties}
        for key in name.split("."):
            body = body.get("properties", {}).get(key, {})
        if body.get("type") in ("keyword", "wildcard", "text", "match_only_text"):
            texts = [key for key, multi in body.get("fields", {}).items() if multi["type"].endswith("text")]
            found += [name, *(f"{name}.{key}" for key in texts)]
    return sorted(found)


def count_fields(properties: Body) -> int:
    """How many fields a server counts against `index.mapping.total_fields.limit`: objects and multi-fields too."""
    return sum(
        1 + count_fields(body.get("properties", {})) + len(body.get("fields", {})) for body in properties.values()
    )
