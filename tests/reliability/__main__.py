"""`python -m tests.reliability`; see `run`."""

from __future__ import annotations

import sys

from tests.reliability.run import main

if __name__ == "__main__":
    sys.exit(main())
