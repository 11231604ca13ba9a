"""What the mapping language can say and the shipped mappings do not, in every way: events against whole documents.

The cases are data, `tests/backends/language/*.yml`: rules as they stand under `fields`, custom fields, and events, each
with what it adds to the least document and what is said about its problems. They are true for any back end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from normalizer import Options
from tests.backends.python.ways import EVENT, reported, text, ways, with_fields

CASES = sorted((Path(__file__).resolve().parents[1] / "language").glob("*.yml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_language(tmp_path: Path, path: Path) -> None:
    case: dict[str, Any] = yaml.safe_load(path.read_bytes())
    compiled = ways(tmp_path / "mappings", case["fields"], case.get("custom_fields", ""))
    for each in case["events"]:
        document, problems = compiled.document({**EVENT, **each["event"]})
        said = each.get("problems", [])
        assert problems == said, each["event"]
        assert text(document) == text(with_fields(each["adds"], reported(*said) if said else {})), each["event"]


def test_every_case_has_events_with_and_without_problems() -> None:
    cases = {path.stem: yaml.safe_load(path.read_bytes())["events"] for path in CASES}
    assert len(cases) >= 20
    for name, events in cases.items():
        assert any("problems" not in each for each in events), name
        assert len({text(each["event"]) for each in events}) == len(events), name


@pytest.mark.parametrize(
    ("org", "actor", "expected"),
    [
        ("acme", "a", {"keyword": "acme", "wildcard": "acme"}),
        (None, "a", {"wildcard": "a"}),
        (None, None, {"wildcard": "none"}),
    ],
)
def test_what_the_run_time_gives(tmp_path: Path, org: str | None, actor: str | None, expected: dict[str, str]) -> None:
    fields = """\
x.keyword: _org
x.wildcard: {from: [_org, actor.id], default: none}
data_stream.namespace: _namespace
"""
    custom = "x.keyword: {type: keyword, description: A.}\nx.wildcard: {type: wildcard, description: A.}\n"
    compiled = ways(tmp_path / "m", fields, custom, options=Options(org, "n", all_events=True))
    document, _ = compiled.document({**EVENT, "actor": {"id": actor}})
    assert document == with_fields({"x": expected, "data_stream": {"namespace": "n"}})
