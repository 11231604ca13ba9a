"""What can be compared: folders, git revisions, the installed package; and what is said where it cannot."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from normalizer.authoring.diff import Change, compare
from normalizer.authoring.diff.report import Report
from normalizer.authoring.diff.sides import Side, sides
from normalizer.errors import MappingError, Place, SettingsError
from tests.authoring.diff.small import FILES, edited


def git(folder: Path, *words: str) -> None:
    who = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for role in ("AUTHOR", "COMMITTER"):
        who |= {f"GIT_{role}_NAME": "Anna", f"GIT_{role}_EMAIL": "anna@example.com"}
    subprocess.run(["git", *words], cwd=folder, env={**os.environ, **who}, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits: in the first `okta.status` of `mim.one` is new, in the second it is done."""
    edited(tmp_path, {})
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    git(tmp_path, "tag", "v1.0")
    edited(tmp_path, {"mim.one.yml": ("new", "done")})
    git(tmp_path, "commit", "-q", "-a", "-m", "second")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(old: str, new: str = ".") -> list[tuple[str, str, list[str], list[str]]]:
    one, other = sides(old, new)
    report = Report(one, other, compare(one.mappings, other.mappings))
    return [_told(report, change) for change in report.difference.changes]


def _told(report: Report, change: Change) -> tuple[str, str, list[str], list[str]]:
    old, new = report.places(change)
    return change.kind, change.subject, [*map(str, old)], [*map(str, new)]


CHANGED = "constant-changed", "okta.status"


@pytest.mark.parametrize("revision", ["HEAD~1", "v1.0", "HEAD~1:mappings", "v1.0:.", "v1.0:", "main~1:./mappings/"])
def test_a_revision_against_the_folder(repository: Path, revision: str) -> None:
    name = revision.partition(":")[0]
    places = [f"{name}:mappings/mim.one.yml:4:7"], ["mappings/mim.one.yml:4:7"]
    assert told(revision) == [(*CHANGED, *places)]


def test_a_revision_is_meant_of_the_mappings_beside_the_current_folder(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited(repository / "packs" / "acme", {})
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "a pack")
    edited(repository / "packs" / "acme", {"mim.one.yml": ("new", "done")})
    monkeypatch.chdir(repository / "packs" / "acme")
    assert told("HEAD") == [(*CHANGED, ["HEAD:packs/acme/mappings/mim.one.yml:4:7"], ["mappings/mim.one.yml:4:7"])]
    assert sides("HEAD~1", ".")[0].name == "HEAD~1, which has no mappings (installed)"  # not the other pack at the top
    (repository / "docs").mkdir()
    monkeypatch.chdir(repository / "docs")
    assert told("HEAD~2", "..") == [(*CHANGED, ["HEAD~2:mappings/mim.one.yml:4:7"], ["../mappings/mim.one.yml:4:7"])]


def test_a_slip_in_the_word_for_the_package(repository: Path) -> None:
    with pytest.raises(SettingsError, match='did you mean "installed"'):
        sides("instaled", ".")


def test_two_revisions(repository: Path) -> None:
    places = ["HEAD~1:mappings/mim.one.yml:4:7"], ["main:mappings/mim.one.yml:4:7"]
    assert told("HEAD~1", "main") == [(*CHANGED, *places)]
    assert told("main", "HEAD") == []


def test_below_the_top_a_revision_is_still_the_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "mappings" / "tables")
    assert told("v1.0", "main")[0][:2] == CHANGED


def test_a_folder_wins_over_a_branch(repository: Path) -> None:
    git(repository, "branch", "mappings", "v1.0")
    assert told("mappings", "main") == []
    assert told("mappings:", "main")[0][:2] == CHANGED


def test_what_is_not_committed_is_in_the_folder_alone(repository: Path) -> None:
    edited(repository, {"mim.one.yml": ("new", "done"), "mim.two.yml": ("The second.", "Two.")})
    assert [change[:2] for change in told("HEAD")] == [("summary-changed", "mim.two")]
    before = {path: path.read_bytes() for path in repository.rglob("*.yml")}
    told("v1.0")
    assert {path: path.read_bytes() for path in repository.rglob("*.yml")} == before


def test_mappings_elsewhere_in_the_repository(repository: Path) -> None:
    git(repository, "mv", "mappings", "moved")
    (repository / "packs").mkdir()
    git(repository, "mv", "moved", "packs/mappings")
    git(repository, "commit", "-q", "-m", "moved")
    assert told("v1.0", "HEAD:packs")[0][3] == ["HEAD:packs/mappings/mim.one.yml:4:7"]
    assert told("main:packs/mappings", "packs") == []
    assert told("HEAD", "packs") == []
    assert told("HEAD", "packs/mappings") == []
    with pytest.raises(SettingsError, match=re.escape('the revision "HEAD" holds no mapping files in mappings/; ')):
        sides("v1.0", "HEAD")


