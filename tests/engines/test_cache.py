"""The cache of the test servers: whole or not there, whatever happens to the processes that fill it."""

import hashlib
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engines import EngineError
from tests.engines.cache import cached
from tests.engines.jars import fetch, read_jars


def build(folder: Path) -> None:
    (folder / "lib").mkdir()
    (folder / "lib" / "part").write_text("whole")
    with (folder.parent / "builds").open("a") as builds:
        builds.write("x")


def build_slowly(folder: Path) -> None:
    time.sleep(0.5)
    build(folder)


def build_half(folder: Path) -> None:
    (folder / "lib").mkdir()
    (folder / "lib" / "part").write_text("who")
    os._exit(9)


def builds(folder: Path) -> int:
    return len((folder / "builds").read_text())


def test_it_is_built_once(tmp_path: Path) -> None:
    assert cached(tmp_path / "home", build) == cached(tmp_path / "home", build) == tmp_path / "home"
    assert builds(tmp_path) == 1


@pytest.mark.parametrize(
    "damage", [Path.unlink, lambda path: path.write_text("whale"), lambda path: path.write_text("")]
)
def test_a_damaged_file_makes_it_built_again(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    part = cached(tmp_path / "home", build) / "lib" / "part"
    damage(part)
    cached(tmp_path / "home", build)
    assert part.read_text() == "whole"
    assert builds(tmp_path) == 2


def test_what_a_dead_process_has_left_is_not_used(tmp_path: Path) -> None:
    dying = multiprocessing.get_context("spawn").Process(target=cached, args=(tmp_path / "home", build_half))
    dying.start()
    dying.join()
    assert dying.exitcode == 9
    assert not (tmp_path / "home").exists()
    assert (cached(tmp_path / "home", build) / "lib" / "part").read_text() == "whole"


def test_of_processes_that_come_together_one_builds(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    together = [context.Process(target=cached, args=(tmp_path / "home", build_slowly)) for _ in range(3)]
    for process in together:
        process.start()
    for process in together:
        process.join()
    assert [process.exitcode for process in together] == [0, 0, 0]
    assert builds(tmp_path) == 1


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for mvn, first on the PATH: a Python program whose text the test writes."""
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return program


def test_a_jar_that_is_not_the_pinned_one_is_refused(tmp_path: Path, maven: Path) -> None:
    good = hashlib.sha256(b"good").hexdigest()
    (tmp_path / "jars.txt").write_text(f"# comment\nlib org.example:good:1 {good}\nlib org.example:bad:2 {good}\n")
    folder = tmp_path / "fetched"
    maven.write_text(
        f"#!{sys.executable}\nfrom pathlib import Path\nfolder = Path({str(folder)!r})\n"
        "(folder / 'good-1.jar').write_text('good')\n(folder / 'bad-2.jar').write_text('bad')\n"
    )
    with pytest.raises(EngineError, match=r"^bad-2\.jar is damaged: .* Remove the folder of bad from Maven's"):
        fetch(read_jars(tmp_path / "jars.txt"), folder, "Example 1")


def test_a_failure_of_maven_is_shown_by_its_last_lines(tmp_path: Path, maven: Path) -> None:
    maven.write_text(f"#!{sys.executable}\nfor line in range(99):\n    print('line', line)\nraise SystemExit(1)\n")
    with pytest.raises(EngineError, match=r"^Maven could not fetch Example 1\. Its last lines:\nline 79\n") as caught:
        fetch([], tmp_path / "fetched", "Example 1")
    assert str(caught.value).endswith("\nline 98")
    assert shutil.which("mvn") == str(maven)
