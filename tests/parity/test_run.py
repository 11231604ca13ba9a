"""The command, with few events: on pipelines as they are, and on pipelines with a mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from normalizer.backends.pipelines import build
from tests.parity import cases
from tests.parity.check import ENTRY
from tests.parity.run import main


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer events than the command takes otherwise."""
    samples = cases.samples()
    monkeypatch.setattr(cases, "samples", lambda: samples[:5])
    monkeypatch.setattr(cases, "odd_events", lambda whole: iter(samples[:2]))


def test_nothing_differs(opensearch_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", opensearch_url, "--events", "20", "--seed", "5", "--limit", "45000"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("seed 5\n")
    assert told.count("  samples: 5 (5 without problems), 0 differ") == 2
    assert told.count("  random events: 20 (") == 2
    assert told.count("  random events for every form of rule: 4 (") == 2
    assert told.count("No differences.") == 2
    for name, reason in cases.NOT_COMPARED.items():
        assert told.count(f"  not compared: {name}: {reason}") == 2


def test_a_mistake_is_told(
    opensearch_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*given: Any, **named: Any) -> Any:
        pipelines = build(*given, **named)
        pipelines[ENTRY]["processors"].append({"set": {"field": "ecs.version", "value": "8.0.0"}})
        return pipelines

    monkeypatch.setattr("tests.parity.check.build", mistaken)
    assert main(["--url", opensearch_url, "--events", "20"]) == 1
    told = capsys.readouterr().out
    seed = told.splitlines()[0].removeprefix("seed ")
    assert "  samples: 5 (5 without problems), 5 differ" in told
    assert '  ecs.version\n    Python:   "9.4.0"\n    pipeline: "8.0.0"' in told
    event = next(line for line in told.splitlines() if line.startswith("  {"))
    assert set(json.loads(event)) == {"uuid", "eventType", "published"}
    assert told.endswith(f"--seed {seed}\n")


def test_too_few_good_events_prove_too_little(
    opensearch_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = json.dumps({**json.loads(cases.samples()[0]), "actor": 5})
    monkeypatch.setattr("tests.parity.run.generated", lambda *_: [bad])
    assert main(["--url", opensearch_url, "--events", "1", "--seed", "1"]) == 1
    assert "too few random documents are without problems: 0% of them, not 30%" in capsys.readouterr().out


def test_a_limit_that_no_script_keeps_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--limit", "100"])
    assert stopped.value.code == 2
    assert " 100 " in capsys.readouterr().err
