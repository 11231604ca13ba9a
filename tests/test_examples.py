"""The sample events: what the generator promises, and that the committed file is what it writes."""

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.generate import DEFAULT_COUNT, events, lines

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SAMPLE = EXAMPLES / "okta-mim.ndjson"
ENOUGH = 20

Event = dict[str, Any]

EVENT_TYPES = {
    *(f"mim.command.generic.{end}" for end in ("acknowledged", "cancelled", "delegated", "error", "new", "notnow")),
    *(f"mim.command.ios.{end}" for end in ("acknowledged", "cancelled", "error", "formaterror", "new")),
    *(f"mim.createEnrollment.{platform}" for platform in ("ANDROID", "IOS", "OSX", "UNKNOWN", "WINDOWS")),
    "mim.streamDevicesCSVDownload",
}

TEXT = (str,)
POINT = {"lat": (int, float), "lon": (int, float)}
PLACE = {"city": TEXT, "state": TEXT, "country": TEXT, "postalCode": TEXT, "geolocation": POINT}
DETAILS = "serialNumber serial_number udid manufacturer model modelIdentifier osPlatform platform osVersion os_version"
DEBUG_TEXTS = """
    deviceFingerprint dtHash requestId requestUri threatSuspected url factor requestedScopes grantedScopes grantType
    commandType behaviors risk
"""
# Okta's LogEvent: the type of each value that an event may lack. A list in the event counts as its elements.
SHAPE: Event = {
    "displayMessage": TEXT,
    "severity": TEXT,
    "version": TEXT,
    "legacyEventType": TEXT,
    "actor": {
        "id": TEXT,
        "type": TEXT,
        "alternateId": TEXT,
        "displayName": TEXT,
        "detailEntry": {"methodTypeUsed": TEXT},
    },
    "client": {
        "userAgent": {"rawUserAgent": TEXT, "os": TEXT, "browser": TEXT},
        "zone": TEXT,
        "device": TEXT,
        "id": TEXT,
        "ipAddress": TEXT,
        "geographicalContext": PLACE,
    },
    "device": {
        **dict.fromkeys(("id", "name", "os_platform", "os_version", "disk_encryption_type", "screen_lock_type"), TEXT),
        **dict.fromkeys(("managed", "registered", "jailbreak", "secure_hardware_present"), (bool,)),
        "device_integrator": TEXT,
    },
    "authenticationContext": {
        **dict.fromkeys(("authenticationProvider", "credentialProvider", "credentialType", "interface"), TEXT),
        **dict.fromkeys(("externalSessionId", "rootSessionId"), TEXT),
        "authenticationStep": (int,),
        "issuer": {"id": TEXT, "type": TEXT},
    },
    "outcome": {"result": TEXT, "reason": TEXT},
    "securityContext": {
        **dict.fromkeys(("asOrg", "isp", "domain"), TEXT),
        "asNumber": (int,),
        "isProxy": (bool,),
        "userBehaviors": {"id": TEXT, "name": TEXT, "result": TEXT},
        "risk": {"level": TEXT, "reasons": TEXT},
    },
    "debugContext": {"debugData": dict.fromkeys(DEBUG_TEXTS.split(), TEXT)},
    "transaction": {"id": TEXT, "type": TEXT, "detail": {"requestApiTokenId": TEXT, "rootApiTokenId": TEXT}},
    "request": {"ipChain": {"ip": TEXT, "version": TEXT, "source": TEXT, "geographicalContext": PLACE}},
    "target": {
        **dict.fromkeys(("id", "type", "alternateId", "displayName"), TEXT),
        "detailEntry": {**dict.fromkeys(DETAILS.split(), TEXT), "signOnModeType": TEXT},
        "changeDetails": {
            "from": {"status": TEXT, "command": TEXT},
            "to": {"status": TEXT, "command": TEXT, "managed": (bool,)},
        },
    },
}
ALWAYS = {"uuid": TEXT, "published": TEXT, "eventType": TEXT}


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Each path that holds something, with its values; null and what is empty is absent."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    elif value is not None:
        yield ".".join(path), value


