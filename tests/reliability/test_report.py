"""The table in the documentation is renewed line by line."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.engines.elasticsearch import Elasticsearch
from tests.engines.opensearch import OpenSearch
from tests.reliability.oracle import Findings
from tests.reliability.promises import BOTH, NONE, OPENSEARCH, Promise, Result, Tally, Test, Trial, promise, promises
from tests.reliability.report import BEGIN, END, show, write_markdown
from tests.reliability.run import shares
from tests.reliability.stage import Stage

RESULT = Result("10", "Something", "OpenSearch", 1, 1, 0, 0, 2.4, {"most": 1_000}, ())
NOTHING = Findings(frozenset(), frozenset(), frozenset(), frozenset(), 0)


def table(page: Path) -> list[str]:
    return [line.rpartition(" | ")[0] for line in page.read_text().splitlines() if line.startswith("| ")][1:]


def test_lines_of_a_page_are_renewed_and_others_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    write_markdown(page, [RESULT, replace(RESULT, row="9")])
    write_markdown(page, [replace(RESULT, row="1b"), replace(RESULT, engine="Elasticsearch"), replace(RESULT, lost=3)])
    assert table(page) == [
        "| 1b | Something | OpenSearch | 1 | 1 | 0 | 0 | 2 | most: 1,000",
        "| 9 | Something | OpenSearch | 1 | 1 | 0 | 0 | 2 | most: 1,000",
        "| 10 | Something | Elasticsearch | 1 | 1 | 0 | 0 | 2 | most: 1,000",
        "| 10 | Something | OpenSearch | 1 | 1 | 3 | 0 | 2 | most: 1,000",
    ]
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("\nafter\n")
    page.write_text("nothing")
    with pytest.raises(ValueError, match="has no table between"):
        write_markdown(page, [RESULT])


@pytest.mark.parametrize(
    ("findings", "complaint"),
    [
        (replace(NOTHING, lost=frozenset("ab")), "2 lost, such as a"),
        (replace(NOTHING, doubled=frozenset("a")), "1 doubled, such as a"),
        (replace(NOTHING, swapped=frozenset("a")), "1 swapped, such as a"),
        (replace(NOTHING, foreign=frozenset("a")), "1 never sent, such as a"),
    ],
)
def test_a_promise_is_broken_by_whatever_the_oracle_finds(findings: Findings, complaint: str) -> None:
    trial = Trial()
    trial.judge(findings)
    assert trial.complaints == [complaint]


@pytest.mark.parametrize(
    "change", [{"runs": 0, "survived": 0}, {"survived": 0}, {"lost": 1}, {"doubled": 1}, {"complaints": ("a wait",)}]
)
def test_a_promise_is_kept_only_where_something_ran_and_nobody_complains(change: dict[str, Any]) -> None:
    assert RESULT.kept
    assert not replace(RESULT, **change).kept


def test_a_trial_that_goes_wrong_is_a_complaint_and_the_next_one_goes_on() -> None:
    tally = Tally()
    for _ in range(2):
        with tally.trial() as trial:
            trial.check(not tally.trials[1:], "the second")
            fail("exit code 3")
    assert [trial.complaints for trial in tally.trials] == [
        ["AssertionError: exit code 3"],
        ["the second", "AssertionError: exit code 3"],
    ]


def fail(text: str) -> None:
    raise AssertionError(text)


def some_promise(row: str, engines: tuple[str, ...], test: Test = lambda _stage, _tally: None) -> Promise:
    return Promise(row, "", test, engines, engines[:1], False)


def test_a_promise_that_goes_wrong_beside_its_trials_is_broken(tmp_path: Path) -> None:
    stage = Stage(OpenSearch, "", tmp_path, True, random.Random(1))

    def test(_stage: Stage, tally: Tally) -> None:
        with tally.trial():
            pass
        fail("no folder")

    result = some_promise("1", BOTH, test).run(stage)
    assert (result.runs, result.survived, result.kept, result.engine) == (2, 1, False, OPENSEARCH)
    assert "AssertionError: no folder" in result.complaints[0]
    assert some_promise("1", (), test).run(stage).engine == NONE


def test_what_has_to_do_with_no_engine_runs_once_in_its_place() -> None:
    every = [some_promise("1", BOTH), some_promise("2", ()), some_promise("3", (OPENSEARCH,))]

    def rows(engines: list[Any], *, full: bool) -> list[str]:
        return ["".join(each.row for each in share) for share in shares(every, engines, full=full)]

    assert rows([Elasticsearch, OpenSearch], full=True) == ["12", "13"]
    assert rows([OpenSearch], full=True) == ["123"]
    assert rows([Elasticsearch, OpenSearch], full=False) == ["1", "3"]


def test_people_see_row_by_row(capsys: pytest.CaptureFixture[str]) -> None:
    show([RESULT, replace(RESULT, row="9b"), replace(RESULT, engine="Elasticsearch"), replace(RESULT, row="9")])
    seen = [line.split()[0] for line in capsys.readouterr().out.splitlines() if "Something" in line]
    assert seen == ["9", "9b", "10", "10"]


def test_rows_are_unique_and_sorted() -> None:
    rows = [each.row for each in promises()]
    assert rows == sorted(rows, key=lambda row: (int(row.rstrip("ab")), row))
    with pytest.raises(AssertionError, match="promise 1 is declared twice"):
        promise("1", "")(lambda _stage, _tally: None)
