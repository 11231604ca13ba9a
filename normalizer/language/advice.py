"""Sentences that help whoever wrote a mistake: the nearest known name, a list of choices."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` for the nearest known name, or nothing where none is near."""
    near = nearest(wrong, known)
    return f'; did you mean "{near}"?' if near else ""


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest to the wrong one, case apart.

    Of names with dots, those right below the same parent are compared by their last parts: a long prefix makes any two
    look alike. Then those are looked at that share the first part or the last one.
    """
    by_lower = {name.lower(): name for name in known}
    lower = wrong.lower()
    if lower in by_lower:
        return by_lower[lower]
    parent, _, last = lower.rpartition(".")
    if (sibling := _sibling(parent, last, by_lower)) is not None:
        return by_lower[sibling]
    first = lower.partition(".")[0]
    others = [name for name in by_lower if name.startswith(f"{first}.") or name.endswith(f".{last}")]
    found = get_close_matches(lower, [name for name in others if name.rpartition(".")[0] != parent], n=1, cutoff=0.75)
    return by_lower[found[0]] if found else None


def nearest_below(parent: str, wrong: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest to the wrong one, of those right below a parent alone."""
    by_lower = {name.lower(): name for name in known}
    last = wrong[len(parent) + 1 :] if parent else wrong
    sibling = _sibling(parent.lower(), last.lower(), by_lower)
    return None if sibling is None else by_lower[sibling]


def _sibling(parent: str, last: str, known: Iterable[str]) -> str | None:
    """Of the names right below a parent, the one whose last part is nearest."""
    siblings = [name.rpartition(".")[2] for name in known if name.rpartition(".")[0] == parent]
    found = get_close_matches(last, siblings, n=1)
    return (f"{parent}.{found[0]}" if parent else found[0]) if found else None


def choices(names: Iterable[str], word: str = "or") -> str:
    """`a, b or c`."""
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last


def a(noun: str) -> str:
    """`a text`, `an object`: a noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
