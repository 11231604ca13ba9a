"""Comments that silence a rule of the linter at one line, each with its reason.

    also: [host.target]      # mim-ecs: allow beta-field: we follow ECS closely

Such a comment stands at the end of the finding's line, or alone on the line above.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from normalizer.authoring.lint import LINTS
from normalizer.errors import LOAD_ERROR, Finding, Place
from normalizer.language.advice import choices, did_you_mean

if TYPE_CHECKING:
    _Scanner = yaml.SafeLoader
else:
    _Scanner = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

WITHOUT_REASON, UNKNOWN, UNUSED = "allow-without-reason", "allow-unknown", "allow-unused"
ABOUT = {
    UNKNOWN: "A comment that allows what no rule of the linter finds.",
    UNUSED: "A comment that allows what is not there.",
    WITHOUT_REASON: "A comment that allows something and does not say why.",
}
"""The rules about the comments themselves, and what they look for."""

_FORM = "# mim-ecs: allow NAME: reason"
_ALLOW = re.compile(r"#[ \t]*mim-ecs:[ \t]*allow(?![\w-])[ \t]*(?P<names>[^:]*)(?::(?P<reason>.*))?").search
_LINE_END = re.compile(r"\r\n|\r|\n")
_BEFORE_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#")

Spot = tuple[int, int]
"""Line and column, counted from 0."""


@dataclass(slots=True)
class _Allow:
    """One comment. `line` is the one that it is about."""

    place: Place
    line: int
    names: tuple[str, ...]
    reason: str
    used: set[str] = field(default_factory=set)


def allowed(findings: Iterable[Finding], texts: Mapping[str, str], *, whole: bool = True) -> list[Finding]:
    """The findings that no comment allows, and what is wrong with the comments; sorted.

    `texts` are those of the mapping files by the names that findings have for them. `whole`: all rules were asked.
    """
    allows = [each for name, text in texts.items() for each in _allows(text, name)]
    by_line: dict[tuple[str, int], list[_Allow]] = {}
    for allow in allows:
        by_line.setdefault((allow.place.file, allow.line), []).append(allow)
    left = []
    for finding in findings:
        at = by_line.get((finding.place.file, finding.place.line), ())
        here = [allow for allow in at if finding.rule in allow.names and finding.rule in LINTS]
        for allow in here:
            allow.used.add(finding.rule)
        if not here:
            left.append(finding)
    return sorted([*left, *(told for allow in allows for told in _mistakes(allow, whole=whole))])


def _mistakes(allow: _Allow, *, whole: bool) -> Iterator[Finding]:
    """What is wrong with a comment."""
    unknown = [name for name in allow.names if name not in LINTS]
    unused = [name for name in allow.names if name in LINTS and name not in allow.used and whole]
    if not allow.names:
        yield Finding(allow.place, f"this allows nothing, for it names no rule; write {_FORM}", UNKNOWN)
    elif allow.names[0] in LINTS and unknown and not allow.reason:
        form = f"# mim-ecs: allow {allow.names[0]}: reason"
        yield Finding(allow.place, f"a colon stands between the rule's name and the reason; write {form}", UNKNOWN)
    elif unknown:
        yield Finding(allow.place, _unknown(unknown[0]), UNKNOWN)
    elif unused:
        what = f"{choices(unused)} finds nothing in line {allow.line}"
        yield Finding(allow.place, f"{what}, so there is nothing to allow; remove the comment", UNUSED)
    elif not allow.reason:
        form = f"# mim-ecs: allow {', '.join(allow.names)}: reason"
        yield Finding(allow.place, f"this does not say why; write {form}", WITHOUT_REASON)


def _unknown(name: str) -> str:
    if name == LOAD_ERROR:
        return "a mistake that keeps a mapping from being read cannot be allowed; mend it, and remove the comment"
    if name == "stale" or name.startswith(("golden-", "allow-")):
        return f'"{name}" cannot be allowed, only what the linter finds in mappings; mend it, and remove the comment'
    advice = did_you_mean(name, LINTS) or f"; it has {choices(LINTS, 'and')}"
    return f'the linter has no rule "{name}"{advice}'


# ---- finding the comments


def _allows(text: str, name: str) -> list[_Allow]:
    """The comments of a file that allow something; none where it is no YAML."""
    if "mim-ecs:" not in text:
        return []
    lines = _LINE_END.split(text)
    try:
        scalars = _scalars(text)
    except yaml.YAMLError:
        return []  # what cannot be read has mistakes that nobody may allow
    found = []
    for number, line in enumerate(lines):
        column = _comment(line, number, scalars)
        if column is None or (match := _ALLOW(line, column)) is None:
            continue
        about = number if line[:column].strip() else _below(number, lines)
        names = tuple(each for each in re.split(r"[,\s]+", match["names"]) if each)
        place = Place(name, number + 1, match.start() + 1)
        found.append(_Allow(place, about + 1, names, (match["reason"] or "").strip(" \t:")))
    return found


def _below(number: int, lines: list[str]) -> int:
    """The line that a comment alone on its line is about: the next one that is no comment."""
    number += 1
    while number < len(lines) and lines[number].lstrip().startswith("#"):
        number += 1
    return number


def _scalars(text: str) -> list[tuple[Spot, Spot]]:
    """Where the file's scalars begin and end: a # in one of them is a character of it."""
    spans = []
    for token in yaml.scan(text, Loader=_Scanner):
        if isinstance(token, yaml.ScalarToken):
            start, end = token.start_mark, token.end_mark
            begins = (start.line + 1, 0) if token.style in ("|", ">") else (start.line, start.column)
            spans.append((begins, (end.line, end.column)))
    return spans


def _comment(line: str, number: int, scalars: list[tuple[Spot, Spot]]) -> int | None:
    """The column at which a line's comment begins."""
    for match in _BEFORE_COMMENT.finditer(line):
        spot = (number, match.start())
        before = bisect_right(scalars, spot, key=lambda span: span[0]) - 1
        if before < 0 or scalars[before][1] <= spot:
            return match.start()
    return None
