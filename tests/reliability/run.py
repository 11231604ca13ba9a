"""The command: `python -m tests.reliability [--rows 1,3] [--engine NAME] [--scale full] [--markdown FILE]`."""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.engines import EngineError
from tests.engines.elasticsearch import Elasticsearch
from tests.engines.opensearch import OpenSearch
from tests.engines.server import Server
from tests.reliability.promises import Promise, Result, promises
from tests.reliability.report import show, tell, write_markdown
from tests.reliability.stage import Stage

ENGINES: dict[str, type[Server]] = {"elasticsearch": Elasticsearch, "opensearch": OpenSearch}


def main(arguments: Sequence[str] | None = None) -> int:
    """Put promises to the test; 0 when all were kept, 1 otherwise."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.reliability",
        description="Put the promises about delivery to the test, on servers started for it.",
    )
    every = promises()
    rows = [each.row for each in every]
    parser.add_argument("--rows", metavar="1,3", help=f"only these of {', '.join(rows)}")
    parser.add_argument("--engine", choices=[*ENGINES, "both"], default="both", help="default: %(default)s")
    parser.add_argument("--scale", choices=["small", "full"], default="full", help="default: %(default)s")
    parser.add_argument("--seed", type=int, metavar="S", help="of the random moments (default: another each time)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="renew the table in this file")
    given = parser.parse_args(arguments)
    wanted = given.rows.split(",") if given.rows else rows
    if unknown := sorted({*wanted} - {*rows}):
        parser.error(f"there is no row {', '.join(unknown)}")
    seed = secrets.randbelow(2**32) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    chosen = [each for each in every if each.row in wanted]
    engines = [ENGINES[name] for name in ([*ENGINES] if given.engine == "both" else [given.engine])]
    portions = shares(chosen, engines, full=given.scale == "full")
    if left := [each.row for each in chosen if not any(each in share for share in portions)]:
        print(f"not at this scale, or not on this engine: {', '.join(left)}", flush=True)
    found: list[Result] = []
    failed = False
    try:
        for engine, share in zip(engines, portions, strict=True):
            if share:
                found += _on(engine, share, seed, full=given.scale == "full")
    except EngineError as error:
        print(error, file=sys.stderr)
        failed = True
    finally:  # also where somebody has stopped it after half an hour
        show(found)
        if given.markdown:
            write_markdown(given.markdown, found)
    return 2 if failed else int(not all(each.kept for each in found))


def shares(chosen: Sequence[Promise], engines: Sequence[type[Server]], *, full: bool) -> list[list[Promise]]:
    """What each engine is asked; the first one takes what has to do with none, once and for all."""
    return [
        [
            each
            for each in chosen
            if engine.name in (each.engines if full else each.small) or (full and not each.engines and not number)
        ]
        for number, engine in enumerate(engines)
    ]


def _on(engine: type[Server], chosen: list[Promise], seed: int, *, full: bool) -> Iterator[Result]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="okta-mim-ecs-reliability-")))
        server = stack.enter_context(engine(heap="1g"))  # dozens of runs stay in it, and the oracle reads them whole
        stage = stack.enter_context(Stage(engine, server.url, folder, full, random.Random(seed)))
        for each in chosen:
            print(f"{each.row} {each.text}, {engine.name}…" if each.engines else f"{each.row} {each.text}…", flush=True)
            result = each.run(stage)
            tell(result)
            yield result
