"""The oracle sees what it must: lost, doubled, swapped and foreign documents, on either engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.engines.ask import ask
from tests.reliability.oracle import dead_letters, held, judge, original, uuid_of

STREAM = "logs-oracle-default"
SENT = {key: f'{{"uuid":"{key}","text":"ü"}}'.encode() for key in ("a", "b", "c", "d")}

Put = Callable[..., None]


@pytest.fixture(params=["elasticsearch_url", "opensearch_url"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    url: str = request.getfixturevalue(request.param)
    template = {"index_patterns": ["logs-oracle-*"], "priority": 500, "data_stream": {}}
    assert ask(url, "PUT", "/_index_template/oracle", template)[0] == 200
    yield url
    assert ask(url, "DELETE", "/_data_stream/logs-oracle-*")[0] == 200
    assert ask(url, "DELETE", "/_index_template/oracle")[0] == 200


def put(url: str, key: str, text: bytes | None = None, name: str | None = None) -> None:
    event = {"id": name or key, "original": (text or SENT.get(key, b"")).decode()}
    status, _ = ask(url, "PUT", f"/{STREAM}/_create/{key}", {"@timestamp": "2026-01-01", "event": event})
    assert status == 201


def test_what_it_finds(url: str) -> None:
    findings = partial(judge, url, STREAM, SENT, every=1)
    assert findings().lost == {*SENT}
    for key in SENT:
        put(url, key)
    assert findings().complaints == []
    assert findings().held == held(url, STREAM) == 4
    assert ask(url, "POST", f"/{STREAM}/_rollover")[0] == 200
    put(url, "b")
    put(url, "x", SENT["a"])
    put(url, "y", name="c")
    found = findings()
    assert [set(each) for each in (found.lost, found.doubled, found.swapped)] == [set(), {"b", "c"}, {"y"}]
    assert found.foreign == {"x", "y"}
    assert found.complaints == [
        "2 doubled, such as b",
        "1 swapped, such as y",
        "2 never sent, such as x",
    ]


def test_documents_that_are_of_other_events(url: str) -> None:
    put(url, "a")
    put(url, "b", SENT["c"])
    put(url, "c", SENT["b"])
    letter = {"original": SENT["d"].decode()}
    found = judge(url, STREAM, SENT, [letter, letter], every=1)
    assert found.lost == set()
    assert found.swapped == {"b", "c"}
    assert found.dead == {"d": 2}
    assert judge(url, STREAM, SENT, every=2).swapped == {"c"}


def test_dead_letters_of_a_file_and_of_full_ones_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "dead.ndjson"
    assert dead_letters(file) == []
    lines: dict[str, str] = {
        "dead.ndjson": '{"original":"{\\"uuid\\":\\"5\\"}"}',
        "dead.ndjson.1": '{"original_base64":"/w=="}',
    }
    for name, line in lines.items():
        (tmp_path / name).write_text(line + "\n")
    found: list[dict[str, Any]] = dead_letters(file)
    assert [original(each) for each in found] == [b'{"uuid":"5"}', b"\xff"]
    assert [uuid_of(each) for each in found] == ["5", ""]
