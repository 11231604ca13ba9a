"""Names in a cluster."""

from __future__ import annotations

from normalizer.backends.templates import NAME
from normalizer.names import check_namespace


def data_stream(namespace: str = "default") -> str:
    """The data stream of a namespace: `logs-okta.mim-<namespace>`. Raises SettingsError."""
    return f"{NAME}-{check_namespace(namespace)}"
