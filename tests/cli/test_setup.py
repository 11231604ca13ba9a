"""`mim-ecs setup`, on a genuine Elasticsearch (without ingest processors) and a genuine OpenSearch."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from normalizer.backends.pipelines import build
from normalizer.cli import cli
from normalizer.cluster import apply, data_streams, plan, wanted
from normalizer.errors import SettingsError, SetupError
from normalizer.language import load
from normalizer.outputs.server import Answer, Server
from tests.cli.command import mim_ecs
from tests.cli.test_view import on_a_terminal
from tests.cluster.ours import CUSTOM, MAPPINGS, MINE, NAME, clean, metadata

TEMPLATES = [
    "component template logs-okta.mim@mappings",
    "component template logs-okta.mim@settings",
    "index template logs-okta.mim",
]
PIPELINES = ["ingest pipeline logs-okta.mim@custom", "ingest pipeline logs-okta.mim"]
MISSING = "the cluster has no processors append, drop, fail, pipeline, remove, rename, script and set"
NOTHING = "Nothing to do."
DRY = "Nothing was changed: this was a dry run."
A, B = "logs-okta.mim-a", "logs-okta.mim-b"
LOSING = [f"would delete  documents of data stream {name} that are older than 1s" for name in (A, B)]

Setup = Callable[..., list[str]]


@pytest.fixture(params=["elasticsearch", "opensearch"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Either engine, with nothing of ours."""
    with clean(request.getfixturevalue(f"{request.param}_url"), request.param) as server:
        yield server


@pytest.fixture
def setup(server: Server, capsys: pytest.CaptureFixture[str]) -> Setup:
    """Runs the command; gives what it says on standard output, where it ends as it should."""

    def run(*given: str, code: int = 0) -> list[str]:
        capsys.readouterr()
        where = ["--engine", server.engine.lower(), "--url", f"http://{server.address}"]
        try:
            ended = cli.main(["setup", *where, *given], standalone_mode=False)
        finally:
            lines = capsys.readouterr().out.splitlines()
        assert (ended or 0) == code
        return lines

    return run


only_elasticsearch = pytest.mark.parametrize("server", ["elasticsearch"], indirect=True)
only_opensearch = pytest.mark.parametrize("server", ["opensearch"], indirect=True)


def planned(state: str, names: list[str] = TEMPLATES) -> list[str]:
    return [f"{state:14}{name}" for name in names]


def stored(server: Server, name: str = NAME) -> dict[str, Any]:
    body: dict[str, Any] = server.get(f"/_ingest/pipeline/{name}")[name]
    return body


def scripts(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["script"] for each in body["processors"] if "script" in each]


# --- plan and apply


def test_a_second_one_changes_nothing(setup: Setup, server: Server) -> None:
    if server.engine == "OpenSearch":
        assert setup() == planned("added", PIPELINES + TEMPLATES)
        assert stored(server) == build(load())[NAME]
        again = [*planned("yours", PIPELINES[:1]), *planned("same", PIPELINES[1:] + TEMPLATES), NOTHING]
    else:
        left_out = f"left out      ingest pipelines: {MISSING}"
        assert setup() == [*planned("added"), left_out]
        again = [*planned("same"), left_out, NOTHING]
    before = metadata(server)
    assert setup() == again
    assert setup("--dry-run")[:-1] == again[:-1]
    assert metadata(server) == before


def test_a_dry_run_shows_bodies_and_changes_nothing(setup: Setup, server: Server) -> None:
    before = metadata(server)
    lines = setup("--dry-run", "--no-pipelines")
    assert metadata(server) == before
    assert [line for line in lines if line.startswith("would")] == planned("would add")
    assert lines[-1] == DRY
    first, last = lines.index(planned("would add")[0]), lines.index(planned("would add")[1])
    assert json.loads("\n".join(lines[first + 1 : last])) == wanted(load(), server).components[MAPPINGS]


