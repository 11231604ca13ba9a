"""The functions in `library.painless`: a script takes along those that it calls, and those that these call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

_CALL = re.compile(r"(?<![.\w])([A-Za-z][A-Za-z0-9_]*)\(")


@cache
def functions() -> dict[str, str]:
    """Every function of the library by its name, in the library's order."""
    found: dict[str, str] = {}
    name = ""
    for line in (files(__package__) / "library.painless").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("//"):
            continue
        if not line.startswith((" ", "}")):
            name = line.split("(")[0].split()[-1]
            found[name] = line
        else:
            found[name] += f"\n{line}"
    return found


def called(source: str) -> set[str]:
    """The names of the library's functions that a source calls itself."""
    return set(_CALL.findall(source)) & functions().keys()


def needed(sources: Iterable[str]) -> str:
    """The functions that these sources call, directly or not, in the library's order."""
    wanted: set[str] = set()
    pending = set().union(*map(called, sources))
    while pending:
        name = pending.pop()
        wanted.add(name)
        pending |= called(functions()[name]) - wanted
    return "\n".join(source for name, source in functions().items() if name in wanted)
