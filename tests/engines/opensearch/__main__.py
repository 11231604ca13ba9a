"""The command line: `python -m tests.engines.opensearch start` and `… run -- COMMAND`."""

import sys

from tests.engines.command import main
from tests.engines.opensearch import OpenSearch

if __name__ == "__main__":
    sys.exit(main(OpenSearch, sys.argv[1:]))
