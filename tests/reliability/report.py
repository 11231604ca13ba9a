"""What people see of the results: a table, complaints, and the same table in a page of the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.reliability.promises import Result, order

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
SHOWN = ("#", "promise", "engine", "runs", "survived", "lost", "doubled", "seconds")
HEAD = (*SHOWN, "figures", "day")
MOST_COMPLAINTS = 5


def tell(result: Result) -> None:
    """What came of one promise: its figures, and what was wrong."""
    word = "kept" if result.kept else "BROKEN"
    print(f"  {word}: {result.survived} of {result.runs} survived, {result.seconds:.1f} s", flush=True)
    for name, value in result.figures.items():
        print(f"  {name}: {_number(value)}", flush=True)
    for complaint in result.complaints[:MOST_COMPLAINTS]:
        print(f"  - {complaint}", flush=True)
    if len(result.complaints) > MOST_COMPLAINTS:
        print(f"  - … and {len(result.complaints) - MOST_COMPLAINTS} more", flush=True)


def show(results: Iterable[Result]) -> None:
    """The table, row by row and each on its engines."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in SHOWN:
        table.add_column(name, justify="left" if name in ("#", "promise", "engine") else "right")
    for result in sorted(results, key=lambda result: (order(result.row), result.engine)):
        table.add_row(*_cells(result)[: len(SHOWN)], style=None if result.kept else "bold red")
    console = Console()
    console.print()
    console.print(table)


def write_markdown(page: Path, results: Iterable[Result]) -> None:
    """Renew the lines of these results in the table between the page's markers; others stay. Raises ValueError."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    table, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no table between {BEGIN} and {END}")
    lines = {}
    for line in table.splitlines():
        if match := re.match(r"\| (\d+[a-z]?) \|[^|]*\| (\w+) \|", line):
            lines[match[1], match[2]] = line
    for result in results:
        lines[result.row, result.engine] = f"| {' | '.join(_cells(result))} |"
    head = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    kept = [lines[key] for key in sorted(lines, key=lambda key: (order(key[0]), key[1]))]
    page.write_text(before + "\n".join([begin, *head, *kept, end]) + after, encoding="utf-8")


def _cells(result: Result) -> list[str]:
    figures = "; ".join(f"{name}: {_number(value)}" for name, value in result.figures.items())
    counts = (result.runs, result.survived, result.lost, result.doubled)
    numbers = [f"{each:,}" for each in counts] + [f"{result.seconds:.0f}"]
    return [result.row, result.promise, result.engine, *numbers, figures, date.today().isoformat()]


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
