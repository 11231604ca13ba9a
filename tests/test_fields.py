"""What an event becomes, path by path: the table of fields as data.

Each row sets one value in an otherwise bare event and says which fields that adds or changes, and that it does nothing
else. What whole events mean (types, outcomes, problems, options) stands in tests/runtime/test_meaning.py.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from normalizer import Normalizer, Options, load, okta
from normalizer.language import Constant, Each
from tests.golden import SHIPPED

EVENT = {"uuid": "5a01", "eventType": "mim.x", "published": "2026-09-14T06:00:00.123Z"}
DEVICE, USER = "target(type=Device)", "target(type=User)"
GROUP, OTHER = "target(type=UserGroup)", "target(type=Other)"

Row = tuple[str, Any, dict[str, Any]]


def same(value: Any, *fields: str) -> dict[str, Any]:
    """Several fields with one value."""
    return dict.fromkeys(fields, value)


def texts(prefix: str, field: str, names: str) -> list[Row]:
    """Texts that go into one keyword of okta.* each: `eventName=field_name`, or one name for both."""
    rows: list[Row] = []
    for pair in names.split():
        name, _, other = pair.partition("=")
        rows.append((f"{prefix}.{name}", "Some text", {f"{field}.{other or name}": "Some text"}))
    return rows


PERSONS = ("client.user", "source.user", "user")
GEO = ("client.geo", "source.geo")
OS = ("host.os", "host.target.os")
POINT = {"lat": 59.91, "lon": 10}
DEEP: dict[str, Any] = {"From": {"a.b": [1, 1.0, None, True, "", {}]}}


def of_all(prefixes: tuple[str, ...], name: str, value: Any) -> dict[str, Any]:
    return {f"{prefix}.{name}": value for prefix in prefixes}


ROWS: list[Row] = [
    # -- the event itself
    ("uuid", "u-2", same("u-2", "event.id", "okta.uuid")),
    ("eventType", "mim.y", same("mim.y", "event.action", "okta.event_type")),
    ("published", "2026-09-14T08:00:00.5+02:00", {"@timestamp": "2026-09-14T06:00:00.500Z"}),
    ("displayMessage", "Done", same("Done", "message", "okta.display_message")),
    ("displayMessage", "unknown", same("unknown", "message", "okta.display_message")),
    ("severity", "DEBUG", {"log.level": "debug", "event.severity": 1, "okta.severity": "DEBUG"}),
    ("severity", "INFO", {"log.level": "info", "event.severity": 2, "okta.severity": "INFO"}),
    ("severity", "WARN", {"log.level": "warn", "event.severity": 3, "okta.severity": "WARN"}),
    ("severity", "ERROR", {"log.level": "error", "event.severity": 4, "okta.severity": "ERROR"}),
    ("severity", "Fatal", {"log.level": "fatal", "okta.severity": "Fatal"}),
    ("version", "0", {"okta.version": "0"}),
    ("legacyEventType", "app.x", {"okta.legacy_event_type": "app.x"}),
    *(
        ("outcome.result", word, {"event.outcome": outcome, "okta.outcome.result": word})
        for word, outcome in (("SUCCESS", "success"), ("ALLOW", "success"), ("FAILURE", "failure"), ("DENY", "failure"))
    ),
    *(
        ("outcome.result", word, {"okta.outcome.result": word})  # event.outcome stays unknown
        for word in ("SKIPPED", "CHALLENGE", "UNKNOWN", "DEFERRED", "success", "New word")
    ),
    ("outcome.reason", "Locked", same("Locked", "event.reason", "okta.outcome.reason")),
    ("outcome.reason", "UNKNOWN", same("UNKNOWN", "event.reason", "okta.outcome.reason")),
    # -- who acted
    ("actor.id", "00u", {**of_all(PERSONS, "id", "00u"), "okta.actor.id": "00u", "related.user": ["00u"]}),
    (
        "actor.alternateId",
        "anna@example.com",
        {
            **of_all(PERSONS, "name", "anna@example.com"),
            **of_all(PERSONS, "email", "anna@example.com"),
            "okta.actor.alternate_id": "anna@example.com",
            "related.user": ["anna@example.com"],
        },
    ),
    (
        "actor.alternateId",
        "anna",
        {**of_all(PERSONS, "name", "anna"), "okta.actor.alternate_id": "anna", "related.user": ["anna"]},
    ),
    (
        "actor.displayName",
        "Anna",
        {**of_all(PERSONS, "full_name", "Anna"), "okta.actor.display_name": "Anna", "related.user": ["Anna"]},
    ),
    ("actor.type", "User", {"okta.actor.type": "User"}),
    (
        "actor(type=SystemPrincipal).id",
        "00u",
        {**of_all(PERSONS[:2], "id", "00u"), "okta.actor.id": "00u", "related.user": ["00u"]},
    ),
    (
        "actor(type=SystemPrincipal).alternateId",
        "system@okta.com",
        {
            **of_all(PERSONS[:2], "name", "system@okta.com"),
            **of_all(PERSONS[:2], "email", "system@okta.com"),
            "okta.actor.alternate_id": "system@okta.com",
            "related.user": ["system@okta.com"],
        },
    ),
    (
        "actor(type=SystemPrincipal).displayName",
        "Okta",
        {**of_all(PERSONS[:2], "full_name", "Okta"), "okta.actor.display_name": "Okta", "related.user": ["Okta"]},
    ),
    # -- what it acted on
    (f"{USER}.id", "00u", {"user.target.id": "00u", "okta.target[0].id": "00u", "related.user": ["00u"]}),
    (
        f"{USER}.alternateId",
        "a@b",
        {
            **same("a@b", "user.target.name", "user.target.email", "okta.target[0].alternate_id"),
            "related.user": ["a@b"],
        },
    ),
    (
        f"{USER}.displayName",
        "Anna",
        {"user.target.full_name": "Anna", "okta.target[0].display_name": "Anna", "related.user": ["Anna"]},
    ),
    ("target(type=AppUser).id", "0ua", {"okta.target[0].id": "0ua", "related.user": ["0ua"]}),
    ("target(type=AppUser).alternateId", "a@b", {"okta.target[0].alternate_id": "a@b", "related.user": ["a@b"]}),
    ("target(type=AppUser).displayName", "Anna", {"okta.target[0].display_name": "Anna", "related.user": ["Anna"]}),
    (f"{GROUP}.id", "00g", same("00g", "user.target.group.id", "okta.target[0].id")),
    (f"{GROUP}.displayName", "Staff", same("Staff", "user.target.group.name", "okta.target[0].display_name")),
    (f"{GROUP}.alternateId", "staff", {"okta.target[0].alternate_id": "staff"}),
    (f"{OTHER}.id", "1", {"okta.target[0].id": "1"}),
    (f"{OTHER}.type", "AppInstance", {"okta.target[0].type": "AppInstance"}),
    (f"{OTHER}.alternateId", "1", {"okta.target[0].alternate_id": "1"}),
    (f"{OTHER}.displayName", "1", {"okta.target[0].display_name": "1"}),
    (f"{OTHER}.detailEntry", {"K": DEEP}, {"okta.target[0].detailEntry.K": DEEP}),
    (f"{OTHER}.changeDetails", {"from": {"K": DEEP}}, {"okta.target[0].changeDetails.from.K": DEEP}),
    (f"{OTHER}.changeDetails.from", {"K": DEEP}, {"okta.target[0].changeDetails.from.K": DEEP}),
    (f"{OTHER}.changeDetails.to", {"K": DEEP}, {"okta.target[0].changeDetails.to.K": DEEP}),
    *(
        row
        for kind in ("Device", "UDDevice", "MobileDevice")
        for row in (
            (
                f"target(type={kind}).id",
                "guo",
                {
                    **same("guo", "device.id", "host.id", "host.target.id", "okta.target[0].id"),
                    "related.hosts": ["guo"],
                },
            ),
            (
                f"target(type={kind}).displayName",
                "iPhone",
                {
                    **same("iPhone", "host.name", "host.target.name", "okta.target[0].display_name"),
                    "related.hosts": ["iPhone"],
                },
            ),
            (f"target(type={kind}).alternateId", "x", {"okta.target[0].alternate_id": "x"}),
        )
    ),
    *(
        (f"{DEVICE}.detailEntry.{key}", "V1", {**fields, f"okta.target[0].detailEntry.{key}": "V1"})
        for fields, keys in (
            ({"device.serial_number": "V1", "related.hosts": ["V1"]}, "serialNumber serial_number"),
            ({"device.manufacturer": "V1"}, "manufacturer"),
            ({"device.model.name": "V1"}, "model"),
            ({"device.model.identifier": "V1"}, "modelIdentifier model_identifier"),
            (of_all(OS, "version", "V1"), "osVersion os_version"),
            (of_all(OS, "platform", "v1"), "osPlatform os_platform platform"),
            ({"related.hosts": ["V1"]}, "udid"),
            ({}, "anything"),
        )
        for key in keys.split()
    ),
    *(
        (
            f"{DEVICE}.detailEntry.osPlatform",
            word,
            {
                **of_all(OS, "platform", word.lower()),
                **(of_all(OS, "type", kind) if kind else {}),
                **(of_all(OS, "name", name) if name else {}),
                "okta.target[0].detailEntry.osPlatform": word,
            },
        )
        for word, kind, name in (
            ("IOS", "ios", "iOS"), ("IPADOS", "ios", "iPadOS"), ("OSX", "macos", "macOS"), ("MACOS", "macos", "macOS"),
            ("ANDROID", "android", "Android"), ("WINDOWS", "windows", "Windows"), ("LINUX", "linux", "Linux"),
            ("CHROMEOS", "", "ChromeOS"), ("TVOS", "", ""),
        )
    ),
    # -- the device that the actor used
    *texts("device", "okta.device", "id name os_platform os_version disk_encryption_type screen_lock_type"),
    *(
        (f"device.{name}", value, {f"okta.device.{name}": value})
        for name in ("managed", "registered", "jailbreak", "secure_hardware_present")
        for value in (True, False)
    ),
    ("device.managed", "true", {"okta.device.managed": True}),
    ("device.device_integrator", '{"K": {"n": [1.0]}}', {"okta.device.device_integrator.K": {"n": [1.0]}}),
    ("device.device_integrator", {"K": "x"}, {"okta.device.device_integrator.K": "x"}),
    # -- where the request came from
    ("client.ipAddress", "::1", {**same("::1", "client.ip", "source.ip", "okta.client.ip"), "related.ip": ["::1"]}),
    *texts("client", "okta.client", "id zone device"),
    (
        "client.userAgent.rawUserAgent",
        "Moz",
        same("Moz", "user_agent.original", "okta.client.user_agent.raw_user_agent"),
    ),
    ("client.userAgent.browser", "FOO", {"okta.client.user_agent.browser": "FOO"}),
    *(
        ("client.userAgent.browser", word, {"user_agent.name": name, "okta.client.user_agent.browser": word})
        for word, name in (
            ("CHROME", "Chrome"), ("FIREFOX", "Firefox"), ("SAFARI", "Safari"), ("EDGE", "Edge"), ("OPERA", "Opera"),
            ("IE", "Internet Explorer"),
        )
    ),
    ("client.userAgent.os", "BeOS", same("BeOS", "user_agent.os.full", "okta.client.user_agent.os")),
    *(
        (
            "client.userAgent.os",
            word,
            {**same(word, "user_agent.os.full", "okta.client.user_agent.os"), "user_agent.os.name": name},
        )
        for word, name in (
            ("iOS 18 (iPhone)", "iOS"), ("Mac OS X", "macOS"), ("Windows 10", "Windows"), ("Android 15", "Android"),
            ("Linux", "Linux"), ("Chrome OS", "ChromeOS"),
        )
    ),
    *(
        (
            f"client.geographicalContext.{name}",
            value,
            {**of_all(GEO, field, value), f"okta.client.geographical_context.{okta_name}": value},
        )
        for name, field, okta_name, value in (
            ("city", "city_name", "city", "Oslo"), ("state", "region_name", "state", "Oslo"),
            ("country", "country_name", "country", "Atlantis"), ("postalCode", "postal_code", "postal_code", "0150"),
            ("geolocation", "location", "geolocation", POINT),
        )
    ),
    *(
        (
            "client.geographicalContext.country",
            name,
            {
                **of_all(GEO, "country_name", name),
                **of_all(GEO, "country_iso_code", code),
                "okta.client.geographical_context.country": name,
            },
        )
        for name, code in (("Norway", "NO"), ("Côte d’Ivoire", "CI"), ("United States", "US"), ("Åland Islands", "AX"))
    ),
    *(
        (f"request.ipChain.{name}", value, {f"okta.request.ip_chain[0].{field}": value, **more})
        for name, field, value, more in (
            ("ip", "ip", "192.0.2.9", {"related.ip": ["192.0.2.9"]}),
            ("version", "version", "V4", {}),
            ("source", "source", "proxy", {}),
            ("geographicalContext.city", "geographical_context.city", "Oslo", {}),
            ("geographicalContext.state", "geographical_context.state", "Oslo", {}),
            ("geographicalContext.country", "geographical_context.country", "Norway", {}),
            ("geographicalContext.postalCode", "geographical_context.postal_code", "0150", {}),
            ("geographicalContext.geolocation", "geographical_context.geolocation", POINT, {}),
        )
    ),
    # -- what Okta says about the request
    *(
        (
            "securityContext.asNumber",
            value,
            same(64500, *(f"{each}.as.number" for each in ("client", "source", "okta.security_context"))),
        )
        for value in (64500, "64500")
    ),
    (
        "securityContext.asOrg",
        "Net",
        same("Net", *(f"{each}.as.organization.name" for each in ("client", "source", "okta.security_context"))),
    ),
    (
        "securityContext.domain",
        "x.net",
        same("x.net", "client.domain", "source.domain", "okta.security_context.domain"),
    ),
    ("securityContext.domain", ".", {"okta.security_context.domain": "."}),
    ("securityContext.isp", "Net", {"okta.security_context.isp": "Net"}),
    ("securityContext.isProxy", True, {"okta.security_context.is_proxy": True}),
    ("securityContext.isProxy", "false", {"okta.security_context.is_proxy": False}),
    ("securityContext.userBehaviors", [DEEP, {"b": 1}], {"okta.security_context.user_behaviors": [DEEP, {"b": 1}]}),
    ("authenticationContext.authenticationStep", 0, {"okta.authentication_context.authentication_step": 0}),
    ("authenticationContext.authenticationStep", "2", {"okta.authentication_context.authentication_step": 2}),
    *texts(
        "authenticationContext",
        "okta.authentication_context",
        "authenticationProvider=authentication_provider credentialProvider=credential_provider interface "
        "credentialType=credential_type externalSessionId=external_session_id rootSessionId=root_session_id "
        "issuer.id issuer.type",
    ),
    *texts(
        "transaction",
        "okta.transaction",
        "id type detail.requestApiTokenId=detail.request_api_token_id detail.rootApiTokenId=detail.root_api_token_id",
    ),
    *(
        (
            f"debugContext.debugData.{name}",
            "Some text",
            {
                f"okta.debug_context.debug_data.{field}": "Some text",
                f"okta.debug_context.debug_data.flattened.{name}": "Some text",
            },
        )
        for name, field in (
            ("deviceFingerprint", "device_fingerprint"), ("dtHash", "dt_hash"), ("requestId", "request_id"),
            ("requestUri", "request_uri"), ("threatSuspected", "threat_suspected"), ("url", "url"),
            ("factor", "factor"), ("requestedScopes", "requested_scopes"), ("grantedScopes", "granted_scopes"),
            ("grantType", "grant_type"),
        )
    ),
    ("debugContext.debugData.threatSuspected", True, {
        "okta.debug_context.debug_data.threat_suspected": "true",
        "okta.debug_context.debug_data.flattened.threatSuspected": True,
    }),
    ("debugContext.debugData.other", DEEP, {"okta.debug_context.debug_data.flattened.other": DEEP}),
]  # fmt: skip

NOT_MAPPED = {
    "actor.detailEntry", "device", "client", "outcome", "actor", "request", "target", "transaction", "securityContext",
    "authenticationContext", "authenticationContext.issuer", "client.userAgent", "client.geographicalContext",
    "debugContext", "debugContext.debugData", "transaction.detail", "request.ipChain",
    "request.ipChain.geographicalContext",
    *(path for path in okta.log_event() if ".ipDetails" in path or ".risk" in path),
    *(path for path in okta.log_event() if ".geolocation." in path or ".userBehaviors." in path),
}  # fmt: skip
"""Documented paths without a row: objects whose values have rows, and what only event.original keeps."""

AS_THEY_ARE = re.compile(
    r".*(detailEntry|changeDetails\.(from|to)|flattened|device_integrator)\.\w+|.*\.(location|geolocation)"
)


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """A document's values by field; elements of lists of objects by their index, what is Okta's own as it is."""
    if isinstance(value, dict) and value and not AS_THEY_ARE.fullmatch(name):
        parts = [(f"{name}.{key}".lstrip("."), inner) for key, inner in value.items()]
    elif name.endswith((".target", "ip_chain")) and isinstance(value, list):
        parts = [(f"{name}[{at}]", inner) for at, inner in enumerate(value)]
    else:
        return {name: value}
    return {path: leaf for below, inner in parts for path, leaf in flat(inner, below).items()}


def put(event: dict[str, Any], path: str, value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The event without and with a value; `name(key=word)` makes an object with that, in a list where one is meant."""
    without: dict[str, Any] = {**event}
    whole: dict[str, Any] = {**event}
    holders = (without, whole)
    above = ""
    *steps, last = re.findall(r"\w+(?:\([^)]*\))?", path)
    for step in steps:
        name, _, selector = step.partition("(")
        above = f"{above}.{name}".lstrip(".")
        fact = okta.log_event().get(above)
        inner = [dict([selector.rstrip(")").split("=")]) if selector else {} for _ in holders]
        for holder, each in zip(holders, inner, strict=True):
            holder[name] = [each] if fact is not None and fact.list else each
        holders = (inner[0], inner[1])
    holders[1][last] = value
    return without, whole


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    return Normalizer(load(), Options(keep_original=False))


