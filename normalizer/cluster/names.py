"""Names in a cluster."""

from __future__ import annotations

from normalizer.names import NAME, check_namespace


def data_stream(namespace: str = "default") -> str:
    """The data stream of a namespace: `logs-okta.mim-<namespace>`. Raises SettingsError."""
    return f"{NAME}-{check_namespace(namespace)}"
