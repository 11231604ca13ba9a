"""The example of docs/detections.md."""

from __future__ import annotations

import re
from pathlib import Path

from normalizer.authoring.diff import compare
from normalizer.authoring.diff.impact import impact
from normalizer.language import Mappings, load
from tests.authoring.detections.folders import folder

PAGE = Path(__file__).resolve().parents[3] / "docs/detections.md"


def pack(top: Path, event_type: str, field: str) -> Mappings:
    """A pack with two event types and a field of its own."""
    top.mkdir()
    files = {
        "_custom_fields": f"{field}: {{type: keyword, description: Network zone.}}\n",
        "_session": f"extends: _mim\nsummary: A session.\nfields: {{{field}: client.zone}}\n",
        event_type: f"event_type: {event_type}\nextends: _session\nsummary: Somebody signed in.\n",
        "user.session.end": "event_type: user.session.end\nextends: _session\nsummary: Somebody signed out.\n",
    }
    for name, text in files.items():
        (top / f"{name}.yml").write_text(text, encoding="utf-8")
    return load(top)


def test_the_example_is_told_as_shown(tmp_path: Path) -> None:
    rule, told = (
        re.search(rf"```{words}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        for words in ("toml rule", "text told")
    )
    assert rule is not None
    assert told is not None
    old = pack(tmp_path / "old", "user.session.start", "acme.zone")
    new = pack(tmp_path / "new", "user.session.begin", "acme.place")
    (tmp_path / "rules").mkdir()
    found = impact(compare(old, new), old, new, folder(tmp_path / "rules", elsewhere__toml=rule[1]))
    assert [str(each).removeprefix(f"{tmp_path.as_posix()}/rules/") for each in found.broken] == told[1].splitlines()
