"""Merged rules ▶ Painless: the scripts that make documents, and the parameters that they share.

One script does it all while it is short enough; beyond that the fields of the document are dealt out by their roots to
as many as are needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from normalizer import okta
from normalizer.backends.pipelines.library import needed
from normalizer.backends.pipelines.merged import Merged, Read, Varying
from normalizer.backends.pipelines.picks import Picks, Use, uses
from normalizer.backends.pipelines.rules import Rules, literal
from normalizer.backends.pipelines.values import Node, Values, comment
from normalizer.backends.source import Names, Source
from normalizer.errors import SetupError
from normalizer.language.plan import Each
from normalizer.names import DATASET, NAME

ENVELOPES = {
    "detail": ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"),
    "event": ("time", "host", "source", "sourcetype", "index", "fields", "event"),
}
"""Roots that a log stream's envelope has: Amazon EventBridge's `detail`, `event` of Splunk's HTTP Event Collector."""

WRITTEN_BY_US = ("data_stream", "error", "event", "message", "tags")
"""Roots that documents have, or that raw events come in, whatever the mappings say."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """The sources, in the order in which they run, with the parameters of each; `fields` are those that each writes."""

    sources: tuple[str, ...]
    params: tuple[dict[str, Any], ...]
    fields: tuple[tuple[str, ...], ...]


def scripts(merged: Merged, limit: int) -> Scripts:
    """As few scripts as possible of at most `limit` bytes each.

    Raises SetupError where the fields below one root alone need more.
    """
    # an event without @timestamp is none, which the first script says
    roots = sorted({_root(name) for name in _names(merged)}, key=lambda root: (root != "@timestamp", root))
    for count in range(1, len(roots) + 1):
        parts = _dealt(merged, roots, count)
        made = [_script(merged, part, first=part is parts[0], last=part is parts[-1]) for part in parts]
        if all(len(source.encode()) <= limit for source, _ in made):
            return Scripts(
                tuple(source for source, _ in made),
                tuple(params for _, params in made),
                tuple(tuple(name for name in sorted(_names(merged)) if _root(name) in part) for part in parts),
            )
    size, root = max((len(source.encode()), next(iter(part))) for part, (source, _) in zip(parts, made, strict=True))
    raise SetupError(
        f"The fields below {root} make an ingest script of {size:,} bytes, and {limit:,} is the most; "
        "put some of your own fields below another name."
    )


def _names(merged: Merged) -> Iterable[str]:
    yield from (each.destination.name for each in merged.constants)
    yield from (each.name for read in merged.reads for each in read.destinations)


def _root(name: str) -> str:
    return name.partition(".")[0]


def _dealt(merged: Merged, roots: list[str], count: int) -> list[frozenset[str]]:
    """The roots in so many parts, each of about as many fields."""
    weights = dict.fromkeys(roots, 0)
    for name in _names(merged):
        weights[_root(name)] += 1
    parts: list[list[str]] = [[] for _ in range(count)]
    filled = 0
    for root in roots:
        parts[min(filled * count // sum(weights.values()), count - 1)].append(root)
        filled += weights[root]
    return [frozenset(part) for part in parts if part]


def removed(merged: Merged) -> list[str]:
    """The roots that do not stay in a document: those of LogEvent, and those that a document has."""
    return sorted({*event_roots(merged), *(_root(name) for name in _names(merged)), *WRITTEN_BY_US})


def event_roots(merged: Merged) -> list[str]:
    """The roots of an event, where it comes parsed: LogEvent's, and what mappings read beyond these."""
    paths = [
        path
        for read in merged.reads
        for rule in (read.rule.fields if isinstance(read.rule, Each) else [read.rule])
        for path in rule.paths
        if path.absolute and not path.given
    ]
    paths += [read.rule.path for read in merged.reads if isinstance(read.rule, Each)]
    return sorted({path.segments[0].name for path in paths} | {_root(path) for path in okta.log_event()})


@dataclass
class _Part:
    """What one script is made of."""

    merged: Merged
    roots: frozenset[str]
    source: Source = field(default_factory=lambda: Source("  ", "}"))
    names: Names = field(default_factory=Names)
    rules: Rules = field(default_factory=Rules)

    def reads(self) -> list[Read]:
        """The rules for fields of this part. A rule that writes into both parts stands in both."""
        found = []
        for read in self.merged.reads:
            kept = [at for at, each in enumerate(read.destinations) if each.keys[0] in self.roots]
            if kept:
                destinations = tuple(read.destinations[at] for at in kept)
                found.append(replace(read, destinations=destinations, origins=tuple(read.origins[at] for at in kept)))
        return found

    def body(self) -> None:
        """The lines that make this part of the document from `event`."""
        reads = self.reads()
        conditions = {read.label: self._condition(read) for read in reads}
        picks = Picks(self.source, self.names, "event", list(_uses(reads, conditions)))
        values = Values(self.rules, self.source, self.names, picks)
        root = Node("document", "begun")
        self.source.add("// ---- fields with the same value in all documents of an event type")
        for constant in self.merged.constants:
            if constant.destination.keys[0] in self.roots:
                self._constant(constant, root)
        self.source.add("// ---- fields from the event, by name")
        for read in reads:
            values.read(read, root, conditions[read.label])
        self.source.add("removeEmpty(begun);")

    def _condition(self, read: Read) -> str:
        """A variable that says whether the event's type has a rule; "" where all have."""
        if self.merged.everywhere(read):
            return ""
        variable = self.names.new("has", read.label)
        self.source.add(f"boolean {variable} = !without.contains({literal(read.label)});")
        return variable

    def _constant(self, constant: Varying, root: Node) -> None:
        name, keys = constant.destination.name, constant.destination.keys
        node = root.at(keys[:-1], self.names, self.source)
        for line in comment([(name, constant.origins)]):
            self.source.add(line)
        if constant.shared(self.merged.event_types):
            value = literal(next(iter(constant.values.values())))
        else:
            value = f"set.get({literal(name)})"
            value = f"copied({value})" if constant.destination.array else value
        self.source.add(f"put({node.variable}, {literal(keys[-1])}, {value});")


