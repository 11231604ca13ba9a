"""Every promise is kept, in its small size; `make test-reliability` has the full ones."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engines.elasticsearch import Elasticsearch
from tests.engines.opensearch import OpenSearch
from tests.engines.server import Server
from tests.reliability.promises import Promise, Result, promises
from tests.reliability.stage import Stage


@dataclass
class Small:
    """A stage, and the results of what is tested beside the others, since it mostly waits for servers of its own."""

    stage: Stage
    beside: dict[str, Future[Result]]

    def check(self, promise: Promise) -> None:
        apart = self.beside.get(promise.row)
        result = apart.result() if apart else promise.run(self.stage)
        assert result.complaints == ()
        assert result.kept


@contextmanager
def on(engine: type[Server], url: str, folder: Path, session: pytest.Session) -> Iterator[Small]:
    moments = random.Random(secrets.randbits(32))
    # One thread, whose end is the end of its servers too.
    with Stage(engine, url, folder, False, moments) as stage, ThreadPoolExecutor(1) as beside:
        chosen = (item.name for item in session.items if item.name.startswith(f"test_on_{engine.name.lower()}["))
        rows = {name.partition("[")[2].rstrip("]") for name in chosen}
        apart = [each for each in promises() if each.apart and each.row in rows]
        yield Small(stage, {each.row: beside.submit(each.run, stage) for each in apart})


def cases(engine: type[Server]) -> list[object]:
    """The promises that have a small run on that engine; those that are tested beside the others come last."""
    chosen = sorted((each for each in promises() if engine.name in each.small), key=lambda each: each.apart)
    return [pytest.param(each, id=each.row) for each in chosen]


@pytest.fixture(scope="module")
def elasticsearch(
    elasticsearch_url: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Small]:
    with on(Elasticsearch, elasticsearch_url, tmp_path_factory.mktemp("elasticsearch"), request.session) as small:
        yield small


@pytest.fixture(scope="module")
def opensearch(
    opensearch_url: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Small]:
    with on(OpenSearch, opensearch_url, tmp_path_factory.mktemp("opensearch"), request.session) as small:
        yield small


@pytest.mark.parametrize("promise", cases(Elasticsearch))
def test_on_elasticsearch(elasticsearch: Small, promise: Promise) -> None:
    elasticsearch.check(promise)


@pytest.mark.parametrize("promise", cases(OpenSearch))
def test_on_opensearch(opensearch: Small, promise: Promise) -> None:
    opensearch.check(promise)
