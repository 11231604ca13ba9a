"""Event paths held against the facts about Okta's LogEvent."""

from __future__ import annotations

from normalizer import okta
from normalizer.language.advice import a, choices, nearest_below
from normalizer.language.model import WrittenPath
from normalizer.language.notes import Notes
from normalizer.language.paths import GIVEN, PathError, parse_path


def known_path(written: WrittenPath, notes: Notes, role: str = "") -> bool:
    """Whether LogEvent has the path, and the keys that its selectors look at (noted where not).

    With the role `at` or `each` it must be no plain value. A path in a scope that is wrong itself is not blamed.
    """
    if written.path.given:
        return True
    if written.scope is not None and not known_path(written.scope, notes, "scope"):
        return False
    names: list[str] = []
    for segment in written.whole.segments:
        names.append(segment.name)
        name = ".".join(names)
        if not _known(name, written, notes):
            return False
        if segment.selector is None:
            continue
        fact = okta.fact(name)
        if fact is not None and fact.type not in ("object", "any"):
            notes.add(
                written.place,
                f'"{name}" is {a(fact.type)} in LogEvent, so nothing can be selected in it; remove '
                f'"{segment.selector}"',
            )
            return False
        if not _known(f"{name}.{segment.selector.key}", written, notes):
            return False
    if role and kind(written) == "text":
        if role != "scope":  # told where the scope was written
            what = "`at` names an object" if role == "at" else "`each` a list of objects"
            notes.add(written.place, f'"{written.whole.names}" is a plain value in LogEvent, and {what}; name that')
        return False
    return True


def kind(written: WrittenPath) -> str:
    """What LogEvent has at a path: `text` (any scalar), `object`, or `any` where nobody knows."""
    if written.path.given:
        return "text"
    fact = okta.fact(written.whole.names)
    if fact is None or fact.type == "any":
        return "any"
    return "object" if fact.type == "object" else "text"


def is_event_path(text: str) -> bool:
    """Whether a literal looks like a forgotten path: a path of LogEvent with a dot, or a value at its root."""
    if text in GIVEN:
        return True
    try:
        names = parse_path(text).names
    except PathError:
        return False
    fact = okta.fact(names)
    return fact is not None and ("." in names or fact.type != "object")


def _known(name: str, written: WrittenPath, notes: Notes) -> bool:
    """Whether LogEvent has a path."""
    if okta.fact(name) is None:
        notes.add(written.place, f'"{name}" is no event path of Okta\'s LogEvent{_advice(name, written)}')
        return False
    return True


def _advice(name: str, written: WrittenPath) -> str:
    table = okta.log_event()
    parent, _, last = name.rpartition(".")
    if parent in table and table[parent].type != "object":
        return f'; "{parent}" is {a(table[parent].type)} there'
    if last.isdigit():
        return "; elements have no number here, select them by a key, like target(type=User).id"
    if written.scope is not None and okta.fact(parse_path(written.text).names) is not None:
        start = written.scope.whole.names
        if written.text.startswith(f"{start}."):
            return f'; the scope begins at "{start}" already, so write "{written.text.removeprefix(f"{start}.")}"'
        return f'; paths here begin at "{start}", so write "$.{written.text}" to begin at the event'
    siblings = [*(each for each in table if each.rpartition(".")[0] == parent), *(() if parent else GIVEN)]
    elsewhere = [each for each in table if each.rpartition(".")[2].lower() == last.lower()]
    longer = [each for each in siblings if each.rpartition(".")[2].lower().startswith(last.lower())]
    if near := nearest_below(parent, name, siblings) or next(iter([*longer, *elsewhere]), None):
        return f'; did you mean "{near}"?'
    names = choices(each.rpartition(".")[2] for each in siblings)
    return f'; "{parent}" has {names}' if parent else f"; a path begins with {names}, and a constant goes into `set`"
