"""Options of `setup` ▶ the templates that a cluster should have; an option that is not given keeps what is there."""

from __future__ import annotations

import re

from normalizer.backends.templates import ELASTICSEARCH, ENGINES, Engine, IndexMode, Templates, build
from normalizer.cluster.asking import Privilege, ask, unreadable
from normalizer.cluster.installed import Installed, Kind
from normalizer.errors import SettingsError
from normalizer.language import Mappings
from normalizer.names import NAME
from normalizer.outputs.server import Server

_TIME = re.compile(r"[1-9][0-9]*(d|h|m|s)")
_MOST = 999_999_999
"""Of any unit. Elasticsearch takes more, as far as 64 bits go, but adds a retention to the date of an index in
milliseconds: of one that is nearly as long as they can count the sum is negative, and all would be deleted at once."""
_FOREVER = ("none", "forever")


def engine_of(server: Server) -> Engine:
    """What the templates of a server's engine may hold."""
    return next(engine for engine in ENGINES if engine.name == server.engine)


def wanted(
    mappings: Mappings,
    server: Server,
    *,
    index_mode: IndexMode = "standard",
    retention: str | None = None,
) -> Templates:
    """The templates for this cluster: without the failure store where the server is too old for it.

    `retention` is a time such as `365d`; None keeps documents for ever. Raises SettingsError, ServerError.
    """
    retention = None if retention is None else read_retention(retention)
    if index_mode not in ("standard", "logsdb"):
        raise SettingsError("An index mode is standard or logsdb.")
    engine = engine_of(server)
    failure_store = engine is ELASTICSEARCH and _has_failure_store(_version(server))
    return build(mappings, engine, index_mode=index_mode, retention=retention, failure_store=failure_store)


def read_retention(text: str) -> str | None:
    """A retention as people write it: a time such as `365d`, or None for `none` and `forever`. Raises SettingsError."""
    if text in _FOREVER:
        return None
    if not _TIME.fullmatch(text):
        raise SettingsError("A retention is a whole number with d, h, m or s behind it, or none; write 365d.")
    if len(text) > len(f"{_MOST}d"):
        long = text if len(text) <= 30 else f"{text[:30]}…"
        raise SettingsError(f"The retention {long} is too large: write {_MOST}{text[-1]} at most, or none for ever.")
    return text


def installed_retention(installed: Installed) -> str | None:
    """The retention in the templates that are installed; None where they have none. Raises ServerError."""
    lifecycle = _settings_template(installed).get("lifecycle")
    retention = lifecycle.get("data_retention") if isinstance(lifecycle, dict) else None
    return retention if isinstance(retention, str) else None


def installed_index_mode(installed: Installed) -> IndexMode | None:
    """The index mode in the templates that are installed, where it is one of ours. Raises ServerError."""
    settings = _settings_template(installed).get("settings")
    index = settings.get("index") if isinstance(settings, dict) else None
    mode = index.get("mode") if isinstance(index, dict) else None
    return mode if mode in ("standard", "logsdb") else None


def _settings_template(installed: Installed) -> dict[str, object]:
    body = installed.get(Kind.COMPONENT_TEMPLATE, f"{NAME}@settings")
    template = None if body is None else body.get("template")
    return template if isinstance(template, dict) else {}


def _version(server: Server) -> tuple[int, int]:
    """Major and minor."""
    try:
        major, minor, *_ = str(ask(server, Privilege.MONITOR, "GET", "/")["version"]["number"]).split(".")
        return int(major), int(minor)
    except (KeyError, TypeError, ValueError):
        raise unreadable(server) from None


def _has_failure_store(version: tuple[int, int]) -> bool:
    """8.19, 9.1 and later have it."""
    return version >= (8, 19) and version != (9, 0)
