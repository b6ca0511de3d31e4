"""What a search chooses from: the windows of a text or tree, or the items of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rlmlang.context import Context, Datum, Measure, Part, Slice, Tree
from rlmlang.partitions.text import ranges
from rlmlang.partitions.tokens import Tokens


def windows(subject: Context, window: int, measure: Measure) -> Callable[[], Iterator[Datum]]:
    """A function that goes over the windows again from the start each time it is called."""
    if isinstance(subject, Sequence):
        return lambda: iter(subject)

    def cut() -> Iterator[Slice]:
        for document, start, end in ranges(subject):
            for left, right in Tokens(window).cut(document, start, end, measure):
                yield Slice((Part(document, left, right),), headed=isinstance(subject, Tree))

    return cut
