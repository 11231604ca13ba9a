"""What is Elasticsearch's own about a server."""

from tests.engines.elasticsearch import home
from tests.engines.server import Server


class Elasticsearch(Server):
    """A genuine Elasticsearch; its arguments are those of every `Server`."""

    name = "Elasticsearch"
    version = home.VERSION
    prefix = "es"
    main_class = "launcher.NodeLauncher"
    own_jvm_options = (
        "-Des.distribution.type=tar",
        # Its library is not on Maven Central; looked for and not found, the server does without all native code.
        "-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false",
    )
    prepare_home = staticmethod(home.prepare_home)
