"""The linter: what the mapping language allows, and nobody should write. It reads Plans, never YAML.

A new rule is a function in one of the modules here, a line in `LINTS`, and a page in docs/lint/ with a bad and a good
example, which are run as tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from normalizer.errors import Finding, Place
from normalizer.language import Mappings

Found = Iterator[tuple[Place, str]]
"""Places, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Lint:
    """A rule: what it looks for, in one sentence. `whole`: it can only be told when every file could be read."""

    about: str
    find: Callable[[Mappings], Found]
    whole: bool = False


LINTS: dict[str, Lint] = {}


def lint(mappings: Mappings, *, whole: bool = True) -> list[Finding]:
    """What all rules find, each once. `whole`: every mapping file could be read."""
    found = {
        Finding(place, message, name)
        for name, each in LINTS.items()
        if whole or not each.whole
        for place, message in each.find(mappings)
    }
    return sorted(found)
