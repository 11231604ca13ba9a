"""`--log-format ecs`: every line is a document of ECS, whatever happens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from normalizer.ecs import fields
from normalizer.outputs.server import Server
from tests.cli.command import SAMPLE, Done, mim_ecs
from tests.cluster.ours import clean

ALWAYS = {
    *("@timestamp", "log.level", "message", "ecs.version", "log.logger", "process.pid"),
    *("service.name", "service.version", "event.dataset"),
}
OURS = "mim_ecs."
"""Under it stands what ECS has no field for."""

TYPES = {"long": int, "float": float, "boolean": bool, "date": str}
"""How JSON writes a value of a field; a text where nothing is said."""


def flat(record: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of a document by their full names. A field that is there twice, as text and as object, is not one."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def records(done: Done) -> list[dict[str, Any]]:
    """The fields of each line of standard error, held against the facts of ECS."""
    found = []
    for line in done.lines:
        pairs = list(flat(json.loads(line)))
        record = dict(pairs)
        assert len(record) == len(pairs)
        assert record.keys() >= ALWAYS
        for name, value in pairs:
            if not name.startswith(OURS):
                values = value if isinstance(value, list) else [value]
                assert {type(each) for each in values} == {TYPES.get(fields()[name].type, str)}, (name, value)
        assert not [name for name in record for other in record if other.startswith(f"{name}.")]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["@timestamp"])
        age = datetime.now(UTC) - datetime.fromisoformat(record["@timestamp"])
        assert timedelta(minutes=-1) < age < timedelta(minutes=5)
        assert record["log.level"] in {"info", "warning", "error"}
        assert record["message"].strip() == record["message"] != ""
        found.append(record)
    assert len({record["process.pid"] for record in found}) <= 1
    return found


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Server]:
    with clean(elasticsearch_url) as client:
        yield client


@pytest.mark.usefixtures("client")
def test_what_index_says(elasticsearch_url: str, tmp_path: Path) -> None:
    def run(*given: str, code: int, stdin: bytes = b"") -> list[dict[str, Any]]:
        command = ("index", "--log-format", "ecs", "--url", elasticsearch_url, *given)
        return records(mim_ecs(*command, cwd=tmp_path, code=code, stdin=stdin))

    (missing,) = run(code=2)
    assert (missing["log.level"], missing["message"][:30]) == ("error", "There is no index template log")
    mim_ecs("setup", "--url", elasticsearch_url)
    said = run("--metrics", ":0", code=1, stdin=b"junk\n" + SAMPLE.read_bytes())
    assert said[0]["message"].startswith("metrics are at http://127.0.0.1:")
    (summary,) = (record for record in said if "event.duration" in record)
    counts = {name.removeprefix(OURS): value for name, value in summary.items() if name.startswith(OURS)}
    assert (counts["read"], counts["indexed"], counts["dead"], counts["duplicates"]) == (401, 400, 1, 0)
    assert counts["bytes"] > SAMPLE.stat().st_size
    assert counts["reasons"] == [{"name": "not_json", "count": 1}]
    assert summary["event.duration"] > 0
    assert summary["log.level"] == "info"
    (kept,) = (record for record in said if record["log.level"] == "error")
    assert kept["message"] == "1 dead letter is in dead-letters.ndjson."


def test_what_ends_a_run(tmp_path: Path) -> None:
    nowhere = {"ELASTICSEARCH_URL": "http://user:canary@127.0.0.1:9"}
    for given, code in (
        ((), 3),
        (("--url", "nowhere"), 2),
        (("--namespace", "Big"), 2),
        (("--dead-letters", "no/such/file"), 4),
    ):
        done = mim_ecs("index", "--log-format", "ecs", *given, cwd=tmp_path, env=nowhere, code=code)
        assert records(done)[-1]["log.level"] == "error"
        assert "canary" not in done.err


MISTAKES = (
    ("normalise",),
    ("--bogus",),
    ("--config", "nowhere.yml", "normalize"),
    ("normalize", "--workers", "x"),
    ("build", "--bogus"),
    (),
)


@pytest.mark.parametrize("given", MISTAKES, ids=" ".join)
def test_mistakes_that_are_found_before_any_option_is_read(given: tuple[str, ...], tmp_path: Path) -> None:
    """Those of commands without --log-format too."""
    (record,) = records(mim_ecs(*given, cwd=tmp_path, env={"MIM_ECS_LOG_FORMAT": "ecs"}, code=2))
    assert record["log.level"] == "error"
    assert not record["message"].startswith("Error")
    assert "\n" not in record["message"]


@pytest.mark.parametrize(
    ("flags", "variables", "setting", "ecs"),
    [
        (("--bogus", "--log-format", "ecs"), {"MIM_ECS_LOG_FORMAT": "text"}, "text", True),
        (("--log-format=text", "--bogus"), {"MIM_ECS_LOG_FORMAT": "ecs"}, "ecs", False),
        (("--bogus",), {"MIM_ECS_NORMALIZE_LOG_FORMAT": "ecs"}, "text", True),
        (("--bogus", "--", "--log-format", "ecs"), {"MIM_ECS_INDEX_LOG_FORMAT": "ecs"}, None, False),
        (("--bogus",), {}, "ecs", True),
        (("--workers", "x"), {"MIM_ECS_LOG_FORMAT": "ecs"}, "text", True),
    ],
)
def test_the_format_of_mistakes_is_the_one_of_everything_else(
    flags: tuple[str, ...], variables: dict[str, str], setting: str | None, ecs: bool, tmp_path: Path
) -> None:
    """A flag wins over a variable, a variable over the settings file."""
    if setting is not None:
        (tmp_path / "mim-ecs.yml").write_text(f"normalize: {{log-format: {setting}}}\n")
    done = mim_ecs("normalize", *flags, cwd=tmp_path, env=variables, code=2)
    if ecs:
        assert len(records(done)) == 1
    else:
        assert done.err.startswith("Error: ")
