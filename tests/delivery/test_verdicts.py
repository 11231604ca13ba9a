"""What one item of a bulk answer means."""

from __future__ import annotations

import pytest

from normalizer.delivery.verdicts import SECONDS_OF_UNKNOWN, TRIES_OF_UNKNOWN, Fate, Outcome, fate, verdict
from normalizer.outputs.answers import ItemResult

DONE, RETRY, DEAD, REFUSED = Outcome.DONE, Outcome.RETRY, Outcome.DEAD, Outcome.REFUSED


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        (201, "", DONE),
        (200, "", DONE),
        (409, "version_conflict_engine_exception", DONE),
        (429, "es_rejected_execution_exception", RETRY),
        (429, "cluster_block_exception", RETRY),
        (403, "cluster_block_exception", RETRY),
        (429, "circuit_breaking_exception", RETRY),
        (500, "circuit_breaking_exception", RETRY),
        (502, "", RETRY),
        (503, "unavailable_shards_exception", RETRY),
        (504, "timeout_exception", RETRY),
        (500, "node_not_connected_exception", RETRY),
        (400, "document_parsing_exception", DEAD),
        (400, "mapper_parsing_exception", DEAD),
        (413, "", DEAD),
        (422, "", DEAD),
        (401, "security_exception", REFUSED),
        (403, "security_exception", REFUSED),
        (403, "", REFUSED),
        (404, "index_not_found_exception", REFUSED),
        (400, "invalid_index_name_exception", REFUSED),
        (400, "illegal_argument_exception", DEAD),
    ],
)
def test_the_table(status: int, kind: str, outcome: Outcome) -> None:
    for attempt in (1, 2, TRIES_OF_UNKNOWN, 100):
        assert verdict(ItemResult("a", status, kind, "why"), attempt).outcome is outcome


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, "null_pointer_exception"), (409, ""), (409, "resource_already_exists_exception"), (408, ""), (0, ""),
     (302, ""), (599, ""), (-1, ""), (201, "odd_exception"), (1000, "")],
)  # fmt: skip
def test_what_the_table_does_not_know_is_tried_a_few_times_and_never_done(status: int, kind: str) -> None:
    outcomes = [verdict(ItemResult("a", status, kind), attempt).outcome for attempt in range(1, TRIES_OF_UNKNOWN + 1)]
    assert outcomes == [RETRY] * (TRIES_OF_UNKNOWN - 1) + [DEAD]


def test_a_duplicate_is_said_to_be_one() -> None:
    assert verdict(ItemResult("a", 409, "version_conflict_engine_exception"), 1).duplicate
    assert not verdict(ItemResult("a", 201), 1).duplicate


def test_the_failure_store_is_not_success() -> None:
    judged = verdict(ItemResult("another", 201, failure_store=True), 1)
    assert judged.outcome is DEAD
    assert judged.reason.startswith("201 failure_store")


def test_the_reason_is_the_servers() -> None:
    judged = verdict(ItemResult("a", 400, "document_parsing_exception", "no object"), 1)
    assert judged.reason == "400 document_parsing_exception: no object"
    assert verdict(ItemResult("a", 503), 1).reason == "503"


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_of_an_item(status: int) -> None:
    """Success is what the server says with 200 or 201 and no error; nothing else is, and nothing is tried for ever
    but what will pass.
    """
    plain = [verdict(ItemResult("a", status), attempt).outcome for attempt in range(1, TRIES_OF_UNKNOWN + 1)]
    if status in (200, 201):
        assert set(plain) == {DONE}
    elif status in (429, 502, 503, 504):
        assert set(plain) == {RETRY}
    elif status in (401, 403):
        assert set(plain) == {REFUSED}
    elif 400 <= status < 500 and status not in (408, 409):
        assert set(plain) == {DEAD}
    else:
        assert plain == [RETRY] * (TRIES_OF_UNKNOWN - 1) + [DEAD]
    with_error = verdict(ItemResult("a", status, "odd_exception", "?"), TRIES_OF_UNKNOWN)
    assert with_error.outcome in (DEAD, RETRY, REFUSED)
    assert with_error.reason == f"{status} odd_exception: ?"


def test_what_the_table_does_not_know_is_not_waited_for_for_ever() -> None:
    odd = ItemResult("a", 500, "odd_exception")
    assert verdict(odd, 1, SECONDS_OF_UNKNOWN - 1).outcome is RETRY
    assert verdict(odd, 1, SECONDS_OF_UNKNOWN).outcome is DEAD


@pytest.mark.parametrize("status", [None, *range(100, 600)])
def test_every_status_of_a_request(status: int | None) -> None:
    known = {400: Fate.HALVES, 413: Fate.HALVES, 401: Fate.REFUSED, 403: Fate.REFUSED, 407: Fate.REFUSED}
    assert fate(status) is known.get(status or 0, Fate.AGAIN)
