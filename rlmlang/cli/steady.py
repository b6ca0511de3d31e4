"""A process made ready for a long run."""

from __future__ import annotations

import contextlib
import gc
import sys

ARENAS = -8  # glibc's M_ARENA_MAX


def steady() -> None:
    """What is loaded by now stays, so the collector need not go over it again; and glibc keeps one
    heap for all threads: with one for each, memory grows by fragments, 50 MB in a million calls."""
    gc.enable()
    gc.freeze()
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(ARENAS, 1)
