"""The table for people. A module of its own: only it needs rich, which takes long to load."""

from __future__ import annotations

import sys
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from normalizer.cli.view import printable
from normalizer.outputs.files import Output
from normalizer.runtime.batch import Result

_COLUMNS = ("time", "event", "outcome", "actor", "device", "from", "message")
_ROWS = 500
_WIDTH = 160


class TableView:
    """Documents as a table for people, page by page, so that memory stays flat."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._rows: list[tuple[str, ...]] = []
        self._console = Console(width=None if sys.stdout.isatty() else _WIDTH)

    def write(self, result: Result) -> None:
        """Add the documents of a batch; full pages are printed. Raises OutputError."""
        for done in result.documents:
            self._rows.append(_row(orjson.loads(done.document)))
            if len(self._rows) >= _ROWS:
                self.flush()

    def flush(self) -> None:
        """Print what is left. Raises OutputError."""
        if not self._rows:
            return
        table = Table(*_COLUMNS, box=None, header_style="bold", pad_edge=False)
        for row in self._rows:
            table.add_row(*(Text(printable(cell), overflow="ellipsis", no_wrap=True) for cell in row))
        self._rows.clear()
        with self._console.capture() as page:
            self._console.print(table)
        self._out.write(page.get().encode(sys.stdout.encoding or "utf-8", "backslashreplace"))


def _row(document: dict[str, Any]) -> tuple[str, ...]:
    def at(*keys: str) -> str:
        value: Any = document
        for key in keys:
            value = value.get(key, {}) if isinstance(value, dict) else {}
        return value if isinstance(value, str) else ""

    place = ", ".join(filter(None, (at("client", "geo", "city_name"), at("client", "geo", "country_iso_code"))))
    origin = f"{at('client', 'ip')} {f'({place})' if place else ''}".strip()
    return (
        at("@timestamp")[:19].replace("T", " "),
        at("event", "action"),
        at("event", "outcome"),
        at("user", "name") or at("okta", "actor", "display_name"),
        at("host", "name") or at("host", "id"),
        origin,
        "; ".join(document.get("error", {}).get("message", [])) or at("message"),
    )
