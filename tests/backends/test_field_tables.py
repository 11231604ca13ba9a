"""The pages that list the fields of each event type."""

from __future__ import annotations

import re

import pytest

from normalizer import Mappings, load
from normalizer.backends.field_tables import FOLDER, field_tables
from normalizer.language import Constant, Each, Plan
from tests.golden import SHIPPED

MAPPINGS = load()
PAGES = {path: data.decode() for path, data in field_tables(MAPPINGS)}


def rows(page: str) -> dict[str, list[str]]:
    """The cells of each line of its tables, by the field that it begins with."""
    found = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and (match := re.match(r"`([^`]+)`", cells[0])):
            found[match[1]] = cells
    return found


@pytest.mark.parametrize("plan", MAPPINGS.plans, ids=lambda plan: plan.chain[0])
def test_every_field_of_a_plan_has_a_line(plan: Plan) -> None:
    found = rows(PAGES[f"{FOLDER}/{plan.chain[0]}.md"])
    names = [rule.destination.name for rule in plan.rules]
    names += [inner.destination.name for rule in plan.rules if isinstance(rule, Each) for inner in rule.fields]
    assert sorted(found) == sorted(names)
    for rule in plan.rules:
        assert len(found[rule.destination.name]) == (3 if isinstance(rule, Constant) else 4)


def test_the_list_names_every_event_type() -> None:
    listed = re.findall(r"^\| \[`([^`]+)`\]\(([^)]+)\)", PAGES[f"{FOLDER}/index.md"], re.MULTILINE)
    assert {name for name, _ in listed} == SHIPPED | {"*", "mim.*"}
    assert {f"{FOLDER}/{page}" for _, page in listed} | {f"{FOLDER}/index.md"} == PAGES.keys()


@pytest.mark.parametrize(
    ("field", "cells"),
    [
        ("event.category", ["list of keyword", "`configuration`, `host`"]),
        ("ecs.version", ["keyword", "`9.4.0`; written by the normalizer itself"]),
        ("event.id", ["keyword", "`uuid`", ""]),
        ("log.level", ["keyword", "`severity`", "as `lower`"]),
        ("event.outcome", ["keyword", "`outcome.result`", "`ALLOW` → `success`, `DENY` → `failure`, "
         "`FAILURE` → `failure`, `SUCCESS` → `success`; else `unknown`"]),
        ("client.domain", ["keyword", "`securityContext.domain`", "without placeholders, `.`"]),
        ("host.id", ["keyword", r"`target(type=Device\|UDDevice\|MobileDevice).id`", "without placeholders"]),
        ("host.os.name", ["keyword", None, "without placeholders; by the table `os_name` of 167 lines"]),
        ("related.ip", ["list of ip", "all of `client.ipAddress`, `request.ipChain.ip`", "without placeholders"]),
        ("okta.target", ["object", "each of `target`", "a list of objects"]),
        ("okta.target.id", ["keyword", "`target[].id`", ""]),
    ],
)  # fmt: skip
def test_what_a_line_says(field: str, cells: list[str | None]) -> None:
    found = rows(PAGES[f"{FOLDER}/mim.command.ios.new.md"])[field][1:]
    assert [cell if wanted is not None else None for cell, wanted in zip(found, cells, strict=True)] == cells


def test_fields_of_ours_are_described() -> None:
    assert (
        rows(PAGES[f"{FOLDER}/any.md"])["okta.uuid"][0]
        == "`okta.uuid`<br>Okta's id of the event; the document's \\_id too."
    )


def test_what_markdown_would_take_for_its_own(mappings_of: Mappings) -> None:
    page = dict(field_tables(mappings_of))[f"{FOLDER}/mim.x.md"].decode()
    assert "A \\*bold\\* \\<b\\> \\[x\\](y) \\| z." in page
    assert rows(page)["labels.a"][2] == "`` a`b\\|c ``"


@pytest.fixture
def mappings_of(tmp_path_factory: pytest.TempPathFactory) -> Mappings:
    folder = tmp_path_factory.mktemp("mappings")
    text = "event_type: mim.x\nextends: _mim\nsummary: 'A *bold* <b> [x](y) | z.'\nset: {labels.a: 'a`b|c'}\n"
    (folder / "mim.x.yml").write_text(text, encoding="utf-8")
    (folder / "_custom_fields.yml").write_text("labels.a: {type: keyword, description: A.}\n", encoding="utf-8")
    return load(folder)
