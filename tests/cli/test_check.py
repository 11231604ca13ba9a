"""`mim-ecs check`: what is found, in each format, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from normalizer.errors import PACKAGE
from tests.authoring.conftest import pack, top
from tests.cli.command import TIMEOUT, mim_ecs, start

__all__ = ["pack", "top"]
NEW = "mappings/mim.command.ios.new.yml"


def edit(path: str, old: str, new: str) -> None:
    file = Path(path)
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_nothing_to_mend(top: Path) -> None:
    done = mim_ecs("check", code=0)
    assert done.out.decode().splitlines() == [
        "Nothing to mend in 30 mapping files, 55 golden cases and 30 generated files."
    ]
    assert done.err == ""


def test_the_line_and_a_caret_stand_below_a_finding(top: Path) -> None:
    edit(NEW, "  okta.mim.command.status: new", "  okta.mim.command.statsu: new  # a comment")
    done = mim_ecs("check", code=1)
    assert done.out.decode().splitlines() == [
        f'{NEW}:7:3: "okta.mim.command.statsu" is no field of ECS, nor declared in _custom_fields.yml; did you mean '
        '"okta.mim.command.status"? [load-error]',
        "  7 |   okta.mim.command.statsu: new  # a comment",
        "    |   ^^^^^^^^^^^^^^^^^^^^^^^",
        "",
        "1 finding (1 load-error) in 30 mapping files.",
        "Not checked: golden cases, generated files and what is unused, until the mapping files can be read.",
    ]


@pytest.mark.parametrize(
    ("line", "carets"),
    [
        ('  "okta mim": new', "  ^^^^^^^^^^"),
        ("  'okta.mim': new", "  ^^^^^^^^^^"),
        ("  okta: mim: x", "           ^"),
        ("  a:b: new", "  ^^^"),
    ],
)
def test_what_the_caret_stands_under(top: Path, line: str, carets: str) -> None:
    edit(NEW, "  okta.mim.command.status: new", line)
    shown = mim_ecs("check", code=1).out.decode().splitlines()
    assert shown[shown.index(f"  7 | {line}") + 1].startswith(f"    | {carets}")


def test_a_folder_of_mapping_files_alone(top: Path) -> None:
    done = mim_ecs("check", "mappings", code=0)
    assert done.out.decode().splitlines() == [
        "Nothing to mend in 30 mapping files.",
        "Not checked: golden cases and generated files, which lie beside a folder mappings/.",
    ]


def test_a_pack(pack: Path) -> None:
    assert "this has no document beside it" in mim_ecs("check", pack, cwd=pack.parent, code=1).out.decode()
    done = mim_ecs("check", "--renew", code=0)
    assert done.err == "renewed: user.session.start/first\n"
    assert done.out.decode().splitlines() == [
        "Nothing to mend in 2 mapping files and 1 golden case.",
        "Not checked: generated files: there are none here.",
    ]
    mim_ecs("build", "--mappings", "mappings", "--into", ".", code=0)
    assert mim_ecs("check", code=0).out.decode().splitlines() == [
        "Nothing to mend in 2 mapping files, 1 golden case and 31 generated files."
    ]


def test_a_line_of_the_package_is_shown_too(pack: Path) -> None:
    mim_ecs("check", "--renew", code=0)
    edit("tests/golden/user.session.start/first.document.json", '"kind": "event"', '"kind": "alert"')
    lines = mim_ecs("check", code=1).out.decode().splitlines()
    assert lines[0].startswith(f"{PACKAGE}/mappings/_log_event.yml:4:3: golden case user.session.start/first")
    assert lines[1:3] == ["  4 |   event.kind: event", "    |   ^^^^^^^^^^"]


def test_generated_files(top: Path) -> None:
    stale, gone = "schemas/documents/mim.command.ios.new.schema.json", "ingest_pipelines/logs-okta.mim@custom.json"
    edit(stale, "{", "{ ")
    Path(gone).unlink()
    Path("schemas/documents/left.json").write_text('{"$comment": "Made from the mappings by `mim-ecs build`"}')
    found = json.loads(mim_ecs("check", "--format", "json", code=1).out)["findings"]
    assert [(each["file"], each["rule"], each["message"].partition("; ")[0]) for each in found] == [
        (gone, "stale", "this file is missing"),
        ("schemas/documents/left.json", "stale", "no mapping gives this file any more"),
        (stale, "stale", "this is not what the mappings give now"),
    ]


# ---- formats


@pytest.fixture
def mistaken(top: Path) -> Path:
    """With a mistake in a file of a hard name, and another on top of it."""
    odd = "mappings/mim.50%,a:b\u00e9.yml"
    Path(odd).write_text('event_type: mim.x\nextends: _mim\nsummary: "100%, or: more."\nset: {event.typ: [info]}\n')
    return Path(odd)


def test_json(mistaken: Path) -> None:
    said = json.loads(mim_ecs("check", "--format", "json", code=1).out)
    assert said["checked"] == {"mapping files": 31}
    assert said["not_checked"] == [
        "golden cases, generated files and what is unused, until the mapping files can be read"
    ]
    first, second = said["findings"]
    assert (first["file"], first["line"], first["column"], first["end_column"]) == (str(mistaken), 1, 13, 18)
    assert (second["line"], second["column"], second["end_column"], second["level"]) == (4, 7, 16, "error")
    assert second["message"].startswith('"event.typ" is no field of ECS')


def test_github(mistaken: Path) -> None:
    first, second, left = mim_ecs("check", "--format", "github", code=1).out.decode().splitlines()
    assert second.startswith(
        "::error file=mappings/mim.50%25%2Ca%3Ab\u00e9.yml,line=4,col=7,endColumn=16,title=mim-ecs%3A load-error::"
        '"event.typ" is no field of ECS, nor'
    )
    assert "50%25,a:b" in first.partition("::")[2].partition("::")[2]
    assert left.startswith("::notice title=mim-ecs::Not checked: golden cases")


def test_sarif(mistaken: Path) -> None:
    log = json.loads(mim_ecs("check", "--format", "sarif", code=1).out)
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert run["tool"]["driver"]["rules"] == [
        {"id": "load-error", "shortDescription": {"text": "The mapping language does not allow this."}}
    ]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert unquote(place["artifactLocation"]["uri"]) == str(mistaken)
    assert place["region"] == {"startLine": 4, "startColumn": 7, "endColumn": 16}


def test_junit(mistaken: Path) -> None:
    suites = ElementTree.fromstring(mim_ecs("check", "--format", "junit", code=1).out)
    (suite,) = suites
    assert (suites.get("tests"), suites.get("failures"), len(suite)) == ("31", "1", 31)
    (failed,) = [case for case in suite if len(case)]
    assert failed.get("name") == str(mistaken)
    assert (failed[0].text or "").count("[load-error]") == 2


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit"])
def test_nothing_found(top: Path, form: str) -> None:
    assert mim_ecs("check", "--format", form, code=0).err == ""


# ---- how it ends


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["none"], "Error: none: there is no such folder.\n"),
        (
            ["tests"],
            "Error: tests: this holds no mapping files, nor a folder mappings/ with such; name one that does.\n",
        ),
        (["x" * 300], f"Error: {'x' * 300}: this cannot be read: file name too long.\n"),
        (["mappings", "--renew"], "Error: golden cases lie in tests/golden/ beside a folder mappings/; name the folder "
         "that holds both.\n"),
    ],
)  # fmt: skip
def test_a_folder_that_will_not_do(top: Path, given: list[str], why: str) -> None:
    assert mim_ecs("check", *given, code=2).err == why


def test_documents_that_cannot_be_written(top: Path) -> None:
    edit(NEW, "  okta.mim.command.status: new", "  okta.mim.command.status: error")
    path = Path("tests/golden/mim.command.ios.new/rich.document.json")
    path.unlink()
    path.mkdir()
    assert "is a directory" in mim_ecs("check", "--renew", code=4).err.lower()


def renamed(save: Path, text: str) -> None:
    """As editors save: another file takes its place."""
    other = save.with_name(".other")
    other.write_text(text)
    other.rename(save)


def written(save: Path, text: str) -> None:
    save.write_text(text)


@pytest.mark.parametrize("save", [renamed, written])
def test_watching(top: Path, save: Callable[[Path, str], None]) -> None:
    process = start("check", "--watch", "mappings", cwd=top)
    assert process.stdout is not None
    limit = threading.Timer(TIMEOUT, process.kill)
    limit.start()
    try:
        assert process.stdout.readline() == b"Nothing to mend in 30 mapping files.\n"
        assert process.stdout.readline().startswith(b"Not checked")
        path = Path(NEW)
        text = path.read_text()
        for _ in range(2):
            save(path, text.replace("status", "statsu"))
            assert f"{NEW}:7:3: ".encode() in process.stdout.readline()
            while not (line := process.stdout.readline()).startswith(b"Not checked"):
                assert line
            save(path, text)
            assert process.stdout.readline() == b"Nothing to mend in 30 mapping files.\n"
            assert process.stdout.readline().startswith(b"Not checked")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=TIMEOUT)
    finally:
        limit.cancel()
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert err == b"Watching mappings; Ctrl-C ends this.\nError: stopped by SIGINT.\n"


def test_build_where_mappings_are(pack: Path) -> None:
    """What `check` says to run is run as it says it."""
    mim_ecs("check", "--renew", code=0)
    (pack / "schemas" / "documents").mkdir(parents=True)
    assert "run mim-ecs build" in mim_ecs("check", code=1).out.decode()
    mim_ecs("build", code=0)
    mim_ecs("check", code=0)


def test_what_is_not_generated_stays(pack: Path) -> None:
    own = pack / "ingest_pipelines" / "own.json"
    own.parent.mkdir()
    own.write_text("{}")
    mim_ecs("check", "--renew", code=1)
    for _ in range(2):
        mim_ecs("build", code=0)
        mim_ecs("check", code=0)
        assert own.read_text() == "{}"


def test_what_is_in_the_way_is_left(pack: Path) -> None:
    own = pack / "schemas" / "event.schema.json"
    own.parent.mkdir()
    own.write_text("{}")
    assert mim_ecs("build", code=2).lines == [
        "Error: schemas/event.schema.json is in the way: mim-ecs build has not made it; move it, or delete it."
    ]
    assert [path.name for path in own.parent.iterdir()] == [own.name]


def test_processors_of_ones_own_stay(pack: Path) -> None:
    mim_ecs("build", code=0)
    custom = pack / "ingest_pipelines" / "logs-okta.mim@custom.json"
    custom.write_text('{"processors": [{"set": {"field": "labels.team", "value": "blue"}}]}')
    mim_ecs("build", "--check", code=0)
    mim_ecs("build", code=0)
    assert "blue" in custom.read_text()


def test_hostile_names_and_words(top: Path) -> None:
    """Nothing moves the cursor of a terminal, and every format can be written."""
    Path("mappings/mim.\udcff.yml").write_text('event_type: "mim.\\e[2J"\nextends: _mim\nsummary: X.\n')
    edit(NEW, "status: new", "statsu: \u009b2J")
    for form in ("text", "json", "github", "sarif", "junit"):
        out = mim_ecs("check", "--format", form, code=1).out
        assert b"\x1b" not in out
        if form == "text":
            assert "\u009b" not in out.decode()
    os.mkfifo("mappings/pipe.yml")
    assert "this is no file" in mim_ecs("check", code=1).out.decode()
