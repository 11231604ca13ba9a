"""The options of commands that talk to Elasticsearch. Secrets come from the environment, never from flags."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click
from elasticsearch import Elasticsearch

from normalizer.errors import SettingsError
from normalizer.outputs.elasticsearch import connect

Command = TypeVar("Command", bound=Callable[..., Any])


def server_options(command: Command) -> Command:
    """Where the server is."""
    option = click.option(
        "--url",
        envvar="ELASTICSEARCH_URL",
        metavar="URL",
        help="Elasticsearch's address. ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, and "
        "ELASTICSEARCH_CA_CERTS or ELASTICSEARCH_FINGERPRINT are read from the environment.  [env var: ELASTICSEARCH_URL]",
    )
    return option(command)


def connected(url: str | None) -> Elasticsearch:
    """A client for the address given; nothing is sent yet. Raises SettingsError."""
    if not url:
        raise SettingsError("no server is named; set ELASTICSEARCH_URL, for example to http://localhost:9200, or give --url")
    read = os.environ.get
    return connect(
        url,
        api_key=read("ELASTICSEARCH_API_KEY") or None,
        username=read("ELASTICSEARCH_USERNAME") or None,
        password=read("ELASTICSEARCH_PASSWORD") or None,
        ca_certs=read("ELASTICSEARCH_CA_CERTS") or None,
        fingerprint=read("ELASTICSEARCH_FINGERPRINT") or None,
    )
