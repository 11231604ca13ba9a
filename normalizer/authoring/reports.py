"""What `mim-ecs check` has found, for people and for the machines that show it to them.

A format is a function that gives the lines of the report, and a line in `FORMATS`.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from normalizer.authoring.annotations import annotation, in_repository
from normalizer.authoring.checking import Report
from normalizer.authoring.lint import LINTS
from normalizer.authoring.lint.allow import ABOUT
from normalizer.errors import Finding

_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|(?:[^\s,:{}\[\]#]|:(?!\s|$))+|\S")
"""What a caret stands under: a quoted text, a word (colons in it too), else one character."""
_ABOUT_OTHERS = {
    "load-error": "The mapping language does not allow this.",
    "stale": "Generated files are what the mappings give.",
}


def text(report: Report) -> Iterator[str]:
    """For people: each finding with its line and a caret under the mistake, then a summary."""
    for finding in report.findings:
        yield f"{finding} [{finding.rule}]"
        if (line := report.line(finding)) is not None:
            number, column = str(finding.place.line), finding.place.column
            before = "".join(char if char == "\t" else " " for char in line[: column - 1])
            yield f"  {number} | {line}"
            yield f"  {' ' * len(number)} | {before}{'^' * _width(line, column)}"
        yield ""
    done = _and(f"{count} {name if count != 1 else name.removesuffix('s')}" for name, count in report.counts.items())
    if report.findings:
        rules = ", ".join(f"{count} {name}" for name, count in report.rules.items())
        count = len(report.findings)
        yield f"{count} finding{'s' if count > 1 else ''} ({rules}) in {done}."
    else:
        yield f"Nothing to mend in {done}."
    yield from (f"Not checked: {each}." for each in report.not_checked)


def as_json(report: Report) -> Iterator[str]:
    """One object: `findings`, `checked` (how many of what) and `not_checked` (sentences)."""
    found = [
        {
            "file": each.place.file,
            "line": each.place.line,
            "column": each.place.column,
            "end_column": _end(report, each),
            "rule": each.rule,
            "level": level(each.rule),
            "message": each.message,
        }
        for each in report.findings
    ]
    whole = {"findings": found, "checked": report.counts, "not_checked": report.not_checked}
    yield json.dumps(whole, indent=2, ensure_ascii=False)


def github(report: Report) -> Iterator[str]:
    """Workflow commands of GitHub Actions, which become annotations of a pull request."""
    for each in report.findings:
        place, end = in_repository(each.place), _end(report, each)
        yield annotation(level(each.rule), f"mim-ecs: {each.rule}", each.message, place, end)
    for left in report.not_checked:
        yield annotation("notice", "mim-ecs", f"Not checked: {left}")


def sarif(report: Report) -> Iterator[str]:
    """SARIF 2.1.0 (OASIS), which code scanning of GitHub and others read."""
    about = {name: each.about for name, each in LINTS.items()} | ABOUT | _ABOUT_OTHERS
    rules = sorted({each.rule for each in report.findings})
    driver = {
        "name": "mim-ecs",
        "rules": [{"id": name, "shortDescription": {"text": about.get(name, name)}} for name in rules],
    }
    results = [
        {
            "ruleId": each.rule,
            "ruleIndex": rules.index(each.rule),
            "level": level(each.rule),
            "message": {"text": each.message},
            "locations": [{"physicalLocation": _location(report, each)}],
        }
        for each in report.findings
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    yield json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def junit(report: Report) -> Iterator[str]:
    """JUnit's XML, which GitLab, Jenkins and others read: a test case for each file, failed where one has findings."""
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for each in report.findings:
        by_file[each.place.file].append(each)
    files = sorted({*report.texts, *by_file})
    counts = {"name": "mim-ecs check", "tests": str(len(files)), "failures": str(len(by_file)), "errors": "0"}
    suites = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(suites, "testsuite", counts | {"skipped": "0"})
    for file in files:
        case = ElementTree.SubElement(suite, "testcase", classname="mim-ecs", name=file, file=file)
        if found := by_file.get(file):
            rules = ", ".join(dict.fromkeys(each.rule for each in found))
            failure = ElementTree.SubElement(case, "failure", type=rules, message=_xml(found[0].message))
            failure.text = "\n".join(_xml(f"{each} [{each.rule}]") for each in found)
    ElementTree.indent(suites)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield ElementTree.tostring(suites, encoding="unicode")


FORMATS: dict[str, Callable[[Report], Iterator[str]]] = {
    "text": text,
    "json": as_json,
    "github": github,
    "sarif": sarif,
    "junit": junit,
}


def level(rule: str) -> str:
    """`warning` for what a comment can silence, `error` for all else."""
    return "warning" if rule in LINTS or rule in ABOUT else "error"


def _width(line: str, column: int) -> int:
    found = _TOKEN.match(line, column - 1)
    return max(1, len(found[0])) if found else 1


def _end(report: Report, finding: Finding) -> int:
    """The column behind the mistake."""
    line = report.line(finding)
    return finding.place.column + (1 if line is None else _width(line, finding.place.column))


def _location(report: Report, finding: Finding) -> dict[str, Any]:
    place = finding.place
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": _end(report, finding)}
    return {"artifactLocation": {"uri": quote(os.fsencode(in_repository(place).file))}, "region": region}


def _and(parts: Iterator[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def _xml(message: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", message)
