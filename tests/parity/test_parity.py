"""Both ways on a genuine OpenSearch: everything that we have events for, and random ones, the same each time.

`make test-parity` compares more of them, other ones each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from normalizer import Mappings, Options, load
from normalizer.authoring import golden
from normalizer.backends.pipelines import build
from normalizer.language.conversions import STEPS, TYPES, levels
from tests.backends.python.test_language import CASES
from tests.backends.python.ways import EVENT, EVERY_TYPE, reported, ways, with_fields
from tests.golden import FOLDER as GOLDEN
from tests.parity import cases, events, everything
from tests.parity.check import ENTRY, Both, Document, both, python
from tests.parity.compare import differences
from tests.parity.events import generated
from tests.parity.report import explained
from tests.parity.simulate import Server
from tests.parity.writing import written
from tests.test_conversions import CUSTOM, FIELDS, dates, emails, ips, numbers, words

RANDOM, SEED = 600, 1
LEAST_GOOD = 0.3
SPLIT = 45_000
"""Bytes of a script that the shipped mappings need more than one of."""


@pytest.fixture(scope="module")
def server(opensearch_url: str) -> Server:
    return Server(opensearch_url)


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load()


@pytest.fixture(scope="module", params=[None, SPLIT], ids=["whole", "split"])
def shipped(server: Server, mappings: Mappings, request: pytest.FixtureRequest) -> Iterator[Both]:
    """Both ways for the shipped mappings: as many rules in a script as there can be, and scripts that are shorter."""
    with both(server, mappings, Options(), limit=request.param) as compared:
        yield compared


def test_shorter_scripts_are_more_scripts(mappings: Mappings) -> None:
    def scripts(limit: int) -> int:
        return sum("script" in processor for processor in build(mappings, limit)[ENTRY]["processors"])

    assert scripts(SPLIT) > scripts(60_000)


def assert_same(compared: Both, texts: Sequence[str]) -> None:
    found = compared.findings(texts)
    assert not found, f"\n{explained(compared, found)}"


# ---- the shipped mappings


def test_golden_cases(server: Server, mappings: Mappings) -> None:
    groups: dict[Options, list[str]] = {}
    for case, options in cases.golden_cases():
        groups.setdefault(options, []).append(case.text().decode())
    assert len(groups) > 1
    for options, texts in groups.items():
        with both(server, mappings, options) as compared:
            assert_same(compared, texts)


def test_what_is_not_compared_is_there_and_has_a_reason() -> None:
    """A golden case is left out only where an option that pipelines lack changes its document."""
    by_name = {str(case): case for case in golden.cases(GOLDEN)}
    for name, reason in cases.NOT_COMPARED.items():
        assert reason
        assert not by_name[name].options().keep_original
        assert "original" not in by_name[name].expected()["event"]


def test_samples(shipped: Both) -> None:
    assert_same(shipped, cases.samples())


def test_texts_that_are_no_events(shipped: Both) -> None:
    assert_same(shipped, cases.NO_EVENTS)


def test_events_in_envelopes(shipped: Both) -> None:
    assert_same(shipped, list(cases.envelopes()))


def test_odd_values_everywhere(shipped: Both) -> None:
    assert_same(shipped, list(cases.odd_events(whole=False)))


@pytest.fixture(scope="module")
def random_events(mappings: Mappings) -> list[str]:
    return generated(events.texts(mappings), RANDOM, SEED)


def test_random_events(shipped: Both, random_events: list[str]) -> None:
    shipped.counts.clear()
    assert_same(shipped, random_events)
    good, bad = shipped.counts["without problems"], shipped.counts["with problems"]
    assert good / (good + bad) > LEAST_GOOD
    assert min(bad, shipped.counts["dropped"], shipped.counts["no events"]) > 0
    assert shipped.counts.total() == RANDOM


# ---- what the mapping language can say besides


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_language(server: Server, tmp_path: Path, path: Path) -> None:
    """Every event of every case, against the document that the case expects as well."""
    case: dict[str, Any] = yaml.safe_load(path.read_bytes())
    small = ways(tmp_path / "mappings", case["fields"], case.get("custom_fields", "")).mappings
    texts = [written({**EVENT, **each["event"]}) for each in case["events"]]
    with both(server, small, EVERY_TYPE) as compared:
        assert_same(compared, texts)
        for text, each in zip(texts, case["events"], strict=True):
            expected = with_fields(each["adds"], reported(*each["problems"]) if "problems" in each else {})
            made = python(compared.normalizer, text)
            assert isinstance(made, Document)
            assert list(differences(expected, made.source)) == []


def test_random_events_for_every_form_of_rule(server: Server, tmp_path: Path) -> None:
    mappings = ways(tmp_path / "mappings", everything.FIELDS, everything.CUSTOM).mappings
    with both(server, mappings, EVERY_TYPE) as compared:
        assert_same(compared, generated(everything.texts(), RANDOM, SEED))
        assert compared.counts["without problems"] / compared.counts.total() > 0.1


# ---- conversions


@pytest.fixture(scope="module")
def conversions(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """A mapping with a field for each type and each step."""
    mappings = ways(tmp_path_factory.mktemp("conversions"), FIELDS, CUSTOM).mappings
    with both(server, mappings, EVERY_TYPE) as compared:
        yield compared


def event(data: dict[str, Any]) -> str:
    return written({**EVENT, "debugContext": {"debugData": data}})


def test_examples_of_conversions(conversions: Both) -> None:
    examples = [(name, value) for name, each in (TYPES | STEPS).items() for value, _ in each.examples]
    alone = [event({name: value}) for name, value in examples]
    in_lists = [event({name: [value]}) for name, value in examples]
    assert_same(conversions, [*alone, *in_lists])


def test_what_a_flattened_field_drops(conversions: Both) -> None:
    values: list[Any] = [
        [{"a": 1}, "x"], [5, {"a": 1}], [None, [], {}, {"a": 1}], [[{"a": 1}]], {"k" * 513: 1, "a": 1},
        {"a": {"b": {"k" * 508: 1}}}, {"a": {"b": {"k" * 509: 1, "x": 2}}}, {"a": [{"n\0": 1}, {"b": []}]},
        {"😀" * 256: 1}, {"😀" * 256 + "k": 1, "": 1}, [levels(20), {"a": levels(20)}], {"a": [[[levels(19)]]]},
        {"a": [[[levels(20)]]]}, {"a": {"k" * 600: levels(30)}}, {"a": {"k" * 513: {}}}, {"": {"": {"": 1}}},
    ]  # fmt: skip
    assert_same(conversions, [event({"flattened": value}) for value in values])


def test_fuzzed_texts(conversions: Both) -> None:
    """One text of each kind in an event; the numbers in a field of each width."""
    texts = [
        event({"date": date, "ip": ip, "email": email, "lower": word}
              | dict.fromkeys(("long", "integer", "short", "byte", "keyword"), number))
        for date, ip, email, word, number in zip(dates(), ips(), emails(), words(), numbers(), strict=True)
    ]  # fmt: skip
    assert_same(conversions, texts)
