"""Golden cases: events, and the documents that they must become.

A case is `<mapping>/<case>.event.json` and `<case>.document.json` beside it; the folder bears the name of the mapping
file (`mim.any` for `mim.*`, `any` for `"*"`). `<case>.options.json` holds options of the run time, where a case needs
any. The event's text is the compact JSON of what its file holds, however it is indented, and so is `event.original`.

    python -m tests.golden             compares, and shows how documents differ
    python -m tests.golden --renew     writes the documents, and shows the same
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path
from typing import Any

from normalizer import EventError, Mappings, Normalizer, Options

FOLDER = Path(__file__).resolve().parent
EVENT, DOCUMENT, OPTIONS = ".event.json", ".document.json", ".options.json"

SHIPPED = frozenset(
    {
        *(f"mim.command.generic.{end}" for end in ("acknowledged", "cancelled", "delegated", "error", "new", "notnow")),
        *(f"mim.command.ios.{end}" for end in ("acknowledged", "cancelled", "error", "formaterror", "new")),
        *(f"mim.createEnrollment.{platform}" for platform in ("ANDROID", "IOS", "OSX", "UNKNOWN", "WINDOWS")),
        "mim.streamDevicesCSVDownload",
    }
)
"""The event types that have a mapping of their own from the start. More may come, and need one case each."""


@dataclass(frozen=True, slots=True)
class Case:
    """One event with its document: the folder, and the name that the files begin with."""

    folder: Path
    name: str

    @property
    def mapping(self) -> str:
        """The name of the mapping file."""
        return self.folder.name

    def __str__(self) -> str:
        return f"{self.mapping}/{self.name}"

    def path(self, ending: str) -> Path:
        """One of the case's files."""
        return self.folder / f"{self.name}{ending}"

    def text(self) -> bytes:
        """The event's text."""
        event = json.loads(self.path(EVENT).read_bytes())
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()

    def misfit(self, mappings: Mappings) -> str:
        """Why the case stands in a wrong folder, as a sentence; empty where it does not."""
        file = self.path(EVENT)
        if all(plan.chain[0] != self.mapping for plan in mappings.plans):
            return f"{file}: there is no mapping {self.mapping}"
        event = json.loads(self.text())
        event_type = event.get("eventType") if isinstance(event, dict) else None
        if not isinstance(event_type, str):
            return f"{file}: it has no eventType"
        plan = mappings.plan(event_type)
        if plan is None:
            return f'{file}: its eventType "{event_type}" is of no mapping'
        if plan.chain[0] != self.mapping:
            return f'{file}: its eventType "{event_type}" is of mapping {plan.chain[0]}, not of {self.mapping}'
        return ""

    def mistake(self) -> str:
        """Why the event's file holds no JSON, with line and column; empty where it does."""
        file, content = self.path(EVENT), self.path(EVENT).read_bytes()
        try:
            json.loads(content.decode())
        except UnicodeDecodeError as error:
            before = content[: error.start].decode()
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            return f"{file}:{line}:{column}: this is not JSON: it is not UTF-8"
        except json.JSONDecodeError as error:
            return f"{file}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}"
        return ""

    def options(self) -> Options:
        """The options of the run time; the usual ones where the case has no file of its own."""
        path = self.path(OPTIONS)
        return Options(**json.loads(path.read_bytes())) if path.exists() else Options()

    def expected(self) -> str:
        """The document that is expected, as `pretty` writes it; empty where there is none yet."""
        path = self.path(DOCUMENT)
        return pretty(json.loads(path.read_bytes())) if path.exists() else ""

    def actual(self, mappings: Mappings, *, plain: bool = False) -> str:
        """The document that the event becomes, as `pretty` writes it; with `plain` never the quick way."""
        options = replace(self.options(), validate=False) if plain else self.options()
        return pretty(json.loads(Normalizer(mappings, options).normalize_text(self.text()).document))

    def difference(self, mappings: Mappings) -> str:
        """How the document differs from the expected one, as a unified diff; empty where it does not.

        An event that gives no document differs in one line that says why.
        """
        try:
            actual = self.actual(mappings)
        except EventError as error:
            actual = f"no document: {error}\n"
        return "".join(
            unified_diff(
                self.expected().splitlines(keepends=True),
                actual.splitlines(keepends=True),
                f"{self} as expected",
                f"{self} as it is now",
            )
        )

    def renew(self, mappings: Mappings) -> None:
        """Write the document that the event becomes. Raises EventError where it becomes none."""
        self.path(DOCUMENT).write_text(self.actual(mappings), encoding="utf-8")


def cases(folder: Path = FOLDER) -> Iterator[Case]:
    """All cases, sorted by mapping and name."""
    for path in sorted(folder.glob(f"*/*{EVENT}")):
        yield Case(path.parent, path.name.removesuffix(EVENT))


def pretty(document: Any) -> str:
    """A document as its file has it. Equal texts are equal documents, types included: 1, 1.0 and true all differ."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