def _uses(reads: Iterable[Read], conditions: Mapping[str, str]) -> Iterable[Use]:
    for read in reads:
        rule, condition = read.rule, conditions[read.label]
        if isinstance(rule, Each):
            yield from uses([rule.path], read.number, condition, many=True, ends_in_objects=True)
            for inner in rule.fields:
                absolute = [path for path in inner.paths if path.absolute]
                yield from uses(absolute, read.number, condition, many=inner.destination.array)
        else:
            yield from uses(rule.paths, read.number, condition, many=rule.destination.array)


def _script(merged: Merged, roots: frozenset[str], *, first: bool, last: bool) -> tuple[str, dict[str, Any]]:
    part = _Part(merged, roots)
    part.body()
    head = ["// Made from the mappings by `mim-ecs build`: change those, not this.", "// ---- functions for all"]
    start = [*_STARTED, *(_FOUND if first else _RESUMED), *_TYPED]
    start += [
        f"List ignored{at} = (List) ((List) params.get('ignored')).get({at});" for at in range(len(part.rules.ignored))
    ]
    start += ["List none = Collections.emptyList();", "Object v = null;"]
    end = ["// ---- the document", *(_CHECKED if first else []), *_PUT, *(_REPORTED if last else _HANDED_ON)]
    code = [*start, *part.source.lines, *end]
    own = [*part.rules.sources.values()]
    library = needed([*own, "\n".join(code)])
    params: dict[str, Any] = {
        "types": _types(merged),
        "fallbacks": sorted((each[:-1] for each in merged.event_types if each.endswith("*")), key=len, reverse=True),
        "ignored": [list(ignored) for ignored in part.rules.ignored],
        "tables": part.rules.tables,
    }
    if first:
        params["roots"] = {
            "name": NAME,
            "dataset": DATASET,
            "event": event_roots(merged),
            "removed": removed(merged),
            "envelopes": {name: list(keys) for name, keys in ENVELOPES.items()},
        }
    made = ["// ---- conversions of these mappings", *own] if own else []
    return "\n".join([*head, library, *made, "// ---- the event", *code, ""]), params


def _types(merged: Merged) -> dict[str, Any]:
    """For each event type the constants that not all share, and the rules that others have and it has not."""
    found: dict[str, Any] = {}
    for event_type in merged.event_types:
        constants = {
            each.destination.name: list(value) if isinstance(value := each.values[event_type], tuple) else value
            for each in merged.constants
            if event_type in each.values and not each.shared(merged.event_types)
        }
        without = [read.label for read in merged.reads if event_type not in read.event_types]
        found[event_type] = {"set": constants, "without": without}
    return found


_STARTED = (
    "Map problems = new TreeMap();",
    "Map c = new HashMap();",
    "c.put('problems', problems);",
    "c.put('tables', params.get('tables'));",
    "Map known = new HashMap();",
    "known.put('_org', params.get('org'));",
)

_FOUND = (
    "Map roots = (Map) params.get('roots');",
    "List tags = tagsOf(ctx.get('tags'));",
    "String namespace = namespaceOf(ctx, (String) roots.get('name'));",
    "Map source = sourceOf(ctx, (List) roots.get('event'));",
    "Object original = source.get('original');",
    "Map found = (Map) source.get('event');",
    "String fault = found == null ? (String) source.get('fault') : faultOf(found);",
    "if (fault != null) { stop(ctx, source, roots, fault, namespace, tags); return; }",
)

_RESUMED = (
    "Map before = (Map) ctx.get('_okta_mim');",
    "Object original = before.get('original');",
    "String namespace = (String) before.get('namespace');",
    "Map found = (Map) parsed((String) original);",
    "for (Object each : (List) before.get('problems')) { problems.put(((List) each).get(0), ((List) each).get(1)); }",
)

_TYPED = (
    "Map type = typeOf((String) found.get('eventType'), (Map) params.get('types'), (List) params.get('fallbacks'));",
    "if (type == null) { ctx.put('_okta_mim', ['other': true]); return; }",
    "Map set = (Map) type.get('set');",
    "List without = (List) type.get('without');",
    "known.put('_original', original);",
    "known.put('_namespace', namespace);",
    "Object[] given = new Object[] {known, ''};",
    "Object[] event = new Object[] {found, ''};",
    "Map document = new HashMap();",
    "List begun = new ArrayList();",
)

_CHECKED = (
    "if (document.get('@timestamp') == null) {",
    "  stop(ctx, source, roots, problems.isEmpty() ? 'it has no date' : (String) sentences(problems).get(0), "
    "namespace, tags);",
    "  return;",
    "}",
    "clear(ctx, source, roots);",
    "if (!tags.isEmpty()) { ctx.put('tags', tags); }",
    "ctx.put('_id', found.get('uuid'));",
)

_PUT = ("join(ctx, document);",)

_REPORTED = (
    "if (!problems.isEmpty()) { report(ctx, sentences(problems)); }",
    "ctx.remove('_okta_mim');",
)

_HANDED_ON = (
    "Map left = new HashMap();",
    "left.put('problems', inOrder(problems));",
    "left.put('original', original);",
    "left.put('namespace', namespace);",
    "ctx.put('_okta_mim', left);",
)
