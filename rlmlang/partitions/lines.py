"""`lines(per, max)`: so many lines in a piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rlmlang.context import Document, Measure, Slice, Tree
from rlmlang.partitions.text import line_ends, slices
from rlmlang.partitions.tokens import Tokens


@dataclass(frozen=True)
class Lines:
    """`per` lines in a piece, fewer where `max` tok would be passed; a longer line is cut."""

    per: int
    max: int | None = None

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The pieces in order."""

        def cut(document: Document, start: int, end: int) -> Iterator[tuple[int, int]]:
            ends = self.units(document, start, end)
            return _grouped(document, start, ends, self.per, self.max, measure)

        return slices(subject, cut)

    def units(self, document: Document, start: int, end: int) -> Iterator[int]:
        """Where each unit ends."""
        return line_ends(document, start, end)


def _grouped(
    document: Document,
    start: int,
    ends: Iterator[int],
    per: int,
    most: int | None,
    measure: Measure,
) -> Iterator[tuple[int, int]]:
    """Units gathered until there are `per`, or until the next would pass the cap."""
    cap = None if most is None else most * measure.per_tok
    left = right = start
    held = count = 0
    for end in ends:
        weight = measure.weight(document, right, end) if cap is not None else 0
        if count and (count == per or (cap is not None and held + weight > cap)):
            yield left, right
            left, held, count = right, 0, 0
        if cap is not None and most is not None and weight > cap:
            yield from Tokens(most).cut(document, left, end, measure)
            left, held, count = end, 0, 0
        else:
            held, count = held + weight, count + 1
        right = end
    if right > left:
        yield left, right
