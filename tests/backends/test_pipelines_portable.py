"""The pipelines hold only what Elasticsearch 8.19, 9 and OpenSearch 3 all have, and keep Elastic's rules for packages.

The allow-list of Painless is in `painless.py`, that of processors here.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any

import pytest

from normalizer import Mappings, load
from normalizer.backends import outputs
from normalizer.backends.pipelines import build
from normalizer.language.plan import Each, Origin
from normalizer.names import NAME
from tests.backends import painless
from tests.backends.python.ways import ways
from tests.engines.ask import ask
from tests.test_conversions import CUSTOM, FIELDS

Body = dict[str, Any]
Bodies = dict[str, Body]

LIMIT = 60_000
"""Bytes of a script; the servers take 65,535."""
PIPELINE = {"description", "version", "processors", "on_failure"}
"""Keys of a pipeline. `_meta` is Elasticsearch's own."""
COMMON: Body = {"tag": "a", "description": "A.", "if": "ctx.a != null", "ignore_failure": True, "on_failure": []}
"""Options that every processor has, with a value for each. A server refuses an option that it does not know."""
PROCESSORS: dict[str, Body] = {
    "append": {"field": "a", "value": ["b"], "allow_duplicates": False},
    "drop": {},
    "fail": {"message": "a"},
    "pipeline": {"name": "a"},
    "remove": {"field": ["a", "b"], "ignore_missing": True},
    "rename": {"field": "a", "target_field": "b", "ignore_missing": True},
    "script": {"lang": "painless", "source": "return;", "params": {"a": [1]}},
    "set": {"field": "a", "value": "{{{b}}}", "override": False, "ignore_empty_value": True},
}
"""Their own options. Not there, for example: set.copy_from and media_type, remove.keep, rename.override and
override_target, pipeline.ignore_missing_pipeline, script.id."""


def walk(body: Body) -> Iterator[tuple[str, Body]]:
    """Every processor of a pipeline with its options, those for failures too."""

    def inside(processors: Iterable[Body]) -> Iterator[tuple[str, Body]]:
        for processor in processors:
            for kind, options in processor.items():
                yield kind, options
                yield from inside(options.get("on_failure", []))

    yield from inside([*body.get("processors", []), *body.get("on_failure", [])])


def not_portable(body: Body) -> list[str]:
    """What in a pipeline not all engines have."""
    found = [f"pipeline.{key}" for key in body.keys() - PIPELINE]
    for kind, options in walk(body):
        if kind not in PROCESSORS:
            found.append(kind)
            continue
        found += [f"{kind}.{key}" for key in sorted(options.keys() - PROCESSORS[kind].keys() - COMMON.keys())]
        found += [f"{kind}: {what}" for what in painless.problems(options.get("if", ""), condition=True)]
        if kind == "script":
            found += [f"script: {what}" for what in painless.problems(options.get("source", ""))]
            if options.get("lang") != "painless":
                found.append("script.lang")
            if len(options.get("source", "").encode()) > LIMIT:
                found.append("script.source: it is too long")
    return found


def scripts(bodies: Bodies) -> list[str]:
    """The sources of all scripts."""
    return [options["source"] for body in bodies.values() for kind, options in walk(body) if kind == "script"]


