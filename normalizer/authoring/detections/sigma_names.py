"""The names of Okta's fields in Sigma rules, and where our documents hold their values.

Sigma's rules for Okta name fields as Okta's LogEvent does, mostly in small letters; capitals do not count.
"""

from __future__ import annotations

from collections.abc import Mapping

_OKTA: Mapping[str, str] = {
    "uuid": "event.id",
    "eventType": "event.action",
    "published": "@timestamp",
    "displayMessage": "message",
    "severity": "okta.severity",
    "version": "okta.version",
    "legacyEventType": "okta.legacy_event_type",
    "actor.id": "okta.actor.id",
    "actor.type": "okta.actor.type",
    "actor.alternateId": "okta.actor.alternate_id",
    "actor.displayName": "okta.actor.display_name",
    "client.id": "okta.client.id",
    "client.ipAddress": "okta.client.ip",
    "client.zone": "okta.client.zone",
    "client.device": "okta.client.device",
    "client.userAgent.rawUserAgent": "okta.client.user_agent.raw_user_agent",
    "client.userAgent.os": "okta.client.user_agent.os",
    "client.userAgent.browser": "okta.client.user_agent.browser",
    "client.geographicalContext.city": "okta.client.geographical_context.city",
    "client.geographicalContext.state": "okta.client.geographical_context.state",
    "client.geographicalContext.country": "okta.client.geographical_context.country",
    "client.geographicalContext.postalCode": "okta.client.geographical_context.postal_code",
    "client.geographicalContext.geolocation": "okta.client.geographical_context.geolocation",
    "device.id": "okta.device.id",
    "device.name": "okta.device.name",
    "outcome.result": "okta.outcome.result",
    "outcome.reason": "okta.outcome.reason",
    "target.id": "okta.target.id",
    "target.type": "okta.target.type",
    "target.alternateId": "okta.target.alternate_id",
    "target.displayName": "okta.target.display_name",
    "target.detailEntry": "okta.target.detailEntry",
    "transaction.id": "okta.transaction.id",
    "transaction.type": "okta.transaction.type",
    "securityContext.asNumber": "okta.security_context.as.number",
    "securityContext.asOrg": "okta.security_context.as.organization.name",
    "securityContext.isp": "okta.security_context.isp",
    "securityContext.domain": "okta.security_context.domain",
    "securityContext.isProxy": "okta.security_context.is_proxy",
    "authenticationContext.authenticationProvider": "okta.authentication_context.authentication_provider",
    "authenticationContext.authenticationStep": "okta.authentication_context.authentication_step",
    "authenticationContext.credentialProvider": "okta.authentication_context.credential_provider",
    "authenticationContext.credentialType": "okta.authentication_context.credential_type",
    "authenticationContext.externalSessionId": "okta.authentication_context.external_session_id",
    "authenticationContext.interface": "okta.authentication_context.interface",
    "request.ipChain": "okta.request.ip_chain",
    "debugContext.debugData": "okta.debug_context.debug_data.flattened",
}
"""Paths of the LogEvent, and the field that holds what Okta sent there. Below the last of a row all keys are kept."""

FIELDS: Mapping[str, str] = {path.lower(): field for path, field in _OKTA.items()}


def ours(name: str) -> str:
    """The field of our documents that a name in a Sigma rule means; a name that is none of Okta's stays as it is."""
    whole = FIELDS.get(name.lower())
    if whole is not None:
        return whole
    for position in (at for at in range(len(name) - 1, 0, -1) if name[at] == "."):
        above = FIELDS.get(name[:position].lower())
        if above is not None:
            return above + name[position:]
    return name
