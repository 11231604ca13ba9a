"""`python -m tests.parity`; see `run`."""

from __future__ import annotations

import sys

from tests.parity.run import main

if __name__ == "__main__":
    sys.exit(main())
