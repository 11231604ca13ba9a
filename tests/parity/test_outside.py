"""What is said to be outside the promise is so: each entry shows its difference on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from normalizer import EventError, Normalizer, load
from normalizer.backends.pipelines import build
from normalizer.names import NAME
from tests.parity.compare import differences, read
from tests.parity.outside import OUTSIDE, Outside, table
from tests.parity.simulate import Made, Server

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def server(opensearch_url: str) -> Iterator[Server]:
    server = Server(opensearch_url)
    with server.stored(build(load()), "outside-"):
        yield server


@pytest.mark.parametrize("outside", OUTSIDE, ids=lambda outside: outside.matter)
def test_the_difference_is_there(server: Server, outside: Outside) -> None:
    try:
        python = Normalizer.load().normalize(outside.text)
    except EventError:
        python = None
    (made,) = server.simulate(f"outside-{NAME}", [{"message": outside.text}])
    assert isinstance(made, Made)
    refused = made.source["event"]["kind"] == "pipeline_error"
    assert ("document" if python else "refused", "refused" if refused else "document") == outside.outcomes
    assert made.source["event"]["original"] == outside.text
    if python is not None and not refused:
        made.source["event"].pop("ingested")
        assert list(differences(read(orjson.dumps(python)), made.source))


def test_the_table_stands_in_the_docs() -> None:
    assert table() in (DOCS / "pipelines.md").read_text(encoding="utf-8"), "python -m tests.parity.outside prints it"
