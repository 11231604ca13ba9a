"""Folders with files of all kinds, with mistakes, and with very many rules."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from normalizer.authoring.detections import Gone, broken, read, read_rules
from normalizer.errors import SettingsError
from tests.authoring.detections.folders import folder, lines, not_checked

TOML = (
    '[rule]\nname = "Rule {0}"\nindex = ["logs-okta.mim-*"]\nlanguage = "{1}"\ntype = "query"\nquery = """\n{2}\n"""\n'
)
SIGMA = """\
title: Rule {0}
logsource: {{product: okta}}
detection: {{s: {{eventtype: mim.x{0}, user.name: y}}, condition: s}}
"""
QUERIES = {
    "kuery": 'event.action:(mim.x{0} or "mim.y") and not user.name:(a or b*) and okta.outcome.result:FAILURE',
    "lucene": 'event.action:(mim.x{0} OR "mim.y") AND NOT user.name:(a OR b*) AND _exists_:host.name',
    "eql": 'any where event.action in ("mim.x{0}", "mim.y") and not user.name : ("a", "b*") and host.name != null',
    "esql": 'FROM logs-* | WHERE event.action == "mim.x{0}" AND host.name IS NOT NULL | STATS COUNT(*) BY user.name',
}


def test_a_thousand_rules_take_a_few_seconds(tmp_path: Path) -> None:
    for number in range(800):
        language = [*QUERIES][number % 4]
        text = TOML.format(number, language, QUERIES[language].format(number))
        (tmp_path / f"{number}.toml").write_text(text, encoding="utf-8")
    for number in range(800, 1000):
        (tmp_path / f"{number}.yml").write_text(SIGMA.format(number), encoding="utf-8")
    before = time.process_time()
    rules, wrong = read_rules(tmp_path)
    found = broken(rules, {"event.action": Gone(lost=frozenset({"mim.x7", "mim.x900"}), left=frozenset({"mim.y"}))})
    assert time.process_time() - before < 10
    assert (len(rules), wrong) == (1000, [])
    assert [each.rule.name for each in found] == ["Rule 7", "Rule 900"]


def test_a_mixed_folder(tmp_path: Path) -> None:
    deep = tmp_path / "okta" / "new"
    deep.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    folder(deep, a__toml=TOML.format(1, "kuery", "a:x"), README__md="# rules", b__toml="[other]\nx = 1\n")
    folder(tmp_path, c__YML=SIGMA.format(2), d__ndjson=lines({"rule_id": "3", "name": "Rule 3"}), e__yml="on: push\n")
    folder(tmp_path / ".git", f__yml="a: [")
    (tmp_path / "loop").symlink_to(tmp_path)
    rules, wrong = read_rules(tmp_path)
    assert (sorted(rule.name for rule in rules), wrong) == (["Rule 1", "Rule 2", "Rule 3"], [])
    assert rules[1].place.file == (tmp_path / "d.ndjson").as_posix()


DAMAGED = [
    ("a.toml", b"[rule\n", "a.toml:1:6: the file is no TOML: expected ']' at the end of a table declaration"),
    ("a.toml", b"a = " + b"[" * 20_000, "a.toml:1:1: the file nests too deep to be read"),
    ("a.toml", b'[rule]\nquery = """', "a.toml:2:1: the file is no TOML: unterminated string"),
    ("a.toml", b"[rule]\n\nname = '\xff'", "a.toml:3:1: a byte in this line is not UTF-8"),
    ("a.toml", b"#" * 2**20 + b"#", "a.toml:1:1: the file is larger than 1 MiB"),
    ("a.yml", b"a: b: c", "a.yml:1:5: the file is no YAML: mapping values are not allowed in this context"),
    ("a.ndjson", b'{"a": 1}\n{"a"\n', "a.ndjson:2:1: the line is no JSON object"),
    ("a.ndjson", b"[" * 5_000, "a.ndjson:1:1: the file is no JSON"),
    ("a.json", b"{ // settings\n'a': 3\n}\n", "a.json:1:1: the file is no JSON"),
]


@pytest.mark.parametrize(("name", "data", "told"), DAMAGED)
def test_damaged_files_are_named(tmp_path: Path, name: str, data: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert not_checked(tmp_path) == [told]


@pytest.mark.parametrize("text", ["", "\n", "null", "[]", "3", "{}", "rule = 3", "--- x", "[rule]\nname = 3"])
@pytest.mark.parametrize("name", ["a.toml", "a.yml", "a.ndjson", "a.json"])
def test_files_of_nothing_raise_nothing(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert all(len(str(each).splitlines()) == 1 for each in read(tmp_path).not_checked)


def test_line_ends_and_marks_of_windows(tmp_path: Path) -> None:
    text = TOML.format(1, "kuery", "a:x\nand b:(").replace("\n", "\r\n")
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert not_checked(tmp_path) == ['a.toml:8:7: "Rule 1": the KQL query ends where something is missing']


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no such folder$"):
        read(tmp_path / "none")
    with pytest.raises(SettingsError, match=r"this is a file; name the folder that holds it$"):
        read(Path(__file__))
