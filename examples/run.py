"""The main job, start to end: the sample events into Elasticsearch, and a search that finds every one of them.

    ELASTICSEARCH_URL=http://localhost:9200 python examples/run.py      (make run starts a server when you have none)
    OPENSEARCH_URL=http://localhost:9200 python examples/run.py

It runs `mim-ecs setup` and `mim-ecs index`, then asks the data stream for the sample's events by their `event.id`, so
that a cluster with other events gives the same answer, and a second run too. Exit code 1 when not all are found.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from normalizer import NormalizerError
from normalizer.cli.servers import connected
from normalizer.outputs.server import Server

SAMPLE = Path(__file__).with_name("okta-mim.ndjson")
DATA_STREAM = "logs-okta.mim-default"
SHOWN_TYPE = "mim.command.ios.acknowledged"

Document = dict[str, Any]


def mim_ecs(*arguments: str) -> None:
    """Run a command as a person would; ends this script where it fails."""
    print("$ mim-ecs", *arguments, flush=True)
    code = subprocess.run([sys.executable, "-m", "normalizer", *arguments]).returncode
    if code != 0:
        sys.exit(code)
    print(flush=True)


def find(server: Server, ids: list[str]) -> list[Document]:
    """The documents of these events, one each: after a rollover a second run stores the same events once more."""
    server.post(f"/{DATA_STREAM}/_refresh")
    query = {
        "query": {"terms": {"event.id": ids}},
        "collapse": {"field": "event.id"},
        "sort": ["@timestamp"],
        "size": len(ids),
    }
    answer = server.post(f"/{DATA_STREAM}/_search", query)
    return [hit["_source"] for hit in answer["hits"]["hits"]]


def show(sent: list[Document], found: list[Document]) -> None:
    """The counts by event type, and one document."""
    table = Table("event type", box=None, header_style="bold", pad_edge=False)
    outcomes = ("success", "failure", "unknown")
    for heading in ("sent", "found", *outcomes):
        table.add_column(heading, justify="right")
    by_type = Counter(event["eventType"] for event in sent)
    ends = Counter((document["event"]["action"], document["event"]["outcome"]) for document in found)
    for event_type, count in sorted(by_type.items()):
        counts = [ends[event_type, outcome] for outcome in outcomes]
        table.add_row(event_type, *(str(n or "") for n in (count, sum(counts), *counts)))
    totals = [sum(n for (_, ending), n in ends.items() if ending == outcome) for outcome in outcomes]
    table.add_row("all", *(str(n) for n in (len(sent), len(found), *totals)), style="bold")
    console = Console()
    console.print(f"What {DATA_STREAM} holds of them:\n")
    console.print(table)
    fullest = max(
        (each for each in found if each["event"]["action"] == SHOWN_TYPE), key=lambda each: len(str(each)), default=None
    )
    if fullest is not None:
        console.print(f"\nOne of them, a {SHOWN_TYPE}:\n")
        console.print_json(json.dumps(fullest), ensure_ascii=False)


def main() -> int:
    """Set up, index, search; the exit code."""
    if not (os.environ.get("ELASTICSEARCH_URL") or os.environ.get("OPENSEARCH_URL")):
        print("Set ELASTICSEARCH_URL, for example to http://localhost:9200, or use make run.", file=sys.stderr)
        return 2
    sent = [json.loads(line) for line in SAMPLE.read_bytes().splitlines()]
    mim_ecs("setup")
    mim_ecs("index", os.path.relpath(SAMPLE))
    try:
        with connected(None) as server:
            found = find(server, [event["uuid"] for event in sent])
    except NormalizerError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    show(sent, found)
    if len(found) != len(sent):
        print(f"\n{len(sent)} events were sent, but {len(found)} found.", file=sys.stderr)
        return 1
    print(
        f"\nAll {len(sent)} events were found. Next, look at your own without a server: "
        "`.venv/bin/mim-ecs normalize --table FILE`, where FILE holds events as Okta's System Log API exports them."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
