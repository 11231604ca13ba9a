"""Names that Elasticsearch takes."""

from __future__ import annotations

from normalizer.errors import SettingsError

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
