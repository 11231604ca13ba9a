"""What others run in their CI: the GitHub action, the GitLab template, the pre-commit hooks; in real repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

TOP = Path(__file__).resolve().parent.parent
ACTION = TOP / ".github" / "actions" / "check"
PACK = TOP / "examples" / "pack"
START = "mappings/user.session.start.yml"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def run(repository: Path, *command: str, code: int = 0, env: Mapping[str, str] | None = None) -> str:
    """The output of a command, which must end with this code."""
    path = f"{repository.parent / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=repository, env={**os.environ, "PATH": path, **(env or {})}, capture_output=True, text=True
    )
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


def git(repository: Path, *words: str) -> str:
    name = ("-c", "user.name=Anna", "-c", "user.email=anna@example.com", "-c", "init.defaultBranch=main")
    return run(repository, "git", *name, *words).strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The example pack in a repository of its own, with one commit."""
    folder = tmp_path / "repository"
    shutil.copytree(PACK, folder)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "The pack")
    return folder


def edit(repository: Path, old: str, new: str, file: str = START) -> None:
    path = repository / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def break_it(repository: Path) -> str:
    """A value that people may search goes; the base of the change."""
    base = git(repository, "rev-parse", "HEAD")
    edit(repository, "[start]", "[info]")
    edit(repository, '"start"', '"info"', "tests/golden/user.session.start/office.document.json")
    git(repository, "commit", "--quiet", "--all", "--message", "A change")
    return base


# ---- the example pack


def test_the_example_pack(repository: Path) -> None:
    assert run(repository, "mim-ecs", "check").startswith("Nothing to mend in 5 mapping files and 2 golden cases.\n")
    assert run(
        repository,
        "mim-ecs",
        "normalize",
        "-q",
        "--mappings",
        "mappings",
        "tests/golden/user.session.end/outside.event.json",
    )


# ---- GitHub


def step(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in read(ACTION / "action.yml")["runs"]["steps"] if each.get("name") == name
    )
    return found


def variables(step_of: str, repository: Path, **given: str) -> dict[str, str]:
    """What a step's scripts read, with the inputs as their defaults have them, but for those that are given."""
    names = step(step_of)["env"]
    known = {"FOLDER": ".", "BASE": "", "FAIL_ON": "major", "RULES": "", "COMMENT": "true", "PULL_REQUEST": "7"}
    wanted = {"GH_TOKEN": "", **known, **given}
    assert names.keys() <= wanted.keys()
    summary = repository.parent / "summary.md"
    return {name: wanted[name] for name in names} | {
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_ACTION_PATH": str(ACTION),
    }


def test_the_inputs_of_the_action_are_those_that_it_reads() -> None:
    action = read(ACTION / "action.yml")
    text = (ACTION / "action.yml").read_text(encoding="utf-8")
    for name, given in action["inputs"].items():
        assert given["description"]
        assert f"inputs.{name}" in text
    for each in action["runs"]["steps"]:
        for script in ACTION.glob("*.sh"):
            if script.name in each.get("run", ""):
                used = script.read_text(encoding="utf-8")
                assert all(f"${name}" in used or name == "GH_TOKEN" for name in each["env"]), each


def test_the_action_finds_nothing(repository: Path) -> None:
    said = run(repository, "bash", "-c", step("Check")["run"], env=variables("Check", repository))
    assert said == "::notice title=mim-ecs::Not checked: generated files: there are none here\n"


def test_the_action_annotates_mistakes(repository: Path) -> None:
    edit(repository, "extends: _session", "extends: _sesion")
    said = run(repository, "bash", "-c", step("Check")["run"], env=variables("Check", repository), code=1)
    assert said.startswith(
        f"::error file={START},line=2,col=10,endColumn=17,title=mim-ecs%3A load-error::there is no mapping"
    )
    assert "    |          ^^^^^^^\n" in said


def test_the_action_checks_a_folder_of_the_repository(repository: Path) -> None:
    inner = repository / "okta"
    inner.mkdir()
    for name in ("mappings", "tests"):
        (repository / name).rename(inner / name)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Moved")
    base = git(repository, "rev-parse", "HEAD")
    edit(repository, "[start]", "[info]", f"okta/{START}")
    said = run(
        repository, "bash", "-c", step("Check")["run"], env=variables("Check", repository, FOLDER="okta"), code=1
    )
    assert said.startswith(f"::error file=okta/{START},line=5,")
    env = variables("What changes", repository, FOLDER="okta", BASE=base, COMMENT="false")
    said = run(repository, "bash", "-c", step("What changes")["run"], env=env, code=1)
    assert f"::error file=okta/{START},line=5," in said


def gh(repository: Path, code: int = 0) -> Path:
    """A stand-in for GitHub's command, whose server is not here; the file that gets its words and the comment."""
    said = repository.parent / "gh.txt"
    script = repository.parent / "bin" / "gh"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "$@" > {said}\nfor last; do :; done\ncat "$last" >> {said}\nexit {code}\n')
    script.chmod(0o755)
    return said


