"""Options of `mim-ecs normalize`, mapping folders, and the three places that settings come from."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import click
import pytest

from normalizer.cli import cli
from normalizer.cli.replay import usual
from normalizer.cluster import data_stream
from normalizer.errors import InputError, SettingsError
from normalizer.names import check_namespace
from tests.cli.command import EVENTS, mim_ecs

TOP = Path(__file__).resolve().parents[2]
EVENT = EVENTS[0]


def test_options_that_change_documents() -> None:
    (plain,) = mim_ecs("normalize", stdin=EVENT).documents
    assert plain["event"]["original"] == EVENT.decode()
    assert plain["data_stream"]["namespace"] == "default"
    assert "organization" not in plain
    given = ("--org", "acme.okta.com", "--namespace", "blue_1", "--no-original", "--no-validate")
    (changed,) = mim_ecs("normalize", *given, stdin=EVENT).documents
    assert changed["organization"] == {"id": "acme.okta.com"}
    assert changed["data_stream"]["namespace"] == "blue_1"
    assert "original" not in changed["event"]


BAD_NAMESPACES = ("", "Big", "a-b", "a b", "a*", "a,b", "a#b", "a:b", "a/b", "a\nb", "x" * 101, "ü" * 51, "İ")


@pytest.mark.parametrize("namespace", BAD_NAMESPACES)
def test_both_rules_refuse_a_bad_namespace(namespace: str) -> None:
    """The command's own, and that of the data stream's name."""
    with pytest.raises(SettingsError):
        data_stream(namespace)


def test_bad_namespaces_and_orgs_are_refused(tmp_path: Path) -> None:
    for option, value in (*(("--namespace", each) for each in BAD_NAMESPACES[:4]), ("--org", "https://acme.okta.com")):
        done = mim_ecs("normalize", option, value, "-o", "out", cwd=tmp_path, code=2)
        assert len(done.lines) == 1
        assert "namespace" in done.err or "write it like acme.okta.com" in done.err
    assert not (tmp_path / "out").exists()


def test_the_checks_of_a_namespace() -> None:
    for namespace in BAD_NAMESPACES:
        with pytest.raises(SettingsError):
            check_namespace(namespace)
    for namespace in ("default", "a.b_c", "x" * 100, "grün"):
        assert data_stream(check_namespace(namespace)).endswith(namespace)


def test_a_folder_of_mappings(tmp_path: Path) -> None:
    shutil.copytree(TOP / "mappings", tmp_path / "mine")
    file = tmp_path / "mine" / "mim.command.generic.new.yml"
    other = tmp_path / "mine" / "mim.command.ios.new.yml"
    file.write_text("event_type: mim.command.generic.new\nextends: _nowhere\nsummary: A test.\n")
    other.write_text("event_type: mim.command.ios.new\nextends: _command\nsumary: A test.\n")
    done = mim_ecs("normalize", "--mappings", "mine", "-o", "out", cwd=tmp_path, stdin=EVENT, code=2)
    assert [line for line in done.lines if line.startswith("mine/mim.command.generic.new.yml:2:")]
    assert [line for line in done.lines if line.startswith("mine/mim.command.ios.new.yml:3:")]
    assert done.lines[-1].endswith("mistakes in the mapping files.")
    assert not (tmp_path / "out").exists()
    shutil.rmtree(tmp_path / "mine")
    shutil.copytree(TOP / "mappings", tmp_path / "mine")
    for each in (tmp_path / "mine").glob("mim.command.generic.*"):
        each.unlink()
    (document,) = mim_ecs("normalize", "--mappings", "mine", cwd=tmp_path, stdin=EVENT).documents
    assert "unmapped_event_type" in document["tags"]
    nowhere = mim_ecs("normalize", "--mappings", "nowhere", cwd=tmp_path, code=2)
    assert "nowhere:1:1: there is no such folder of mapping files" in nowhere.err


def namespace_of(tmp_path: Path, *given: str, **env: str) -> str:
    (document,) = mim_ecs(*given, "-q", stdin=EVENT, cwd=tmp_path, env=env).documents
    namespace: str = document["data_stream"]["namespace"]
    return namespace


def test_flags_win_over_variables_and_variables_over_the_file(tmp_path: Path) -> None:
    assert namespace_of(tmp_path, "normalize") == "default"
    (tmp_path / "mim-ecs.yml").write_text("normalize: {namespace: file}\n")
    (tmp_path / "other.yml").write_text("normalize:\n  namespace: 7\n  original: false\n  max-event:\n")
    assert namespace_of(tmp_path, "normalize") == "file"
    assert namespace_of(tmp_path, "--config", "other.yml", "normalize") == "7"
    assert namespace_of(tmp_path, "normalize", MIM_ECS_CONFIG="other.yml") == "7"
    assert namespace_of(tmp_path, "normalize", MIM_ECS_NORMALIZE_NAMESPACE="variable") == "variable"
    assert namespace_of(tmp_path, "normalize", "--namespace", "flag", MIM_ECS_NORMALIZE_NAMESPACE="variable") == "flag"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("normalise: {workers: 2}", 'names a command "normalise"; did you mean "normalize"?'),
        ("normalize: {wrokers: 2}", 'gives `normalize` an option "wrokers" that it has not; did you mean "workers"?'),
        ("normalize: {api_key: canary}", "it belongs under `elasticsearch`"),
        ("elasticsearch: {api-kye: canary}", '"api_kye" that it has not; did you mean "api_key"?'),
        ("normalize: {workers: [canary]}", "must give `normalize: workers` one value"),
        ("normalize: {strict: canary}", "must give `normalize: strict` true or false"),
        ("normalize: {org: true}", "must give `normalize: org` a text (in quotes) or a number"),
        ("normalize: 2", "must give `normalize` a block of options, like `normalize: {"),
        ("- canary", "must be a block of commands"),
        ("elasticsearch:\n  api_key: 'canary", "mim-ecs.yml:2 is not YAML"),
        ("normalize: {workers: canary}", "'canary' is not a valid integer range."),
        ("[" * 5000, "is not YAML"),
    ],
)
def test_mistakes_in_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mim-ecs.yml").write_text(text)
    with pytest.raises((SettingsError, click.UsageError)) as caught:
        cli.main(["normalize"], standalone_mode=False)
    error = caught.value
    message = error.format_message() if isinstance(error, click.UsageError) else str(error)
    assert said in message
    assert "mim-ecs.yml" in message or "integer" in message
    assert "canary" not in message or "integer" in message


def test_a_settings_file_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a shared folder it could name the server that our secrets are sent to."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mim-ecs.yml"
    file.write_text("normalize: {workers: 2}")
    if os.getuid() == 0:
        os.chown(file, 4711, 4711)
    monkeypatch.setattr(os, "getuid", lambda: 4712)
    with pytest.raises(SettingsError, match=r"belongs to another user; if you trust it, give --config mim-ecs\.yml"):
        cli.main(["normalize"], standalone_mode=False)
    with pytest.raises(InputError):
        cli.main(["--config", "mim-ecs.yml", "normalize", "nowhere"], standalone_mode=False)


def test_a_settings_file_that_cannot_be_read(tmp_path: Path) -> None:
    done = mim_ecs("--config", "nowhere.yml", "normalize", cwd=tmp_path, code=2)
    assert done.err == "Error: the settings file nowhere.yml cannot be read: no such file or directory.\n"
    (tmp_path / "latin").write_bytes(b"normalize: {org: \xff}")
    assert "is not YAML" in mim_ecs("--config", "latin", "normalize", cwd=tmp_path, code=2).err


def test_secrets_of_the_settings_file_are_no_flags_and_never_told(tmp_path: Path) -> None:
    settings = {"url": "http://user:canary@127.0.0.1:9", "api_key": "canary", "ca_certs": "canary.pem"}
    (tmp_path / "mim-ecs.yml").write_text(json.dumps({"elasticsearch": settings}))
    done = mim_ecs("setup", cwd=tmp_path, code=2)
    assert "Certificates were given for http://127.0.0.1:9, which is http" in done.err
    del settings["ca_certs"]
    (tmp_path / "mim-ecs.yml").write_text(json.dumps({"elasticsearch": settings}))
    refused = mim_ecs("setup", cwd=tmp_path, code=3)
    assert "Elasticsearch at 127.0.0.1:9 cannot be reached" in refused.err
    assert "canary" not in done.err + refused.err + refused.out.decode()
    other = mim_ecs("setup", cwd=tmp_path, code=3, env={"ELASTICSEARCH_URL": "http://127.0.0.1:7"})
    assert "127.0.0.1:7" in other.err


@pytest.mark.parametrize(
    ("variable", "advice"),
    [
        ("MIM_ECS_INDEX_NAMESPACES", '; did you mean "MIM_ECS_INDEX_NAMESPACE"?'),
        ("MIM_ECS_INDEX_INFLIGHT", '; did you mean "MIM_ECS_INDEX_IN_FLIGHT"?'),
        ("MIM_ECS_REPLAY_NAMESPACES", '; did you mean "MIM_ECS_REPLAY_NAMESPACE"?'),
        ("MIM_ECS_SOMETHING_ELSE", ""),
    ],
)
def test_mistyped_variables(tmp_path: Path, variable: str, advice: str) -> None:
    done = mim_ecs("replay", cwd=tmp_path, env={variable: "x"}, code=2)
    assert done.err.startswith(f"Error: the variable {variable} sets no option{advice}")


def test_variables_of_other_commands_are_not_looked_at(tmp_path: Path) -> None:
    mim_ecs("explain", "--pipeline", "event.id", cwd=tmp_path, env={"MIM_ECS_INDEX_NAMESPACES": "x"})


def test_replay_takes_its_settings_from_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mim-ecs.yml").write_text("index: {namespace: a, org: b, dead-letters: c}\nreplay: {org: d}\n")

    def found(**variables: str) -> tuple[str, str | None, str | None]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        root = cli.make_context("mim-ecs", ["replay"])
        with root:
            _, command, args = cli.resolve_command(root, ["replay"])
            assert command is not None
            with command.make_context("replay", args, parent=root) as context:
                return context.params["namespace"], context.params["org"], str(usual())

    assert found() == ("a", "d", "c")
    assert found(MIM_ECS_INDEX_NAMESPACE="e", MIM_ECS_INDEX_DEAD_LETTERS="f") == ("e", "d", "f")
    assert found(MIM_ECS_REPLAY_NAMESPACE="g", MIM_ECS_REPLAY_ORG="h") == ("g", "h", "f")
