"""Names in a cluster."""

from __future__ import annotations

from normalizer.backends.templates import NAME
from normalizer.errors import SettingsError

_LONGEST = 100
_FORBIDDEN = frozenset('\\/*?"<>| ,#:-')


def data_stream(namespace: str = "default") -> str:
    """The data stream of a namespace: `logs-okta.mim-<namespace>`.

    Elastic's naming scheme takes at most 100 bytes, no capitals, no hyphen and nothing that an index name may not have.
    Raises SettingsError.
    """
    if not namespace or len(namespace.encode("utf-8", "surrogatepass")) > _LONGEST:
        raise SettingsError(f"A namespace has 1 to {_LONGEST} bytes.")
    if namespace != namespace.lower() or not namespace.isprintable() or _FORBIDDEN & set(namespace):
        raise SettingsError('A namespace has no capitals, no hyphen, no blank and none of \\ / * ? " < > | , # :.')
    return f"{NAME}-{namespace}"
