"""The peers of the benchmark: pipelines as people write them by hand, one processor for a field.

The usual one moves a value to its last field by `rename` and copies it to others by `set` with a template. The tuned
one copies by `convert`, which takes OpenSearch about half the time; no faster way was found. In both, conditions ask
only for what Okta is known to write in that place, and nothing is said of values that do not fit.

What processors cannot say without a script is left out: what needs a choice among the targets, lists of objects, and
large tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from normalizer import ecs

Body = dict[str, Any]

TEXTS = {
    "displayMessage": "message okta.display_message",
    "uuid": "event.id okta.uuid",
    "eventType": "event.action okta.event_type",
    "outcome.reason": "event.reason okta.outcome.reason",
    "outcome.result": "okta.outcome.result",
    "severity": "okta.severity",
    "version": "okta.version",
    "legacyEventType": "okta.legacy_event_type",
    "actor.id": "okta.actor.id",
    "actor.type": "okta.actor.type",
    "actor.alternateId": "okta.actor.alternate_id",
    "actor.displayName": "okta.actor.display_name",
    "client.id": "okta.client.id",
    "client.zone": "okta.client.zone",
    "client.device": "okta.client.device",
    "client.userAgent.rawUserAgent": "user_agent.original okta.client.user_agent.raw_user_agent",
    "client.userAgent.os": "okta.client.user_agent.os",
    "client.userAgent.browser": "okta.client.user_agent.browser",
    "client.geographicalContext.city": "client.geo.city_name source.geo.city_name "
    "okta.client.geographical_context.city",
    "client.geographicalContext.state": "client.geo.region_name source.geo.region_name "
    "okta.client.geographical_context.state",
    "client.geographicalContext.country": "client.geo.country_name source.geo.country_name "
    "okta.client.geographical_context.country",
    "client.geographicalContext.postalCode": "client.geo.postal_code source.geo.postal_code "
    "okta.client.geographical_context.postal_code",
    "device.id": "okta.device.id",
    "device.name": "okta.device.name",
    "device.os_platform": "okta.device.os_platform",
    "device.os_version": "okta.device.os_version",
    "device.disk_encryption_type": "okta.device.disk_encryption_type",
    "device.screen_lock_type": "okta.device.screen_lock_type",
    "securityContext.asOrg": "client.as.organization.name source.as.organization.name "
    "okta.security_context.as.organization.name",
    "securityContext.isp": "okta.security_context.isp",
    "securityContext.domain": "okta.security_context.domain",
    "transaction.id": "okta.transaction.id",
    "transaction.type": "okta.transaction.type",
    "transaction.detail.requestApiTokenId": "okta.transaction.detail.request_api_token_id",
    "transaction.detail.rootApiTokenId": "okta.transaction.detail.root_api_token_id",
    "authenticationContext.authenticationProvider": "okta.authentication_context.authentication_provider",
    "authenticationContext.credentialProvider": "okta.authentication_context.credential_provider",
    "authenticationContext.credentialType": "okta.authentication_context.credential_type",
    "authenticationContext.externalSessionId": "okta.authentication_context.external_session_id",
    "authenticationContext.rootSessionId": "okta.authentication_context.root_session_id",
    "authenticationContext.interface": "okta.authentication_context.interface",
    "authenticationContext.issuer.id": "okta.authentication_context.issuer.id",
    "authenticationContext.issuer.type": "okta.authentication_context.issuer.type",
    "debugContext.debugData.deviceFingerprint": "okta.debug_context.debug_data.device_fingerprint",
    "debugContext.debugData.dtHash": "okta.debug_context.debug_data.dt_hash",
    "debugContext.debugData.requestId": "okta.debug_context.debug_data.request_id",
    "debugContext.debugData.requestUri": "okta.debug_context.debug_data.request_uri",
    "debugContext.debugData.threatSuspected": "okta.debug_context.debug_data.threat_suspected",
    "debugContext.debugData.url": "okta.debug_context.debug_data.url",
    "debugContext.debugData.factor": "okta.debug_context.debug_data.factor",
    "debugContext.debugData.requestedScopes": "okta.debug_context.debug_data.requested_scopes",
    "debugContext.debugData.grantedScopes": "okta.debug_context.debug_data.granted_scopes",
    "debugContext.debugData.grantType": "okta.debug_context.debug_data.grant_type",
}
OTHERS = {
    "client.ipAddress": ("ip", "client.ip source.ip okta.client.ip"),
    "securityContext.asNumber": ("long", "client.as.number source.as.number okta.security_context.as.number"),
    "securityContext.isProxy": ("boolean", "okta.security_context.is_proxy"),
    "device.managed": ("boolean", "okta.device.managed"),
    "device.registered": ("boolean", "okta.device.registered"),
    "device.jailbreak": ("boolean", "okta.device.jailbreak"),
    "device.secure_hardware_present": ("boolean", "okta.device.secure_hardware_present"),
    "authenticationContext.authenticationStep": ("integer", "okta.authentication_context.authentication_step"),
}
CONSTANTS: dict[str, Any] = {
    "ecs.version": ecs.VERSION,
    "event.kind": "event",
    "event.module": "okta",
    "event.provider": "okta",
    "event.dataset": "okta.mim",
    "event.category": ["configuration", "host"],
    "event.type": ["info"],
    "event.outcome": "unknown",
    "observer.vendor": "Okta",
    "observer.product": "Okta",
    "data_stream.type": "logs",
    "data_stream.dataset": "okta.mim",
    "data_stream.namespace": "default",
    "okta.mim.operation": "command",
    "tags": ["mim"],
}
"""Some are overwritten for a few event types."""
STATUS = {"formaterror": "format_error", "notnow": "not_now"} | {
    each: each for each in ("new", "acknowledged", "error", "cancelled", "delegated")
}
PLATFORMS = {"ANDROID": "android", "IOS": "ios", "OSX": "macos", "UNKNOWN": "unknown", "WINDOWS": "windows"}
SEVERITIES = {"DEBUG": 1, "INFO": 2, "WARN": 3, "ERROR": 4}

FAILED = (
    "Processor {{{_ingest.on_failure_processor_type}}} with tag {{{_ingest.on_failure_processor_tag}}} in pipeline "
    "{{{_ingest.pipeline}}} failed with message {{{_ingest.on_failure_message}}}"
)


def build(*, tuned: bool) -> Body:
    """The usual pipeline, or the tuned one."""
    processors = list(_processors(tuned))
    for number, processor in enumerate(processors, start=1):
        for kind, options in processor.items():
            options["tag"] = f"{kind}_{number}"
    return {
        "processors": processors,
        "on_failure": [_set("event.kind", "pipeline_error"), {"append": {"field": "error.message", "value": FAILED}}],
    }


def fields(processors: list[Body]) -> set[str]:
    """The fields of the document that these processors write, as the mappings name them."""
    found = set()
    for processor in processors:
        for kind, options in processor.items():
            if kind == "foreach":
                found |= fields([options["processor"]])
            elif kind != "remove":
                found.add(options.get("target_field", options["field"]))
    parts = {"lat", "lon"}
    whole = {name.rpartition(".")[0] if name.rpartition(".")[2] in parts else name for name in found}
    return whole - {"json", "_id", "event.ingested"}


def _processors(tuned: bool) -> Iterator[Body]:
    yield {"rename": {"field": "message", "target_field": "event.original", "if": "ctx.event?.original == null"}}
    yield {"remove": {"field": "message", "ignore_missing": True}}
    yield {"json": {"field": "event.original", "target_field": "json"}}
    yield _set("_id", "{{{json.uuid}}}")
    yield {"date": {"field": "json.published", "target_field": "@timestamp", "formats": ["ISO8601"]}}
    for field, value in CONSTANTS.items():
        yield _set(field, value)
    yield from _by_event_type()
    yield from _by_outcome_and_severity()
    for path, name, when in _with_conditions():
        yield _copy(path, name, tuned, when)
    yield from _locations()
    yield from _related_ip()
    for path, (kind, names) in OTHERS.items():
        yield from (_convert(path, name, kind) for name in names.split())
    yield {
        "json": {
            "field": "json.device.device_integrator",
            "target_field": "okta.device.device_integrator",
            "if": "ctx.json.device?.device_integrator != null",
        }
    }
    for path, names in TEXTS.items():
        *first, last = names.split()
        yield from (_copy(path, name, tuned) for name in first)
        # What lies in debugData stays there as well.
        yield _copy(path, last, tuned) if tuned or path.startswith("debugContext.") else _move(path, last)
    yield _move("securityContext.userBehaviors", "okta.security_context.user_behaviors")
    yield _move("debugContext.debugData", "okta.debug_context.debug_data.flattened")
    yield {"remove": {"field": "json"}}
    yield _set("event.ingested", "{{{_ingest.timestamp}}}")


def _set(field: str, value: Any, when: str = "") -> Body:
    return {"set": {"field": field, "value": value} | ({"if": when} if when else {})}


def _copy(path: str, name: str, tuned: bool, when: str = "") -> Body:
    """A text under another name, where it is there and a condition holds."""
    if tuned:
        return _convert(path, name, "string", when)
    copy = _set(name, f"{{{{{{json.{path}}}}}}}", f"{_value(path)} != null && {when}" if when else "")
    copy["set"]["ignore_empty_value"] = True
    return copy


def _convert(path: str, name: str, kind: str, when: str = "") -> Body:
    """A copy of another type. With `ignore_missing` OpenSearch takes several times as long for what is missing."""
    when = f"{_value(path)} != null{f' && {when}' if when else ''}"
    return {"convert": {"field": f"json.{path}", "target_field": name, "type": kind, "if": when}}


def _move(path: str, name: str) -> Body:
    return {"rename": {"field": f"json.{path}", "target_field": name, "if": f"{_value(path)} != null"}}


def _value(path: str) -> str:
    """How conditions call a value of the event that may not be there."""
    return f"ctx.json.{path.replace('.', '?.')}"


def _by_event_type() -> Iterator[Body]:
    event_type = "ctx.json.eventType"
    enrolled, exported = "startsWith('mim.createEnrollment.')", "endsWith('.streamDevicesCSVDownload')"
    failed = "ctx.json.eventType.endsWith('error')"
    yield _set("event.type", ["creation"], f"{event_type}.{enrolled}")
    yield _set("event.type", ["change"], f"{event_type}.endsWith('.acknowledged') || {failed}")
    yield _set("event.type", ["access"], f"{event_type}.{exported}")
    yield _set("event.category", ["configuration"], f"{event_type}.{exported}")
    yield _set("okta.mim.operation", "enrollment", f"{event_type}.{enrolled}")
    yield _set("okta.mim.operation", "export", f"{event_type}.{exported}")
    yield _set("okta.mim.export.kind", "devices", f"{event_type}.{exported}")
    for channel in ("generic", "ios"):
        yield _set("okta.mim.command.channel", channel, f"{event_type}.startsWith('mim.command.{channel}.')")
    for word, status in STATUS.items():
        yield _set("okta.mim.command.status", status, f"{event_type}.endsWith('.{word}')")
    for word, platform in PLATFORMS.items():
        yield _set("okta.mim.enrollment.platform", platform, f"{event_type}.endsWith('.{word}')")


def _by_outcome_and_severity() -> Iterator[Body]:
    result = "ctx.json.outcome?.result"
    yield _set("event.outcome", "success", f"{result} == 'SUCCESS' || {result} == 'ALLOW'")
    failure = f"{result} == 'FAILURE' || {result} == 'DENY' || ctx.json.eventType.endsWith('error')"
    yield _set("event.outcome", "failure", failure)
    yield {"lowercase": {"field": "json.severity", "target_field": "log.level", "if": "ctx.json.severity != null"}}
    for word, number in SEVERITIES.items():
        yield _set("event.severity", number, f"ctx.json.severity == '{word}'")


def _with_conditions() -> Iterator[tuple[str, str, str]]:
    """Texts that are copied only where a condition holds: path, field and condition."""
    paths = {"id": "actor.id", "name": "actor.alternateId", "full_name": "actor.displayName"}
    person = "ctx.json.actor.type != 'SystemPrincipal'"
    for user, when in (("client.user", ""), ("source.user", ""), ("user", f" && {person}")):
        for name, path in paths.items():
            yield path, f"{user}.{name}", f"ctx.json.{path} != 'unknown'{when}"
        yield "actor.alternateId", f"{user}.email", f"ctx.json.actor.alternateId.contains('@'){when}"
    yield "client.userAgent.os", "user_agent.os.full", "ctx.json.client.userAgent.os != 'Unknown'"
    for side in ("client", "source"):
        yield "securityContext.domain", f"{side}.domain", "ctx.json.securityContext.domain != '.'"


def _locations() -> Iterator[Body]:
    path = "client.geographicalContext.geolocation"
    for side in ("client", "source"):
        for name in ("lat", "lon"):
            yield _convert(f"{path}.{name}", f"{side}.geo.location.{name}", "double")
    yield _move(path, "okta.client.geographical_context.geolocation")


def _related_ip() -> Iterator[Body]:
    def append(value: str) -> Body:
        return {"append": {"field": "related.ip", "value": f"{{{{{{{value}}}}}}}", "allow_duplicates": False}}

    first = append("json.client.ipAddress")
    first["append"]["if"] = "ctx.json.client?.ipAddress != null"
    yield first
    yield {
        "foreach": {
            "field": "json.request.ipChain",
            "if": "ctx.json.request?.ipChain != null",
            "processor": append("_ingest._value.ip"),
        }
    }