@pytest.mark.parametrize(("path", "value", "adds"), ROWS, ids=[f"{row[0]} {number}" for number, row in enumerate(ROWS)])
def test_row(normalizer: Normalizer, path: str, value: Any, adds: dict[str, Any]) -> None:
    without, whole = put(EVENT, path, value)
    before, after = flat(normalizer.normalize(without)), flat(normalizer.normalize(whole))
    added = {name: leaf for name, leaf in after.items() if name not in before or before[name] != leaf}
    assert added == adds
    assert {name: type(leaf) for name, leaf in added.items()} == {name: type(leaf) for name, leaf in adds.items()}
    assert before.keys() <= after.keys()


@pytest.mark.parametrize("path", sorted(path for path in NOT_MAPPED if okta.log_event()[path].type != "object"))
def test_what_has_no_row_adds_nothing_of_its_own(normalizer: Normalizer, path: str) -> None:
    """But for values inside objects that are taken as they are."""
    without, whole = put(EVENT, path, "x")
    if "userBehaviors" not in path and ".geolocation." not in path:
        assert normalizer.normalize(whole) == normalizer.normalize(without)


def test_every_documented_path_has_a_row() -> None:
    rows = {re.sub(r"\([^)]*\)", "", path) for path, _, _ in ROWS}
    missing = set(okta.log_event()) - rows - NOT_MAPPED - {"target.changeDetails"}
    assert missing == set()


