"""`stdin()`: what is piped in."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.context import Slice, whole
from rlmlang.sources.place import STDIN, Place


def opened(place: Place) -> Slice:
    """All of it."""
    return whole(replace(place, written=STDIN).document)
