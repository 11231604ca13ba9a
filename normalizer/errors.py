"""Every error that okta-mim-ecs raises, grouped by its consequence.

    NormalizerError
    ├── SetupError              nothing can start; exit code 2
    │   ├── MappingError        mapping files hold mistakes: all of them, each with its place
    │   ├── InputError          an input cannot be found or opened
    │   └── SettingsError       a flag, an environment variable or a settings file is wrong
    ├── EventError              this event gives no document: a dead letter; the next event goes on
    │   ├── NotJSON             the text is not one JSON value
    │   ├── NotAnEvent          JSON, but not an Okta LogEvent that can be indexed
    │   ├── UnmappedEvent       no mapping is meant for this event type: skipped and counted, no dead letter
    │   ├── ProblemEvent        `strict` was asked for, and a value had to be left out
    │   └── InvalidDocument     the document breaks its own schema: a defect of a mapping or of this package
    ├── ServerError             the cluster cannot be reached or refuses us; exit code 3
    │   └── Unanswered          a request had no answer, or none that can be read; another might
    │       └── Busy            the server has no time now, and says so
    ├── OutputError             output or dead letters cannot be written; exit code 4
    │   └── ReaderGone          nobody reads standard output any more; exit code 141
    └── WorkerError             a worker process died; exit code 5

Exceptions of other packages (PyYAML, orjson, jsonschema, elasticsearch, OSError) never leave a public function:
each is turned into one of these where it is met.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

PACKAGE = "okta-mim-ecs"
"""How places call the folder of the package, where a pack extends it."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written: a file, its line and column, both counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def shipped(self) -> bool:
        """Whether it is in the package's files, which a pack extends and nobody mends."""
        return self.file.startswith(f"{PACKAGE}/")


LOAD_ERROR = "load-error"
"""The rule of every mistake that keeps mapping files from being read as Plans."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake: where, what, and what to write instead. `rule` is the name of what found it."""

    place: Place
    message: str
    rule: str = LOAD_ERROR

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class NormalizerError(Exception):
    """The root of all errors of this package."""

    exit_code: ClassVar[int] = 1


class SetupError(NormalizerError):
    """Nothing can start until the user mends something."""

    exit_code = 2


class MappingError(SetupError):
    """Mapping files hold mistakes; `findings` has all of them, sorted by place."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = sorted(set(findings))
        super().__init__("\n".join(map(str, self.findings)))

    def __reduce__(self) -> tuple[type[MappingError], tuple[list[Finding]]]:
        return type(self), (self.findings,)


class InputError(SetupError):
    """An input cannot be found or opened."""


class SettingsError(SetupError):
    """A flag, an environment variable or a settings file is wrong."""


class EventError(NormalizerError):
    """One event gives no document. `reason` is a word for machines, the message one sentence for people."""

    reason: ClassVar[str] = "event"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __reduce__(self) -> tuple[type[EventError], tuple[str]]:
        return type(self), (self.message,)


class NotJSON(EventError):
    """The text is not one JSON value, or holds what no JSON reader must accept (lone surrogates, bad UTF-8)."""

    reason = "not_json"


class NotAnEvent(EventError):
    """JSON, but not an object with `uuid`, `published` and `eventType` as Okta's LogEvent has them."""

    reason = "not_an_event"


class UnmappedEvent(EventError):
    """No mapping is meant for the event's type."""

    reason = "unmapped"


class ProblemEvent(EventError):
    """Strict mode: a value of the event had to be left out."""

    reason = "problem"


class InvalidDocument(EventError):
    """The document breaks the schema of its event type."""

    reason = "document_invalid"


class ServerError(NormalizerError):
    """The cluster cannot be reached or refuses us."""

    exit_code = 3


class Unanswered(ServerError):
    """A request had no answer, or none that can be read; sent again, it might have one."""


class Busy(Unanswered):
    """The server, or what stands before it, has no time now and says so (429, 502, 503, 504)."""


class OutputError(NormalizerError):
    """Output or dead letters cannot be written."""

    exit_code = 4


class ReaderGone(OutputError):
    """Who has read standard output does so no longer, like `head` after ten lines: we end, and nothing is said of it.

    The exit code is what shells give of a program that SIGPIPE has ended.
    """

    exit_code = 141


class WorkerError(NormalizerError):
    """A worker process died."""

    exit_code = 5
