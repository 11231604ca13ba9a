"""Every golden case of the shipped mappings, the quick way and the plain way; and that nothing is left out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from normalizer import Mappings, Normalizer, load, okta
from normalizer.authoring.golden import DOCUMENT, Case, Golden, cases, pretty
from tests.golden import FOLDER, SHIPPED

CASES = list(cases(FOLDER))
ANY = {"any", "mim.any"}


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load()


def document(mappings: Mappings, case: Case, *, validate: bool) -> Any:
    options = replace(case.options(), validate=validate)
    return json.loads(Normalizer(mappings, options).normalize_text(case.text()).document)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(mappings: Mappings, case: Case) -> None:
    assert document(mappings, case, validate=True) == case.expected(), "if this is meant: make golden"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_plain_way_gives_the_same(mappings: Mappings, case: Case) -> None:
    assert document(mappings, case, validate=False) == case.expected()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_original_is_the_text_of_the_event(case: Case) -> None:
    event = case.expected()["event"]
    if case.options().keep_original or event["kind"] == "pipeline_error":
        assert event["original"] == case.text().decode()
    else:
        assert "original" not in event


def test_every_mapping_has_cases(mappings: Mappings) -> None:
    counts = Counter(case.mapping for case in CASES)
    names = {plan.chain[0] for plan in mappings.plans}
    assert names >= SHIPPED | ANY
    assert {name for name in names if counts[name] < (2 if name in SHIPPED else 1)} == set()


def test_nothing_is_wrong_with_them(mappings: Mappings) -> None:
    golden = Golden(mappings, FOLDER)
    assert golden.findings() == []
    assert golden.count == len(CASES)


def test_documents_are_written_as_people_read_them() -> None:
    for case in CASES:
        text = case.path(DOCUMENT).read_text(encoding="utf-8")
        assert text.startswith('{\n  "'), case
        assert text == pretty(case.expected()), case


def test_no_two_cases_have_the_same_uuid() -> None:
    uuids = Counter(json.loads(case.text())["uuid"] for case in CASES)
    assert {uuid for uuid, count in uuids.items() if count > 1} == set()


def test_equal_means_with_types() -> None:
    assert len({pretty(value) for value in (1, 1.0, True, "1", [1])}) == 5
    assert pretty({"a": 1, "b": 2}) == pretty({"b": 2, "a": 1})


def test_the_rich_cases_hold_every_documented_value() -> None:
    """But for those that no mapping reads."""

    def paths(value: Any, path: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from paths(inner, f"{path}.{key}".lstrip("."))
        elif isinstance(value, list):
            for inner in value:
                yield from paths(inner, path)
        elif value is not None:
            yield path

    wanted = {path for path, fact in okta.log_event().items() if fact.type != "object"}
    wanted -= {path for path in wanted if ".ipDetails." in path or ".risk." in path}
    for case in CASES:
        if case.name == "rich" and case.mapping in SHIPPED | ANY:
            assert wanted - set(paths(json.loads(case.text()))) == set(), case
