"""What README.md and docs/ say, held against what is there: files, commands, fields, examples, messages.

A fenced block's words say what it is: `yaml` a file of mappings/ that its first line names, `yaml mistake` one with
mistakes and the `text` after it the findings, `json event` and `json document` what the last mapping makes of an event.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import orjson
import pytest
from click.testing import CliRunner
from elasticsearch import Elasticsearch

from normalizer import EventError, MappingError, Mappings, Normalizer, NormalizerError, load
from normalizer.backends.templates import build, index_mapping
from normalizer.cli import cli
from normalizer.delivery import verdict
from normalizer.ecs import Field
from normalizer.language import Constant, Value
from normalizer.language.check import NOT_BY_MAPPINGS
from normalizer.language.conversions import STEPS, TYPES
from normalizer.outputs.answers import ItemResult
from tests.golden import SHIPPED

TOP = Path(__file__).resolve().parent.parent
README = TOP / "README.md"
LANGUAGE, ELASTICSEARCH = TOP / "docs/language.md", TOP / "docs/elasticsearch.md"
PAGES = [README, *sorted((TOP / "docs").glob("*.md"))]
BY_HAND = [page for page in PAGES if page.name != "fields.md"]

BASE = {"uuid": "5a01c1d6", "published": "2026-09-14T06:00:00.123Z"}

# --- the pages' parts


@dataclass(frozen=True)
class Block:
    """A fenced block: its words (`json event`), its text, the line of its text in the page."""

    words: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(match[1].strip(), match[2], text.count("\n", 0, match.start(2)) + 1)
        for match in re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


def prose(page: Path) -> str:
    """What is not fenced."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def code(page: Path) -> Iterator[str]:
    """Every line and every span of code; of prose nothing else."""
    for block in blocks(page):
        yield from block.text.splitlines()
    for line in prose(page).splitlines():
        if line.startswith("    "):
            yield line.strip()
        else:
            yield from re.findall(r"`([^`]+)`", line)


def name_of(block: Block) -> str:
    """The file that a YAML block is, by its first line."""
    match = re.match(r"# (\S+\.yml)\n", block.text)
    assert match is not None, f"the first line of the block at line {block.line} names no file"
    return match[1]


