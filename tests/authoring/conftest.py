from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from normalizer.data import data_folder
from tests.golden import FOLDER


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped mappings with all that belongs to them, which is the current folder too."""
    folder = tmp_path / "top"
    for name in ("mappings", "schemas", "ingest_pipelines"):
        shutil.copytree(data_folder() / name, folder / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copytree(FOLDER, folder / "tests" / "golden", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack with a mapping of its own and its golden case, on top of the shipped mappings; the current folder."""
    folder = tmp_path / "pack"
    (folder / "mappings").mkdir(parents=True)
    (folder / "mappings" / "user.session.start.yml").write_text(MAPPING, encoding="utf-8")
    (folder / "mappings" / "_custom_fields.yml").write_text(FIELDS, encoding="utf-8")
    case = folder / "tests" / "golden" / "user.session.start"
    case.mkdir(parents=True)
    (case / "first.event.json").write_text(EVENT, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


MAPPING = """\
event_type: user.session.start
extends: _mim
summary: Somebody signed in.
set:
  event.category: [authentication]
  event.type: [start]
fields:
  acme.zone: client.zone
"""
FIELDS = "acme.zone: {type: keyword, description: Network zone.}\n"
EVENT = """\
{
  "uuid": "b7d2",
  "eventType": "user.session.start",
  "published": "2026-09-14T06:00:00.123Z",
  "client": {"zone": "office"}
}
"""
