"""Golden cases: events, and the documents that they must become.

A case is `<mapping>/<case>.event.json` and `<case>.document.json` beside it; the folder bears the name of the mapping
file (`mim.any` for `mim.*`, `any` for `"*"`). `<case>.options.json` holds options of the run time, where a case needs
any. The event's text is the compact JSON of what its file holds, however it is indented, and so is `event.original`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from normalizer.authoring.explain.leaves import cut, written
from normalizer.errors import EventError, Finding, OutputError, Place, SettingsError
from normalizer.language import Mappings, Plan
from normalizer.outputs.files import replace_file, why
from normalizer.runtime.normalizer import Normalizer, Options

EVENT, DOCUMENT, OPTIONS = ".event.json", ".document.json", ".options.json"
RENEW = "mim-ecs check --renew"
_SHOWN = 60
_ABSENT = object()
_MARKS = ("error.message", "event.kind", "tags")
"""What a document says of values that were left out: where those differ too, they are what is to be mended."""


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

    def options(self) -> Options:
        """The options of the run time; the usual ones where the case has no file of its own."""
        path = self.path(OPTIONS)
        given = json.loads(path.read_bytes()) if path.exists() else {}
        kinds = {each.name: type(each.default) for each in fields(Options)} | {"org": str}
        if not isinstance(given, dict):
            raise TypeError("they are no object")
        for name, value in given.items():
            if name not in kinds:
                raise TypeError(f"{name} is none")
            if type(value) is not kinds[name] and not (name == "org" and value is None):
                raise TypeError(f"{name} takes {'true or false' if kinds[name] is bool else 'a text'}")
        return Options(**given)

    def expected(self) -> Any:
        """The document that is expected; None where there is none yet."""
        path = self.path(DOCUMENT)
        return json.loads(path.read_bytes()) if path.exists() else None

    def renew(self, document: Mapping[str, Any]) -> bool:
        """Write the document that the event becomes; whether the file has changed. Raises OutputError."""
        path, text = self.path(DOCUMENT), pretty(document)
        try:
            if path.exists() and path.read_bytes() == text.encode():
                return False
            replace_file(path, text.encode())
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {why(error)}") from None
        return True


def cases(folder: Path) -> Iterator[Case]:
    """All cases, sorted by mapping and name."""
    for path in sorted(folder.glob(f"*/*{EVENT}")):
        yield Case(path.parent, path.name.removesuffix(EVENT))


def pretty(document: Any) -> str:
    """A document as its file has it. Equal texts are equal documents, types included: 1, 1.0 and true all differ."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@dataclass(slots=True)
class _Difference:
    """What a field is in some cases, and should be: the first of them is told."""

    case: Case
    expected: Any
    actual: Any
    more: int = 0


