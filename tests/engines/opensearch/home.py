"""Lays out OpenSearch's home (lib, modules) from jars, once for all servers.

Configuration, data and logs are not here: every server has its own.
"""

import sys
from pathlib import Path

from tests.engines import MissingError
from tests.engines.cache import cache_folder, cached, fingerprint
from tests.engines.jars import place, read_jars

_HERE = Path(__file__).parent
_JARS = read_jars(_HERE / "jars.txt")

VERSION = next(jar.version for jar in _JARS if jar.artifact == "opensearch")

# The class of each module below modules/.
_MODULES = {
    "ingest-common": "org.opensearch.ingest.common.IngestCommonModulePlugin",
    "lang-mustache": "org.opensearch.script.mustache.MustacheModulePlugin",
    "lang-painless": "org.opensearch.painless.PainlessModulePlugin",
    "mapper-extras": "org.opensearch.index.mapper.MapperExtrasModulePlugin",
    "transport-netty4": "org.opensearch.transport.Netty4ModulePlugin",
}

# Without it Painless does not see the class Processors of ingest-common.
_EXTENDED = {"ingest-common": "lang-painless"}

_DESCRIPTOR = """name={name}
description={name}
version={version}
opensearch.version={version}
java.version=21
classname={class_name}
extended.plugins={extended}
has.native.controller=false
"""


def prepare_home(java: Path) -> Path:
    """The home, from the cache or newly made.

    Raises MissingError when this machine lacks something, EngineError when the home cannot be made.
    """
    key = fingerprint(_HERE, [Path(__file__), _HERE / "jars.txt"])
    return cached(cache_folder(f"opensearch-{VERSION}") / f"home-{key}", _build)


def _build(home: Path) -> None:
    if sys.platform != "linux":
        raise MissingError("This OpenSearch runs on Linux only.")
    place(_JARS, home, f"OpenSearch {VERSION}")
    for name, class_name in _MODULES.items():
        # The archive that OpenSearch ships has these descriptors, the jars have not.
        (home / "modules" / name / "plugin-descriptor.properties").write_text(
            _DESCRIPTOR.format(name=name, version=VERSION, class_name=class_name, extended=_EXTENDED.get(name, ""))
        )
