"""`stdin()`: what is piped in."""

from __future__ import annotations

from rlmlang.context import Slice, whole
from rlmlang.sources.local import standard_input
from rlmlang.sources.place import Place


def opened(place: Place) -> Slice:
    """All of it."""
    return whole(standard_input())
