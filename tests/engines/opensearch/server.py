"""What is OpenSearch's own about a server."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.engines.opensearch import home
from tests.engines.server import Server


class OpenSearch(Server):
    """A genuine OpenSearch; its arguments are those of every `Server`."""

    name = "OpenSearch"
    version = home.VERSION
    prefix = "opensearch"
    main_class = "org.opensearch.bootstrap.OpenSearch"
    own_settings: ClassVar[Mapping[str, object]] = {"node.store.allow_mmap": False}
    own_jvm_options = (
        "-Dopensearch.distribution.type=tar",
        # The server refuses to run as root, and asks JNA who it is: without JNA it cannot know.
        "-Djna.boot.library.path=/nonexistent",
        "-Djna.nosys=true",
        "-Djna.noclasspath=true",
    )

    def prepare_home(self, java: Path) -> Path:
        """The folder with lib and modules, from the cache or newly made; raises as `start` does."""
        return home.prepare_home(java)
