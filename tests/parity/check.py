"""The same events through both ways, and how what comes out differs."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from normalizer import EventError, InvalidDocument, Mappings, Normalizer, Options, UnmappedEvent
from normalizer.backends.pipelines import build
from normalizer.backends.python.convert import date
from normalizer.language.conversions import PROBLEM, PROBLEM_KIND
from normalizer.runtime.decode import decode
from tests.parity.compare import MISSING, Difference, differences, read
from tests.parity.simulate import Answer, Body, Dropped, Failed, Made, Server

ENTRY: Final = "logs-okta.mim"
"""The pipeline that events are sent to."""

Simulate = Callable[[Sequence[str]], Iterator[Answer]]
"""What pipelines make of events, given as their texts."""


@dataclass(frozen=True, slots=True)
class Document:
    """Python's document, its _id, and whether a value had to be left out."""

    source: Any
    id: str
    problem: bool


@dataclass(frozen=True, slots=True)
class NoDocument:
    """Python makes no document: the pipeline drops the event, or keeps a document that says why there is none."""

    drops: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """An event whose documents differ."""

    text: str
    differences: tuple[Difference, ...]

    @property
    def cause(self) -> tuple[str, str, str]:
        """What findings of one kind have in common."""
        return self.differences[0].cause


@dataclass(slots=True)
class Both:
    """Both ways for one set of mappings and options; counts what Python made of the events."""

    normalizer: Normalizer
    simulate: Simulate
    counts: Counter[str] = field(default_factory=Counter)

    def findings(self, texts: Sequence[str]) -> list[Finding]:
        """The events that differ, in their order."""
        answers = self.simulate(texts)
        found = []
        for text, answer in zip(texts, answers, strict=True):
            expected = python(self.normalizer, text)
            self.counts[_counted(expected)] += 1
            if differing := tuple(judged(text, expected, answer)):
                found.append(Finding(text, differing))
        return found


def _counted(expected: Document | NoDocument) -> str:
    if isinstance(expected, NoDocument):
        return "dropped" if expected.drops else "no events"
    return "with problems" if expected.problem else "without problems"


def python(normalizer: Normalizer, text: str) -> Document | NoDocument:
    """What Python makes of an event. Raises InvalidDocument: that is a mistake of ours, not the event's."""
    try:
        made = normalizer.normalize_text(text.encode())
    except InvalidDocument:
        raise
    except EventError as error:
        return NoDocument(isinstance(error, UnmappedEvent), error.message)
    return Document(read(made.document), made.id, made.problem)


def judged(text: str, expected: Document | NoDocument, answer: Answer) -> Iterator[Difference]:
    """Where an answer is not what it has to be."""
    match expected, answer:
        case Document(), Made():
            one, other = expected.source, _without_stamp(answer.source)
            if _is_parsed(text):
                one, other = _with_original_read(one), _with_original_read(other)
            yield from differences(expected.id, answer.id, "_id")
            yield from differences(one, other)
        case Document(), _:
            yield Difference("", "a document", _told(answer))
        case NoDocument(drops=True), _ if answer != Dropped():
            yield Difference("", f"dropped: {expected.reason}", _told(answer))
        case NoDocument(drops=False), Made():
            yield from _explained(text, answer.source)
        case NoDocument(drops=False), _:
            yield Difference("", f"no event: {expected.reason}", _told(answer))


def _told(answer: Answer) -> Any:
    match answer:
        case Made():
            return "a document"
        case Dropped():
            return "dropped"
        case Failed(reason):
            return f"an error: {reason}"


def _without_stamp(source: Any) -> Any:
    """The pipeline's document without `event.ingested`: who stores stamps it. A wrong stamp stays, and differs."""
    if isinstance(source, dict) and isinstance(event := source.get("event"), dict):
        rest = dict(event)
        if "ingested" not in rest or not is_date(rest.pop("ingested")):
            rest["ingested"] = f"not a date: {event.get('ingested', 'nothing')}"
        return {**source, "event": rest}
    return source


def _is_parsed(text: str) -> bool:
    """Whether an envelope holds the event parsed: each way writes it anew, and the blanks and keys' order differ."""
    value = read(text)
    return "uuid" not in value and "eventType" not in value and not isinstance(value.get("event"), str)


def _with_original_read(source: Any) -> Any:
    """A document with the value of event.original instead of the text."""
    original = _part(_part(source, "event"), "original")
    return {**source, "event": {**source["event"], "original": read(original)}} if isinstance(original, str) else source


def is_date(value: object) -> bool:
    """Whether a value is a date as the mapping language has it."""
    return date(value) is not PROBLEM


def kept(text: str) -> str:
    """What event.original is of a text that may be no event: without its envelope where that holds an object."""
    try:
        return decode(text.encode())[1]
    except EventError:
        return text


def _explained(text: str, source: Any) -> Iterator[Difference]:
    """What a document must hold of an event that is none: its text, and all that is left to say of it."""
    event = _part(source, "event")
    message = _part(_part(source, "error"), "message")
    yield from differences(PROBLEM_KIND, _part(event, "kind"), "event.kind")
    original, expected = _part(event, "original"), kept(text)
    if expected != text and _is_parsed(text) and isinstance(original, str):
        yield from differences(read(expected), read(original), "event.original, read")
    else:
        yield from differences(expected, original, "event.original")
    if not (isinstance(message, list) and message and all(isinstance(each, str) and each for each in message)):
        yield Difference("error.message", ["…"], message)
    for path, value in (("@timestamp", _part(source, "@timestamp")), ("event.ingested", _part(event, "ingested"))):
        if not is_date(value):
            yield Difference(path, "a date", value)


def _part(value: Any, key: str) -> Any:
    return value.get(key, MISSING) if isinstance(value, Mapping) else MISSING


@contextmanager
def both(
    server: Server,
    mappings: Mappings,
    options: Options,
    *,
    limit: int | None = None,
) -> Iterator[Both]:
    """Both ways for these mappings, the pipelines in the server as long as the context lasts."""
    prefix = f"parity-{secrets.token_hex(4)}-"  # a server may have pipelines of the same names
    pipelines: dict[str, Body] = build(mappings, **({} if limit is None else {"limit": limit}), org=options.org)
    of_stream: dict[str, Any] = {}
    if options.namespace != "default":
        of_stream = {"data_stream": {"namespace": options.namespace}}

    def simulate(texts: Sequence[str]) -> Iterator[Answer]:
        return server.simulate(f"{prefix}{ENTRY}", ({"message": text, **of_stream} for text in texts))

    with server.stored(pipelines, prefix):
        yield Both(Normalizer(mappings, options), simulate)