def test_the_place_in_the_repository(repository: Path) -> None:
    one, other = sides("HEAD", ".")
    for side in (one, other):
        place = side.mappings.files["mim.one"]
        assert side.in_repository(place) == Place("mappings/mim.one.yml", place.line, place.column)


def test_the_installed_mappings(tmp_path: Path) -> None:
    one, other = sides("installed", "installed")
    assert compare(one.mappings, other.mappings).changes == ()
    place = one.mappings.files["_mim"]
    assert str(one.told(place)) == f"installed:mappings/_mim.yml:{place.line}:{place.column}"
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "mim.wiped.yml").write_text("event_type: mim.wiped\nextends: _command\nsummary: A device was wiped.\n")
    [change] = told("installed", str(pack))
    assert change[:2] == ("event-type-added", "mim.wiped")


def test_a_link_is_followed(repository: Path) -> None:
    (repository / "mappings" / "mim.two.yml").rename(repository / "two.yml")
    (repository / "mappings" / "mim.two.yml").symlink_to("../two.yml")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "a link")
    assert told("HEAD", ".") == []
    assert [change[:2] for change in told("v1.0", "HEAD")] == [CHANGED]


# --- what cannot be compared


def refused(old: str, new: str = ".") -> str:
    with pytest.raises(SettingsError) as caught:
        sides(old, new)
    return str(caught.value)


def test_no_such_revision(repository: Path) -> None:
    for name in ("nope", "nope:mappings", "--all", ":mappings"):
        revision = name.partition(":")[0]
        assert refused(name).startswith(
            f'there is no folder "{name}", nor is "{revision}" a revision that git has here; name a folder, '
        )


def test_no_mappings_in_the_revision(repository: Path) -> None:
    git(repository, "rm", "-q", "-r", "mappings")
    git(repository, "commit", "-q", "-m", "gone")
    assert refused("v1.0", "HEAD") == (
        'the revision "HEAD" holds no mapping files in mappings/; name the folder after a colon, as in '
        "HEAD:path/to/mappings"
    )


def test_before_the_first_mappings_of_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "empty")
    (tmp_path / "mappings").mkdir()
    text = "event_type: mim.wiped\nextends: _command\nsummary: A device was wiped.\n"
    (tmp_path / "mappings" / "mim.wiped.yml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert sides("main", ".")[0].name == "main, which has no mappings (installed)"
    [change] = told("main")
    assert change[:2] == ("event-type-added", "mim.wiped")


@pytest.mark.parametrize(("old", "new"), [("", "."), ("installed", "")])
def test_a_name_that_is_empty(old: str, new: str) -> None:
    """As where a variable of CI is not set."""
    assert refused(old, new).startswith("an empty name is neither a folder nor a revision; ")


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(edited(tmp_path, {}))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert refused("HEAD") == (
        'there is no folder "HEAD", and no git repository around the current folder; a revision can only be named '
        "inside of one, so name a folder"
    )


def test_no_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert refused("HEAD") == (
        'there is no folder "HEAD", and git is not installed; install git to name a revision, or name a folder'
    )


def test_a_broken_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(edited(tmp_path, {}))
    (tmp_path / ".git").write_text("nonsense\n")
    assert refused("HEAD").startswith('there is no folder "HEAD", and git says: fatal: ')


def test_a_link_that_leads_nowhere(repository: Path) -> None:
    (repository / "mappings" / "mim.lost.yml").symlink_to("../lost.yml")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "a link")
    assert refused("HEAD").startswith("HEAD:mappings/mim.lost.yml is no file that git can give: dangling")


def test_a_folder_without_mappings(tmp_path: Path) -> None:
    assert "this holds no mapping files, nor a folder mappings/" in refused(str(tmp_path))


def test_mistakes_say_on_which_side_they_are(repository: Path) -> None:
    edited(repository, {"mim.one.yml": ("okta.status", "okta.state")})
    git(repository, "commit", "-q", "-a", "-m", "a mistake")
    edited(repository, {"mim.two.yml": FILES["mim.two.yml"].replace("summary", "sumary")})
    with pytest.raises(MappingError) as caught:
        sides("HEAD", ".")
    first, *others = map(str, caught.value.findings)
    assert first.startswith('HEAD:mappings/mim.one.yml:4:7: OLD: "okta.state" is no field of ECS, ')
    assert len(others) >= 1
    assert all(re.match(r"mappings/mim\.two\.yml:\d+:\d+: NEW: ", other) for other in others)


def test_a_side_without_another_name_tells_places_as_they_are() -> None:
    side = Side(".", sides("installed", "installed")[0].mappings)
    assert side.told(Place("mappings/a.yml", 1, 2)) == Place("mappings/a.yml", 1, 2)