def documented(shape: Event) -> dict[str, tuple[type, ...]]:
    """The leaf paths of a shape, each with the types that a value may have."""
    return {path: types for key, types in shape.items() if not isinstance(types, dict) for path in [key]} | {
        f"{key}.{path}": types
        for key, inner in shape.items()
        if isinstance(inner, dict)
        for path, types in documented(inner).items()
    }


MAY_BE_ABSENT = documented(SHAPE)


@pytest.fixture(scope="module")
def sample() -> list[Event]:
    return [json.loads(line) for line in SAMPLE.read_bytes().splitlines()]


def test_the_committed_file_is_what_the_generator_writes() -> None:
    assert SAMPLE.read_bytes() == b"".join(lines()), "renew it: python examples/generate.py -o examples/okta-mim.ndjson"


def test_the_command_line_writes_the_same_bytes(tmp_path: Path) -> None:
    target = tmp_path / "events.ndjson"
    options = ["--count", "50", "--seed", "3", "--varied"]
    command = [sys.executable, str(EXAMPLES / "generate.py"), *options]
    subprocess.run([*command, "-o", str(target)], check=True, cwd=tmp_path)
    printed = subprocess.run(command, check=True, cwd=tmp_path, stdout=subprocess.PIPE).stdout
    assert target.read_bytes() == printed == b"".join(lines(50, seed=3, varied=True))


def test_every_type_comes_often_enough(sample: list[Event]) -> None:
    counts = Counter(event["eventType"] for event in sample)
    assert set(counts) == EVENT_TYPES
    assert min(counts.values()) >= 8, counts
    assert len(sample) == DEFAULT_COUNT


def test_every_field_is_there_often_enough_and_absent_often_enough(sample: list[Event]) -> None:
    present = Counter(path for event in sample for path in {path for path, _ in leaves(event)})
    rare = {path: present[path] for path in MAY_BE_ABSENT if present[path] < ENOUGH}
    nearly_always = {path: present[path] for path in MAY_BE_ABSENT if present[path] > len(sample) - ENOUGH}
    assert not rare
    assert not nearly_always


@pytest.mark.parametrize("varied", [False, True])
def test_every_value_has_the_type_that_okta_documents(varied: bool) -> None:
    shape = MAY_BE_ABSENT | documented(ALWAYS)
    found = {(path, type(value)) for event in events(1000, varied=varied) for path, value in leaves(event)}
    assert [(path, kind) for path, kind in sorted(found, key=str) if kind not in shape.get(path, ())] == []


def test_identity_time_and_severity_are_well_formed(sample: list[Event]) -> None:
    assert len({event["uuid"] for event in sample}) == len(sample)
    for event in sample:
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event["uuid"])
        assert re.fullmatch(r"2026-09-(1[4-9]|20)T\d\d:\d\d:\d\d\.\d{3}Z", event["published"])
        assert event.get("severity") in {"DEBUG", "INFO", "WARN", "ERROR", None}


def test_the_events_are_in_order_and_most_fall_into_office_hours(sample: list[Event]) -> None:
    moments = [event["published"] for event in sample]
    assert moments == sorted(moments)
    assert len({moment[:10] for moment in moments}) == 7
    assert sum("07" <= moment[11:13] <= "17" for moment in moments) > 0.8 * len(moments)


def test_a_story_keeps_its_device_and_its_transaction(sample: list[Event]) -> None:
    stories = defaultdict(list)
    for event in sample:
        if (transaction := event.get("transaction")) and transaction.get("id"):
            stories[transaction["id"]].append(event)
    told = {tuple(event["eventType"].removeprefix("mim.command.") for event in story) for story in stories.values()}
    assert ("generic.new", "generic.notnow", "generic.new", "generic.acknowledged") in told
    assert ("ios.new", "ios.formaterror") in told
    for story in stories.values():
        devices = {target.get("id") for event in story for target in event.get("target") or [] if is_device(target)}
        assert len(devices - {None}) <= 1


def is_device(target: Event) -> bool:
    return target.get("type") in {"Device", "UDDevice", "MobileDevice"}