@only_opensearch
def test_a_dry_run_shows_pipelines_in_short(setup: Setup, server: Server) -> None:
    before = metadata(server)
    dry = setup("--dry-run", "--pipelines")
    assert metadata(server) == before
    assert dry[:3] == [planned("would add", PIPELINES)[0], "  0 processors", planned("would add", PIPELINES)[1]]
    size = f"{sum(len(each['source'].encode()) for each in scripts(build(load())[NAME])):,} bytes of script"
    assert dry[3].startswith("  version 1, ")
    assert dry[3].endswith(f" processors, {size}")
    assert max(map(len, dry)) < 200


def test_what_changes_is_told_in_short(setup: Setup, server: Server) -> None:
    setup("--no-pipelines")
    templates = deepcopy(wanted(load(), server))
    properties = templates.components[MAPPINGS]["template"]["mappings"]["properties"]
    del properties["message"], properties["tags"]
    properties["host"]["properties"]["id"] = {"type": "long"}
    apply(server, plan(server, templates))
    before = metadata(server)
    lines = [
        f"{'would change':14}{TEMPLATES[0]}",
        "  fields added: message, tags",
        "  field host.id: long → keyword",
        "  field host.id.ignore_above: none → 1024",
        *planned("same", TEMPLATES[1:]),
    ]
    assert setup("--no-pipelines", "--dry-run") == [*lines, DRY]
    assert metadata(server) == before
    assert setup("--no-pipelines") == [lines[0].replace("would change", "changed     "), *lines[1:]]


def test_one_that_is_not_ours_is_refused(setup: Setup, server: Server) -> None:
    server.put(f"/_index_template/{MINE}", {"index_patterns": ["logs-okta.mim-*"], "priority": 250, "data_stream": {}})
    before = metadata(server)
    for given in ([], ["--dry-run"]):
        with pytest.raises(
            SetupError, match=rf"^Nothing was changed at .*: the index template {MINE} of somebody else"
        ):
            setup("--no-pipelines", *given)
    assert metadata(server) == before


# --- ingest pipelines


@only_opensearch
def test_an_org_is_kept(setup: Setup, server: Server) -> None:
    setup("--pipelines", "--org", "acme.okta.com")
    assert {each["params"].get("org") for each in scripts(stored(server))} == {"acme.okta.com"}
    assert setup("--org", "acme.okta.com")[-1] == NOTHING
    kept = "kept          the Okta org acme.okta.com of the installed pipeline; --org names another"
    assert setup()[-2:] == [kept, NOTHING]
    changed = setup("--org", "b.okta.com")
    what = "option params.org of normalize: acme.okta.com → b.okta.com"
    assert changed[1].startswith(f"changed       ingest pipeline logs-okta.mim: {what}")
    assert changed[2:] == planned("same")  # nothing about data streams: a pipeline acts at once
    assert {each["params"].get("org") for each in scripts(stored(server))} == {"b.okta.com"}


@only_opensearch
def test_without_pipelines(setup: Setup, server: Server) -> None:
    assert setup("--no-pipelines") == planned("added")
    useless = "left out      ingest pipelines: --org has no effect"
    assert setup("--no-pipelines", "--org", "acme.okta.com") == [*planned("same"), useless, NOTHING]
    assert server.get(f"/_ingest/pipeline/{NAME}") is None


@only_opensearch
def test_pipelines_that_are_not_ours_to_change(setup: Setup, server: Server) -> None:
    mine = {"description": "Mine.", "processors": [{"set": {"field": "labels.mine", "value": "yes"}}]}
    server.put(f"/_ingest/pipeline/{CUSTOM}", mine)
    assert setup()[0] == "yours         ingest pipeline logs-okta.mim@custom"
    assert stored(server, CUSTOM) == mine
    ours = stored(server)
    for there, said in ((ours | {"version": 2}, "newer than the 1 of this release"), (mine, "rename or remove it")):
        server.put(f"/_ingest/pipeline/{NAME}", there)
        with pytest.raises(SetupError, match=said) as caught:
            setup("--org", "acme.okta.com")
        assert caught.value.exit_code == 2
        assert stored(server) == there


