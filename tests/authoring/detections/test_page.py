"""The example of docs/detections.md."""

from __future__ import annotations

import re
from pathlib import Path

from normalizer.authoring.detections import Gone, broken, read
from tests.authoring.detections.folders import folder

PAGE = Path(__file__).resolve().parents[3] / "docs/detections.md"
CHANGE = {
    "event.action": Gone(
        lost=frozenset({"mim.command.ios.new"}),
        left=frozenset({"mim.command.ios.created", "mim.command.generic.new"}),
        instead={"mim.command.ios.new": "mim.command.ios.created"},
    ),
    "user.email": Gone(renamed="user.mail"),
}


def test_the_example_is_told_as_shown(tmp_path: Path) -> None:
    rule, told = (
        re.search(rf"```{words}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        for words in ("toml rule", "text told")
    )
    assert rule is not None
    assert told is not None
    found = broken(read(folder(tmp_path, wiped__toml=rule[1])).rules, CHANGE)
    assert [str(each).removeprefix(f"{tmp_path.as_posix()}/") for each in found] == told[1].splitlines()
