"""`mim-ecs diff`: its arguments, exit codes and what it prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.authoring.diff.small import FILES, Edits, edited
from tests.cli.command import SAMPLE, mim_ecs

TOP = Path(__file__).resolve().parents[2]
MAJOR: Edits = {"mim.one.yml": ("new", "done")}
MINOR: Edits = {"tables/outcome.yml": "ALLOW: success\n" + FILES["tables/outcome.yml"]}
PATCH: Edits = {"mim.one.yml": ("The first.", "One.")}
EDITS: dict[str, Edits] = {"major": MAJOR, "minor": MINOR, "patch": PATCH, "none": {}}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return edited(tmp_path / "old", {})


@pytest.mark.parametrize(
    ("verdict", "fail_on", "code"),
    [
        ("major", "major", 1),
        ("major", "minor", 1),
        ("minor", "major", 0),
        ("minor", "minor", 1),
        ("patch", "minor", 0),
        ("none", "minor", 0),
        ("major", "", 0),
    ],
)
def test_fail_on(tmp_path: Path, old: Path, verdict: str, fail_on: str, code: int) -> None:
    new = edited(tmp_path / "new", EDITS[verdict])
    done = mim_ecs("diff", old, new, *(["--fail-on", fail_on] if fail_on else []), "--format", "json", code=code)
    assert json.loads(done.out)["verdict"] == verdict
    assert done.err == ""


def test_new_is_the_current_folder_and_old_a_revision(tmp_path: Path) -> None:
    edited(tmp_path, {})
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=Anna", "-c", "user.email=anna@example.com"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *words], cwd=tmp_path, env={**os.environ, **settings}, check=True)
    assert mim_ecs("diff", "HEAD", cwd=tmp_path).out.decode() == "no difference from HEAD to .\n"
    edited(tmp_path, MAJOR)
    done = mim_ecs("diff", "HEAD", "--fail-on", "major", cwd=tmp_path, code=1)
    assert done.out.decode().splitlines()[-2:] == [
        "    old: HEAD:mappings/mim.one.yml:4:7",
        "    new: mappings/mim.one.yml:4:7",
    ]
    github = mim_ecs("diff", "HEAD", "--format", "github", cwd=tmp_path).out.decode()
    assert github.startswith("::error file=mappings/mim.one.yml,line=4,col=7,title=mim-ecs diff::major: ")


def test_a_file_instead_of_standard_output(tmp_path: Path, old: Path) -> None:
    new = edited(tmp_path / "new", MINOR)
    done = mim_ecs("diff", old, new, "--format", "markdown", "-o", tmp_path / "diff.md", "--fail-on", "minor", code=1)
    assert done.out == b""
    assert (tmp_path / "diff.md").read_text().startswith("### mim-ecs diff: minor\n")
    assert "cannot be written" in mim_ecs("diff", old, new, "-o", tmp_path / "no" / "diff.md", code=4).err


def test_rules_that_break_are_major(tmp_path: Path, old: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    shutil.copy(TOP / "README.md", rules)  # no rule, and no kind of file that is looked at
    query = "name = 'Late'\nrule_id = '1'\ntype = 'query'\nlanguage = 'kuery'\nquery = 'okta.status: new'\n"
    (rules / "late.toml").write_text(f"[rule]\n{query}")
    new = edited(tmp_path / "new", MAJOR)
    done = mim_ecs("diff", old, new, "--rules", rules, "--format", "json", "--fail-on", "major", code=1)
    [broken] = json.loads(done.out)["rules"]["broken"]
    assert (broken["rule"], broken["field"], broken["advice"]) == ("Late", "okta.status", "use done")
    done = mim_ecs("diff", old, edited(tmp_path / "new", MINOR), "--rules", rules, "--fail-on", "major")
    assert "0 of 1 detection rule would break.\n" in done.out.decode()


def test_sample_documents(tmp_path: Path) -> None:
    folder = tmp_path / "mappings"
    shutil.copytree(TOP / "mappings", folder, copy_function=shutil.copyfile)
    file = folder / "mim.command.ios.error.yml"
    file.write_text(file.read_text().replace("event.outcome: failure", "event.outcome: unknown"))
    out = mim_ecs("diff", "installed", tmp_path, "--events", SAMPLE).out.decode()
    assert '"failure" → "unknown"\n' in out
    assert "Of 400 events, the documents of " in out


def test_what_an_event_says_moves_no_cursor(tmp_path: Path, old: Path) -> None:
    new = edited(tmp_path / "new", {"_base.yml": ("target(type=Device).displayName", "target(type=Device).id")})
    event = {"uuid": "e1", "eventType": "mim.one", "published": "2026-09-14T06:00:00.000Z"}
    events = tmp_path / "events.json"
    events.write_text(json.dumps(event | {"target": [{"type": "Device", "id": "\x9b2J\u202e|`x\n::error::y"}]}))
    for name in ("text", "markdown", "github"):
        out = mim_ecs("diff", old, new, "--events", events, "--format", name).out.decode()
        assert "\x9b" not in out
        assert "\u202e" not in out
        assert "\n::error::y" not in out
    found = json.loads(mim_ecs("diff", old, new, "--events", events, "--format", "json").out)
    assert found["events"]["fields"][0]["examples"][0]["after"] == "\x9b2J\u202e|`x\n::error::y"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "Missing argument 'OLD'. See mim-ecs diff --help."),
        (["nothing"], 'Error: there is no folder "nothing", and no git repository around the current folder; '),
        (["old", "nothing"], 'Error: there is no folder "nothing", and no git repository around the current folder; '),
        (
            ["old", "empty"],
            "Error: empty: this holds no mapping files, nor a folder mappings/ with such; name one that does.",
        ),
        (["old", "old", "--fail-on", "patch"], "'patch' is not one of 'major', 'minor'. See mim-ecs diff --help."),
        (["old", "old", "--format", "xml"], "'xml' is not one of 'text', 'markdown', 'json', 'github'."),
        (["old", "old", "--rules", "nothing"], "'nothing' does not exist. See mim-ecs diff --help."),
        (["old", "old", "--events", "nothing"], "Error: There is no file or folder nothing."),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, old: Path, given: list[str], said: str) -> None:
    (tmp_path / "empty").mkdir()
    done = mim_ecs("diff", *given, cwd=tmp_path, env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}, code=2)
    assert said in done.err
    assert len(done.lines) == 1


def test_mistakes_in_mapping_files_say_the_side(tmp_path: Path, old: Path) -> None:
    new = edited(tmp_path / "new", {"mim.one.yml": ("okta.status", "okta.state")})
    done = mim_ecs("diff", old, new, code=2)
    assert done.lines[0].startswith(f'{new}/mappings/mim.one.yml:4:7: NEW: "okta.state" is no field of ECS')
    assert done.lines[-1] == "Error: 1 mistake in the mapping files."
