"""The options of commands that talk to a server. Secrets are never flags: everybody on the machine reads those."""

from __future__ import annotations

import os
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, TypeVar

import click

from normalizer.cli.config import ENGINES, SECRETS, ServerSettings, server_settings
from normalizer.cli.secrets import check_printable, readable_by_others, secret, ways
from normalizer.cli.view import log
from normalizer.errors import SettingsError
from normalizer.outputs.server import TIMEOUT, Server

Command = TypeVar("Command", bound=Callable[..., Any])

_CREDENTIALS = (*ways("api_key"), "username", *ways("password"))
_TRUST = ("ca_certs", "fingerprint")
_WARNED = "normalizer.warned"


def server_options(command: Command) -> Command:
    """Where the server is, and which engine it is."""
    url = click.option(
        "--url",
        metavar="URL",
        help="The server's address. Default: ELASTICSEARCH_URL or OPENSEARCH_URL. Certificates and secrets are read "
        "from variables beside it, or from the settings file.",
    )
    engine = click.option(
        "--engine",
        type=click.Choice(ENGINES),
        help="What the server is. Default: opensearch where only OPENSEARCH_URL is set, else elasticsearch.",
    )
    return url(engine(command))


def connected(url: str | None, engine: str | None = None, *, timeout: float = TIMEOUT, connections: int = 1) -> Server:
    """A server of the engine that is named or follows from the settings; nothing is sent yet.

    `timeout` are the seconds that each step of a request may take, `connections` the requests at a time. Raises
    SettingsError.
    """
    engine = engine or _engine(url)
    _check_flag(url, engine)
    settings = server_settings(engine)
    known = url or _variable(engine, "url") or settings.values.get("url")
    if not isinstance(known, str):
        advice = f"set {_named(engine, 'url')}, for example to http://localhost:9200, or give --url"
        raise SettingsError(f"no server is named; {advice}")
    options = _credentials(engine, settings) | _trust(engine, settings)
    _warn_of_settings(settings)
    server = _connect(engine)(known, **options, timeout=timeout, connections=connections)
    _warn_of_http(known, server, given=any(options[name] for name in ("username", *SECRETS)))
    return server


def _check_flag(url: str | None, engine: str) -> None:
    """Raise SettingsError for an address with a user in it on the command line."""
    context = click.get_current_context(silent=True)
    is_flag = context is not None and context.get_parameter_source("url") is click.core.ParameterSource.COMMANDLINE
    if is_flag and url is not None and "@" in url:
        raise SettingsError(
            "the address of --url holds a user, and flags can be read by everybody on this machine; "
            f"set {_named(engine, 'url')}, or {_named(engine, 'username')} and {_named(engine, 'password')}"
        )


def _engine(url: str | None) -> str:
    """The engine of which an address is set: by a variable, or else by the settings file."""
    places: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("{0}_URL", lambda engine: _variable(engine, "url")),
        ("`{1}: url` in the settings file", lambda engine: server_settings(engine).values.get("url")),
    )
    for words, address in places:
        found = [engine for engine in ENGINES if address(engine)]
        if len(found) > 1:
            first, second = (words.format(engine.upper(), engine) for engine in found)
            raise SettingsError(f"{first} and {second} are both set; say which one by --engine")
        if found:
            return found[0] if url is None else ENGINES[0]
    return ENGINES[0]


def _connect(engine: str) -> Callable[..., Server]:
    """The engine's module is loaded when it is used: each needs some time."""
    if engine == "opensearch":
        from normalizer.outputs import opensearch

        return opensearch.connect
    from normalizer.outputs import elasticsearch

    return elasticsearch.connect


def _credentials(engine: str, settings: ServerSettings) -> dict[str, str | None]:
    """Who we are. An API key of one place and a user of the other would be two answers to one question."""
    given: dict[str, object] = {key: _variable(engine, key) for key in _CREDENTIALS}
    label: Callable[[str], str] = lambda key: _named(engine, key)  # noqa: E731
    if not any(given.values()):
        given, label = {key: settings.values.get(key) for key in _CREDENTIALS}, settings.label
    found = {name: secret(name, given, label) for name in SECRETS}
    username = given["username"]
    return found | {"username": str(username) if username is not None else None}


def _trust(engine: str, settings: ServerSettings) -> dict[str, str | None]:
    given: dict[str, str | None] = {key: _variable(engine, key) for key in _TRUST}
    if any(given.values()):
        return given
    return {key: str(value) if (value := settings.values.get(key)) is not None else None for key in _TRUST}


def _variable(engine: str, key: str) -> str | None:
    """An environment variable, or None where it is empty; secrets that come from files often end in a line end."""
    name = _named(engine, key)
    value = os.environ.get(name, "").strip()
    check_printable(value, name)
    return value or None


def _named(engine: str, key: str) -> str:
    return f"{engine}_{key}".upper()


def _warn_of_settings(settings: ServerSettings) -> None:
    """Warn of a settings file with a secret in it that other users may read."""
    if settings.path is None:
        return
    kept = any(name in settings.values for name in SECRETS) or "@" in str(settings.values.get("url", ""))
    if kept and readable_by_others(settings.path):
        _warn_once(f"The settings file {settings.path} holds a secret, and others can read it; chmod 600 it.")


def _warn_of_http(url: str, server: Server, *, given: bool) -> None:
    """Warn of credentials that leave this machine where everybody on the way can read them."""
    from normalizer.outputs.address import read_address

    address = read_address(url, server.engine)
    if address.scheme == "http" and (given or address.user is not None) and not _is_loopback(address.host):
        _warn_once(
            f"The credentials for {server.address} are sent over http, and whoever is on the way can read them; "
            "give its address with https."
        )


def _is_loopback(host: str) -> bool:
    """Whether what is sent there stays on this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _warn_once(sentence: str) -> None:
    """Once in a run, however often a server is connected to."""
    context = click.get_current_context(silent=True)
    told: set[str] = context.meta.setdefault(_WARNED, set()) if context is not None else set()
    if sentence not in told:
        told.add(sentence)
        log.warning("%s", sentence)
