"""The command: `python -m tests.golden [--renew] [MAPPING…]`."""

from __future__ import annotations

import argparse
import sys

from normalizer import EventError, MappingError, load
from tests.golden import cases


def main(arguments: list[str] | None = None) -> int:
    """Compare or renew; 0 when nothing differs or all was renewed, 2 when a file cannot be read, 1 otherwise."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.golden",
        description="Compare golden cases, or renew them. The event of a case is tests/golden/MAPPING/NAME.event.json, "
        "where MAPPING is the name of a file of mappings/ without .yml; --renew writes NAME.document.json beside it.",
    )
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
    if mistakes := [mistake for case in wanted if (mistake := case.mistake())]:
        print(*mistakes, sep="\n", file=sys.stderr)
        return 2
    differing = failed = misplaced = 0
    for case in wanted:
        if misfit := case.misfit(mappings):
            misplaced += 1
            print(misfit, file=sys.stderr)
            continue
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
    told = [f"{len(wanted)} cases", f"{differing - failed} {done}"]
    told += [f"{failed} give no document"] * bool(failed) + [f"{misplaced} in a wrong folder"] * bool(misplaced)
    print(", ".join(told))
    empty: set[str] = set()
    if not given.mappings:
        empty = {plan.chain[0] for plan in mappings.plans} - {case.mapping for case in wanted}
    for name in sorted(empty):
        print(f"there is no case of {name}: write tests/golden/{name}/NAME.event.json", file=sys.stderr)
    return int(bool(misplaced or empty or (failed if given.renew else differing)))


if __name__ == "__main__":
    sys.exit(main())
