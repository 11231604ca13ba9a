"""The facts the project stands on: ECS, Okta's LogEvent, and the tables that mappings look up."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
ECS = ROOT / "schemas" / "ecs" / "9.4.0.json"
LOG_EVENT = ROOT / "schemas" / "okta" / "log_event.json"
TABLES = ROOT / "mappings" / "tables"
TABLE_NAMES = ["browser", "country", "os_name", "os_type", "outcome", "severity"]

ECS_KEYS = {
    "type", "level", "array", "ignore_above", "multi_fields", "allowed_values", "expected_values", "pattern", "beta",
    "deprecated", "object_type", "scaling_factor", "index", "doc_values",
}  # fmt: skip
ECS_TYPES = {
    "boolean", "constant_keyword", "date", "double", "flattened", "float", "geo_point", "integer", "ip", "keyword",
    "long", "match_only_text", "nested", "object", "scaled_float", "wildcard",
}  # fmt: skip
LOG_EVENT_KEYS = {"type", "list", "open", "values"}
LOG_EVENT_TYPES = {"string", "boolean", "integer", "number", "date-time", "object"}

PLACEHOLDERS = {"unknown", "null", "none", "n/a", "undefined", ""}
# What YAML 1.2 reads as something else than text when it stands without quotes.
TYPED = re.compile(
    r"true|false|null|~|[-+]?(\.\d+|\d+(\.\d*)?)(e[-+]?\d+)?|0o[0-7]+|0x[0-9a-f]+|[-+]?\.inf|\.nan", re.IGNORECASE
)
LINE = re.compile(r'(?P<key>"[^"\\]+"|[^\s"\'#&*!|>%@`\[\]{},?:-][^"\t]*?): (?P<value>"[^"\\]+"|[A-Za-z][A-Za-z ]*)')

# ISO 3166-1, officially assigned alpha-2 codes.
COUNTRIES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO
    JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR
    MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV
    TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""

# The event paths that the mappings read, selectors left out.
EVENT_PATHS = """
    uuid eventType published displayMessage severity version legacyEventType
    actor.id actor.type actor.alternateId actor.displayName
    target.id target.type target.alternateId target.displayName target.detailEntry target.changeDetails.from
    target.changeDetails.to target.detailEntry.serialNumber target.detailEntry.serial_number
    target.detailEntry.manufacturer target.detailEntry.model target.detailEntry.modelIdentifier
    target.detailEntry.osPlatform target.detailEntry.platform target.detailEntry.osVersion target.detailEntry.udid
    device.id device.name device.os_platform device.os_version device.managed device.registered device.jailbreak
    device.disk_encryption_type device.screen_lock_type device.secure_hardware_present device.device_integrator
    outcome.result outcome.reason
    client.id client.ipAddress client.zone client.device client.userAgent.rawUserAgent client.userAgent.os
    client.userAgent.browser client.geographicalContext.city client.geographicalContext.state
    client.geographicalContext.country client.geographicalContext.postalCode client.geographicalContext.geolocation
    securityContext.asNumber securityContext.asOrg securityContext.isp securityContext.domain securityContext.isProxy
    securityContext.userBehaviors
    authenticationContext.authenticationProvider authenticationContext.authenticationStep
    authenticationContext.credentialProvider authenticationContext.credentialType
    authenticationContext.externalSessionId authenticationContext.rootSessionId authenticationContext.interface
    authenticationContext.issuer.id authenticationContext.issuer.type
    transaction.id transaction.type transaction.detail.requestApiTokenId transaction.detail.rootApiTokenId
    request.ipChain.ip request.ipChain.version request.ipChain.source request.ipChain.geographicalContext.city
    request.ipChain.geographicalContext.state request.ipChain.geographicalContext.country
    request.ipChain.geographicalContext.postalCode request.ipChain.geographicalContext.geolocation
    debugContext.debugData debugContext.debugData.deviceFingerprint debugContext.debugData.requestUri
