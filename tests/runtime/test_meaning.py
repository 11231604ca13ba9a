"""What whole events mean: the 17 types, who acted and on what, placeholders, problems, options of the run time."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from normalizer import Normalizer, Options, ProblemEvent, load

MAPPINGS = load()
Event = dict[str, Any]
Document = dict[str, Any]

EVENT: Event = {"uuid": "5a01", "eventType": "mim.command.ios.new", "published": "2026-09-14T06:00:00.123Z"}
BOTH, ONE = ["configuration", "host"], ["configuration"]
ANY = "from outcome.result"


def command(channel: str, status: str) -> Document:
    return {"operation": "command", "command": {"channel": channel, "status": status}}


def enrollment(platform: str) -> Document:
    return {"operation": "enrollment", "enrollment": {"platform": platform}}


TYPES = [
    *(
        (f"mim.command.{channel}.{end}", BOTH, kind, outcome, command(channel, status))
        for end, kind, outcome, status, channels in (
            ("new", "info", ANY, "new", "generic ios"),
            ("acknowledged", "change", ANY, "acknowledged", "generic ios"),
            ("error", "change", "failure", "error", "generic ios"),
            ("formaterror", "change", "failure", "format_error", "ios"),
            ("notnow", "info", ANY, "not_now", "generic"),
            ("cancelled", "info", ANY, "cancelled", "generic ios"),
            ("delegated", "info", ANY, "delegated", "generic"),
        )
        for channel in channels.split()
    ),
    *(
        (f"mim.createEnrollment.{end}", BOTH, "creation", ANY, enrollment(platform))
        for end, platform in (
            ("ANDROID", "android"), ("IOS", "ios"), ("OSX", "macos"), ("UNKNOWN", "unknown"), ("WINDOWS", "windows"),
        )
    ),
    ("mim.streamDevicesCSVDownload", ONE, "access", ANY, {"operation": "export", "export": {"kind": "devices"}}),
    ("mim.checkOSXAccessEligibility.true", ONE, "info", ANY, None),
    ("mim.streamDevicesAppListCSVDownload", ONE, "info", ANY, None),
]  # fmt: skip

OUTCOMES = {
    "SUCCESS": "success", "ALLOW": "success", "FAILURE": "failure", "DENY": "failure", "CHALLENGE": "unknown",
    "UNKNOWN": "unknown", "success": "unknown", "": "unknown", None: "unknown",
}  # fmt: skip


def normalized(event: Event, **options: Any) -> Document:
    return Normalizer(MAPPINGS, Options(**options)).normalize({**EVENT, **event})


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    return Normalizer(MAPPINGS, Options(all_events=True))


# ---- the types


def test_17_types_have_a_mapping_of_their_own() -> None:
    described = {event_type for event_type, *_, mim in TYPES if mim is not None}
    assert len(described) == 17
    assert described <= {plan.event_type for plan in MAPPINGS.plans if not plan.fallback}


@pytest.mark.parametrize(("event_type", "category", "kind", "outcome", "mim"), TYPES, ids=[row[0] for row in TYPES])
def test_type(
    normalizer: Normalizer, event_type: str, category: list[str], kind: str, outcome: str, mim: Document | None
) -> None:
    for result, expected in OUTCOMES.items():
        document = normalizer.normalize({**EVENT, "eventType": event_type, "outcome": {"result": result}})
        event = document["event"]
        assert (event["category"], event["type"], event["action"]) == (category, [kind], event_type)
        assert event["outcome"] == (expected if outcome == ANY else outcome)
        assert document["okta"].get("mim") == mim
        assert document["tags"] == (["mim"] if mim is not None else ["mim", "unmapped_event_type"])
    without = normalizer.normalize({**EVENT, "eventType": event_type})
    assert without["event"]["outcome"] == ("unknown" if outcome == ANY else outcome)
    platform = (mim or {}).get("enrollment", {}).get("platform")
    assert without.get("host") == ({"os": {"type": platform}} if platform not in (None, "unknown") else None)


def test_the_type_of_an_enrollment_wins_over_the_device(normalizer: Normalizer) -> None:
    target = [{"type": "Device", "detailEntry": {"osPlatform": "ANDROID"}}]
    document = normalizer.normalize({**EVENT, "eventType": "mim.createEnrollment.OSX", "target": target})
    assert document["host"]["os"] == {"type": "macos", "name": "Android", "platform": "android"}
    document = normalizer.normalize({**EVENT, "eventType": "mim.createEnrollment.UNKNOWN", "target": target})
    assert document["host"]["os"]["type"] == "android"


def test_what_every_document_has(normalizer: Normalizer) -> None:
    for event_type, dataset in (
        ("mim.command.ios.new", "okta.mim"),
        ("mim.other", "okta.mim"),
        ("user.x", "okta.system"),
    ):
        document = normalizer.normalize({**EVENT, "eventType": event_type})
        assert document["@timestamp"] == "2026-09-14T06:00:00.123Z"
        assert document["ecs"] == {"version": "9.4.0"}
        assert document["observer"] == {"vendor": "Okta", "product": "Okta"}
        assert document["data_stream"] == {"type": "logs", "dataset": dataset, "namespace": "default"}
        event = {key: document["event"][key] for key in ("kind", "module", "dataset", "provider", "id")}
        assert event == {"kind": "event", "module": "okta", "dataset": dataset, "provider": "okta", "id": "5a01"}
        assert "ingested" not in document["event"]
        assert "created" not in document["event"]


def test_other_events_of_okta_have_no_category_and_no_tags(normalizer: Normalizer) -> None:
    document = normalizer.normalize({**EVENT, "eventType": "user.session.start"})
    assert not {"category", "type"} & document["event"].keys()
    assert "tags" not in document
    broken = normalizer.normalize({**EVENT, "eventType": "user.session.start", "client": {"ipAddress": "x"}})
    assert broken["tags"] == ["normalization_problem"]


# ---- who acted, and on what


def test_nobody_acted_where_okta_itself_did(normalizer: Normalizer) -> None:
    actor = {"id": "00u", "type": "SystemPrincipal", "alternateId": "system@okta.com", "displayName": "Okta System"}
    document = normalizer.normalize({**EVENT, "actor": actor})
    assert "user" not in document
    assert document["client"]["user"] == document["source"]["user"] == {
        "id": "00u", "name": "system@okta.com", "email": "system@okta.com", "full_name": "Okta System",
    }  # fmt: skip
    for kind in ("User", "PublicClientApp", "systemprincipal", None, 5):
        assert normalizer.normalize({**EVENT, "actor": {**actor, "type": kind}})["user"]["id"] == "00u"


def test_the_first_target_of_a_kind_counts_in_any_order(normalizer: Normalizer) -> None:
    targets = [
        {"type": "AppInstance", "id": "0oa"},
        {"type": "MobileDevice", "id": "guo1", "displayName": "One"},
        {"type": "User", "id": "00u1"},
        {"type": "Device", "id": "guo2", "displayName": "Two"},
        {"type": "UserGroup", "id": "00g1"},
        {"type": "User", "id": "00u2"},
        {"type": "AppUser", "id": "0ua1"},
    ]
    document = normalizer.normalize({**EVENT, "target": targets})
    assert document["host"]["id"] == document["device"]["id"] == document["host"]["target"]["id"] == "guo1"
    assert document["user"]["target"] == {"id": "00u1", "group": {"id": "00g1"}}
    assert document["related"] == {"hosts": ["guo1", "guo2", "One", "Two"], "user": ["00u1", "00u2", "0ua1"]}
    assert [target["id"] for target in document["okta"]["target"]] == [target["id"] for target in targets]
    backwards = normalizer.normalize({**EVENT, "target": targets[::-1]})
    assert backwards["device"]["id"] == "guo2"
    assert backwards["user"]["target"] == {"id": "00u2", "group": {"id": "00g1"}}


def test_a_device_never_gets_what_another_device_has(normalizer: Normalizer) -> None:
    targets = [{"type": "Device", "id": "guo1"}, {"type": "Device", "detailEntry": {"serialNumber": "S2"}}]
    document = normalizer.normalize({**EVENT, "target": targets})
    assert document["device"] == {"id": "guo1"}
    assert document["related"]["hosts"] == ["guo1", "S2"]


def test_camel_case_comes_before_snake_case(normalizer: Normalizer) -> None:
    both = {"serialNumber": "S1", "serial_number": "S2", "osVersion": "1", "os_version": "2", "osPlatform": "IOS"}
    both |= {"modelIdentifier": "M1", "model_identifier": "M2", "os_platform": "OSX", "platform": "ANDROID"}
    document = normalizer.normalize({**EVENT, "target": [{"type": "Device", "detailEntry": both}]})
    assert document["device"] == {"serial_number": "S1", "model": {"identifier": "M1"}}
    assert document["host"]["os"] == {"type": "ios", "name": "iOS", "platform": "ios", "version": "1"}
    assert document["related"]["hosts"] == ["S1", "S2"]


def test_the_actors_own_device_is_no_host(normalizer: Normalizer) -> None:
    document = normalizer.normalize({**EVENT, "device": {"id": "guo", "name": "MacBookPro18,3", "os_platform": "OSX"}})
    assert not {"device", "host", "related"} & document.keys()
    assert document["okta"]["device"] == {"id": "guo", "name": "MacBookPro18,3", "os_platform": "OSX"}


def test_related_fields_hold_each_value_once(normalizer: Normalizer) -> None:
    document = normalizer.normalize({
        **EVENT,
        "actor": {"id": "a", "alternateId": "b", "displayName": "a"},
        "client": {"ipAddress": "192.0.2.1"},
        "request": {"ipChain": [{"ip": "192.0.2.1"}, {"ip": "::1"}, {"ip": "unknown"}, {"ip": "::1"}]},
        "target": [{"type": "User", "id": "b"}, {"type": "Device", "id": "b", "displayName": "b"}],
    })  # fmt: skip
    assert document["related"] == {"user": ["a", "b"], "ip": ["192.0.2.1", "::1"], "hosts": ["b"]}


# ---- placeholders

PLACEHOLDERS = ["unknown", "Unknown", "UNKNOWN", "null"]


@pytest.mark.parametrize("word", PLACEHOLDERS)
def test_placeholders_are_dropped_from_ecs_and_kept_in_keywords_of_okta(normalizer: Normalizer, word: str) -> None:
    person = {"id": word, "alternateId": word, "displayName": word}
    document = normalizer.normalize({
        **EVENT,
        "displayMessage": word, "severity": word, "version": word, "legacyEventType": word,
        "outcome": {"result": word, "reason": word},
        "actor": {**person, "type": "User"},
        "client": {
            **dict.fromkeys(("id", "zone", "device", "ipAddress"), word),
            "userAgent": dict.fromkeys(("rawUserAgent", "os", "browser"), word),
            "geographicalContext": dict.fromkeys(("city", "state", "country", "postalCode", "geolocation"), word),
        },
        "device": dict.fromkeys(("id", "managed", "registered", "jailbreak", "device_integrator"), word),
        "securityContext": dict.fromkeys(("asNumber", "asOrg", "isp", "domain", "isProxy", "userBehaviors"), word),
        "authenticationContext": {"authenticationStep": word, "interface": word},
        "request": {"ipChain": [{"ip": word}]},
        "target": [
            {**person, "type": "Device", "detailEntry": {"serialNumber": word, "osPlatform": word, "udid": word}},
            {**person, "type": "User", "detailEntry": word}, {**person, "type": "UserGroup"},
        ],
    })  # fmt: skip
    assert not {"user", "client", "source", "device", "host", "user_agent", "related", "error"} & document.keys()
    assert document["message"] == document["event"]["reason"] == word
    assert document["log"] == {"level": word.lower()}
    okta = document["okta"]
    assert okta["client"] == {
        **dict.fromkeys(("id", "zone", "device"), word),
        "user_agent": dict.fromkeys(("raw_user_agent", "os", "browser"), word),
        "geographical_context": dict.fromkeys(("city", "state", "country", "postal_code"), word),
    }
    assert okta["device"] == {"id": word}
    assert okta["security_context"] == {"as": {"organization": {"name": word}}, "isp": word, "domain": word}
    assert okta["authentication_context"] == {"interface": word}
    assert okta["actor"] == {"id": word, "type": "User", "alternate_id": word, "display_name": word}
    assert [target["id"] for target in okta["target"]] == [word] * 3
    assert "detailEntry" not in okta["target"][1]
    assert okta["request"]["ip_chain"] == [{"ip": word}]


@pytest.mark.parametrize("word", ["UNkNOWN", "Null", "none", "N/A", "unknown ", "0", "-"])
def test_other_words_are_no_placeholders(normalizer: Normalizer, word: str) -> None:
    document = normalizer.normalize({**EVENT, "actor": {"id": word}, "securityContext": {"domain": word}})
    assert document["user"]["id"] == document["client"]["domain"] == document["source"]["domain"] == word


# ---- problems

BROKEN: Event = {"client": {"ipAddress": "localhost", "zone": 1.5}, "severity": "INFO"}
SAID = ['client.ipAddress: "localhost" is not an IP address', "client.zone: a number is not text"]


def test_a_problem_is_said_and_the_rest_stays(normalizer: Normalizer) -> None:
    document = normalizer.normalize({**EVENT, **copy.deepcopy(BROKEN)})
    assert document["error"] == {"message": SAID}
    assert document["event"]["kind"] == "pipeline_error"
    assert document["tags"] == ["mim", "normalization_problem"]
    assert document["log"] == {"level": "info"}
    assert "client" not in document


def test_the_next_event_is_not_touched_by_a_problem(normalizer: Normalizer) -> None:
    before = normalizer.normalize(EVENT)
    normalizer.normalize({**EVENT, **BROKEN})
    assert normalizer.normalize(EVENT) == before
    assert before["event"]["kind"] == "event"


def test_strict_wants_no_problems() -> None:
    assert normalized({"client": {"zone": "x"}}, strict=True)["okta"]["client"] == {"zone": "x"}
    with pytest.raises(ProblemEvent) as error:
        normalized(BROKEN, strict=True)
    assert str(error.value) == "; ".join(SAID)


# ---- options


def test_the_org_is_never_the_host() -> None:
    document = normalized({}, org="acme.okta.com")
    assert document["organization"] == {"id": "acme.okta.com"}
    assert document["observer"]["hostname"] == "acme.okta.com"
    assert document["cloud"] == {"account": {"id": "acme.okta.com"}}
    assert "host" not in document
    assert not {"organization", "cloud"} & normalized({}).keys()


def test_the_namespace_is_the_data_streams() -> None:
    assert normalized({}, namespace="production")["data_stream"]["namespace"] == "production"


def test_the_original_is_kept_unless_told_otherwise() -> None:
    assert orjson.loads(normalized({})["event"]["original"]) == EVENT
    assert "original" not in normalized({}, keep_original=False)["event"]


def test_the_original_is_kept_all_the_same_where_a_value_was_left_out() -> None:
    document = normalized(BROKEN, keep_original=False)
    assert orjson.loads(document["event"]["original"]) == {**EVENT, **BROKEN}
    assert document["error"]["message"] == SAID


def test_validation_can_be_left_out() -> None:
    for event in ({}, BROKEN, {"actor": {"id": "00u", "alternateId": "anna@example.com"}}):
        assert normalized(event, validate=False) == normalized(event)
