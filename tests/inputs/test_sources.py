from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from normalizer.errors import InputError
from normalizer.inputs import Source, sources


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.json", "a.ndjson", "sub/c.json", "sub/.hidden.json", ".git/d.json", "a/z.json", "a[1].json"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "in" / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*inputs: str) -> list[str]:
    return [source.name for source in sources(inputs)]


def test_nothing_and_a_dash_are_standard_input() -> None:
    assert sources([]) == sources(["-"]) == sources(["-", "-"]) == [Source("<stdin>", None, None)]


def test_a_file_has_its_name_as_given_and_its_size(tree: Path) -> None:
    assert sources(["in/b.json"]) == [Source("in/b.json", Path("in/b.json"), 6)]
    assert names(str(tree / "in/b.json")) == [str(tree / "in/b.json")]


@pytest.mark.usefixtures("tree")
def test_a_folder_is_read_to_its_bottom_sorted_and_without_hidden_files() -> None:
    expected = ["in/a/z.json", "in/a.ndjson", "in/a[1].json", "in/b.json", "in/sub/c.json"]
    assert names("in") == names("in/") == expected


@pytest.mark.usefixtures("tree")
def test_globs_are_sorted_and_may_match_folders() -> None:
    assert names("in/*.json") == ["in/a[1].json", "in/b.json"]
    assert names("in/**/*.json") == ["in/a/z.json", "in/a[1].json", "in/b.json", "in/sub/c.json"]
    assert names("in/[se]*") == ["in/sub/c.json"]


@pytest.mark.usefixtures("tree")
def test_a_name_that_exists_is_no_glob() -> None:
    assert names("in/a[1].json") == ["in/a[1].json"]


@pytest.mark.usefixtures("tree")
def test_the_order_is_the_users_and_a_file_named_twice_is_read_once() -> None:
    assert names("in/sub", "-", "in/b.json", "in", "in/../in/b.json")[:4] == [
        "in/sub/c.json",
        "<stdin>",
        "in/b.json",
        "in/a/z.json",
    ]
    assert len(names("in", "in/*.json", "in/b.json")) == 5


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("in/none.json", "There is no file or folder in/none.json."),
        ("in/b.json/x", "There is no file or folder in/b.json/x."),
        ("in/*.gz", "No file matches in/*.gz."),
        ("in/empt*", "No file matches in/empt*."),
        ("in/empty", "The folder in/empty holds no files to read."),
        ("", "An input has an empty name."),
        ("a\0b", "a\0b cannot be read: embedded null byte."),
        ("x" * 300, f"{'x' * 300} cannot be read: file name too long."),
    ],
)
@pytest.mark.usefixtures("tree")
def test_what_cannot_be_found_is_one_sentence(name: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        sources(["in/b.json", name])
    assert str(caught.value) == sentence


@pytest.mark.usefixtures("tree")
def test_a_file_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # The tests may run as root, who may read everything.
    with pytest.raises(InputError, match=r"^in/b\.json cannot be read: permission denied\.$"):
        sources(["in/b.json"])


@pytest.mark.usefixtures("tree")
def test_a_folder_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match=r"^in/sub cannot be read: permission denied\.$"):
        sources(["in/sub"])


def test_links_pipes_and_loops_in_a_folder(tree: Path) -> None:
    folder = tree / "links"
    folder.mkdir()
    (folder / "file").symlink_to(tree / "in/b.json")
    (folder / "loop").symlink_to(folder)
    (folder / "broken").symlink_to(tree / "gone")
    os.mkfifo(folder / "pipe")
    assert names("links") == ["links/file"]
    assert sources(["links/pipe"])[0].size is None


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS allows only names in UTF-8")
def test_a_name_that_is_not_utf8_can_be_shown(tree: Path) -> None:
    path = tree / "in" / "sub" / os.fsdecode(b"\xe9\xff.json")
    path.write_bytes(b"{}")
    assert names("in/sub") == ["in/sub/c.json", r"in/sub/\xe9\xff.json"]
    assert sources(["in/sub"])[1].path == Path("in/sub") / path.name
