"""When to ask again: all senders wait together for a server that takes nothing, and one of them asks.

The wait is of full jitter: a random part of a time that doubles up to a cap, so that many clients of a server that
comes back do not ask at once. A server that says how long to wait (Retry-After) is obeyed.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Retries:
    """How long to try: waits below `base`, 2·`base`, 4·`base` … seconds, never above `cap`, unless the server asks.

    `base` is for a server that takes nothing, `item_base` for items that are refused among others that are taken.
    After `patience` seconds in which a bulk got no further the server is given up.
    """

    base: float = 4.0
    item_base: float = 0.5
    cap: float = 30.0
    patience: float = 900.0

    def longest(self, fruitless: int) -> float:
        """The longest wait after so many requests (from 1) that settled nothing."""
        return self._doubled(self.base, fruitless)

    def longest_of_items(self, refused: int) -> float:
        """The longest wait with items that were refused so many times in a row (from 1)."""
        return self._doubled(self.item_base, refused)

    def _doubled(self, base: float, times: int) -> float:
        return min(self.cap, base * 2.0 ** min(times - 1, 30))


Waiting = Callable[[float, str], object]
"""Is told, before each wait, how many seconds it will take and one sentence that says why. Called by senders."""


class Stopped(Exception):
    """The delivery ends: nothing more is to be sent."""


@dataclass
class Gate:
    """Open while the server takes something; shut, one sender at a time may ask whether it does again."""

    retries: Retries
    waiting: Waiting | None = None
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False)
    _fruitless: int = field(default=0, init=False)
    _until: float = field(default=0.0, init=False)
    _asking: bool = field(default=False, init=False)
    _stopped: bool = field(default=False, init=False)

    def enter(self) -> int:
        """Wait until a request may be sent; a ticket to come back with. Raises Stopped."""
        with self._changed:
            while True:
                if self._stopped:
                    raise Stopped
                if not self._fruitless:
                    return 0
                left = self._until - self.clock()
                if not self._asking and left <= 0:
                    self._asking = True
                    return self._fruitless
                self._changed.wait(None if self._asking else left)

    def open(self) -> None:
        """The server takes something."""
        with self._changed:
            self._fruitless = 0
            self._until = 0.0
            self._asking = False
            self._changed.notify_all()

    def shut(self, ticket: int, why: str, retry_after: float | None = None) -> None:
        """A request with this ticket was answered by nothing: wait longer.

        Where several were in flight when the trouble began, the first to come back counts: it is one trouble.
        """
        with self._changed:
            if ticket == self._fruitless:
                self._fruitless += 1
                self._asking = False
                seconds = self.retries.longest(self._fruitless) * self.jitter()
            else:
                seconds = 0.0
            if retry_after is not None:
                seconds = max(seconds, min(retry_after, self.retries.patience))
            until = self.clock() + seconds
            is_later = until > self._until and seconds > 0
            self._until = max(self._until, until)
            self._changed.notify_all()
        if is_later and self.waiting is not None:
            self.waiting(seconds, why)

    def pause(self, refused: int, why: str) -> None:
        """Wait with items that were refused, while others may be taken. Raises Stopped."""
        seconds = self.retries.longest_of_items(refused) * self.jitter()
        if self.waiting is not None:
            self.waiting(seconds, why)
        until = self.clock() + seconds
        with self._changed:
            while (left := until - self.clock()) > 0 and not self._stopped:
                self._changed.wait(left)
            if self._stopped:
                raise Stopped

    def stop(self) -> None:
        """Whoever waits here, or comes, is sent away."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
