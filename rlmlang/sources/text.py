"""`text("book.txt")`, `file(…)`, `url(…)`: one text, from a file or from elsewhere."""

from __future__ import annotations

from rlmlang.context import Slice, whole
from rlmlang.sources.place import Place


def opened(place: Place) -> Slice:
    """The whole text."""
    return whole(place.document)
