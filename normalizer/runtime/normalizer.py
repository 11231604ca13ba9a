"""The Normalizer: one event in, one document or a typed error out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from normalizer.backends.python import Compiled, Memory, Problems, compile_plan, report
from normalizer.backends.schemas import Schema, document_schema, event_schema
from normalizer.errors import InvalidDocument, NotAnEvent, NotJSON, ProblemEvent, UnmappedEvent
from normalizer.language import Constant, Mappings, Plan, load
from normalizer.names import check_namespace
from normalizer.runtime.decode import TOO_DEEP, decode, dumps, written
from normalizer.runtime.validation import Valid, explain_document, explain_event, fast, part, varying

MOST_TYPES = 1000
_LEAST_EVENT = {"uuid": "0", "eventType": "least", "published": "1970-01-01T00:00:00.000Z"}


class Normalized(NamedTuple):
    """A document as JSON, the event's uuid (the document's _id) and type, and whether a value had to be left out."""

    document: bytes
    id: str
    event_type: str
    problem: bool


@dataclass(frozen=True, slots=True)
class Options:
    """What changes documents. `org` is the Okta org (acme.okta.com), `namespace` the data stream's.

    `keep_original`: event.original in every document (without it, only where a value had to be left out).
    `strict`: an event with a problem gives no document. `all_events`: events that only the "*" mapping takes, too.
    `validate`: hold every document against its schema; events are always held against theirs.

    Raises SettingsError where Elasticsearch would not take the namespace.
    """

    org: str | None = None
    namespace: str = "default"
    keep_original: bool = True
    strict: bool = False
    all_events: bool = False
    validate: bool = True

    def __post_init__(self) -> None:
        check_namespace(self.namespace)


@dataclass(slots=True)
class _Type:
    """What is ready for one event type."""

    schema: Schema
    compiled: Compiled
    valid: Valid
    quick: bool


@dataclass
class Normalizer:
    """Turns events of Okta's System Log into documents of the Elastic Common Schema.

    >>> normalizer = Normalizer.load()
    >>> document = normalizer.normalize({
    ...     "uuid": "5a01", "eventType": "mim.command.ios.new", "published": "2026-09-14T06:00:00.123Z",
    ...     "outcome": {"result": "SUCCESS"}})
    >>> document["event"]["outcome"], document["okta"]["mim"]["command"]["status"]
    ('success', 'new')

    Not safe to share between threads; make one for each, from the same `mappings`.
    """

    mappings: Mappings
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        self._event_schema = event_schema()
        self._valid_event = fast(self._event_schema)
        self._memory = Memory()
        self._plans: dict[str, _Type] = {}
        self._types: dict[str, _Type] = {}
        self._validators: dict[bytes, Valid] = {}

    @classmethod
    def load(cls, mappings: Path | str | None = None, options: Options | None = None) -> Normalizer:
        """A normalizer with the mapping files of a folder, or those of the package.

        Raises MappingError with every mistake in them.
        """
        return cls(load(mappings), options or Options())

    def normalize(self, event: Mapping[str, Any] | bytes | str) -> dict[str, Any]:
        """The document of one event: an object as Okta's API gives it, or its JSON, bare or in a log stream's envelope.

        The document shares nothing with the event. Raises EventError: NotJSON, NotAnEvent, UnmappedEvent, ProblemEvent,
        InvalidDocument.
        """
        if isinstance(event, str):
            text = event.encode(errors="surrogatepass")
        elif isinstance(event, bytes):
            text = event
        else:
            given: object = event
            text = dumps(dict(given) if isinstance(given, Mapping) else given)  # what is no event, decoding says
        document: dict[str, Any] = orjson.loads(self.normalize_text(text).document)
        return document

    def normalize_text(self, text: bytes, *, own_text: bool = True) -> Normalized:
        """The document of one event's JSON, as JSON. Raises EventError.

        `own_text`: the text is the event's own and becomes event.original as it is; otherwise that is written anew.
        """
        event, original = decode(text, own_text=own_text)
        if not self._valid_event(event):
            raise NotAnEvent(explain_event(self._event_schema, event))
        event_type = event["eventType"]
        kind = self._types.get(event_type) or self._type(event_type)
        document = self._quick(kind, event, original)
        if document is not None:
            return Normalized(written(document), event["uuid"], event_type, False)
        try:
            document, problem = self._document(kind, event, original)
        except RecursionError:
            raise NotJSON(TOO_DEEP) from None
        return Normalized(written(document), event["uuid"], event_type, problem)

    def _quick(self, kind: _Type, event: dict[str, Any], original: str) -> dict[str, Any] | None:
        """The document of an event without problems, checked; None where the plain way must decide."""
        if not kind.quick:
            return None
        options = self.options
        return kind.compiled.quick(
            event, original if options.keep_original else None, options.org, options.namespace, []
        )

    def _document(self, kind: _Type, event: dict[str, Any], original: str) -> tuple[dict[str, Any], bool]:
        """The document of any event, and whether a value had to be left out. Raises NotAnEvent and what follows it."""
        options = self.options
        problems: Problems = []
        document = kind.compiled.document(event, original, options.org, options.namespace, problems)
        if problems:
            report(document, problems)
            if "@timestamp" not in document:
                raise NotAnEvent(document["error"]["message"][0])
            if options.strict:
                raise ProblemEvent("; ".join(document["error"]["message"]))
        elif not options.keep_original:
            document = kind.compiled.document(event, None, options.org, options.namespace, problems)
        if options.validate and not kind.valid(document):
            raise InvalidDocument(explain_document(kind.schema, document))
        return document, bool(problems)

    def _type(self, event_type: str) -> _Type:
        """What an event type needs, made when its first event comes. Raises UnmappedEvent."""
        plan = self.mappings.plan(event_type)
        if plan is None or (plan.event_type == "*" and not self.options.all_events):
            raise UnmappedEvent(f'events of type "{event_type}" are not mapped')
        ready = self._plans.get(plan.event_type) or self._plans.setdefault(plan.event_type, self._ready(plan))
        if len(self._types) < MOST_TYPES:  # types come from outside: a fallback must not fill the memory
            self._types[event_type] = ready
        return ready

    def _ready(self, plan: Plan) -> _Type:
        schema = document_schema(plan, self.mappings)
        valid = fast(schema)
        constants = [rule.destination.name for rule in plan.rules if isinstance(rule, Constant)]
        hot = varying(schema, constants)
        key = orjson.dumps(hot)
        shared = self._validators.get(key) or self._validators.setdefault(key, fast(hot))
        compiled = compile_plan(plan, lambda name: fast(part(schema, name)) if name else shared, self._memory)
        # What is the same in every document is checked here, once. The quick way leaves much to the check of its
        # document, so there is none without that.
        least = compiled.document(_LEAST_EVENT, None, None, self.options.namespace, [])
        return _Type(schema, compiled, valid, quick=self.options.validate and valid(least))
