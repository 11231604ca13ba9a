"""Hundreds of harmless edits of the shipped mappings: nothing is found, and most leave every rule as it was."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from normalizer.language import Rule, load
from tests.authoring.lint.folders import SHIPPED, checked

Edit = Callable[[Path], int]
"""Changes a copy of the shipped mappings; gives how many edits that were."""


def rewrite(path: Path, text: str) -> int:
    """Write a file anew; whether that has changed it."""
    changed = path.read_text(encoding="utf-8") != text
    path.write_text(text, encoding="utf-8")
    return changed


def everywhere(mappings: Path, change: Callable[[str], str], pattern: str = "*.yml") -> int:
    return sum(rewrite(path, change(path.read_text(encoding="utf-8"))) for path in sorted(mappings.rglob(pattern)))


def mapping_files(mappings: Path) -> list[Path]:
    return sorted(path for path in mappings.glob("*.yml") if path.name != "_custom_fields.yml")


def event_types(mappings: Path) -> list[Path]:
    return [path for path in mapping_files(mappings) if not path.name.startswith("_")]


def replaced(mappings: Path, pattern: str, new: str) -> int:
    """Replace in all files; the number of replacements."""
    count = 0
    for path in sorted(mappings.rglob("*.yml")):
        text, times = re.subn(pattern, new, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        path.write_text(text, encoding="utf-8")
        count += times
    return count


# ---- edits that leave every rule as it was


def comments(mappings: Path) -> int:
    return everywhere(mappings, lambda text: f"# A comment.\n\n{text}\n# mim-ecs is a program.\n\n")


def comments_in_lines(mappings: Path) -> int:
    return replaced(mappings, r"^(extends: .*|  event\..*[^{,])$", r"\1   # because")


def other_line_ends(mappings: Path) -> int:
    for path in (paths := sorted(mappings.rglob("*.yml"))):
        path.write_bytes(b"\xef\xbb\xbf---\r\n" + path.read_bytes().replace(b"\n", b"\r\n"))
    return len(paths)


def constants_in_another_order(mappings: Path) -> int:
    def turned(match: re.Match[str]) -> str:
        return "set:\n" + "".join(reversed(match[1].splitlines(keepends=True)))

    return everywhere(mappings, lambda text: re.sub(r"^set:\n((?:  .*\n)+)", turned, text, flags=re.MULTILINE))


def keys_in_another_order(mappings: Path) -> int:
    def turned(text: str) -> str:
        head, *parts = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)
        return head + "".join(reversed(parts))

    return sum(rewrite(path, turned(path.read_text(encoding="utf-8"))) for path in mapping_files(mappings))


def declarations_in_another_order(mappings: Path) -> int:
    path = mappings / "_custom_fields.yml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return rewrite(path, "".join(sorted(lines, reverse=True))) and len(lines)


def tables_in_another_order(mappings: Path) -> int:
    def turned(text: str) -> str:
        return "".join(sorted(text.splitlines(keepends=True), reverse=True))

    return everywhere(mappings, turned, "tables/*.yml")


def quotes(mappings: Path) -> int:
    return replaced(mappings, r"^(  okta\.[\w.]+|summary|extends|  event\.outcome): ([\w .]+)$", r"\1: '\2'")


def lists_in_lines(mappings: Path) -> int:
    return replaced(mappings, r"^  (event\.type|event\.category): \[(\w+)\]$", r"  \1:\n    - \2")


def paths_as_rules(mappings: Path) -> int:
    return replaced(
        mappings, r"^  ([a-z][\w.]+): (uuid|eventType|displayMessage|outcome\.reason)$", r"  \1: {from: [\2]}"
    )


def aliases_written_out(mappings: Path) -> int:
    return replaced(mappings, r"\*nothing\b", '["null", unknown, UNKNOWN, Unknown]')


def parents_renamed(mappings: Path) -> int:
    names = ("_command", "_enrollment", "_mim", "_log_event")
    for name in names:
        (mappings / f"{name}.yml").rename(mappings / f"{name}_of_okta.yml")
        assert replaced(mappings, rf"^extends: {name}$", f"extends: {name}_of_okta")
    return len(names)


def rules_moved_to_children(mappings: Path) -> int:
    count = 0
    for parent, value in (("_command", "command"), ("_enrollment", "enrollment")):
        line = f"  okta.mim.operation: {value}\n"
        path = mappings / f"{parent}.yml"
        rewrite(path, path.read_text(encoding="utf-8").replace(line, ""))
        for child in event_types(mappings):
            text = child.read_text(encoding="utf-8")
            if f"extends: {parent}\n" in text:
                count += rewrite(child, text.replace("set:\n", f"set:\n{line}"))
    return count


def rules_moved_to_a_new_parent(mappings: Path) -> int:
    lines = "  event.type: [change]\n  event.outcome: failure\n"
    parent = f"extends: _command\nsummary: A command that failed.\nset:\n{lines}"
    (mappings / "_failed_command.yml").write_text(parent, encoding="utf-8")
    count = 0
    for path in event_types(mappings):
        text = path.read_text(encoding="utf-8")
        if lines in text:
            count += rewrite(path, text.replace(lines, "").replace("extends: _command", "extends: _failed_command"))
    return count


def rules_moved_up(mappings: Path) -> int:
    """Then the mapping of everything has it too."""
    path = mappings / "_log_event.yml"
    rewrite(path, path.read_text(encoding="utf-8").replace("set:\n", "set:\n  tags: [mim]\n", 1))
    path = mappings / "_mim.yml"
    return rewrite(path, path.read_text(encoding="utf-8").replace("  tags: [mim]\n", ""))


def tables_written_out(mappings: Path) -> int:
    names = ("outcome", "severity", "os_type")
    for name in names:
        table = mappings / "tables" / f"{name}.yml"
        entries = re.findall(r"^([^#\n].*)$", table.read_text(encoding="utf-8"), re.MULTILINE)
        assert replaced(mappings, rf"map: {name}\b", f"map: {{{', '.join(entries)}}}")
        table.unlink()
    return len(names)


def summaries_reworded(mappings: Path) -> int:
    return replaced(mappings, r"^summary: (\w+) ", r"summary: This tells, \1 ")


SAME: list[Edit] = [
    comments,
    comments_in_lines,
    other_line_ends,
    constants_in_another_order,
    keys_in_another_order,
    declarations_in_another_order,
    tables_in_another_order,
    quotes,
    lists_in_lines,
    paths_as_rules,
    aliases_written_out,
    parents_renamed,
    rules_moved_to_children,
    rules_moved_to_a_new_parent,
    tables_written_out,
    summaries_reworded,
]

# ---- edits that add something or change what events become


def rules_added(mappings: Path) -> int:
    rules = (
        "event.reason: {from: [outcome.reason, debugContext.debugData.reason]}",
        "host.name: target(type=Device).displayName",
        "event.code: {from: [legacyEventType, eventType]}",
        "event.url: debugContext.debugData.url",
        "related.ip: {collect: [client.ipAddress, request.ipChain.ip, debugContext.debugData.ip], ignore: [unknown]}",
        "event.severity: {from: severity, as: lower, map: {info: '2', warn: '3', error: '4'}, default: 1}",
    )
    paths = event_types(mappings)
    for number, path in enumerate(paths):
        with path.open("a", encoding="utf-8") as file:
            file.write(f"fields:\n  {rules[number % len(rules)]}\n")
    return len(paths)


def rules_removed(mappings: Path) -> int:
    names = ("client.domain", "source.geo", "user_agent", "okta.debug_context", "cloud", "organization.id")
    paths = event_types(mappings)
    for number, path in enumerate(paths):
        with path.open("a", encoding="utf-8") as file:
            file.write(f"remove: [{names[number % len(names)]}]\n")
    return len(paths)


def constants_changed(mappings: Path) -> int:
    return replaced(mappings, r"^  event\.type: \[change\]$", "  event.type: [change, info]\n  event.provider: mdm")


def selectors_in_another_order(mappings: Path) -> int:
    return replaced(mappings, r"type=Device\|UDDevice\|MobileDevice", "type=MobileDevice|Device|UDDevice")


def table_lines_added(mappings: Path) -> int:
    lines = {
        "browser": "NETSCAPE: Netscape",
        "country": "Ruritania: ZZ",
        "os_name": "Symbian: Symbian OS",
        "os_type": "FreeBSD: unix",
        "outcome": "SKIPPED: unknown",
    }
    for name, line in lines.items():
        with (mappings / "tables" / f"{name}.yml").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    return len(lines)


def event_types_added(mappings: Path) -> int:
    names = [
        f"mim.command.{family}.{word}" for family in ("windows", "mac") for word in ("new", "error", "done", "late")
    ]
    for name in names:
        head = f"event_type: {name}\nextends: _command\nsummary: The command {name} came.\n"
        lines = "set:\n  event.type: [change]\n  okta.mim.command.channel: generic\n"
        (mappings / f"{name}.yml").write_text(head + lines, encoding="utf-8")
    (mappings / "mim.lock.yml").write_text(
        "event_type: mim.lock\nextends: _mim\nsummary: Locked!\nset:\n  event.type: [change]\n", encoding="utf-8"
    )
    return len(names) + 1


def fields_added(mappings: Path) -> int:
    types = ("keyword", "long", "boolean", "ip", "date", "flattened", "text", "wildcard")
    with (mappings / "_custom_fields.yml").open("a", encoding="utf-8") as file:
        file.writelines(f"acme.x_{kind}: {{type: {kind}, description: One more.}}\n" for kind in types)
    with (mappings / "_command.yml").open("a", encoding="utf-8") as file:
        file.write("fields:\n")
        file.writelines(f"  acme.x_{kind}: debugContext.debugData.{kind}\n" for kind in types)
    return len(types)


OTHER: list[Edit] = [
    rules_moved_up,
    rules_added,
    rules_removed,
    constants_changed,
    selectors_in_another_order,
    table_lines_added,
    event_types_added,
    fields_added,
]


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, folder / "mappings"))


@pytest.fixture(scope="module")
def shipped() -> dict[str, tuple[Rule, ...]]:
    return {plan.event_type: plan.rules for plan in load(SHIPPED).plans}


@pytest.mark.parametrize("edit", [*SAME, *OTHER], ids=lambda edit: edit.__name__)
def test_nothing_is_found_after_a_harmless_edit(
    edit: Edit, tmp_path: Path, shipped: dict[str, tuple[Rule, ...]]
) -> None:
    mappings = copied(tmp_path)
    assert edit(mappings)
    loaded, findings = checked(mappings)
    assert findings == []
    rules = {plan.event_type: plan.rules for plan in loaded.plans}
    assert (rules == shipped) is (edit in SAME)


def test_there_are_hundreds(tmp_path: Path) -> None:
    assert sum(edit(copied(tmp_path / edit.__name__)) for edit in (*SAME, *OTHER)) > 200
