"""Forty changes of the shipped mappings, as somebody would make them: the verdict of each, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from normalizer.authoring.diff import compare
from normalizer.language import Mappings, load
from tests.authoring.diff.small import Edit, Edits, edited

TOP = Path(__file__).resolve().parents[3]
LEFT_OUT = ("mim.command.generic.", "mim.createEnrollment.")
FILES = {
    path.relative_to(TOP / "mappings").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((TOP / "mappings").rglob("*.yml"))
    if not path.name.startswith(LEFT_OUT)
} | {"tables/country.yml": "Norway: NO\n"}
"""The shipped mappings; what only makes them larger is left out, for they are read for each change."""
LOG, MIM, COMMAND, CUSTOM, OUTCOME = (
    "_log_event.yml",
    "_mim.yml",
    "_command.yml",
    "_custom_fields.yml",
    "tables/outcome.yml",
)
IOS_ERROR, IOS_NEW = "mim.command.ios.error.yml", "mim.command.ios.new.yml"
WIPED = "event_type: mim.command.ios.wiped\nextends: _command\nsummary: A device was wiped.\n"
TARGET = "target(type=Device|UDDevice|MobileDevice)"


@dataclass(frozen=True)
class Seed:
    """An edit, its verdict, and the kinds of changes with the fields (or event types) that they are about."""

    verdict: str
    edits: Edits
    told: frozenset[tuple[str, str]]


def seed(verdict: str, edits: Edits, *told: tuple[str, str]) -> Seed:
    return Seed(verdict, edits, frozenset(told))


def each(kind: str, names: str, *prefixes: str) -> Iterator[tuple[str, str]]:
    return ((kind, f"{prefix}.{name}") for prefix in prefixes for name in names.split())


def log(before: str, after: str) -> dict[str, Edit]:
    return {LOG: (before, after)}


SEEDS = {
    # a field, an event type or a value goes, is renamed, retyped, or changes between one and list
    "an event type goes": seed("major", {IOS_ERROR: None}, ("event-type-removed", "mim.command.ios.error")),
    "the fallback goes": seed("major", {"mim.any.yml": None}, ("event-type-removed", "mim.*")),
    "an event type is renamed": seed(
        "major",
        {
            IOS_NEW: None,
            "mim.command.ios.queued.yml": FILES[IOS_NEW].replace("ios.new", "ios.queued"),
        },
        ("event-type-renamed", "mim.command.ios.new"),
    ),
    "an event type is renamed while its parent changes": seed(
        "major",
        {
            IOS_NEW: None,
            "mim.command.ios.queued.yml": FILES[IOS_NEW].replace("ios.new", "ios.queued"),
            LOG: ("  message: displayMessage\n", ""),
        },
        ("event-type-renamed", "mim.command.ios.new"),
        ("field-removed", "message"),
    ),
    "a field goes": seed("major", log("  organization.id: _org\n", ""), ("field-removed", "organization.id")),
    "a field goes in one event type": seed(
        "major", {IOS_ERROR: FILES[IOS_ERROR] + "remove: [client.domain]\n"}, ("field-removed", "client.domain")
    ),
    "a scope goes": seed(
        "major",
        log("    also: [host.target]\n", ""),
        *each("field-removed", "id name os.type os.name os.platform os.version", "host.target"),
    ),
    "a field is renamed": seed(
        "major", log("  event.reason: outcome", "  error.code: outcome"), ("field-renamed", "event.reason")
    ),
    "a custom field is renamed": seed(
        "major",
        {
            CUSTOM: ("okta.client.zone:", "okta.client.network_zone:"),
            LOG: ("      zone: zone", "      network_zone: zone"),
        },
        ("field-renamed", "okta.client.zone"),
    ),
    "a constant is renamed": seed(
        "major",
        {
            CUSTOM: ("okta.mim.export.kind:", "okta.mim.export.what:"),
            "mim.streamDevicesCSVDownload.yml": ("okta.mim.export.kind", "okta.mim.export.what"),
        },
        ("field-renamed", "okta.mim.export.kind"),
    ),
    "a field within a list of objects is renamed": seed(
        "major",
        {
            CUSTOM: ("okta.target.display_name:", "okta.target.name:"),
            LOG: ("      display_name: displayName\n      detailEntry", "      name: displayName\n      detailEntry"),
        },
        ("field-renamed", "okta.target.display_name"),
    ),
    "a field is retyped": seed(
        "major",
        {CUSTOM: ("okta.actor.id: {type: keyword", "okta.actor.id: {type: wildcard")},
        ("field-retyped", "okta.actor.id"),
    ),
    "a field becomes a list": seed(
        "major",
        {CUSTOM: ("okta.client.zone: {type: keyword", "okta.client.zone: {type: keyword, array: true")},
        ("field-becomes-list", "okta.client.zone"),
    ),
    "a value of event.category goes": seed(
        "major", {MIM: ("[configuration, host]", "[configuration]")}, ("constant-value-removed", "event.category")
    ),
    # a constant, table value, source or conversion changes
    "event.type is another": seed("major", {COMMAND: ("[info]", "[access]")}, ("constant-changed", "event.type")),
    "event.outcome is another": seed(
        "major",
        {IOS_ERROR: ("event.outcome: failure", "event.outcome: unknown")},
        ("constant-changed", "event.outcome"),
    ),
    "event.outcome is left to the event": seed(
        "major", {IOS_ERROR: ("  event.outcome: failure\n", "")}, ("constant-becomes-source", "event.outcome")
    ),
    "event.outcome is no longer left to the event": seed(
        "major", {IOS_NEW: ("set:\n", "set:\n  event.outcome: success\n")}, ("source-becomes-constant", "event.outcome")
    ),
    "a line of a table is another": seed(
        "major", {OUTCOME: ("ALLOW: success", "ALLOW: unknown")}, ("table-line-changed", "event.outcome")
    ),
    "a line of a table goes": seed(
        "major", {OUTCOME: ("DENY: failure\n", "")}, ("table-line-removed", "event.outcome")
    ),
    "a source is another": seed(
        "major", log("  message: displayMessage", "  message: legacyEventType"), ("source-changed", "message")
    ),
    "a path is put first": seed(
        "major",
        log("{from: [detailEntry.osVersion,", "{from: [detailEntry.os, detailEntry.osVersion,"),
        *each("path-inserted", "version", "host.os", "host.target.os"),
    ),
    "a path goes": seed(
        "major",
        log("{from: [detailEntry.serialNumber, detailEntry.serial_number]}", "detailEntry.serialNumber"),
        ("path-removed", "device.serial_number"),
    ),
    "two paths change places": seed(
        "major",
        log(
            "[detailEntry.modelIdentifier, detailEntry.model_identifier]",
            "[detailEntry.model_identifier, detailEntry.modelIdentifier]",
        ),
        ("paths-reordered", "device.model.identifier"),
    ),
    "a condition is another": seed(
        "major",
        log("    at: target(type=UserGroup)", "    at: target(type=UserGroup|Group)"),
        *each("condition-changed", "id name", "user.target.group"),
    ),
    "a value of a list goes": seed(
        "major",
        log("{collect: [client.ipAddress, request.ipChain.ip]", "{collect: [client.ipAddress]"),
        ("collect-path-removed", "related.ip"),
    ),
    "a conversion goes": seed(
        "major", log("{from: severity, as: lower}", "severity"), ("conversion-changed", "log.level")
    ),
    "a text is ignored": seed(
        "major",
        log("ignore: &no_domain [.,", "ignore: &no_domain [localhost, .,"),
        ("ignore-added", "client.domain"),
        ("ignore-added", "source.domain"),
    ),
    "a default is another": seed(
        "major", log("default: unknown", "default: failure"), ("default-changed", "event.outcome")
    ),
    "a default goes": seed(
        "major", log("map: outcome, default: unknown", "map: outcome"), ("default-removed", "event.outcome")
    ),
    # something is added
    "an event type is added": seed(
        "minor", {"mim.command.ios.wiped.yml": WIPED}, ("event-type-added", "mim.command.ios.wiped")
    ),
    "a field is added": seed(
        "minor",
        log("  organization.id: _org", "  organization.id: _org\n  organization.name: _org"),
        ("field-added", "organization.name"),
    ),
    "a list of objects is added": seed(
        "minor",
        {
            CUSTOM: FILES[CUSTOM] + "okta.mim.apps: {type: object, array: true, description: Apps.}\n"
            "okta.mim.apps.name: {type: keyword, description: Name.}\n",
            COMMAND: FILES[COMMAND]
            + "fields:\n  okta.mim.apps: {each: debugContext.debugData.apps, fields: {name: title}}\n",
        },
        ("field-added", "okta.mim.apps"),
        ("field-added", "okta.mim.apps.name"),
    ),
    "a value of event.type is added": seed(
        "minor", {COMMAND: ("[info]", "[info, change]")}, ("constant-value-added", "event.type")
    ),
    "a line of a table is added": seed(
        "minor", {OUTCOME: FILES[OUTCOME] + "CHALLENGE: unknown\n"}, ("table-line-added", "event.outcome")
    ),
    "a further path": seed(
        "minor",
        log(
            "  event.reason: outcome.reason", "  event.reason: {from: [outcome.reason, debugContext.debugData.reason]}"
        ),
        ("path-appended", "event.reason"),
    ),
    "a further path of a list": seed(
        "minor",
        log(f"      - {TARGET}.detailEntry.udid", f"      - {TARGET}.detailEntry.udid\n      - device.id"),
        ("collect-path-added", "related.hosts"),
    ),
    "a default is added": seed(
        "minor", log("map: severity}", "map: severity, default: 1}"), ("default-added", "event.severity")
    ),
    "a text is no longer ignored that the field does not take": seed(
        "major",
        log(
            "is_proxy: {from: isProxy, ignore: *nothing}",
            "is_proxy: {from: isProxy, ignore: [unknown, Unknown, UNKNOWN]}",
        ),
        ("ignore-removed-problem", "okta.security_context.is_proxy"),
    ),
    # no document changes
    "a summary is another": seed(
        "patch", {IOS_NEW: ("was created", "was made")}, ("summary-changed", "mim.command.ios.new")
    ),
    "a parent's summary is another": seed("none", {COMMAND: ("A command to", "An order to")}),
    "a description is another": seed(
        "patch",
        {CUSTOM: ("What was exported.", "What was taken along.")},
        ("description-changed", "okta.mim.export.kind"),
    ),
    "a field allows more values": seed(
        "patch",
        {CUSTOM: ("values: [devices]", "values: [devices, users]")},
        ("allowed-values-changed", "okta.mim.export.kind"),
    ),
    "a field is declared": seed(
        "patch",
        {CUSTOM: FILES[CUSTOM] + "okta.mim.new: {type: ip, description: Later.}\n"},
        ("declaration-added", "okta.mim.new"),
    ),
    # both: the highest counts
    "a field is added, and another goes": seed(
        "major",
        log("  organization.id: _org", "  organization.name: transaction.id"),
        ("field-added", "organization.name"),
        ("field-removed", "organization.id"),
    ),
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as made:
        yield Path(made)


@pytest.fixture(scope="module")
def shipped(folder: Path) -> Mappings:
    return load(edited(folder / "shipped", {}, FILES) / "mappings")


@pytest.mark.parametrize("name", SEEDS)
def test_a_seeded_change(shipped: Mappings, folder: Path, name: str) -> None:
    seeded = SEEDS[name]
    found = compare(shipped, load(edited(folder, seeded.edits, FILES) / "mappings"))
    assert {(change.kind, change.subject) for change in found.changes} == seeded.told
    assert str(found.verdict) == seeded.verdict


def test_there_are_at_least_forty() -> None:
    assert len(SEEDS) >= 40
