"""What commands say of themselves, mistakes in arguments, and what is loaded for it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from normalizer.cli import COMMANDS, cli
from normalizer.cli.settings import EXIT_CODES
from tests.cli.command import SAMPLE, mim_ecs

TOP = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    text = mim_ecs(command, "--help").out.decode()
    assert text.startswith(f"Usage: mim-ecs {command} ")
    example = text.partition("Example:\n")[2].partition("\n\n")[0]
    assert f"mim-ecs {command} " in example
    codes = text.partition("Exit codes:\n")[2]
    for code in ("0", "2", "4", "130, 143"):
        assert EXIT_CODES[code] in codes


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says(command: str) -> None:
    known = getattr(import_module(f"normalizer.cli.{command}"), command)
    assert " ".join(known.help.partition("\n\n")[0].split()).startswith(COMMANDS[command])
    assert known.name == command
    assert f"`mim-ecs {command}" in (TOP / "README.md").read_text()
    for option in known.params:
        assert option.param_type_name == "argument" or option.help, f"{option.name} has no help"
        assert not any(word in str(option.name) for word in ("password", "key", "secret", "token"))


def test_help_of_all() -> None:
    text = mim_ecs("--help").out.decode()
    assert all(f"  {code:8} {meaning}" in text for code, meaning in EXIT_CODES.items())
    assert all(f"  {name} " in text for name in COMMANDS)
    assert mim_ecs(code=2).err == text
    version = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["version"]
    assert mim_ecs("--version").out.decode() == f"mim-ecs {version}\n"
    assert set(COMMANDS) == set(cli.list_commands(cli.make_context("mim-ecs", ["--help"], resilient_parsing=True)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["normalise"], 'There is no command "normalise"; did you mean "normalize"? See mim-ecs --help.'),
        (["normalize", "--api-key", "canary"], "No such option '--api-key'. See mim-ecs normalize --help."),
        (["normalize", "--workers", "0"], "Invalid value for '--workers': 0 is not in the range"),
        (["normalize", "--workers", "two"], "'two' is not a valid integer range."),
        (["normalize", "--dead-letters", "-"], "dead letters need a file; /dev/stderr shows them."),
        (["normalize", "--table", "-o", "x"], "--table shows documents on standard output; leave -o out."),
        (["setup", "--retention", "soon", "--url", "http://127.0.0.1:9"], "A retention is a whole number with d, h, m"),
        (["build", "--mappings", "mappings"], "say with --into where the files of these mappings belong."),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(tmp_path: Path, given: list[str], said: str) -> None:
    given = [str(TOP / each) if each == "mappings" else each for each in given]
    done = mim_ecs(*given, cwd=tmp_path, code=2)
    assert said in done.err
    assert done.err.startswith("Error: ")
    assert len(done.lines) == 1
    assert "canary" not in done.err
    assert not list(tmp_path.iterdir())


def test_only_what_a_command_needs_is_loaded() -> None:
    """Elasticsearch's client, rich and jsonschema take a second together."""
    heavy = ("elasticsearch", "rich", "jsonschema", "ecs_logging")
    script = f"""
import sys
from normalizer.cli import main
try:
    main()
except SystemExit as stop:
    print(stop.code, [name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""
    for given in (["--help"], ["normalize", "-q", str(SAMPLE)]):
        done = subprocess.run([sys.executable, "-c", script, *given], capture_output=True, text=True, timeout=120)
        assert done.stderr == "0 []\n"


def test_build_renews_what_is_stale_and_removes_what_is_left(tmp_path: Path) -> None:
    def build(*given: str, code: int = 0) -> list[str]:
        return mim_ecs("build", "--into", tmp_path, *given, code=code).out.decode().splitlines()

    missing = build("--check", code=1)
    assert missing[0].startswith("missing: schemas/")
    assert missing[-1] == "Run `mim-ecs build`, look at the difference and commit it."
    assert not list(tmp_path.iterdir())
    assert build() == [line.replace("missing", "written") for line in missing[:-1]]
    first = tmp_path / missing[0].removeprefix("missing: ")
    first.write_bytes(b"")
    made = (tmp_path / "schemas" / "documents" / "any.schema.json").read_bytes()
    (tmp_path / "schemas" / "documents" / "mim.old.schema.json").write_bytes(made)
    own = tmp_path / "schemas" / "documents" / "my-own.json"
    own.write_bytes(b"{}")
    assert [line.partition(":")[0] for line in build("--check", code=1)[:2]] == ["stale", "nobody writes any more"]
    assert [line.partition(":")[0] for line in build()] == ["written", "removed"]
    assert own.exists()
    assert build("--check") == [f"All {len(missing) - 1} generated files are up to date."]
