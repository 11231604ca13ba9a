"""The command line: `python -m tests.engines.elasticsearch start` and `… run -- COMMAND`."""

import sys
from functools import partial

from tests.engines.command import main
from tests.engines.elasticsearch import Elasticsearch

if __name__ == "__main__":
    sys.exit(main(Elasticsearch, sys.argv[1:], partial(Elasticsearch, security=True)))