def test_the_action_comments_what_changes(repository: Path) -> None:
    written = gh(repository)
    base = break_it(repository)
    env = variables("What changes", repository, BASE=base)
    said = run(repository, "bash", "-c", step("What changes")["run"], env=env, code=1)
    assert f"::error file={START},line=5,col=3," in said
    words, _, comment = written.read_text(encoding="utf-8").partition("\n")
    assert words.startswith("pr comment 7 --edit-last --create-if-none --body-file ")
    assert "major" in comment.partition("\n")[0]
    assert "`event.type`" in comment
    assert comment == (repository.parent / "summary.md").read_text(encoding="utf-8")


def test_the_action_without_the_permission_to_comment(repository: Path) -> None:
    gh(repository, code=1)
    env = variables("What changes", repository, BASE=break_it(repository), FAIL_ON="")
    said = run(repository, "bash", "-c", step("What changes")["run"], env=env)
    assert "::warning title=mim-ecs::The comment could not be written; the job needs" in said


def test_the_action_in_a_clone_that_has_the_last_commit_alone(repository: Path) -> None:
    base = break_it(repository)
    clone = repository.parent / "clone"
    git(repository, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(repository.parent, "clone", "--quiet", "--depth=1", f"file://{repository}", str(clone))
    env = variables("What changes", clone, BASE=base, COMMENT="false")
    assert f"::error file={START}" in run(clone, "bash", "-c", step("What changes")["run"], env=env, code=1)


# ---- GitLab


def job(name: str, repository: Path, **given: str) -> tuple[list[str], dict[str, str]]:
    """The lines of a job of the template, and the variables that it has."""
    template = read(TOP / "examples" / "ci" / "gitlab.yml")
    assert template[name]["extends"] == ".mim-ecs"
    return template[name]["script"], {**template[".mim-ecs"]["variables"], **given}


def in_gitlab(repository: Path, lines: list[str], env: dict[str, str], code: int = 0) -> str:
    return run(repository, "bash", "-c", "\n".join(["set -eo pipefail", *lines]), env=env, code=code)


def test_the_template_reports_tests(repository: Path) -> None:
    lines, env = job("mim-ecs check", repository)
    in_gitlab(repository, lines, env)
    assert ElementTree.parse(repository / "mim-ecs.xml").getroot().get("failures") == "0"
    edit(repository, "extends: _session", "extends: _sesion")
    assert "there is no mapping" in in_gitlab(repository, lines, env, code=1)
    assert ElementTree.parse(repository / "mim-ecs.xml").getroot().get("failures") == "1"


def test_the_template_tells_what_changes(repository: Path) -> None:
    base = break_it(repository)
    git(repository, "remote", "add", "origin", f"file://{repository}")
    git(repository, "config", "uploadpack.allowAnySHA1InWant", "true")
    lines, env = job("mim-ecs diff", repository, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert "event.type" in in_gitlab(repository, lines, env, code=1)
    assert "`event.type`" in (repository / "mim-ecs-diff.md").read_text(encoding="utf-8")


# ---- pre-commit


def test_the_hooks(repository: Path) -> None:
    """Those of the definition, run by the genuine pre-commit with the command that is installed here."""
    hooks = read(TOP / ".pre-commit-hooks.yaml")
    local = [{**each, "language": "system"} for each in hooks]
    config = {"repos": [{"repo": "local", "hooks": local}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    run(repository, "pre-commit", "validate-manifest", str(TOP / ".pre-commit-hooks.yaml"))
    git(repository, "add", "--all")
    run(repository, "pre-commit", "run", "--all-files")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "With what is generated")
    edit(repository, "Somebody signed in", "Somebody has signed in")
    git(repository, "add", "--all")
    said = run(repository, "pre-commit", "run", code=1)
    assert "schemas/documents/user.session.start.schema.json:1:1: this is not what the mappings give now" in said
    assert "written: schemas/documents/user.session.start.schema.json" in said
    git(repository, "add", "--all")
    run(repository, "pre-commit", "run")
    edit(repository, "extends: _session", "extends: _sesion")
    git(repository, "add", "--all")
    assert "there is no mapping" in run(repository, "pre-commit", "run", code=1)


def test_the_example_names_a_hook_that_there_is() -> None:
    ids = {each["id"] for each in read(TOP / ".pre-commit-hooks.yaml")}
    (repo,) = read(PACK / ".pre-commit-config.yaml")["repos"]
    assert {each["id"] for each in repo["hooks"]} <= ids


def test_the_project_uses_its_own() -> None:
    own = [hook for repo in read(TOP / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert ".venv/bin/mim-ecs check" in {hook["entry"] for hook in own}
    jobs = read(TOP / ".github" / "workflows" / "ci.yml")["jobs"]
    assert "./.github/actions/check" in {step.get("uses") for job in jobs.values() for step in job["steps"]}
