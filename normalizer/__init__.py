"""okta-mim-ecs: Okta's mobile-management audit events as documents of the Elastic Common Schema.

>>> from normalizer import Normalizer, NotAnEvent
>>> normalizer = Normalizer.load()
>>> try:
...     normalizer.normalize(b'{"eventType": "mim.command.ios.new", "published": "2026-09-14T06:00:00.123Z"}')
... except NotAnEvent as error:
...     print(error.reason, "-", error)
not_an_event - the event has no "uuid"
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from normalizer.errors import (
        Busy,
        EventError,
        Finding,
        InputError,
        InvalidDocument,
        MappingError,
        NormalizerError,
        NotAnEvent,
        NotJSON,
        OutputError,
        Place,
        ProblemEvent,
        ReaderGone,
        ServerError,
        SettingsError,
        SetupError,
        Unanswered,
        UnmappedEvent,
        WorkerError,
    )
    from normalizer.language import Mappings, Plan
    from normalizer.language.load import load
    from normalizer.runtime.normalizer import Normalized, Normalizer, Options

__version__ = "0.1.0"

__all__ = [
    "Busy",
    "EventError",
    "Finding",
    "InputError",
    "InvalidDocument",
    "MappingError",
    "Mappings",
    "Normalized",
    "Normalizer",
    "NormalizerError",
    "NotAnEvent",
    "NotJSON",
    "Options",
    "OutputError",
    "Place",
    "Plan",
    "ProblemEvent",
    "ReaderGone",
    "ServerError",
    "SettingsError",
    "SetupError",
    "Unanswered",
    "UnmappedEvent",
    "WorkerError",
    "load",
]

_HOMES = {"Mappings": "language", "Plan": "language", "load": "language.load"}
_HOMES |= dict.fromkeys(("Normalized", "Normalizer", "Options"), "runtime.normalizer")


def __getattr__(name: str) -> object:
    """What is public is loaded when it is used: the command line hears Ctrl-C before."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