@pytest.fixture(scope="module", params=["files", "org", "split", "every conversion"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Mappings, Bodies]:
    """Mappings and their pipelines: as the files hold them, with an Okta org, with more than one script, of others."""
    mappings = load()
    match request.param:
        case "files":
            found = {path[17:]: data for path, data in outputs(mappings) if path.startswith("ingest_pipelines/")}
            bodies = {path.removesuffix(".json"): json.loads(found[path]) for path in found if path.endswith(".json")}
            assert [found[path].decode() for path in found if path.endswith(".painless")] == scripts(bodies)
            return mappings, bodies
        case "org":
            return mappings, build(mappings, org="acme.okta.com")
        case "split":
            (whole,) = scripts(build(mappings))
            made = build(mappings, limit=len(whole.encode()) - 1)
            assert len(scripts(made)) > 1
            return mappings, made
        case _:
            mappings = ways(tmp_path_factory.mktemp("ways"), FIELDS, CUSTOM).mappings
            return mappings, build(mappings)


@pytest.fixture(scope="module")
def bodies(built: tuple[Mappings, Bodies]) -> Bodies:
    return built[1]


# ---- nothing that one of the engines lacks


def test_portable(bodies: Bodies) -> None:
    assert {name: not_portable(body) for name, body in bodies.items()} == {name: [] for name in bodies}


def library() -> str:
    """Every function that scripts take from, as one script."""
    return (files("normalizer.backends.pipelines") / "library.painless").read_text(encoding="utf-8") + "\nreturn;\n"


def test_the_whole_library_is_portable() -> None:
    assert painless.problems(library()) == []


def store(url: str, processors: list[Body], **rest: Any) -> tuple[int, Any]:
    """What a server says to a pipeline; it compiles the scripts and looks at the options."""
    return ask(url, "PUT", "/_ingest/pipeline/portable", {"processors": processors, **rest})


def script(source: str) -> list[Body]:
    return [{"script": {"source": source}}]


def test_opensearch_takes_the_pipelines(opensearch_url: str, bodies: Bodies) -> None:
    for body in bodies.values():
        assert store(opensearch_url, **body) == (200, {"acknowledged": True})


def test_opensearch_takes_the_whole_library(opensearch_url: str) -> None:
    assert store(opensearch_url, script(library())) == (200, {"acknowledged": True})


def test_opensearch_has_what_the_lists_hold(opensearch_url: str) -> None:
    assert store(opensearch_url, script(painless.probe())) == (200, {"acknowledged": True})
    processors = [{kind: {**COMMON, "on_failure": [{"drop": {}}], **own}} for kind, own in PROCESSORS.items()]
    body = {"description": "A.", "version": 1, "on_failure": [{"drop": {}}]}
    assert body.keys() | {"processors"} == PIPELINE
    assert store(opensearch_url, processors, **body) == (200, {"acknowledged": True})


@pytest.mark.parametrize(
    ("table", "name", "entry"),
    [
        ("METHODS", "String", "isBlank/0"),
        ("METHODS", "Map", "get/2"),
        ("METHODS", "List", "of/1"),
        ("STATIC", "Collections", "emptyBag/0"),
        ("CONSTANTS", "Long", "ZERO"),
        ("CONSTRUCTORS", "TreeMap", "7"),
    ],
)
def test_what_does_not_exist_would_be_seen(
    opensearch_url: str, monkeypatch: pytest.MonkeyPatch, table: str, name: str, entry: str
) -> None:
    known: dict[str, str] = getattr(painless, table)
    monkeypatch.setitem(known, name, f"{known[name]} {entry}")
    assert store(opensearch_url, script(painless.probe()))[0] == 400


# ---- the checker sees what it should


DECLARED = "int n = 2; Object v = null; Object w = v; String s = ''; List l = new ArrayList(); Map m = new HashMap(); "
BAD = {
    "switch (n) { case 1: return; }": "switch(…) is no function of the script",
    "boolean b = s =~ /x/;": "the operator =~",
    "boolean b = s ==~ /x/;": "the operator ==~",
    "boolean b = v === w;": "the operator ===",
    "v = /x/.matcher(s);": "a regular expression",
    "return /x/.matcher(s);": "a regular expression",
    "Pattern p = Pattern.compile('x');": "the type Pattern",
    "m.put('now', metadata().now);": "metadata(…) is no function of the script",
    "v = field('a.b').get('');": "field(…) is no function of the script",
    "v = $('a.b', 1);": "the operator $",
    "v = doc['a'].value;": "the name doc",
    "def x = 1;": "the name def",
    "String f(def x) { return ''; }": "the name def",
    "for (x in l) { }": "the name x",
    "v = l[0].name;": "the field name",
    "v = s.split(',');": "the method split/1",
    "v = s.splitOnToken(',');": "the method splitOnToken/1",
    "v = s.replaceAll('a', 'b');": "the method replaceAll/2",
    "v = s.isBlank();": "the method isBlank/0",
    "v = s.strip();": "the method strip/0",
    "v = s.repeat(2);": "the method repeat/1",
    "v = s.getBytes();": "the method getBytes/0",
    "v = s.sha256();": "the method sha256/0",
    "v = s.substring(1, 2, 3);": "the method substring/3",
    "v = m?.getOrDefault('a', [1, 2]);": "the method getOrDefault/2",
    "v = ((Map) v).merge('a', f(1, 2), n);": "the method merge/3",
    "v = l.stream();": "the method stream/0",
    "l.removeIf(x -> x == null);": "the operator ->",
    "l.sort(String::compareTo);": "the operator ::",
    "v = List.of(1);": "the method List.of/1",
    "v = Map.of();": "the method Map.of/0",
    "v = String.format('%s', [n]);": "the method String.format/2",
    "v = String.isEmpty();": "the method String.isEmpty/0",
    "v = Boolean.parseBoolean('x');": "the method Boolean.parseBoolean/1",
    "v = Instant.now();": "the type Instant",
    "v = Json.load(s);": "the type Json",
    "v = Processors.uriParts(s);": "the method Processors.uriParts/1",
    "v = Long.BYTES;": "the constant Long.BYTES",
    "v = new Date();": "new Date/0",
    "v = new TreeMap(m);": "new TreeMap/1",
    "v = new ArrayList(1, 2);": "new ArrayList/2",
    "v = new int[3];": "new int[",
    "n = l.toArray().length;": "the field length",
    "throw new Exception('x');": "the name throw",
    "v = 'a\\n';": "the operator '",
    'v = """a""" + n | 1;': "the operator |",
}
GOOD = [
    "n = n / 2; n = (n + 1) / 2; n = l.size() / 2; double d = l[0] == null ? 1.5 : 2L;",
    "// def x = List.of(1) =~ /y/\n/* switch $ */ n++; // it's",
    """s = 'it\\'s =~ "List.of(" \\\\ //'; s = "def 'x' /* ";""",
    "String f(int a, Map b) { return a > 0 ? (String) b.get('x') : null; } s = f(n, ['a': [1, 2]]);",
    "for (Map.Entry e : m.entrySet()) { l.add([e.getKey(), e.getValue()]); }",
    "char ch = s.charAt(0); if (ch >= (char) '0') { StringBuilder b = new StringBuilder(); b.append(ch).append('x'); }",
    "try { v = Processors.json(s); } catch (Exception e) { return; }",
    "Object[] f(Object[] a) { return new Object[] {a[0], 'x', [1]}; } Object[] b = f(new Object[] {n}); v = b[0];",
    "while (n > 0 && !s.isEmpty()) { n -= 1; if (n == 5) { break; } if (n == 7) { continue; } n++; }",
    "ctx.put('a', params.get('b')); w = v instanceof Map ? Boolean.TRUE : null; long x = Long.MIN_VALUE;",
]


@pytest.mark.parametrize(("source", "what"), BAD.items())
def test_bad_painless_is_seen(source: str, what: str) -> None:
    found = painless.problems(f"{DECLARED}\n{source}")
    assert f"line 2: {what}" in found


@pytest.mark.parametrize("source", GOOD)
def test_good_painless_passes(opensearch_url: str, source: str) -> None:
    functions = re.match(r"(String|Object\[\]) f\(.*?; \} ", source)
    head = functions.group() if functions else ""
    source = f"{head}{DECLARED}{source.removeprefix(head)}"
    assert painless.problems(source) == []
    assert store(opensearch_url, script(source)) == (200, {"acknowledged": True})


@pytest.mark.parametrize(
    ("condition", "good"),
    [
        ("ctx.event?.original == null", True),
        ("!(ctx.a.b instanceof String) || ctx['@timestamp'] == null", True),
        ("ctx._a?.b.contains('x')", True),
        ("ctx.a.b.length == 1", True),
        ("ctx.a.toUpperCase() == 'X'", False),
        ("ctx.get('a').b == null", False),
        ("params.a.b == null", False),
        ("String.class == null", False),
        ("event.kind == null", False),
        ("ctx.a =~ /x/", False),
    ],
)
def test_conditions(condition: str, good: bool) -> None:
    assert (painless.problems(condition, condition=True) == []) is good


@pytest.mark.parametrize(
    ("processor", "what"),
    [
        ({"set": {"field": "a", "copy_from": "b"}}, "set.copy_from"),
        ({"set": {"field": "a", "value": "b", "media_type": "text/plain"}}, "set.media_type"),
        ({"append": {"field": "a", "copy_from": "b"}}, "append.copy_from"),
        ({"remove": {"keep": "a"}}, "remove.keep"),
        ({"remove": {"exclude_field": "a"}}, "remove.exclude_field"),
        ({"rename": {"field": "a", "target_field": "b", "override": True}}, "rename.override"),
        ({"rename": {"field": "a", "target_field": "b", "override_target": True}}, "rename.override_target"),
        ({"pipeline": {"name": "a", "ignore_missing_pipeline": True}}, "pipeline.ignore_missing_pipeline"),
        ({"script": {"lang": "painless", "id": "stored"}}, "script.id"),
        ({"script": {"lang": "expression", "source": "1"}}, "script.lang"),
        ({"script": {"lang": "painless", "source": "metadata();"}}, "script: line 1: metadata(…) is no function"),
        ({"script": {"lang": "painless", "source": " " * (LIMIT + 1)}}, "script.source: it is too long"),
        ({"drop": {"if": "ctx.a =~ /x/"}}, "drop: line 1: the operator =~"),
        ({"uri_parts": {"field": "a"}}, "uri_parts"),
        ({"fingerprint": {"fields": ["a"]}}, "fingerprint"),
        ({"copy": {"source_field": "a", "target_field": "b"}}, "copy"),
        ({"drop": {"on_failure": [{"set": {"field": "a", "copy_from": "b"}}]}}, "set.copy_from"),
    ],
)
def test_processors_that_are_not_portable_are_seen(processor: Body, what: str) -> None:
    for body in ({"processors": [processor]}, {"processors": [], "on_failure": [processor]}):
        found = not_portable(body)
        assert len([each for each in found if each.startswith(what)]) == 1


def test_keys_of_pipelines_that_are_not_portable_are_seen() -> None:
    assert not_portable({"processors": [], "_meta": {}, "description": "A."}) == ["pipeline._meta"]


# ---- the rules for pipelines in Elastic's packages


SAID = ("on_failure_processor_type", "on_failure_processor_tag", "on_failure_message", "pipeline")


def breaks_rules(bodies: Bodies) -> list[str]:
    """What the linter of Elastic's packages says of pipelines: tags are looked at over all of them together."""
    found, tags = [], set()
    for name, body in bodies.items():
        for kind, options in walk(body):
            tag = options.get("tag")
            found += [f"{name}: {kind} without {key}" for key in ("tag", "description") if not options.get(key)]
            found += [f"{name}: {tag} twice"] if tag in tags else []
            tags.add(tag)
        if body["processors"]:
            found += [f"{name}: {what}" for what in _failures(body)]
    return found


def _failures(body: Body) -> Iterator[str]:
    """What is wrong with `on_failure`: the first processor for a field counts, and only a text is read."""
    fields = [(kind, options) for each in body.get("on_failure", []) for kind, options in each.items()]
    kinds = [each["value"] for kind, each in fields if kind == "set" and each["field"] == "event.kind"]
    if kinds[:1] != ["pipeline_error"]:
        yield "event.kind is not set to pipeline_error"
    said = [each["value"] for kind, each in fields if kind in ("set", "append") and each["field"] == "error.message"]
    text = said[0] if said and isinstance(said[0], str) else ""
    yield from (f"error.message does not name _ingest.{each}" for each in SAID if f"_ingest.{each}" not in text)


def test_rules_for_packages(bodies: Bodies) -> None:
    assert breaks_rules(bodies) == []


def test_what_breaks_the_rules_is_seen() -> None:
    good, text = build(load()), "".join(f"{{{{{{ _ingest.{each} }}}}}}" for each in SAID)

    def said(tag: str, key: str, value: Any) -> list[str]:
        """With one option changed in pipelines that else keep the rules."""
        bodies = copy.deepcopy(good)
        named = {options["tag"]: options for _, options in walk(bodies[NAME])}
        named["failed_message"]["value"] = text
        named[tag][key] = value
        return breaks_rules(bodies)

    assert said("failed_message", "value", text) == []
    assert said("set_ingested", "tag", "") == [f"{NAME}: set without tag"]
    assert said("custom_failed", "description", "") == [f"{NAME}: set without description"]
    assert said("set_ingested", "tag", "run_custom") == [f"{NAME}: run_custom twice"]
    assert said("failed_kind", "value", "event") == [f"{NAME}: event.kind is not set to pipeline_error"]
    assert said("failed_message", "value", text[:-9]) == [f"{NAME}: error.message does not name _ingest.pipeline"]
    assert len(said("failed_message", "value", [text])) == len(SAID)


def test_the_message_becomes_the_original_only_where_there_is_none(bodies: Bodies) -> None:
    """A shipper may have kept the original already; what it has sent then does not stand there twice."""
    first, second = bodies[NAME]["processors"][:2]
    rename, remove = first["rename"], second["remove"]
    assert (rename["field"], rename["target_field"], remove["field"]) == ("message", "event.original", "message")
    assert "ctx.event?.original == null" in rename["if"].split(" && ")
    assert "ctx.event?.original != null" in remove["if"].split(" && ")
    for body in bodies.values():
        others = [options for _, options in walk(body) if options not in (rename, remove)]
        assert not [options for options in others if options.get("field") == "message"]


# ---- every field says where it comes from


PLACE = r"(?:[^\s,]+\.yml:\d+|the compiler)"
COMMENT = re.compile(rf"^ *// ([^:\n]+): ({PLACE}(?:, {PLACE})*)$", re.MULTILINE)


def place(origin: Origin) -> str:
    name = origin.place.file.rpartition("/")[2]
    return f"{name}:{origin.place.line}" if name.endswith(".yml") else "the compiler"


def test_every_field_names_its_places_in_the_mappings(built: tuple[Mappings, Bodies]) -> None:
    mappings, bodies = built
    wanted = set()
    for plan in mappings.plans:
        for rule in plan.rules if plan.event_type != "*" else ():
            wanted.add((rule.destination.name, place(rule.origin)))
            if isinstance(rule, Each):
                wanted |= {(inner.destination.name, place(inner.origin)) for inner in rule.fields}
    written = {
        (name, where)
        for source in scripts(bodies)
        for names, places in COMMENT.findall(source)
        for name in names.split(", ")
        for where in places.split(", ")
    }
    assert written == wanted
    assert len(wanted) > len(FIELDS.splitlines())