@dataclass(slots=True)
class Golden:
    """Holds cases against the mappings. Each field that differs is told once, at the rule that writes it."""

    mappings: Mappings
    folder: Path
    count: int = field(default=0, init=False)
    _findings: list[Finding] = field(default_factory=list, init=False)
    _differences: dict[tuple[Place, str], _Difference] = field(default_factory=dict, init=False)
    _normalizers: dict[Options, Normalizer] = field(default_factory=dict, init=False)

    def findings(self) -> list[Finding]:
        """What is wrong with the cases, and how documents differ from those that are expected."""
        met = set()
        for case in cases(self.folder):
            self.count += 1
            met.add(case.mapping)
            if (document := self._document(case, EVENT, OPTIONS, DOCUMENT)) is not None:
                self._compare(case, document)
        self._orphans()
        for name, place in self.mappings.files.items():
            if name not in met and any(plan.chain[0] == name for plan in self.mappings.plans):
                example = f"{self.folder.as_posix()}/{name}/NAME{EVENT}"
                message = f'"{name}" has no golden case; write an event of it into {example}, then {RENEW}'
                self._findings.append(Finding(place, message, "golden-missing"))
        return [*self._findings, *map(self._told, self._differences.items())]

    def renew(self, mapping: str | None = None) -> Iterator[Case]:
        """Write the documents of all cases, or of one mapping's, and give those that changed. Raises OutputError."""
        for case in cases(self.folder):
            if mapping is not None and case.mapping != mapping:
                continue
            document = self._document(case, EVENT, OPTIONS)
            if document is not None and case.renew(document):
                yield case

    def _note(self, place: Place, message: str, rule: str) -> None:
        self._findings.append(Finding(place, message, rule))

    def _document(self, case: Case, *endings: str) -> Any:
        """What the event becomes; None where one of the case's files is a mistake (noted)."""
        for ending in endings:
            if os.path.lexists(case.path(ending)) and (mistake := _mistake(case.path(ending))) is not None:
                self._findings.append(mistake)
                return None
        place, text = Place(case.path(EVENT).as_posix(), 1, 1), case.text()
        if (why := self._misplaced(case, json.loads(text))) is not None:
            self._note(place, why, "golden-misplaced")
            return None
        try:
            options = case.options()
        except (TypeError, SettingsError) as error:
            known = ", ".join(each.name for each in fields(Options))
            what = f"these are no options of the run time ({error}); there are {known}"
            self._note(Place(case.path(OPTIONS).as_posix(), 1, 1), what, "golden-unreadable")
            return None
        if options not in self._normalizers:
            self._normalizers[options] = Normalizer(self.mappings, options)
        try:
            return json.loads(self._normalizers[options].normalize_text(text).document)
        except EventError as error:
            self._note(place, f"this event gives no document: {error}", "golden-differs")
            return None

    def _misplaced(self, case: Case, event: Any) -> str | None:
        """Why the case stands in a wrong folder."""
        event_type = event.get("eventType") if isinstance(event, dict) else None
        if not isinstance(event_type, str):
            return "this has no eventType"
        plan = self.mappings.plan(event_type)
        if plan is None:
            return f'its eventType "{event_type}" is of no mapping'
        if plan.chain[0] != case.mapping:
            return f'its eventType "{event_type}" is of mapping {plan.chain[0]}; move it into a folder of that name'
        return None

    def _orphans(self) -> None:
        """Files that belong to no event."""
        for ending in (DOCUMENT, OPTIONS):
            for path in sorted(self.folder.glob(f"*/*{ending}")):
                event = path.with_name(path.name.removesuffix(ending) + EVENT)
                if not event.exists():
                    message = f"this belongs to no event; write {event.name} beside it, or delete it"
                    self._note(Place(path.as_posix(), 1, 1), message, "golden-orphan")

    def _compare(self, case: Case, actual: Any) -> None:
        expected = case.expected()
        if expected is None:
            place = Place(case.path(EVENT).as_posix(), 1, 1)
            self._note(place, f"this has no document beside it; {RENEW} writes it", "golden-differs")
            return
        if pretty(expected) == pretty(actual):
            return
        plan = next(each for each in self.mappings.plans if each.chain[0] == case.mapping)
        differing = [*_differing(expected, actual)]
        others = [each for each in differing if each[0] not in _MARKS]
        for name, before, now in others or differing:
            key = (_place(plan, name), name)
            first = self._differences.setdefault(key, _Difference(case, before, now))
            first.more += first.case is not case

    def _told(self, item: tuple[tuple[Place, str], _Difference]) -> Finding:
        (place, name), first = item
        more = f" and {first.more} more cases" if first.more > 1 else " and one more case" if first.more else ""
        expected, now = _shown(first.expected), _shown(first.actual)
        what = f'golden case {first.case}{more}: "{name}" should be {expected}, and is {now}'
        return Finding(place, f"{what}; mend the rule, or accept it with {RENEW}", "golden-differs")


def _mistake(path: Path) -> Finding | None:
    """Why a file holds no JSON."""
    if not path.is_file():
        return Finding(Place(path.as_posix(), 1, 1), "this is no file", "golden-unreadable")
    content = path.read_bytes()
    try:
        json.dumps(json.loads(content.decode()), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        line, column, what = 1, 1, "half of a surrogate pair stands in it"
    except RecursionError:
        line, column, what = 1, 1, "it is nested too deeply"
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        what = "it is not UTF-8"
    except json.JSONDecodeError as error:
        line, column, what = error.lineno, error.colno, error.msg
    except ValueError as error:
        line, column, what = 1, 1, str(error)
    else:
        return None
    return Finding(Place(path.as_posix(), line, column), f"this is not JSON: {what}", "golden-unreadable")


def _differing(expected: Any, actual: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The fields that differ, with both values; a list is one value."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys()):
            inner = f"{name}.{key}" if name else key
            yield from _differing(expected.get(key, _ABSENT), actual.get(key, _ABSENT), inner)
    elif isinstance(expected, dict) and actual is _ABSENT:
        for key in sorted(expected):
            yield from _differing(expected[key], _ABSENT, f"{name}.{key}")
    elif isinstance(actual, dict) and expected is _ABSENT:
        for key in sorted(actual):
            yield from _differing(_ABSENT, actual[key], f"{name}.{key}")
    elif expected is _ABSENT or actual is _ABSENT or pretty(expected) != pretty(actual):
        yield name, expected, actual


def _place(plan: Plan, name: str) -> Place:
    """Where the rule stands that writes a field; the mapping itself where none does."""
    while name:
        if (rule := plan.rule(name)) is not None and rule.origin.chain:
            return rule.origin.place
        name = name.rpartition(".")[0]
    return plan.place


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    return cut(written(value), _SHOWN)