def test_every_field_of_the_mappings_has_a_row() -> None:
    named = {re.sub(r"\[\d\]", "", name) for _, _, adds in ROWS for name in adds}
    named |= {name.rpartition(".")[0] for name in named}
    given = {"data_stream.namespace", "observer.hostname", "organization.id", "cloud.account.id", "event.original"}
    mappings = load()
    plans = [plan for plan in mappings.plans if plan.event_type in SHIPPED | {"mim.*", "*"}]
    assert len(plans) == len(SHIPPED) + 2
    rules = [rule for plan in plans for rule in plan.rules if not isinstance(rule, Constant)]
    read = {
        each.destination.name: {path.below(rule.path if isinstance(rule, Each) else None).names for path in each.paths}
        for rule in rules
        for each in (rule.fields if isinstance(rule, Each) else (rule,))
    }
    # What Okta does not document may go into more fields of our own, which need no row.
    own = {name for name in read if (field := mappings.fields.get(name)) is not None and field.ours}
    more = {name for name in own if not read[name] & okta.log_event().keys()}
    assert read.keys() - named - more == given


def test_every_row_names_fields_of_the_mappings() -> None:
    fields = load().fields
    for path, _, adds in ROWS:
        for name in adds:
            known = re.sub(r"\[\d\]", "", name)
            assert known in fields or AS_THEY_ARE.fullmatch(name) or known.startswith("okta.request.ip_chain."), path
