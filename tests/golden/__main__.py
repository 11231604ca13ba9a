"""The command: `python -m tests.golden [--renew] [MAPPING…]`."""

from __future__ import annotations

import argparse
import sys

from normalizer import EventError, MappingError, load
from tests.golden import cases


def main(arguments: list[str] | None = None) -> int:
    """Compare or renew; 0 when nothing differs or all was renewed, 1 otherwise, 2 when a mapping holds mistakes."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description="Compare golden cases, or renew them.")
    parser.add_argument("mappings", nargs="*", metavar="MAPPING", help="only these mappings (default: all)")
    parser.add_argument("--renew", action="store_true", help="write the documents that the events become now")
    given = parser.parse_args(arguments)
    wanted = [case for case in cases() if not given.mappings or case.mapping in given.mappings]
    if unknown := sorted(set(given.mappings) - {case.mapping for case in wanted}):
        parser.error(f"there are no cases of {', '.join(unknown)}; write tests/golden/{unknown[0]}/NAME.event.json")
    try:
        mappings = load()
    except MappingError as error:
        print(error, file=sys.stderr)
        return 2
    differing = failed = 0
    for case in wanted:
        difference = case.difference(mappings)
        if not difference:
            continue
        differing += 1
        print(difference)
        if given.renew:
            try:
                case.renew(mappings)
            except EventError:
                failed += 1
    done = "renewed" if given.renew else "differ"
    print(f"{len(wanted)} cases, {differing - failed} {done}{f', {failed} give no document' if failed else ''}")
    return int(bool(failed if given.renew else differing))


if __name__ == "__main__":
    sys.exit(main())
