"""What all tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.elasticsearch import Elasticsearch
from tests.engines.opensearch import OpenSearch

HERE = Path(__file__).parent
LONG = HERE / "reliability"


def pytest_configure() -> None:
    """A shell's job in the background ignores Ctrl-C, and so would the commands that are to be stopped by it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: processes (`pytest -n 2 --dist loadfile`) take whole files, and end together."""
    items.sort(key=lambda item: not item.path.is_relative_to(LONG))


UNMEASURED = (
    LONG,
    HERE / "security",
    HERE / "test_ci.py",
    HERE / "inputs" / "test_memory.py",
    *(
        HERE / "cli" / f"test_{name}.py"
        for name in (
            "dead_letters",
            "ends",
            "index_exact",
            "index_state",
            "index_workers",
            "inputs",
            "logs",
            "memory",
            "replay",
        )
    ),
)


@pytest.fixture(scope="module", autouse=True)
def _unmeasured(request: pytest.FixtureRequest) -> Iterator[None]:
    """Some commands run without coverage, which doubles their time: those that are killed, those whose memory is looked
    at, and many that are started for what other tests measure already."""
    with pytest.MonkeyPatch.context() as patch:
        if any(request.path.is_relative_to(each) for each in UNMEASURED):
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        yield


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    """A genuine Elasticsearch, started once for all tests; each test uses names of its own."""
    with Elasticsearch() as server:
        yield server.url


@pytest.fixture(scope="session")
def secured() -> Iterator[Elasticsearch]:
    """One with security: https, users, API keys; its `ask` is the user elastic's."""
    with Elasticsearch(security=True) as server:
        yield server


@pytest.fixture(scope="session")
def opensearch_url() -> Iterator[str]:
    """A genuine OpenSearch, likewise."""
    with OpenSearch() as server:
        yield server.url
