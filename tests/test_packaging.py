"""The wheel: what is in it, and that it works where it is installed; the locked requirements."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from normalizer import __version__

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DATA = ("mappings", "schemas", "ingest_pipelines")

# name==version ; marker --hash=sha256:… --hash=sha256:…
LOCKED = re.compile(r"(?P<name>\S+)==(?P<version>\S+)(?: ; .+?)?(?: --hash=sha256:[0-9a-f]{64})+")
OURS = ("PYTHON", "COV", "MIM_ECS")


# --- the wheel ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `pip wheel` would, with what is installed already and without the network."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a fresh environment with the wheel; its requirements are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel), cwd=folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # The .pth files in there are not read, and so not the one that leads to this repository.
    (packages / "requirements.pth").write_text("\n".join(sorted(ours)), encoding="utf-8")
    return python.parent


def run(*command: str, cwd: Path) -> str:
    """What a command prints, with nothing of this process's Python and of our settings in its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(*folders: str) -> set[str]:
    """The files of the repository that belong into the wheel."""
    found = {path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()}
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    data = {f"normalizer/_data/{name}" for name in files(*DATA) if not name.endswith(".py")}
    assert names == files("normalizer") | data
    assert "normalizer/py.typed" in names
    assert "schemas/ecs/update.py" in files(*DATA), "the script that stays outside has another name"
    for name in ("mappings/mim.any.yml", "mappings/tables/outcome.yml", "schemas/okta/log_event.json"):
        assert f"normalizer/_data/{name}" in names


def test_the_wheel_names_its_licence_its_requirements_and_its_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        facts = {name.partition(".dist-info/")[2]: name for name in archive.namelist() if ".dist-info/" in name}
        metadata = archive.read(facts["METADATA"]).decode()
        licence = archive.read(facts["licenses/LICENSE"]).decode()
        commands = archive.read(facts["entry_points.txt"]).decode()
    wanted = PROJECT["project"]["dependencies"]
    assert f"Version: {__version__}\n" in metadata
    assert "License-Expression: Apache-2.0\n" in metadata
    extras = PROJECT["project"]["optional-dependencies"]
    assert metadata.count("\nRequires-Dist: ") == len(wanted) + sum(map(len, extras.values()))
    assert metadata.count("\nProvides-Extra: ") == len(extras)
    assert "\nRequires-Dist: opensearch-py<4,>=3; extra == 'opensearch'\n" in metadata
    assert "Apache License" in licence
    assert "mim-ecs = normalizer.__main__:main" in commands


def test_the_installed_command_works_outside_the_repository(installed: Path, tmp_path: Path) -> None:
    command = str(installed / "mim-ecs")
    assert run(command, "--version", cwd=tmp_path) == f"mim-ecs {__version__}\n"
    line = (ROOT / "examples" / "okta-mim.ndjson").read_bytes().partition(b"\n")[0]
    (tmp_path / "one.ndjson").write_bytes(line)
    document = json.loads(run(command, "normalize", "one.ndjson", cwd=tmp_path))
    event = json.loads(line)
    assert document["event"]["id"] == event["uuid"]
    assert document["event"]["action"] == event["eventType"]
    assert document["event"]["original"] == line.decode()


def test_the_installed_package_has_its_own_data(installed: Path, tmp_path: Path) -> None:
    shown = run(
        str(installed / "python"), "-c", "from normalizer.data import data_folder as f; print(f())", cwd=tmp_path
    )
    folder = Path(shown.rstrip("\n"))
    assert folder.is_relative_to(installed.parent.resolve())
    assert all((folder / name).is_dir() for name in DATA)


# --- the locked requirements ----------------------------------------------------------------------------------------


def locked(name: str) -> dict[str, str]:
    """Every requirement of a file and its version."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", "")
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            match = LOCKED.fullmatch(re.sub(" +", " ", line))
            assert match, f"not a version with hashes: {line[:100]}"
            found[canonicalize_name(match["name"])] = match["version"]
    return found


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_every_locked_requirement_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert locked(name)
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE), "an option of pip"


def test_both_files_lock_the_same_versions() -> None:
    assert locked("runtime.txt").items() <= locked("dev.txt").items()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("runtime.txt", PROJECT["project"]["dependencies"]),
        ("dev.txt", PROJECT["dependency-groups"]["dev"]),
        ("dev.txt", PROJECT["build-system"]["requires"]),
    ],
    ids=["dependencies", "dev", "build-system"],
)
def test_what_pyproject_asks_for_is_locked(name: str, wanted: list[str]) -> None:
    versions = locked(name)
    stale = [text for text in wanted if not met(Requirement(text), versions)]
    assert stale == [], "make lock renews requirements/"


def met(requirement: Requirement, versions: dict[str, str]) -> bool:
    version = versions.get(canonicalize_name(requirement.name))
    return version is not None and requirement.specifier.contains(version)
