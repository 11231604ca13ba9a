"""What is freed goes back to the system.

glibc takes large blocks from the system one by one and gives them back, but each that is freed makes it keep larger
ones, up to 32 MiB, in its heap: there, between smaller ones that live on, a few events of 4 MiB leave a hundred MiB.
"""

from __future__ import annotations

import ctypes

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of <malloc.h>
LARGE = 4 * 1024 * 1024
"""Bytes of a block that is taken for itself. What is often needed is smaller: a request has half of it."""


def bound() -> None:
    """From now on, here and in processes that are forked, large blocks are given back; no more than a hint."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none, and need none
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGE)
