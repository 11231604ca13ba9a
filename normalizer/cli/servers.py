"""The options of commands that talk to Elasticsearch. Secrets are never flags: everybody on the machine reads those."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click
from elasticsearch import Elasticsearch

from normalizer.cli.config import server_settings
from normalizer.errors import SettingsError
from normalizer.outputs.elasticsearch import connect

Command = TypeVar("Command", bound=Callable[..., Any])

_CREDENTIALS = ("api_key", "username", "password")
_TRUST = ("ca_certs", "fingerprint")


def server_options(command: Command) -> Command:
    """Where the server is."""
    option = click.option(
        "--url",
        envvar="ELASTICSEARCH_URL",
        metavar="URL",
        help="Elasticsearch's address. ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, "
        "and ELASTICSEARCH_CA_CERTS or ELASTICSEARCH_FINGERPRINT are read from the environment or the settings file.  "
        "[env var: ELASTICSEARCH_URL]",
    )
    return option(command)


def connected(url: str | None) -> Elasticsearch:
    """A client for the address given; nothing is sent yet. Raises SettingsError."""
    if not url:
        advice = "set ELASTICSEARCH_URL, for example to http://localhost:9200, or give --url"
        raise SettingsError(f"no server is named; {advice}")
    given: dict[str, Any] = {name: _variable(f"ELASTICSEARCH_{name.upper()}") for name in (*_CREDENTIALS, *_TRUST)}
    settings = server_settings()
    # An API key of one place and a user of the other would be two answers to one question.
    for names in (_CREDENTIALS, _TRUST):
        if not any(given[name] for name in names):
            given |= {name: settings.get(name) for name in names}
    return connect(url, **given)


def _variable(name: str) -> str | None:
    """An environment variable, or None where it is empty; secrets that come from files often end in a line end."""
    value = os.environ.get(name, "").strip()
    if not value.isprintable():
        raise SettingsError(f"{name} holds what no such value can, like a line end")
    return value or None
