"""Ctrl-C and SIGTERM, where they must wait."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held() -> Iterator[None]:
    """Within it Ctrl-C and SIGTERM wait; threads and processes started within are born with both blocked and stay so.

    Python runs handlers in the main thread whichever thread a signal is given to, so every other thread must be one of
    those for this to hold.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
