"""Sentences that help whoever wrote a mistake: the nearest known name, a list of choices."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` for the nearest known name, or nothing where none is near."""
    near = nearest(wrong, known)
    return f'; did you mean "{near}"?' if near else ""


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest to the wrong one, case apart."""
    by_lower = {name.lower(): name for name in known}
    if (same := by_lower.get(wrong.lower())) is not None:
        return same
    found = get_close_matches(wrong.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def nearest_below(parent: str, wrong: str, known: Iterable[str]) -> str | None:
    """The nearest of the names right below a parent, by their last parts: a long prefix makes any two look alike."""
    prefix = f"{parent}." if parent else ""
    last = nearest(wrong.removeprefix(prefix), (name.removeprefix(prefix) for name in known if name.startswith(prefix)))
    return None if last is None else f"{prefix}{last}"


def choices(names: Iterable[str], word: str = "or") -> str:
    """`a, b or c`."""
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last


def a(noun: str) -> str:
    """`a text`, `an object`: a noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
