"""`mim-ecs` with everything told that can be told: every logger at DEBUG, and each error with its traceback.

Run as a program in its place. What users of a debugger would see goes to standard error.
"""

import logging
import sys
import traceback

import elastic_transport

import normalizer.cli


def _tell_all(*arguments: object, **options: object) -> None:
    if sys.exc_info()[0] is not None:
        traceback.print_exc()
    _tell(*arguments, **options)


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    elastic_transport.debug_logging()
    _tell = vars(normalizer.cli)["tell_error"]
    vars(normalizer.cli)["tell_error"] = _tell_all
    normalizer.cli.main()
