"""Deliberate mistakes in mapping files, each with the exact findings that it gives.

A case is a file in `mistakes/`, laid over the base as `mim.example.yml`, or a folder of files. Findings stand at the
end of the file that they are in, as `# expect: LINE:COLUMN: message`; the loader never sees these lines. What is found
elsewhere, or beside them, fails the test: a mistake gives no follow-up errors.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
import yaml

from normalizer.language import reader
from tests.language.folders import HEAD, HERE, ONE, cases, files_of, findings, lay

CASES = cases(HERE / "mistakes")
SHIPPED = HERE.parent.parent / "mappings"
_EXPECT = b"# expect: "


def split(raw: bytes) -> tuple[bytes, list[str]]:
    """The text of a file, and the findings that are expected in it."""
    text, *expected = raw.split(_EXPECT)
    return text, [line.decode().rstrip("\n") for line in expected]


def expected(case: Path) -> list[str]:
    return sorted(f"{name}:{line}" for name, raw in files_of(case).items() for line in split(raw)[1])


def check(case: Path, folder: Path) -> None:
    files = {name: split(raw)[0] for name, raw in files_of(case).items()}
    assert sorted(findings(lay(folder, files))) == expected(case)


def test_there_are_many() -> None:
    assert len(CASES) > 200


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_mistake(case: Path, tmp_path: Path) -> None:
    check(case, tmp_path)


def test_both_parsers_of_pyyaml_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """libyaml and the parser in Python, which is there where libyaml is not."""
    for case in (case for case in CASES if case.name.startswith("yaml_")):
        text = split(case.read_bytes())[0].decode(errors="replace")
        found = []
        for parser in (getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader):
            monkeypatch.setattr(reader, "_Parser", parser)
            found.append(reader.parse(text, "x"))
        assert found[0] == found[1], case.name


def test_each_finding_is_one_line_with_advice() -> None:
    for case in CASES:
        assert expected(case)
        for finding in expected(case):
            assert "; " in finding, finding
            assert finding.isprintable(), finding


PAIRS = [
    ("destination_misspelt", "path_misspelt"),
    ("literal_number_into_keyword", "rule_conversion_misspelt"),
    ("yaml_tilde", "rule_table_misspelt"),
    ("scope_at_misspelt", "literal_event_type_not_expected"),
    ("file_remove_unknown", "yaml_octal"),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_mistakes_in_two_files_are_both_found(first: str, second: str, tmp_path: Path) -> None:
    files, wanted = {}, []
    for case, name in ((first, ONE), (second, "mim.second.yml")):
        text, lines = split((HERE / "mistakes" / f"{case}.yml").read_bytes())
        files[name] = text.replace(b"mim.example", name.removesuffix(".yml").encode())
        wanted += [f"{name}:{line}" for line in lines]
    assert findings(lay(tmp_path, files)) == wanted


BODIES = {
    "unknown destination": ("set", "event.modul: okta", '"event.modul" is no field of ECS'),
    "literal": ("set", "event.code: 5", '"event.code" takes text'),
    "number": ("set", "event.severity: 007", "007 is read differently"),
    "path": ("fields", "user.id: actor.idd", '"actor.idd" is no event path'),
    "conversion": ("fields", "log.level: {from: severity, as: lowr}", '"lowr" is no conversion'),
    "table": ("fields", "event.outcome: {from: outcome.result, map: outcom}", 'there is no table "outcom"'),
    "scope": ("fields", "server.user: {at: actro, fields: {id: id}}", '"actro" is no event path'),
    "each": ("fields", "okta.target: {each: targets, fields: {id: id}}", '"targets" is no event path'),
    "also": ("fields", "client.as: {at: securityContext, also: [sourc.as], fields: {number: asNumber}}", "this `also`"),
    "remove": ("remove", "- observer.vendor", 'no parent writes "observer.vendor"'),
}


@pytest.mark.parametrize(("first", "second"), [*combinations(BODIES, 2)])
def test_two_mistakes_in_one_file_are_both_found(first: str, second: str, tmp_path: Path) -> None:
    blocks: dict[str, str] = {}
    for key, line, _ in (BODIES[first], BODIES[second]):
        blocks[key] = f"{blocks.get(key, f'{key}:')}\n  {line}"
    found = findings(lay(tmp_path, {ONE: HEAD + "\n".join(blocks.values()) + "\n"}))
    assert len(found) == 2
    assert all(any(BODIES[which][2] in finding for finding in found) for which in (first, second))


@pytest.mark.parametrize(
    ("parent", "right", "wrong"),
    [
        ("_log_event", "  event.module: okta", "  event.modul: okta"),
        ("_log_event", "  event.id: uuid", "  event.id: uid"),
        ("_log_event", "    also: [source.user]", "    also: [sourc.user]"),
        ("_log_event", "    also: [source.geo]", "    also: [sourc.geo]"),
        ("_log_event", "    at: securityContext", "    at: securityContex"),
        ("_log_event", "set:", "set: ["),
        ("_log_event", "set:", "sets:"),
        ("_log_event", "fields:", "feilds:"),
        ("_log_event", "summary:", "\tsummary:"),
        ("_mim", "extends: _log_event", "extends: _log_evnt"),
        ("_mim", "extends: _log_event", "extends:"),
        ("_mim", "extends: _log_event", "extends: _mim"),
        ("_mim", "[configuration, host]", "[configuration, hosts]"),
        ("_mim", "summary:", "summry:"),
        ("_mim", "set:", "set"),
        ("_mim", "set:", "remove: [event]\nset:"),
        ("_mim", "set:", "set:\n  event.id: 5"),
        ("_custom_fields", "okta.target.id: {type: keyword", "okta.target.id: {type: keywrd"),
        ("_custom_fields", "okta.actor.id: {type", "okta.actor.id: {tipe"),
        ("_custom_fields", "okta.uuid: {", "okta.uuid: {'"),
        ("tables/outcome", "FAILURE: failure", "FAILURE: failed"),
        ("tables/outcome", "FAILURE: failure", "FAILURE:"),
        ("tables/os_type", "IOS: ios", "IOS: ios: ios"),
    ],
)
def test_a_mistake_in_what_all_share_is_told_once(parent: str, right: str, wrong: str, tmp_path: Path) -> None:
    mappings = lay(tmp_path, {}, SHIPPED)
    file = mappings / f"{parent}.yml"
    assert right in file.read_text()
    file.write_text(file.read_text().replace(right, wrong, 1))
    found = findings(mappings)
    assert len(found) == 1, found
    assert found[0].startswith((f"{parent}.yml:", "_log_event.yml:" if "tables" in parent else f"{parent}.yml:"))
