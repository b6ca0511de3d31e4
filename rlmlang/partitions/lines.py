"""`lines(per, max)`: so many lines in a piece."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from rlmlang.context import Document, Measure, Slice, Tree
from rlmlang.partitions.text import View, line_sizes, slices
from rlmlang.partitions.tokens import Tokens

FEW = 16


@dataclass(frozen=True)
class Lines:
    """`per` lines in a piece, fewer where `max` tok would be passed; a longer line is cut."""

    per: int
    max: int | None = None

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The pieces in order."""
        if self.max is None:
            return slices(subject, self._counted)
        return slices(subject, _Limited(self, self.per, self.max, measure).cut)

    def sizes(self, document: Document, start: int, end: int) -> Iterator[list[int]]:
        """The bytes of each unit, many at a time."""
        return line_sizes(document, start, end)

    def _counted(self, document: Document, start: int, end: int) -> Iterator[tuple[int, int]]:
        units = _Units(self.sizes(document, start, end))
        while sizes := units.next(self.per):
            units.skip(len(sizes))
            stop = start + sum(sizes)
            yield start, stop
            start = stop


class _Units:
    """Sizes of units in order."""

    def __init__(self, batches: Iterator[list[int]]) -> None:
        self._batches = batches
        self._ahead: list[int] = []
        self._at = 0

    def next(self, most: int) -> list[int]:
        """The next sizes, as many as there are up to a number."""
        while len(self._ahead) - self._at < most:
            batch = next(self._batches, None)
            if batch is None:
                break
            self._ahead, self._at = self._ahead[self._at :] + batch, 0
        return self._ahead[self._at : self._at + most]

    def skip(self, number: int) -> None:
        """So many are done with."""
        self._at += number


@dataclass(frozen=True)
class _Limited:
    """Units gathered until there are `per`, or until the next would pass the cap."""

    lines: Lines
    per: int
    max: int
    measure: Measure

    def cut(self, document: Document, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The byte ranges of the pieces."""
        view, units = View(document, end), _Units(self.lines.sizes(document, start, end))
        number = FEW
        while start < end:
            number, stop, fits = self._piece(view, start, units, min(self.per, 2 * number))
            units.skip(number)
            if fits:
                yield start, stop
            else:
                yield from Tokens(self.max).within(view, start, stop, self.measure)
            start = stop

    def _piece(self, view: View, start: int, units: _Units, number: int) -> tuple[int, int, bool]:
        """How many units fit, where they end, and whether it is one at all. A number to begin with
        is doubled, so that no more units than needed are looked at."""
        sizes = units.next(number)
        stop = start + sum(sizes)
        reached = view.reach(start, self.max * self.measure.per_tok, self.measure, stop)
        if reached < stop:
            ends = list(accumulate(sizes, initial=start))[1:]
            number = max(1, bisect_right(ends, reached))
            return number, ends[number - 1], ends[number - 1] <= reached
        if number < self.per and len(sizes) == number:
            return self._piece(view, start, units, min(self.per, 2 * number))
        return len(sizes), stop, True
