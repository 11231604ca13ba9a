"""What a server says of a bulk request: its results item by item, or why there are none.

The shapes are those of Elasticsearch's bulk API, which OpenSearch shares. What an answer means for an event is not
decided here (see `normalizer.delivery.verdicts`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

_LONGEST_REASON = 300
CUT = "…"
"""Where a reason was longer."""
_LONGEST_WAIT = 86_400.0

_RESULTS = ("created", "noop")
"""What a `create` can have done; a pipeline that drops a document makes it `noop`."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What the server says of one item of a bulk request.

    `kind` and `reason` are the error's, empty where there is none; `failure_store` is true where the server put the
    document into the failure store instead of the data stream (its `id` is then a new one, and `index` says where);
    `dropped` where a pipeline of the server's dropped it.
    """

    id: str
    status: int
    kind: str = ""
    reason: str = ""
    failure_store: bool = False
    dropped: bool = False
    index: str = ""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A bulk request without results: nothing is known of any of its items. `sentence` is for people.

    `status` is the HTTP status of the whole answer; None where there was no answer, or none that can be read.
    `retry_after` are the seconds that the server asks us to wait (RFC 9110, section 10.2.3), where it does.
    """

    sentence: str
    status: int | None = None
    retry_after: float | None = None


Send = Callable[[Sequence[bytes]], "list[ItemResult] | NoAnswer"]
"""Sends prepared items (action line and document line, each with its line end) as one bulk request.

Gives what the answer lists, unverified, or the reason why there is none. Raises ServerError when no status can change
that: the server is not trusted, or is not what we take it for. Safe to call from several threads at once.
"""


def results(answer: object) -> list[ItemResult] | NoAnswer:
    """The items of the answer to a request of `create` actions; anything else than such an answer cannot be read."""
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        return NoAnswer("The server's answer to a bulk request has no list of items.")
    found = []
    for item in items:
        result = _result(item)
        if result is None:
            return NoAnswer("The server's answer to a bulk request has an item without result.")
        found.append(result)
    return found


def _result(item: object) -> ItemResult | None:
    created = item.get("create") if isinstance(item, dict) and len(item) == 1 else None
    if not isinstance(created, dict):
        return None
    key, status, result = created.get("_id"), created.get("status"), created.get("result")
    if not isinstance(key, str) or type(status) is not int:
        return None
    stored = created.get("failure_store") == "used"
    if created.get("error") is None:
        if status < 400 and result not in _RESULTS:
            return None
        index = str(created.get("_index", "")) if stored else ""
        return ItemResult(key, status, failure_store=stored, dropped=result == "noop", index=index)
    kind, reason = error_of(created)
    if status < 400:
        kind = kind or "error"  # no success, though the status says so
    return ItemResult(key, status, kind, reason, failure_store=stored)


def error_of(body: object) -> tuple[str, str]:
    """Type and reason of the error that an answer or one of its items carries, or two empty texts."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", short(error) if isinstance(error, str) else ""
    reasons: list[str] = []
    cause: object = error
    while isinstance(cause, dict) and len(reasons) < 3:
        if isinstance(reason := cause.get("reason"), str) and reason and reason not in reasons:
            reasons.append(reason)
        cause = cause.get("caused_by")
    kind = error.get("type")
    return kind if isinstance(kind, str) else "", short("; ".join(reasons))


def short(text: str) -> str:
    """On one line, without its full stop, and no longer than a sentence may be."""
    text = " ".join(text.split()).rstrip(".; ")
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + CUT


def seconds_to_wait(said: str | None) -> float | None:
    """The wait that a Retry-After header asks for, in seconds or by a date (RFC 9110, section 10.2.3), or None.

    At most a day, whatever a server says.

    >>> seconds_to_wait("120"), seconds_to_wait("Fri, 31 Dec 1999 23:59:59 GMT"), seconds_to_wait("soon")
    (120.0, 0.0, None)
    """
    said = said.strip() if said is not None else ""
    if said.isascii() and said.isdigit():
        return min(float(said), _LONGEST_WAIT)
    try:
        return min(max(0.0, parsedate_to_datetime(said).timestamp() - time.time()), _LONGEST_WAIT)
    except (ValueError, OverflowError):
        return None