"""


@cache
def facts(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def fields(file: Path) -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = facts(file)["fields"]
    return loaded


def lines_of_fields(file: Path) -> list[str]:
    text = file.read_bytes().decode("utf-8")
    assert text.endswith("}\n")
    assert "\r" not in text
    start = text.index('  "fields": {\n') + len('  "fields": {\n')
    return text[start : text.index("\n  }\n}\n")].split("\n")


def pairs(name: str) -> list[tuple[str, str]]:
    """The lines of a table as they are written, read without a YAML parser."""
    found = []
    for line in (TABLES / f"{name}.yml").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        assert match, f"{name}.yml: {line!r} is not one pair of text and text"
        found.append((match["key"], match["value"]))
    return found


def table(name: str) -> dict[str, str]:
    return {key.strip('"'): value.strip('"') for key, value in pairs(name)}


@pytest.fixture(scope="module")
def update() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ecs_update", ECS.with_name("update.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("file", [ECS, LOG_EVENT], ids=["ecs", "log_event"])
def test_fields_stand_one_a_line_sorted_each_once(file: Path) -> None:
    lines = lines_of_fields(file)
    names = [next(iter(json.loads("{" + line.removesuffix(",") + "}"))) for line in lines]
    assert names == sorted(set(names))
    assert names == list(fields(file))


def test_ecs_is_the_pinned_version_and_whole(update: ModuleType) -> None:
    assert facts(ECS)["version"] == ECS.stem == update.VERSION
    assert update.INTEGRITY in facts(ECS)["source"]
    assert len(fields(ECS)) == 2605


def test_ecs_holds_known_keys_only_and_no_prose() -> None:
    for name, fact in fields(ECS).items():
        assert fact.keys() <= ECS_KEYS, name
        assert fact["type"] in ECS_TYPES, name
        assert fact["level"] in {"core", "extended"}, name
        for key in ("array", "beta", "deprecated"):
            assert fact.get(key, True) is True, name
        for key in ("index", "doc_values"):
            assert fact.get(key, False) is False, name
        for sub in fact.get("multi_fields", []):
            assert sub.keys() == {"name", "type"}, name
        assert all(" " not in value for value in fact.get("allowed_values", {})), name
        assert all(fact[key] for key in fact.keys() - {"index", "doc_values"}), name


def test_ecs_expected_event_types_are_event_types() -> None:
    types = fields(ECS)["event.type"]["allowed_values"].keys()
    categories = fields(ECS)["event.category"]["allowed_values"]
    assert {each for expected in categories.values() for each in expected} <= types
    assert "creation" in categories["configuration"]
    assert "error" not in categories["configuration"] + categories["host"]


def test_update_refuses_other_bytes(update: ModuleType) -> None:
    with pytest.raises(update.UpdateError, match="not the pinned sha512-"):
        update.verify(b"not the package")


def test_update_with_other_bytes_writes_nothing_and_says_why(
    update: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def npm(command: str, *_: str, cwd: Path) -> bytes:
        assert command == "npm"
        (cwd / "package.tgz").write_bytes(b"not the package")
        return b""

    monkeypatch.setattr(update, "run", npm)
    monkeypatch.setattr(update, "FACTS", tmp_path / "facts.json")
    assert update.main([]) == 2
    assert not (tmp_path / "facts.json").exists()
    said = capsys.readouterr().err
    assert said.startswith("update.py: ")
    assert said.count("\n") == 1


def test_update_without_npm_says_what_to_install(
    update: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert update.main(["--check"]) == 2
    assert capsys.readouterr().err == "update.py: npm is not installed; install Node.js, which brings node and npm.\n"


def test_update_keeps_facts_and_leaves_prose(update: ModuleType) -> None:
    fields = {
        "b": {
            "type": "keyword",
            "level": "core",
            "normalize": ["array"],
            "beta": "May change.",
            "description": "B.",
        },
        "a": {
            "type": "keyword",
            "level": "extended",
            "normalize": [],
            "index": False,
            "allowed_values": [
                {"name": "x", "description": "X.", "expected_event_types": ["info"]},
                {"name": "y", "description": "Y."},
            ],
            "multi_fields": [{"flat_name": "a.text", "name": "text", "type": "match_only_text"}],
        },
    }
    assert json.loads(update.render(fields))["fields"] == {
        "a": {
            "type": "keyword",
            "level": "extended",
            "index": False,
            "multi_fields": [{"name": "text", "type": "match_only_text"}],
            "allowed_values": {"x": ["info"], "y": []},
        },
        "b": {"type": "keyword", "level": "core", "array": True, "beta": True},
    }


def test_log_event_holds_known_keys_only() -> None:
    for path, fact in fields(LOG_EVENT).items():
        assert fact.keys() <= LOG_EVENT_KEYS, path
        assert fact["type"] in LOG_EVENT_TYPES, path
        assert fact.get("list", True) is True, path
        assert fact.get("open", True) is True, path
        assert "open" not in fact or fact["type"] == "object", path
        assert "values" not in fact or fact["type"] == "string", path
        values = fact.get("values", ["x"])
        assert values, path
        assert len(values) == len(set(values)), path


def test_log_event_lists_every_parent_as_an_object() -> None:
    table = fields(LOG_EVENT)
    for path in table:
        while "." in path:
            path = path.rpartition(".")[0]
            assert table[path]["type"] == "object", path


@pytest.mark.parametrize("path", EVENT_PATHS.split())
def test_log_event_knows_the_path(path: str) -> None:
    table = fields(LOG_EVENT)
    parents = [path]
    while "." in parents[-1]:
        parents.append(parents[-1].rpartition(".")[0])
    assert path in table or any(table.get(parent, {}).get("open") for parent in parents)


def test_log_event_lists_and_open_objects() -> None:
    table = fields(LOG_EVENT)
    assert {path for path, fact in table.items() if fact.get("list")} == {
        "target",
        "request.ipChain",
        "request.ipChain.ipDetails.ipServiceCategories",
        "securityContext.ipDetails.ipServiceCategories",
        "securityContext.risk.reasons",
        "securityContext.userBehaviors",
    }
    assert {path for path, fact in table.items() if fact.get("open")} == {
        "actor.detailEntry",
        "debugContext.debugData",
        "device.device_integrator",
        "securityContext.userBehaviors",
        "target.changeDetails",
        "target.changeDetails.from",
        "target.changeDetails.to",
        "target.detailEntry",
        "transaction.detail",
    }


def test_tables_are_these() -> None:
    assert sorted(file.stem for file in TABLES.glob("*.yml")) == TABLE_NAMES


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_table_is_flat_text_under_a_comment(name: str) -> None:
    raw = (TABLES / f"{name}.yml").read_bytes()
    text = raw.decode("utf-8")
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert 1 <= len(head) <= 2
    assert text.startswith("\n".join(head) + "\n")
    assert all(len(line) <= 120 for line in text.splitlines())
    assert text.endswith("\n")
    assert b"\t" not in raw
    assert b"\r" not in raw
    written = pairs(name)
    assert len({key.strip('"') for key, _ in written}) == len(written), "a key stands twice"
    for key, value in written:
        assert not TYPED.fullmatch(key), key
        assert not TYPED.fullmatch(value), value
    assert yaml.load(text, Loader=yaml.BaseLoader) == table(name)


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_table_has_no_placeholder(name: str) -> None:
    assert not [key for key in table(name) if key.strip().lower() in PLACEHOLDERS]
    assert all(key == key.strip() for key in table(name))


@pytest.mark.parametrize("name", ["browser", "country", "os_name", "os_type"])
def test_table_is_sorted(name: str) -> None:
    assert list(table(name)) == sorted(table(name))


def test_country_covers_iso_3166_1_exactly() -> None:
    codes = set(COUNTRIES.split())
    assert len(codes) == 249
    assert set(table("country").values()) == codes


@pytest.mark.parametrize(
    ("country", "code"),
    [
        ("Norway", "NO"),
        ("Namibia", "NA"),
        ("Ireland", "IE"),
        ("United States", "US"),
        ("United States of America", "US"),
        ("United Kingdom", "GB"),
        ("Great Britain", "GB"),
        ("Russia", "RU"),
        ("Russian Federation", "RU"),
        ("South Korea", "KR"),
        ("Korea (the Republic of)", "KR"),
        ("North Korea", "KP"),
        ("Vietnam", "VN"),
        ("Viet Nam", "VN"),
        ("Czechia", "CZ"),
        ("Czech Republic", "CZ"),
        ("Turkey", "TR"),
        ("Türkiye", "TR"),
        ("Ivory Coast", "CI"),
        ("Côte d'Ivoire", "CI"),
        ("DR Congo", "CD"),
        ("Congo Republic", "CG"),
        ("Guinea", "GN"),
        ("Guinea-Bissau", "GW"),
        ("Equatorial Guinea", "GQ"),
        ("Papua New Guinea", "PG"),
        ("Niger", "NE"),
        ("Nigeria", "NG"),
        ("Dominica", "DM"),
        ("Dominican Republic", "DO"),
        ("Samoa", "WS"),
        ("American Samoa", "AS"),
        ("Sudan", "SD"),
        ("South Sudan", "SS"),
        ("Austria", "AT"),
        ("Australia", "AU"),
        ("Slovakia", "SK"),
        ("Slovenia", "SI"),
        ("Georgia", "GE"),
        ("Saint Martin", "MF"),
        ("Sint Maarten", "SX"),
        ("British Virgin Islands", "VG"),
        ("U.S. Virgin Islands", "VI"),
    ],
)
def test_country_has_the_names_in_use(country: str, code: str) -> None:
    assert table("country")[country] == code


@pytest.mark.parametrize("name", ["Kosovo", "Korea", "Virgin Islands", "UK"])
def test_country_leaves_out_what_is_ambiguous_or_no_name(name: str) -> None:
    assert name not in table("country")


def test_browser_and_os_have_the_allowed_words_only() -> None:
    assert set(table("browser").values()) == {"Chrome", "Firefox", "Safari", "Edge", "Opera", "Internet Explorer"}
    assert set(table("os_name").values()) == {"iOS", "iPadOS", "macOS", "Windows", "Android", "Linux", "ChromeOS"}


@pytest.mark.parametrize("name", ["browser", "os_name"])
def test_the_names_we_write_map_to_themselves(name: str) -> None:
    assert [value for value in set(table(name).values()) if table(name).get(value) != value] == []


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        ("browser", "CHROME", "Chrome"),
        ("browser", "MOBILE_SAFARI", "Safari"),
        ("browser", "IE11", "Internet Explorer"),
        ("browser", "Internet Explorer 11", "Internet Explorer"),
        ("browser", "Microsoft Edge", "Edge"),
        ("os_name", "Mac OS X", "macOS"),
        ("os_name", "OSX", "macOS"),
        ("os_name", "Windows 8.1", "Windows"),
        ("os_name", "Windows 11", "Windows"),
        ("os_name", "Android 4.x Tablet", "Android"),
        ("os_name", "Mac OS X (iPhone)", "iOS"),
        ("os_name", "Mac OS X (iPad)", "iPadOS"),
        ("os_name", "iOS 9 (iPad)", "iOS"),
        ("os_name", "iOS 15 (iPad)", "iPadOS"),
        ("os_name", "Chrome OS", "ChromeOS"),
        ("os_type", "OSX", "macos"),
        ("os_type", "MACOS", "macos"),
        ("os_type", "IPADOS", "ios"),
    ],
)
def test_words_of_okta(name: str, word: str, value: str) -> None:
    assert table(name)[word] == value


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("browser", "DOWNLOAD"),
        ("browser", "BOT"),
        ("browser", "MOZILLA"),
        ("browser", "OUTLOOK"),
        ("browser", "SILK"),
        ("os_name", "Xbox OS"),
        ("os_name", "Tizen"),
        ("os_type", "CHROMEOS"),
        ("outcome", "CHALLENGE"),
        ("outcome", "SKIPPED"),
    ],
)
def test_words_left_out(name: str, word: str) -> None:
    assert word not in table(name)


def test_tables_give_what_ecs_and_okta_know() -> None:
    assert set(table("os_type").values()) == set(fields(ECS)["host.os.type"]["expected_values"])
    assert (
        set(table("outcome").values()) == {"success", "failure"} < fields(ECS)["event.outcome"]["allowed_values"].keys()
    )
    assert table("outcome").keys() <= set(fields(LOG_EVENT)["outcome.result"]["values"])
    assert list(table("severity")) == fields(LOG_EVENT)["severity"]["values"]
    assert table("severity") == {"DEBUG": "1", "INFO": "2", "WARN": "3", "ERROR": "4"}
