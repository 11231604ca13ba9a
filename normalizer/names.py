"""Names in a cluster, and what Elasticsearch takes for one."""

from __future__ import annotations

from typing import Final

from normalizer.errors import SettingsError

DATASET: Final = "okta.mim"
NAME: Final = f"logs-{DATASET}"
"""Of the index template, and of the ingest pipeline; data streams have it with `-<namespace>` after it."""
MANAGED_BY: Final = "okta-mim-ecs"

_LONGEST = 100
_FORBIDDEN = '\\/*?"<>| ,#:-'


def check_namespace(namespace: str) -> str:
    """The namespace of a data stream, as Elastic's naming scheme has it; given back as it is.

    1 to 100 bytes, no capitals, no hyphen and nothing that an index name may not have. Raises SettingsError.
    """
    bad = [char for char in namespace if char in _FORBIDDEN or char != char.lower() or not char.isprintable()]
    if bad:
        raise SettingsError(f'"{namespace}" is no namespace of a data stream: it cannot hold {bad[0]!r}')
    if not 1 <= len(namespace.encode("utf-8", "surrogatepass")) <= _LONGEST:
        raise SettingsError(f"a namespace of a data stream has 1 to {_LONGEST} bytes")
    return namespace
