"""The oracle: what was sent, held against what the server holds and against the dead letters.

It talks to either engine in words that both understand, and to the server itself, never through a proxy.
"""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engines.ask import ask

_PAGE = 5_000
_SECONDS = 120
_WHETHER_IT_IS_OR_NOT = "?ignore_unavailable=true"  # no data stream holds nothing

Letter = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Findings:
    """The uuids of events that are nowhere, that stand twice or more, whose document is another event's or differs
    from what was sent; and `foreign` ones, that nobody sent. `held` counts the documents, `dead` the dead letters of
    each uuid.
    """

    lost: frozenset[str]
    doubled: frozenset[str]
    swapped: frozenset[str]
    foreign: frozenset[str]
    held: int
    dead: Counter[str] = field(default_factory=Counter)

    @property
    def complaints(self) -> list[str]:
        """A sentence for each kind that there should not be."""
        kinds = {"lost": self.lost, "doubled": self.doubled, "swapped": self.swapped, "never sent": self.foreign}
        return [f"{len(found)} {name}, such as {min(found)}" for name, found in kinds.items() if found]


def judge(
    url: str,
    stream: str,
    sent: Mapping[str, bytes],
    letters: Iterable[Letter] = (),
    *,
    every: int = 7,
) -> Findings:
    """Count by `_id` and by event.id, and compare event.original byte by byte for every so many-th event.

    `sent` is the text of each event by its uuid. An event is lost that is neither held nor a dead letter.
    Raises AssertionError where the server does not answer as it should.
    """
    _refresh(url, stream)
    keys: Counter[str] = Counter()
    names: Counter[str] = Counter()
    swapped = set()
    for hit in _search(url, stream, {"match_all": {}}, ["event.id"]):
        name = hit["_source"].get("event", {}).get("id")
        keys[hit["_id"]] += 1
        names[name] += 1
        if hit["_id"] != name:
            swapped.add(hit["_id"])
    sample = [key for key in itertools.islice(sent, 0, None, every) if key in keys]
    for group in _groups(sample, _PAGE // 5):
        for hit in _search(url, stream, {"ids": {"values": group}}, ["event.original"]):
            if hit["_source"]["event"]["original"].encode() != sent[hit["_id"]]:
                swapped.add(hit["_id"])
    dead = Counter(uuid_of(letter) for letter in letters)
    every_key = keys.keys() | names.keys()
    return Findings(
        lost=frozenset(sent.keys() - keys.keys() - dead.keys()) | frozenset(sent.keys() - names.keys() - dead.keys()),
        doubled=frozenset(key for key in every_key if max(keys[key], names[key]) > 1),
        swapped=frozenset(swapped),
        foreign=frozenset(every_key - sent.keys()),
        held=keys.total(),
        dead=dead,
    )


def held(url: str, stream: str) -> int:
    """How many documents a data stream holds; 0 where there is none."""
    _refresh(url, stream)
    return int(_ask(url, "GET", f"/{stream}/_count{_WHETHER_IT_IS_OR_NOT}")["count"])


def dead_letters(path: Path) -> list[Letter]:
    """The dead letters of a file and of those that were put aside for it, oldest first."""
    files = sorted(path.parent.glob(f"{path.name}*"))
    return [json.loads(line) for each in files for line in each.read_bytes().splitlines()]


def original(letter: Letter) -> bytes:
    """The bytes that a dead letter keeps of its event."""
    if "original" in letter:
        return str(letter["original"]).encode()
    return base64.b64decode(letter["original_base64"])


def uuid_of(letter: Letter) -> str:
    """The uuid of a dead letter's event; empty where its bytes are no event."""
    try:
        found = json.loads(original(letter))
    except (KeyError, ValueError):
        return ""
    return str(found.get("uuid", "")) if isinstance(found, dict) else ""


def _refresh(url: str, stream: str) -> None:
    _ask(url, "POST", f"/{stream}/_refresh{_WHETHER_IT_IS_OR_NOT}")


def _search(url: str, stream: str, query: object, fields: list[str]) -> Iterator[dict[str, Any]]:
    """All hits, page by page, as they were at one moment."""
    body = {"size": _PAGE, "query": query, "_source": fields, "sort": ["_doc"]}
    page = _ask(url, "POST", f"/{stream}/_search{_WHETHER_IT_IS_OR_NOT}&scroll=1m", body)
    try:
        while hits := page["hits"]["hits"]:
            yield from hits
            page = _ask(url, "POST", "/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]})
    finally:
        if "_scroll_id" in page:  # OpenSearch gives none for no index
            ask(url, "DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]})


def _ask(url: str, method: str, path: str, body: object = None) -> Any:
    """The answer; a server that has no time now is waited for."""
    limit = time.monotonic() + _SECONDS
    status, answer = ask(url, method, path, body, seconds=_SECONDS)
    while status in (429, 503) and time.monotonic() < limit:
        time.sleep(1)
        status, answer = ask(url, method, path, body, seconds=_SECONDS)
    assert status == 200, f"{method} {path}: {status} {json.dumps(answer)[:1000]}"
    assert not answer.get("_shards", {}).get("failed"), f"{method} {path}: {json.dumps(answer)[:1000]}"
    return answer


def _groups(keys: list[str], size: int) -> Iterator[list[str]]:
    for at in range(0, len(keys), size):
        yield keys[at : at + size]