@only_elasticsearch
def test_a_server_that_cannot_run_pipelines(setup: Setup, server: Server) -> None:
    where = f"^The ingest pipelines cannot be installed at {server.address}: {MISSING}.$"
    with pytest.raises(SetupError, match=where):
        setup("--pipelines")
    assert server.get(f"/_index_template/{NAME}") is None
    for dry in ([], ["--dry-run"]):
        assert f"left out      ingest pipelines: {MISSING}" in setup(*dry)
    assert setup("--no-pipelines") == [*planned("same"), NOTHING]


def test_nothing_is_asked_for_twice(setup: Setup, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    setup()
    server.put(f"/_data_stream/{A}", None)
    asked: list[str] = []
    genuine = type(server).request

    def request(self: Server, method: str, path: str, *given: Any, **more: Any) -> Answer:
        asked.append(f"{method} {path}")
        return genuine(self, method, path, *given, **more)

    monkeypatch.setattr(type(server), "request", request)
    setup()
    simulated = "POST /_index_template/_simulate"  # patterns, and what a backing index gets
    assert asked.count(simulated) == 2
    others = [each for each in asked if each != simulated]
    assert len(others) == len({*others}) > 6
    assert all(each.startswith("GET ") for each in others)


# --- retention


@only_elasticsearch
def test_retention(setup: Setup, server: Server) -> None:
    def retentions() -> list[str | None]:
        return [stream.lifecycle.get("data_retention") for stream in data_streams(server)]

    setup("--no-pipelines")
    server.put(f"/_data_stream/{A}", None)
    before = metadata(server)
    dry = setup("--no-pipelines", "--retention", "365d", "--dry-run")
    assert metadata(server) == before
    assert dry[1] == f"would change  {TEMPLATES[1]}: lifecycle data_retention: none → 365d"
    assert dry[-3:-1] == [f"would change  data stream {A}: retention none → 365d", LOSING[0].replace("1s", "365d")]
    assert dry[-1] == DRY
    done = setup("--no-pipelines", "--retention", "365d", "--yes")
    assert done == [line.replace("would change  ", "changed       ") for line in dry[:-2]]
    server.put(f"/_data_stream/{B}", None)
    assert retentions() == ["365d", "365d"]
    same = planned("same", [*TEMPLATES, f"data stream {A}", f"data stream {B}"])
    assert setup("--no-pipelines", "--retention", "365d") == [*same, NOTHING]
    kept = "kept          the retention 365d of the installed templates; --retention gives another, or none"
    before = metadata(server)
    assert setup("--no-pipelines") == [*planned("same"), kept, NOTHING]
    assert metadata(server) == before
    assert f"changed       data stream {A}: retention 365d → none" in setup("--no-pipelines", "--retention", "none")
    assert retentions() == [None, None]
    assert setup("--no-pipelines", "--retention", "forever")[-1] == NOTHING
    assert setup("--no-pipelines") == [*planned("same"), NOTHING]


@only_elasticsearch
def test_a_shorter_retention_asks_first(setup: Setup, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents would be deleted, in all namespaces."""
    setup("--no-pipelines", "--retention", "30d")  # there are none
    for name in (A, B):
        server.put(f"/_data_stream/{name}", None)
    setup("--no-pipelines", "--retention", "31d")  # longer
    shorter = ("--no-pipelines", "--retention", "1s")
    before = metadata(server)
    dry = setup(*shorter, "--dry-run")
    assert dry[-5:-1] == [*(f"would change  data stream {name}: retention 31d → 1s" for name in (A, B)), *LOSING]
    said = (
        f"^Nothing was changed: --retention 1s would delete documents of the data streams {A} and {B}, "
        "and there is no terminal to ask; --yes does it without asking.$"
    )
    with pytest.raises(SetupError, match=said) as caught:
        setup(*shorter)
    assert caught.value.exit_code == 2
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert setup(*shorter, code=1) == [*LOSING, "Nothing was changed."]
    assert metadata(server) == before
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    done = setup(*shorter)
    assert done[:2] == LOSING
    assert done[-2:] == [f"changed       data stream {name}: retention 31d → 1s" for name in (A, B)]
    setup("--no-pipelines", "--retention", "none")
    assert [line for line in setup(*shorter, "--yes") if line.startswith("would")] == []


@only_opensearch
def test_no_retention_on_opensearch(setup: Setup, server: Server) -> None:
    with pytest.raises(SettingsError, match=r"OpenSearch has no lifecycle.*Index State Management \(ISM\)"):
        setup("--retention", "365d")
    assert server.get(f"/_index_template/{NAME}") is None
    assert setup("--no-pipelines", "--retention", "none") == planned("added")


@only_elasticsearch
def test_an_index_mode_is_kept(setup: Setup, server: Server) -> None:
    setup("--no-pipelines", "--index-mode", "logsdb")
    kept = "kept          the index mode logsdb of the installed templates; --index-mode gives another"
    assert setup("--no-pipelines") == [*planned("same"), kept, NOTHING]
    changed = setup("--no-pipelines", "--index-mode", "standard")
    assert changed[1] == f"changed       {TEMPLATES[1]}: setting index.mode: logsdb → standard"


# --- rollover


def test_rollover(setup: Setup, server: Server) -> None:
    setup("--no-pipelines")
    none = "not needed    rollover: there is no data stream yet"
    assert setup("--no-pipelines", "--rollover") == [*planned("same"), none, NOTHING]
    older = deepcopy(wanted(load(), server))
    del older.components[MAPPINGS]["template"]["mappings"]["properties"]["message"]
    apply(server, plan(server, older))
    for name in (A, B):
        server.put(f"/_data_stream/{name}", None)

    needed = [f"needed        rollover of data stream {name}: fields added: message" for name in (A, B)]
    changed = [f"changed       {TEMPLATES[0]}: fields added: message", *planned("same", TEMPLATES[1:])]
    hint = "Until a rollover, documents are indexed as before: `mim-ecs setup --rollover` does it."
    before = metadata(server)
    dry = [f"would change  {TEMPLATES[0]}: fields added: message", *planned("same", TEMPLATES[1:])]
    assert setup("--no-pipelines", "--dry-run") == [*dry, *needed, DRY]
    would = [line.replace("needed  ", "would do") for line in needed]
    assert setup("--no-pipelines", "--dry-run", "--rollover") == [*dry, *would, DRY]
    assert metadata(server) == before
    assert setup("--no-pipelines") == [*changed, *needed, hint]
    before = metadata(server)
    assert setup("--no-pipelines") == [*planned("same"), *needed, hint]
    assert metadata(server) == before
    done = setup("--no-pipelines", "--rollover")
    assert done[:3] == planned("same")
    indices = [stream.write_index for stream in data_streams(server)]
    assert all(index.endswith("-000002") for index in indices)
    assert done[3:] == [
        f"done          rollover of data stream {name}, now in {index}"
        for name, index in zip((A, B), indices, strict=True)
    ]
    before = metadata(server)
    nothing = "not needed    rollover: every data stream has what the templates say"
    assert setup("--no-pipelines", "--rollover") == [*planned("same"), nothing, NOTHING]
    assert metadata(server) == before


def test_templates_and_rollover_in_one_run(setup: Setup, server: Server) -> None:
    """A data stream that was there before us."""
    server.put(f"/_index_template/{MINE}", {"index_patterns": ["logs-*-*"], "priority": 100, "data_stream": {}})
    server.put(f"/_data_stream/{A}", None)
    lines = setup("--no-pipelines", "--rollover")
    assert lines[:3] == planned("added")
    assert lines[3].startswith(f"done          rollover of data stream {A}, now in .ds-{A}-")
    assert len(lines) == 4
    assert setup("--no-pipelines")[-1] == NOTHING


# --- remove


class Terminal(io.StringIO):
    """Standard input where somebody types."""

    def isatty(self) -> bool:
        return True


def removal(server: Server, state: str) -> list[str]:
    pipelines = reversed(PIPELINES) if server.engine == "OpenSearch" else ()
    return planned(state, [TEMPLATES[2], *TEMPLATES[:2], *pipelines])


def test_remove_asks_first(
    setup: Setup, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup("--remove") == [NOTHING]
    setup()
    before = metadata(server)
    would = removal(server, "would remove")
    assert setup("--remove", "--dry-run") == [*would, DRY]
    with pytest.raises(SetupError, match="there is no terminal to ask; --yes removes without asking"):
        setup("--remove")
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert setup("--remove", code=1) == [*would, "Nothing was removed."]
    assert metadata(server) == before
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert setup("--remove") == would + removal(server, "removed")
    assert setup("--remove", "--yes") == [NOTHING]


def test_remove_without_asking_leaves_what_is_yours(setup: Setup, server: Server) -> None:
    custom = {"template": {"settings": {"index.refresh_interval": "7s"}}}
    server.put(f"/_component_template/{CUSTOM}", custom)
    server.put(f"/_ingest/pipeline/{CUSTOM}", {"description": "Mine.", "processors": []})
    setup()
    gone = removal(server, "removed")
    assert setup("--remove", "--yes") == gone[: 4 if server.engine == "OpenSearch" else 3]
    assert server.get(f"/_component_template/{CUSTOM}") is not None
    assert stored(server, CUSTOM)["description"] == "Mine."
    assert server.get(f"/_index_template/{NAME}") is None


def test_what_a_data_stream_needs_is_not_removed(setup: Setup, server: Server) -> None:
    setup()
    server.put(f"/_data_stream/{A}", None)
    before = metadata(server)
    for given in (["--yes"], ["--dry-run"], []):
        with pytest.raises(SetupError, match=f"the data stream {A} uses the .*`DELETE _data_stream/{A}`.$"):
            setup("--remove", *given)
    assert metadata(server) == before


def test_without_a_terminal_it_is_refused(elasticsearch_url: str) -> None:
    with clean(elasticsearch_url) as server:
        apply(server, plan(server, wanted(load(), server)))
        done = mim_ecs("setup", "--remove", "--url", elasticsearch_url, code=2)
        assert done.err == "Error: Nothing was removed: there is no terminal to ask; --yes removes without asking.\n"
        assert done.out.decode().splitlines() == removal(server, "would remove")
        code, text = on_a_terminal("setup", "--remove", "--url", elasticsearch_url, typed="\x04")
        assert (code, text.splitlines()[-1]) == (2, "Error: a question had no answer; nothing was done.")
        assert mim_ecs("setup", "--remove", "--yes", "--url", elasticsearch_url).out.count(b"removed ") == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--rollover"], "--rollover means nothing with --remove; leave it out."),
        (
            ["--retention", "4d", "--org", "a.okta.com", "--index-mode", "logsdb", "--pipelines", "--mappings", "x"],
            "--mappings, --retention, --index-mode, --pipelines and --org mean nothing with --remove; leave them out.",
        ),
    ],
)
def test_what_means_nothing_with_remove_is_refused(given: list[str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        cli.main(["setup", "--remove", "--url", "http://127.0.0.1:9", *given], standalone_mode=False)
    assert str(caught.value) == said


@only_opensearch
def test_what_settings_say_for_every_run_does_no_harm_to_remove(
    setup: Setup, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup()
    monkeypatch.setenv("MIM_ECS_SETUP_ORG", "a.okta.com")
    monkeypatch.setenv("MIM_ECS_SETUP_INDEX_MODE", "standard")
    assert setup("--remove", "--yes", "--no-pipelines") == removal(server, "removed")[:3]
    assert setup("--remove", "--yes") == removal(server, "removed")[3:]