def test_outcomes_targets_and_hops_are_of_all_kinds(sample: list[Event]) -> None:
    values: defaultdict[str, Counter[Any]] = defaultdict(Counter)
    for event in sample:
        for path, value in leaves(event):
            values[path][value] += 1
    assert set(values["outcome.result"]) >= {"SUCCESS", "FAILURE", "SKIPPED", "UNKNOWN", "ALLOW", "DENY"}
    kinds = {"User", "AppUser", "UserGroup", "Device", "UDDevice", "MobileDevice", "AppInstance"}
    assert set(values["target.type"]) == kinds
    assert set(values["actor.type"]) == {"User", "SystemPrincipal", "PublicClientApp"}
    assert set(values["request.ipChain.version"]) == {"V4", "V6"}
    assert {len(event["request"]["ipChain"]) for event in sample if (event.get("request") or {}).get("ipChain")} == {
        1,
        2,
        3,
    }
    firsts = {event["target"][0].get("type") for event in sample if len(event.get("target") or []) > 1}
    assert firsts >= kinds - {"AppUser", "UserGroup"}, "the order of targets must vary"
    assert all(isinstance(json.loads(text), dict) for text in values["device.device_integrator"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("actor.alternateId", "unknown"),
        ("actor.alternateId", "system@okta.com"),
        ("target.alternateId", "unknown"),
        ("target.displayName", "Unknown"),
        ("client.zone", "null"),
        ("client.device", "Unknown"),
        ("client.userAgent.browser", "UNKNOWN"),
        ("securityContext.domain", "."),
        ("debugContext.debugData.threatSuspected", "true"),
        ("debugContext.debugData.threatSuspected", "false"),
    ],
)
def test_the_words_that_okta_writes_for_nothing_occur(sample: list[Event], path: str, value: str) -> None:
    assert (path, value) in [found for event in sample for found in leaves(event)]


def test_letters_of_many_scripts_occur_as_themselves_and_a_few_escaped() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    assert all(name in text for name in ("José", "Łukasz", "大輔", "🚀"))
    escaped = [line for line in text.splitlines() if "\\u" in line]
    itself = [line for line in text.splitlines() if not line.isascii()]
    assert 5 <= len(escaped) < len(itself)
    assert any("\\ud83d\\ude80" in line for line in b"".join(lines(4000)).decode().splitlines())


def test_no_event_shares_an_object_with_another() -> None:
    written = []
    for event in events(300):
        written.append(json.dumps(event))
        wipe(event)
    assert written == [json.dumps(event) for event in events(300)]


def wipe(value: Any) -> None:
    """Empties an event and everything inside it."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            wipe(item)
        value.clear()


def test_another_seed_gives_other_events() -> None:
    assert list(lines(20, seed=1)) != list(lines(20, seed=2))


def test_an_event_is_about_two_kilobytes() -> None:
    assert 1800 <= SAMPLE.stat().st_size / DEFAULT_COUNT <= 2300
    assert 1800 <= sum(map(len, lines(2000, varied=True))) / 2000 <= 2400


def users(event: Event) -> set[Any]:
    people = [event.get("actor") or {}, *(t for t in event.get("target") or [] if t.get("type") in {"User", "AppUser"})]
    return {person.get(key) for person in people for key in ("alternateId", "displayName")}


def addresses(event: Event) -> set[Any]:
    chain = (event.get("request") or {}).get("ipChain") or []
    return {(event.get("client") or {}).get("ipAddress"), *(hop.get("ip") for hop in chain)}


def at(*path: str) -> Callable[[Event], set[Any]]:
    """A function that gives the values at the path."""
    return lambda event: {value for found, value in leaves(event) if found == ".".join(path)}


@pytest.mark.parametrize(
    "values_of",
    [
        pytest.param(users, id="user"),
        pytest.param(addresses, id="address"),
        pytest.param(at("client", "geographicalContext", "city"), id="city"),
        pytest.param(at("client", "userAgent", "rawUserAgent"), id="user agent"),
        pytest.param(at("securityContext", "asNumber"), id="autonomous system"),
        pytest.param(at("authenticationContext", "externalSessionId"), id="session"),
        pytest.param(at("target", "detailEntry", "udid"), id="device"),
        pytest.param(at("transaction", "id"), id="transaction"),
        pytest.param(at("uuid"), id="uuid"),
    ],
)
def test_varied_events_repeat_nothing(values_of: Callable[[Event], set[Any]]) -> None:
    times = Counter(value for event in events(2000, varied=True) for value in values_of(event) - {None})
    assert len(times) > 500
    assert [value for value, count in times.items() if count > 1] == []
