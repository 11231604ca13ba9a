"""Which server a command talks to, which engine it is, and where its secrets come from."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from normalizer.cli import cli, secrets
from normalizer.cli.servers import connected
from normalizer.errors import SettingsError
from tests.cli.command import mim_ecs
from tests.delivery.peer import Reply, peer

CANARY = "c4nary-s3cret"
ENGINES = {"elasticsearch": "Elasticsearch", "opensearch": "OpenSearch"}
A, B = "http://127.0.0.1:1", "http://127.0.0.1:2"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and no variables about servers."""
    for name in os.environ:
        if name.startswith(("ELASTICSEARCH_", "OPENSEARCH_", "MIM_ECS_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], settings: object, *given: str | None
) -> tuple[str, str]:
    """The engine and address of the server that a command would talk to."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with settled(settings), connected(*given or [None]) as server:
        return server.engine, server.address


def settled(settings: object) -> Any:
    """The context of a command with such a settings file."""
    path = Path("mim-ecs.yml")
    if not isinstance(settings, str):
        settings = json.dumps(settings)
    path.write_text(settings)
    path.chmod(0o600)
    return cli.make_context("mim-ecs", ["setup"])


BOTH = {"ELASTICSEARCH_URL": A, "OPENSEARCH_URL": B}
BOTH_FILE = {"elasticsearch": {"url": A}, "opensearch": {"url": B}}


@pytest.mark.parametrize(
    ("variables", "settings", "given", "expected"),
    [
        ({"ELASTICSEARCH_URL": A}, {}, (), ("Elasticsearch", "127.0.0.1:1")),
        ({"OPENSEARCH_URL": B}, {}, (), ("OpenSearch", "127.0.0.1:2")),
        ({"OPENSEARCH_URL": B, "ELASTICSEARCH_URL": ""}, {}, (), ("OpenSearch", "127.0.0.1:2")),
        ({"OPENSEARCH_URL": B}, {}, (A,), ("Elasticsearch", "127.0.0.1:1")),
        ({"OPENSEARCH_URL": B}, {}, (A, "opensearch"), ("OpenSearch", "127.0.0.1:1")),
        ({}, {}, (A,), ("Elasticsearch", "127.0.0.1:1")),
        ({}, {}, (A, "opensearch"), ("OpenSearch", "127.0.0.1:1")),
        (BOTH, {}, (None, "elasticsearch"), ("Elasticsearch", "127.0.0.1:1")),
        (BOTH, {}, (None, "opensearch"), ("OpenSearch", "127.0.0.1:2")),
        ({}, {"elasticsearch": {"url": A}}, (), ("Elasticsearch", "127.0.0.1:1")),
        ({}, {"opensearch": {"url": B}}, (), ("OpenSearch", "127.0.0.1:2")),
        ({}, BOTH_FILE, (None, "opensearch"), ("OpenSearch", "127.0.0.1:2")),
        ({"ELASTICSEARCH_URL": A}, BOTH_FILE, (), ("Elasticsearch", "127.0.0.1:1")),
        ({"OPENSEARCH_URL": B}, {"elasticsearch": {"url": A}}, (), ("OpenSearch", "127.0.0.1:2")),
    ],
)
def test_the_engine_follows_from_what_is_set(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    settings: object,
    given: tuple[str | None, ...],
    expected: tuple[str, str],
) -> None:
    assert found(monkeypatch, variables, settings, *given) == expected


@pytest.mark.parametrize(
    ("variables", "settings", "given", "sentence"),
    [
        (BOTH, {}, (), "^ELASTICSEARCH_URL and OPENSEARCH_URL are both set; say which one by --engine$"),
        (BOTH, {}, (A,), "by --engine"),
        ({}, BOTH_FILE, (), "^`elasticsearch: url` .* and `opensearch: url` in the settings file are both set; say wh"),
        (
            {},
            {},
            (),
            "^no server is named; set ELASTICSEARCH_URL, for example to http://localhost:9200, or give --url$",
        ),
        ({"ELASTICSEARCH_URL": A}, {}, (None, "opensearch"), "^no server is named; set OPENSEARCH_URL"),
        ({"OPENSEARCH_URL": B, "OPENSEARCH_API_KEY": CANARY}, {}, (), "^OpenSearch has no API keys"),
        ({}, {"opensearch": {"url": B, "api_key": CANARY}}, (), "^OpenSearch has no API keys"),
        ({}, {"opensearch": {"url": "B"}}, (), "^OpenSearch's address begins with http"),
    ],
)
def test_what_does_not_say_which_server(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    settings: object,
    given: tuple[str | None, ...],
    sentence: str,
) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        found(monkeypatch, variables, settings, *given)
    assert CANARY not in str(caught.value)


def test_a_command_says_so(tmp_path: Path) -> None:
    done = mim_ecs("setup", cwd=tmp_path, env=BOTH, code=2)
    assert done.err == "Error: ELASTICSEARCH_URL and OPENSEARCH_URL are both set; say which one by --engine.\n"


def test_the_extra_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opensearchpy", None)
    with pytest.raises(
        SettingsError, match=r"^OpenSearch needs an extra .*: pip install 'okta-mim-ecs\[opensearch\]'$"
    ):
        connected(B, "opensearch")


def authorized(engine: str) -> str:
    """The header that a server gets."""
    with peer(lambda *_: Reply(body=b"{}"), engine) as there:
        with connected(there.url, engine) as server:
            server.get("/")
        return there.requests[0][1].get("authorization", "")


def basic(password: str) -> str:
    return f"Basic {b64encode(f'me:{password}'.encode()).decode()}"


def program(text: str) -> str:
    """A command line that runs this Python."""
    Path("tell.py").write_text(text)
    return f"{sys.executable} tell.py"


PRINTS = "print('s€cret 1'); print('more')"


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    engine: str = request.param
    return engine


def test_passwords_from_the_environment(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = engine.upper()
    monkeypatch.setenv(f"{prefix}_USERNAME", "me")
    Path("kept").write_text("s€cret 1\r\n")
    values = {"": "s€cret 1", "_FILE": "kept", "_COMMAND": program(PRINTS)}
    for way, value in values.items():
        with monkeypatch.context() as patch:
            patch.setenv(f"{prefix}_PASSWORD{way}", value)
            assert authorized(engine) == basic("s€cret 1")


def test_passwords_from_the_settings_file(engine: str) -> None:
    Path("kept").write_text("s€cret 1\n")
    command = program(PRINTS)
    for given in (
        {"password": "s€cret 1"},
        {"password_file": "kept"},
        {"password-command": command},
        {"password_command": command.split()},
    ):
        with settled({engine: {"username": "me", **given}}):
            assert authorized(engine) == basic("s€cret 1")


def test_api_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("kept").write_text("key\n")
    for way, value in {"": "key", "_FILE": "kept", "_COMMAND": program("print('key')")}.items():
        with monkeypatch.context() as patch:
            patch.setenv(f"ELASTICSEARCH_API_KEY{way}", value)
            assert authorized("elasticsearch") == "ApiKey key"
        with settled({"elasticsearch": {f"api_key{way.lower()}": value}}):
            assert authorized("elasticsearch") == "ApiKey key"


def test_variables_win_over_the_file_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_USERNAME", "me")
    monkeypatch.setenv("ELASTICSEARCH_PASSWORD_COMMAND", program("print('one')"))
    with settled({"elasticsearch": {"api_key_command": "false"}}):
        assert authorized("elasticsearch") == basic("one")


def test_secrets_of_the_other_engine_are_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", CANARY)
    with settled({"elasticsearch": {"username": "me", "password": CANARY}}):
        assert authorized("opensearch") == ""


def test_a_home_folder_is_known(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("HOME", str(folder))
    (folder / "kept").write_text("key")
    monkeypatch.setenv("ELASTICSEARCH_API_KEY_FILE", "~/kept")
    assert authorized("elasticsearch") == "ApiKey key"


def test_a_command_is_no_shell_and_gets_no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_API_KEY_COMMAND", "echo '$HOME; `id`' x | cat")
    assert authorized("elasticsearch") == "ApiKey $HOME; `id` x | cat"
    monkeypatch.setenv("ELASTICSEARCH_API_KEY_COMMAND", program("import sys; print(repr(sys.stdin.read()))"))
    assert authorized("elasticsearch") == "ApiKey ''"


def test_commands_run_where_a_server_is_wanted_only() -> None:
    with settled({"elasticsearch": {"url": A, "api_key_command": program("open('ran', 'w')")}}):
        assert not Path("ran").exists()
        with pytest.raises(SettingsError, match="gives nothing"):
            connected(None)
        assert Path("ran").exists()


def file_of(content: bytes, name: str = "kept") -> str:
    Path(name).write_bytes(content)
    return name


def bad_ways() -> Iterator[tuple[str, object, str]]:
    """How a secret is given, by the end of its setting, and the end of the sentence."""
    tells = f"import sys; print('{CANARY}'); print('{CANARY}', file=sys.stderr)"
    yield "_file", "nowhere", "the file that {} names cannot be read: no such file or directory"
    yield "_file", ".", "the file that {} names cannot be read: is a directory"
    yield "_file", "~nobody-here/kept", "the file that {} names cannot be read: no home folder is known"
    yield "_file", file_of(b" \n"), "{} gives nothing"
    yield "_file", file_of(b"\xff" + CANARY.encode(), "latin"), "the file that {} names is not UTF-8 text"
    yield "_file", file_of(f"{CANARY}\nmore".encode(), "lines"), "{} holds what no such value can, like a line end"
    yield "_file", file_of(CANARY.encode() * 10_000, "long"), "the file that {} names is too long to hold a secret"
    yield "_command", f"no-such-{CANARY}", "the command of {} cannot be run: no such file or directory"
    yield "_command", f"echo '{CANARY}", "the command of {} cannot be read: look at its quotes"
    yield "_command", "true", "{} gives nothing"
    yield "_command", program(f"{tells}; sys.exit(3)"), "the command of {} ended with exit code 3"
    yield "_command", f"printf '\\377{CANARY}'", "the command of {} does not print UTF-8 text"
    yield "_command", f"printf '\\033{CANARY}'", "{} holds what no such value can, like a line end"


def test_ways_that_give_no_secret(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    for way, value, sentence in bad_ways():
        key = f"password{way}"
        variable = f"ELASTICSEARCH_{key}".upper()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variable, str(value))
            assert not_connected() == sentence.format(variable)
        with settled({"elasticsearch": {key: value}}):
            assert not_connected() == sentence.format(f"`elasticsearch: {key}` of the settings file mim-ecs.yml")
    out = capfd.readouterr()
    assert CANARY not in out.out + out.err + caplog.text


def not_connected() -> str:
    """Why not."""
    with pytest.raises(SettingsError) as caught:
        connected(A, "elasticsearch")
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("password", "password_file"), "^{} and {} are both given; leave one of them out$"),
        (("password_file", "password_command"), "^{} and {} are both given; leave one of them out$"),
        (("api_key", "api_key_command"), "^{} and {} are both given; leave one of them out$"),
        (("api_key", "password_command"), "^An API key and a user were both given"),
    ],
)
def test_two_ways_for_one_secret(monkeypatch: pytest.MonkeyPatch, given: tuple[str, str], sentence: str) -> None:
    values = dict.fromkeys(given, f"echo {CANARY}")
    labels = [f"`elasticsearch: {key}` of the settings file mim-ecs.yml" for key in given]
    with settled({"elasticsearch": values}), pytest.raises(SettingsError, match=sentence.format(*labels)) as caught:
        connected(A)
    assert CANARY not in str(caught.value)
    names = [f"ELASTICSEARCH_{key}".upper() for key in given]
    for name in names:
        monkeypatch.setenv(name, f"echo {CANARY}")
    with pytest.raises(SettingsError, match=sentence.format(*names)) as caught:
        connected(A)
    assert CANARY not in str(caught.value)


def test_a_command_that_leaves_others_behind_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "SECONDS", 0.3)
    with settled({"elasticsearch": {"api_key_command": ["sh", "-c", "sleep 5 & sleep 5"]}}):
        start = time.monotonic()
        label = "`elasticsearch: api_key_command` of the settings file mim-ecs.yml"
        assert not_connected() == f"the command of {label} takes longer than 0.3 s"
    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("elasticsearch: {password: 0123}", "must give `elasticsearch: password` a text, in quotes"),
        ("opensearch: {username: true}", "must give `opensearch: username` a text, in quotes"),
        ("elasticsearch: {fingerprint: 12:34:56}", "must give `elasticsearch: fingerprint` a text, in quotes"),
        ("elasticsearch: {password: ''}", "must give `elasticsearch: password` a text, in quotes"),
        ("elasticsearch: {password_command: []}", "must give `elasticsearch: password_command` one value"),
        ("elasticsearch: {password_command: [a, [c4nary]]}", "must give `elasticsearch: password_command` one value"),
        ("elasticsearch: {password: [c4nary]}", "must give `elasticsearch: password` one value"),
        ("elasticsearch: {pasword_command: c4nary}", 'that it has not; did you mean "password_command"?'),
        ("setup: {password_command: c4nary}", "it belongs under `elasticsearch` or `opensearch`"),
        ("opensarch: {url: c4nary}", 'names a command "opensarch"; did you mean "opensearch"?'),
    ],
)
def test_mistakes_in_the_settings_file(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settled(text)
    assert sentence in str(caught.value)
    assert "c4nary" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "mode", "warned"),
    [
        ({"password": "x", "username": "me"}, 0o644, True),
        ({"api_key": "x"}, 0o640, True),
        ({"url": "http://me:x@127.0.0.1:1"}, 0o604, True),
        ({"api_key": "x"}, 0o600, False),
        ({"api_key_command": "echo x"}, 0o644, False),
        ({"url": A}, 0o644, False),
    ],
)
def test_a_settings_file_with_a_secret_that_others_can_read(
    settings: dict[str, str], mode: int, warned: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whether another test has started the log or not: it reaches caplog once, by way of the root logger.
    monkeypatch.setattr(logging.getLogger("mim-ecs"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("mim-ecs"), "handlers", [])
    with settled({"elasticsearch": {"url": A, **settings}}):
        Path("mim-ecs.yml").chmod(mode)
        connected(None).close()
        connected(None).close()
    sentence = "The settings file mim-ecs.yml holds a secret, and others can read it; chmod 600 it."
    assert caplog.messages == [sentence] * warned


KEY, USER = {"API_KEY": CANARY}, {"USERNAME": "me", "PASSWORD": CANARY}
PLAIN = (
    "The credentials for {} are sent over http, and whoever is on the way can read them; give its address with https."
)


@pytest.mark.parametrize(
    ("url", "variables", "warned"),
    [
        ("http://elastic.invalid:9200", KEY, "elastic.invalid:9200"),
        ("http://elastic.invalid:9200", USER, "elastic.invalid:9200"),
        (f"http://me:{CANARY}@192.0.2.1/behind", {}, "192.0.2.1:80"),
        (f"http://me:{CANARY}@[2001:db8::1]:9200", {}, "[2001:db8::1]:9200"),
        ("http://localhost.invalid", KEY, "localhost.invalid:80"),
        ("http://elastic.invalid:9200", {}, ""),
        ("https://elastic.invalid:9200", KEY, ""),
        ("http://localhost:9200", KEY, ""),
        ("http://LocalHost:9200", USER, ""),
        ("http://127.0.0.1:9200", KEY, ""),
        ("http://127.8.9.10", USER, ""),
        (f"http://me:{CANARY}@[::1]:9200", {}, ""),
    ],
)
@pytest.mark.parametrize("way", ["variables", "file"])
def test_credentials_over_http_to_another_machine(
    url: str,
    variables: dict[str, str],
    warned: str,
    way: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("mim-ecs"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("mim-ecs"), "handlers", [])
    settings = {name.lower(): value for name, value in variables.items()} if way == "file" else {}
    for name, value in variables.items() if way == "variables" else ():
        monkeypatch.setenv(f"ELASTICSEARCH_{name}", value)
    with settled({"elasticsearch": settings}):
        connected(url).close()
        connected(url).close()  # it is told once
    assert caplog.messages == [PLAIN.format(warned)] * bool(warned)


def test_no_secret_is_told_by_settings_and_commands(folder: Path) -> None:
    """Of a run that fails, with its log for machines."""
    (folder / "mim-ecs.yml").write_text(
        json.dumps({"opensearch": {"url": A, "username": "me", "password_command": f"echo {CANARY}"}})
    )
    for given in ((), ("--log-format", "ecs")):
        done = mim_ecs("setup", *given, cwd=folder, code=3)
        assert "OpenSearch at 127.0.0.1:1 cannot be reached: Connection refused." in done.err
        assert CANARY not in done.err + done.out.decode()