def rows(page: Path, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head; code marks left out."""
    _, found, rest = page.read_text(encoding="utf-8").partition(f"\n{heading}\n")
    assert found, f"{page.name} has no heading {heading!r}"
    table = re.search(r"^\|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", rest, re.MULTILINE)
    assert table is not None
    lines = table[1].replace(r"\|", "\0").splitlines()
    return [[cell.strip().replace("\0", "|").replace("`", "") for cell in line.strip("|").split("|")] for line in lines]


# --- links


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, TOP / "CHANGELOG.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    for link in links:
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = page if not file else (page.parent / file).resolve()
        assert target.exists(), f"{page.name} links to {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {link}"


@pytest.mark.parametrize("page", BY_HAND, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path) -> None:
    folders = "normalizer|mappings|schemas|tests|examples|benchmarks|ingest_pipelines|requirements|docs"
    for span in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8")):
        if re.fullmatch(rf"(?:{folders})/[\w./@-]*", span):
            assert (TOP / span).exists(), f"{page.name} names {span}"


# --- commands


CONTEXT = click.Context(cli)
COMMANDS = {name: command for name in cli.list_commands(CONTEXT) if (command := cli.get_command(CONTEXT, name))}


def options(command: click.Command) -> set[str]:
    flags = (parameter for parameter in command.params if isinstance(parameter, click.Option))
    return {"--help", *(flag for each in flags for flag in (*each.opts, *each.secondary_opts))}


EVERY_OPTION = options(cli) | {flag for command in COMMANDS.values() for flag in options(command)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_that_are_named_exist(page: Path) -> None:
    for line in code(page):
        for part in re.split(r"&&|\||;", line):
            called = re.search(r"mim-ecs ([a-z]+)\b", part)
            if called is not None:
                assert called[1] in COMMANDS, f"{page.name}: {line}"
            if re.match(r"\s*([\w./]*/)?(curl|docker|jq|make|python)\b", part):
                continue
            known = EVERY_OPTION if called is None else options(cli) | options(COMMANDS[called[1]])
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", part):
                assert flag in known, f"{page.name}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_that_are_named_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    for line in code(page):
        if called := re.match(r"make ([a-z]+)", line):
            assert called[1] in targets, f"{page.name}: {line}"


def test_every_command_is_named_in_the_readme() -> None:
    for name in COMMANDS:
        assert f"mim-ecs {name}" in README.read_text()


def error_types(kind: type[NormalizerError]) -> Iterator[type[NormalizerError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from error_types(each)


def test_every_exit_code_is_documented() -> None:
    codes = {str(kind.exit_code) for kind in error_types(NormalizerError)} | {"0", "130", "143"}
    assert set(re.findall(r"\d+", CliRunner().invoke(cli, ["--help"]).output.partition("Exit codes:")[2])) == codes
    table = {each for row in rows(ELASTICSEARCH, "## Exit codes") for each in re.findall(r"\d+", row[0])}
    assert table == codes
    said = re.search(r"Exit codes: (.*?)\.\n", README.read_text(), re.DOTALL)
    assert said is not None
    assert set(re.findall(r"\b\d+\b", said[1])) == codes


# --- the mapping language


def shipped(folder: Path) -> Path:
    """A copy of the shipped mappings that can be written to."""
    copy = folder / "mappings"
    shutil.copytree(TOP / "mappings", copy, copy_function=shutil.copyfile)
    return copy


@pytest.fixture(scope="module")
def language_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped mappings with all files of docs/language.md laid over them."""
    folder = shipped(tmp_path_factory.mktemp("language"))
    written = set()
    for block in blocks(LANGUAGE):
        if block.words == "yaml":
            path = folder / name_of(block)
            before = ""
            if path.name == "_custom_fields.yml":
                names = tuple(f"{name}:" for name in re.findall(r"^([\w.]+):", block.text, re.MULTILINE))
                kept = path.read_text(encoding="utf-8").splitlines(keepends=True)
                before = "".join(line for line in kept if not line.startswith(names))
            assert path not in written, f"{path.name} stands twice in the page"
            written.add(path)
            path.write_text(before + block.text, encoding="utf-8")
    return folder


def examples() -> Iterator[Any]:
    """Event type, event and document of each pair of docs/language.md."""
    event_type, event = "", ""
    for block in blocks(LANGUAGE):
        if block.words == "yaml":
            event_type = name_of(block).removesuffix(".yml")
        elif block.words == "json event":
            event = block.text
        elif block.words == "json document":
            yield pytest.param(event_type, event, block.text, id=f"line {block.line}")


@pytest.mark.parametrize(("event_type", "event", "document"), [*examples()])
def test_examples_of_the_language(language_page: Path, event_type: str, event: str, document: str) -> None:
    made = Normalizer.load(language_page).normalize(BASE | {"eventType": event_type} | orjson.loads(event))
    check_part(orjson.loads(document), made, "")


def check_part(wanted: Any, made: Any, place: str) -> None:
    """All that is shown is in the document; null stands for what is not."""
    if not isinstance(wanted, dict):
        assert made == wanted, place
        return
    for key, value in wanted.items():
        check_part(value, made.get(key), f"{place}.{key}")


def mistakes() -> Iterator[Any]:
    for block, after in pairwise(blocks(LANGUAGE)):
        if block.words == "yaml mistake":
            yield pytest.param(block, after, id=f"line {block.line}")


@pytest.mark.parametrize(("block", "told"), [*mistakes()])
def test_mistakes_are_told_as_shown(language_page: Path, tmp_path: Path, block: Block, told: Block) -> None:
    folder = tmp_path / "mappings"
    shutil.copytree(language_page, folder)
    (folder / name_of(block)).write_text(block.text, encoding="utf-8")
    assert told.words == "text"
    assert findings(folder) == told.text.splitlines()


def findings(folder: Path) -> list[str]:
    with pytest.raises(MappingError) as caught:
        load(folder)
    return [str(finding).replace(folder.as_posix(), "mappings") for finding in caught.value.findings]


def test_types_and_conversions_are_all_described() -> None:
    table = rows(LANGUAGE, "## Types: what goes in, what comes out")
    nouns = {kind: row[3] for row in table for kind in row[0].split(", ")}
    assert nouns == {kind: conversion.noun for kind, conversion in TYPES.items()} | {"object": ""}
    page = LANGUAGE.read_text()
    for name in STEPS:
        assert f"\n| `{name}` |" in page
    assert {row[0] for row in rows(LANGUAGE, "## What mappings do not write")} == {*NOT_BY_MAPPINGS}


# --- README.md


def test_the_event_before_and_after() -> None:
    before, after = (orjson.loads(block.text) for block in blocks(README) if block.words == "json")
    made = Normalizer.load().normalize(before)
    assert made["event"].pop("original")
    assert made.pop("okta")
    assert made == after


def test_the_new_event_type_of_the_readme(tmp_path: Path) -> None:
    [block] = [block for block in blocks(README) if block.words == "yaml"]
    folder = shipped(tmp_path)
    event_type = block.text.split()[1]
    file = folder / f"{event_type}.yml"
    file.write_text(block.text)
    assert load(folder).plan(event_type) is not None
    file.write_text(block.text.replace("debugContext.debugData.reason", "debugContext.debugdata.reason"))
    shown = [line.strip() for line in README.read_text().splitlines() if line.startswith("    mappings/")]
    [told] = findings(folder)
    assert [told.startswith(line.removesuffix(" …")) for line in shown] == [True]


# --- Elasticsearch and Kibana


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load()


KQL = re.compile(r'(?<![\w.@"])([@a-z][\w.@]*) : (?:\(([^)]*)\)|("[^"]*"|\S+))')


def searches() -> Iterator[tuple[str, str, list[str]]]:
    """The page, a field, and the texts in quotes that it is searched for."""
    for page in BY_HAND:
        for field, several, one in KQL.findall(page.read_text(encoding="utf-8")):
            yield page.name, field, re.findall(r'"([^"]*)"', several or one)


def test_fields_of_searches_are_in_the_index_mapping(mappings: Mappings) -> None:
    properties = index_mapping(mappings)
    pages = set()
    for page, name, texts in searches():
        pages.add(page)
        body: dict[str, Any] = {"properties": properties}
        for key in name.split("."):
            if body.get("type") == "flattened":
                break
            assert key in body.get("properties", {}), f"{page} searches for {name}"
            body = body["properties"][key]
        assert "properties" not in body, f"{page} searches for {name}, an object"
        check_values(mappings, name, texts)
    assert pages >= {"README.md", "elasticsearch.md"}


def check_values(mappings: Mappings, name: str, texts: list[str]) -> None:
    """A search for a constant, or for a value that is not allowed, finds nothing."""
    field: Field | None = mappings.fields.get(name)
    if field is not None and field.values and name != "event.kind":
        assert {*texts} <= {*field.values}, name
    if name == "event.kind":
        assert {*texts} <= {"event", "pipeline_error"}
    if name == "event.dataset":
        assert {*texts} <= {"okta.mim", "okta.system"}


def test_event_types_are_described_as_the_plans_have_them(mappings: Mappings) -> None:
    def shown(event_type: str, name: str) -> str:
        plan = mappings.plan(event_type)
        assert plan is not None
        match plan.rule(name):
            case Constant(value=tuple() as values):
                return ", ".join(map(str, values))
            case Constant(value=value):
                return str(value)
            case Value():
                return "from the event"
        return ""

    names = ("event.category", "event.type", "event.outcome", "okta.mim.operation", "okta.mim.command.status")
    table = rows(ELASTICSEARCH, "## What the event types mean")
    described = [row[0] for row in table]
    assert {*described} >= SHIPPED | {"mim.*"}, "an event type has no row"
    assert len(described) == len({*described})
    summaries = {plan.event_type: plan.summary for plan in mappings.plans}
    for event_type, *cells in table:
        assert cells == [*(shown(event_type, name) for name in names), summaries[event_type]], event_type


def test_verdicts_are_those_of_the_code() -> None:
    table = rows(ELASTICSEARCH, "## What the server's answers mean")
    assert len(table) > 5
    for said, outcome, *_ in table:
        status, _, kind = said.partition(" ")
        in_failure_store = kind == "failure_store: used"
        result = ItemResult("1", int(status), "" if in_failure_store else kind, failure_store=in_failure_store)
        first = verdict(result, 1)
        assert outcome == ("done" if first.duplicate else first.outcome.value), said


def test_reasons_of_dead_letters_are_all_described() -> None:
    reasons = {kind.reason for kind in error_types(EventError) if issubclass(kind, EventError)} - {"event", "unmapped"}
    table = {row[0] for row in rows(ELASTICSEARCH, "## Dead letters")}
    assert table == reasons | {"too_long", "too_large", "damaged", "defect", "refused"}


def test_the_settings_file_is_one(tmp_path: Path) -> None:
    [block] = [block for block in blocks(ELASTICSEARCH) if block.words == "yaml settings"]
    file = tmp_path / "settings.yml"
    file.write_text(block.text)
    done = CliRunner().invoke(cli, ["--config", str(file), "build", "--help"])
    assert done.exception is None, done.exception


def test_the_custom_template_fits(mappings: Mappings, elasticsearch_url: str) -> None:
    """A server that composes it with ours makes a data stream of them."""
    [block] = [block for block in blocks(ELASTICSEARCH) if block.text.startswith("PUT _component_template/")]
    client = Elasticsearch(elasticsearch_url)
    components = {f"docs-{name}": part["template"] for name, part in build(mappings).components.items()}
    components["docs-custom"] = orjson.loads(block.text.partition("\n")[2])["template"]
    for name, template in components.items():
        client.cluster.put_component_template(name=name, template=template)
    client.indices.put_index_template(
        name="docs-example",
        index_patterns=["docs-example-*"],
        data_stream={},
        priority=500,
        composed_of=[*components],
    )
    client.index(index="docs-example-1", document={"@timestamp": BASE["published"]}, op_type="create")
    client.indices.delete_data_stream(name="docs-example-1")
    client.indices.delete_index_template(name="docs-example")
    for name in components:
        client.cluster.delete_component_template(name=name)
