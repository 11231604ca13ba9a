"""One bulk ▶ the server: sent until each of its items is done or dead, or the server is given up.

    bulk ─send─▶ answer ─compare with the request─▶ a verdict for each item ─▶ done, dead, or again

Only refused items are sent again. An answer that does not name the items of its request, one by one and in order,
proves nothing: the request is sent again whole, which is harmless, since `create` with an `_id` never writes twice
within a backing index.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from normalizer.delivery.bulks import Bulk
from normalizer.delivery.counts import Counts
from normalizer.delivery.gate import Gate
from normalizer.delivery.items import Item, Prepared
from normalizer.delivery.verdicts import SECONDS_OF_UNKNOWN, Fate, Outcome, fate, verdict
from normalizer.errors import ServerError
from normalizer.outputs.answers import ItemResult, NoAnswer, Send
from normalizer.runtime.batch import DeadLetter

Known = Callable[[Sequence[str]], "Collection[str] | NoAnswer"]
"""Which of these `_id`s the whole data stream holds already. Raises ServerError. Called by several threads."""


@dataclass
class Sender:
    """Sends bulks; several threads share one. `bury` takes the dead letters of a bulk as soon as they are known."""

    send: Send
    bury: Callable[[Bulk, list[DeadLetter]], object]
    gate: Gate
    counts: Counts
    known: Known | None
    now: Callable[[], str]
    _counting: threading.Lock = field(default_factory=threading.Lock, init=False)
    _too_large: float = field(default=math.inf, init=False)
    """The size in bytes of the smallest part that was more than the server takes in one request."""
    _largest: int = field(default=0, init=False)
    """The size of the largest part of which it has taken something."""

    @property
    def _taken(self) -> int:
        """How many items the server has taken."""
        return self.counts.indexed + self.counts.duplicates + self.counts.dropped

    def deliver(self, bulk: Bulk) -> None:
        """Send until nothing is left. Raises ServerError; Stopped where the delivery ends before.

        Parts that were too large together are taken one after the other.
        """
        parts = [list(bulk.items)] if bulk.items else []
        progress = self.gate.clock()
        began = self._taken
        refusals = 0
        while parts:
            part = parts.pop()
            if len(part) > 1 and _size(part) >= self._too_large:
                parts += _halves(part)
                continue
            ticket = self.gate.enter()
            answer = self._ask(part)
            if isinstance(answer, NoAnswer) and self._is_too_much(part, answer, began):
                self.gate.open()
                parts += self._halved(bulk, part, answer)
                continue
            left, why, wait = (
                (part, answer.sentence, answer.retry_after)
                if isinstance(answer, NoAnswer)
                else (*self._settle(bulk, part, answer), None)
            )
            if len(left) < len(part):
                self.gate.open()
                progress, refusals = self.gate.clock(), 0
            else:
                self._check_patience(progress, why, sum(map(len, parts)) + len(left))
                self.gate.shut(ticket, why, wait)
            if left:
                # A server that takes none of many may take some of fewer: documents of many MB, a queue that is short.
                is_none_taken = not isinstance(answer, NoAnswer) and len(left) == len(part) > 1
                parts += _halves(left) if is_none_taken else [left]
                if not isinstance(answer, NoAnswer):
                    refusals += 1
                    self.gate.pause(refusals, why)

    def _is_too_much(self, part: list[Prepared], answer: NoAnswer, began: int) -> bool:
        """Whether something in this part is the cause of a refusal, and not the server, or what stands before it.

        Of a single item that needs a sign: for 413 that nothing as large was ever taken, for 400 that others were taken
        since its bulk `began`, or none ever. Without one it is the cause only when this has gone on for long.
        """
        if fate(answer.status) is not Fate.HALVES:
            return False
        is_sign = part[0].size > self._largest if answer.status == 413 else self._taken > began or not self._taken
        return len(part) > 1 or is_sign or self.gate.clock() - part[0].since >= SECONDS_OF_UNKNOWN

    def _check_patience(self, progress: float, why: str, left: int) -> None:
        seconds = self.gate.clock() - progress
        if seconds >= self.gate.retries.patience:
            documents = "1 document" if left == 1 else f"{left} documents"
            raise ServerError(f"{why} Given up after {seconds:.0f} s, with {documents} of this request left to send.")

    def _ask(self, part: list[Prepared]) -> list[ItemResult] | NoAnswer:
        """What the server says of these, asked first whether it has them where that was asked for.

        Raises ServerError where it refuses us.
        """
        found: Collection[str] = ()
        if self.known is not None:
            asked = self.known([key for each in part for key in each.item.kept_as])
            if isinstance(asked, NoAnswer):
                return self._refused(asked)
            found = asked
        held = [any(key in found for key in each.item.kept_as) for each in part] if found else [False] * len(part)
        new = [each for each, is_held in zip(part, held, strict=True) if not is_held]
        answer = self._request(new) if new else []
        if isinstance(answer, NoAnswer):
            return self._refused(answer)
        if not found:
            return answer
        rest = iter(answer)
        there = "version_conflict_engine_exception"
        return [
            ItemResult(each.item.id, 409, there) if is_held else next(rest)
            for each, is_held in zip(part, held, strict=True)
        ]

    def _refused(self, answer: NoAnswer) -> NoAnswer:
        if fate(answer.status) is Fate.REFUSED:
            raise ServerError(answer.sentence)
        return answer

    def _request(self, part: list[Prepared]) -> list[ItemResult] | NoAnswer:
        ingested = self.now().encode()
        lines = [each.line(ingested) for each in part]
        with self._counting:
            self.counts.requests += 1
            self.counts.sent += len(part)
            self.counts.retried += sum(each.sent > 0 for each in part)
            self.counts.bytes += sum(map(len, lines))
        moment = self.gate.clock()
        for each in part:
            if not each.sent:
                each.since, each.beside = moment, self._taken
            each.sent += 1
        answer = self.send(lines)
        if isinstance(answer, NoAnswer) or _matches(part, answer):
            return answer
        return NoAnswer("The server's answer does not name the documents that were sent.")

    def _halved(self, bulk: Bulk, part: list[Prepared], answer: NoAnswer) -> list[list[Prepared]]:
        """What is sent instead of a part that was refused whole. A single item is dead.

        Raises ServerError where the server calls a request bad and has never taken one: then it is not the document's
        fault.
        """
        if len(part) > 1:
            if answer.status == 413:
                self._too_large = min(self._too_large, _size(part))
            return _halves(part)
        if answer.status != 413 and not (self.counts.indexed or self.counts.duplicates):
            raise ServerError(answer.sentence)
        word = "too_large" if answer.status == 413 else "refused"
        self._bury(bulk, [_letter(part[0].item, word, answer.sentence, answer.status)])
        return []

    def _settle(self, bulk: Bulk, part: list[Prepared], answer: list[ItemResult]) -> tuple[list[Prepared], str]:
        """Count what is done, hand over what is dead; what must go again and the last reason. Raises ServerError."""
        again: list[Prepared] = []
        dead: list[DeadLetter] = []
        why = refused = ""
        done = duplicates = dropped = 0
        moment = self.gate.clock()
        taken = self._taken + sum(result.status < 300 or result.status == 409 for result in answer)
        for each, result in zip(part, answer, strict=True):
            each.answered += taken > each.beside  # else it takes nothing at all, which says nothing about this one
            judged = verdict(result, max(1, each.answered), moment - each.since)
            if judged.outcome is Outcome.DONE:
                done += 1
                duplicates += judged.duplicate
            elif judged.outcome is Outcome.DROPPED:
                dropped += 1
            elif judged.outcome is Outcome.DEAD:
                dead.append(_letter(each.item, "refused", judged.reason.partition(" ")[2], result.status))
            elif judged.outcome is Outcome.RETRY:
                again.append(each)
                why = judged.reason
            else:
                refused = judged.reason
        with self._counting:
            self.counts.indexed += done - duplicates
            self.counts.duplicates += duplicates
            self.counts.dropped += dropped
            if done or dropped:
                self._largest = max(self._largest, _size(part))
        self._bury(bulk, dead)
        if refused:
            raise ServerError(f"The server refuses to index anything here: {refused}.")
        return again, f"The server does not take {len(again)} of {len(part)} documents: {why}."

    def _bury(self, bulk: Bulk, letters: list[DeadLetter]) -> None:
        if letters:
            self.bury(bulk, letters)
            with self._counting:
                self.counts.dead += len(letters)


def _size(part: list[Prepared]) -> int:
    return sum(each.size for each in part)


def _halves(part: list[Prepared]) -> list[list[Prepared]]:
    """The halves, the first one last: it is taken first."""
    middle = len(part) // 2
    return [part[middle:], part[:middle]]


def _letter(item: Item, word: str, message: str, status: int | None) -> DeadLetter:
    details: dict[str, str | int] = {} if item.raw else {"document": item.document.decode()}
    if status is not None:
        details["status"] = status
    return DeadLetter(word, message, item.file, item.line, item.original, details=details)


def _matches(part: list[Prepared], answer: list[ItemResult]) -> bool:
    """Whether an answer speaks of just these items. The failure store gives a document an id of its own."""
    return len(part) == len(answer) and all(
        result.id in (each.item.id, each.item.becomes) or (result.failure_store and not result.kind)
        for each, result in zip(part, answer, strict=True)
    )
