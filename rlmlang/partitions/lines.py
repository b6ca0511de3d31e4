"""`lines(per, max)`: so many lines in a piece."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from rlmlang.context import Measure, Slice, Tree
from rlmlang.partitions.text import View, slices
from rlmlang.partitions.tokens import Tokens

FEED = b"\n"
FIRST, MOST = 1 << 12, 1 << 18
"""So many bytes are looked at for as many lines as are in a piece: at first, and at most."""


class Units(Protocol):
    """Units of a text, which are asked for from left to right."""

    def stop(self, start: int, number: int, reached: int | None) -> int:
        """Where so many units end that begin at `start`, or as many of them as end at or before
        the place that is reached, but one at least; the end where there are no more."""


@dataclass(frozen=True)
class Lines:
    """`per` lines in a piece, fewer where `max` tok would be passed; a longer line is cut."""

    per: int
    max: int | None = None

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The pieces in order."""
        return slices(subject, lambda d, start, end: self._cut(View(d, end), start, measure))

    def units(self, view: View, start: int) -> Units:
        """The units from a place on."""
        return _Feeds(view)

    def _cut(self, view: View, start: int, measure: Measure) -> Iterator[tuple[int, int]]:
        units = self.units(view, start)
        while start < view.end:
            if self.max is None:
                stop = units.stop(start, self.per, None)
                yield start, stop
            else:
                reached = view.reach(start, self.max * measure.per_tok, measure)
                stop = units.stop(start, self.per, reached)
                if stop <= reached:
                    yield start, stop
                else:
                    yield from Tokens(self.max).within(view, start, stop, measure)
            start = stop


class _Feeds:
    """Lines as units. They are counted, not looked at one by one."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._usual = FIRST

    def stop(self, start: int, number: int, reached: int | None) -> int:
        """Where so many lines end, or those that end before a place."""
        if reached is None:
            return self._behind(start, number)
        data = self.view.read(start, reached)
        found = data.count(FEED)
        if found >= number:
            return start + _nth(data, number, found)
        if reached >= self.view.end:
            return reached
        return start + data.rfind(FEED) + 1 if found else self._behind(reached, 1)

    def _behind(self, start: int, number: int) -> int:
        """Where so many lines end. One looks as far as they went the last time, then further."""
        at, size = start, self._usual
        while at < self.view.end:
            data = self.view.read(at, at + size)
            found = data.count(FEED)
            if found >= number:
                stop = at + _nth(data, number, found)
                self._usual = min(stop - start, MOST)
                return stop
            number -= found
            at += len(data)
            size = max(size // 4, 512) if found else min(2 * size, MOST)
        return self.view.end


def _nth(data: bytes, number: int, found: int) -> int:
    """The place behind a line feed, given how many of them there are."""
    return len(data.rsplit(FEED, found - number + 1)[0]) + 1


class Listed:
    """Units whose ends are found a batch at a time."""

    def __init__(self, batches: Iterator[list[int]]) -> None:
        self._batches = batches
        self._ends: list[int] = []
        self._at = 0

    def stop(self, start: int, number: int, reached: int | None) -> int:
        """Where so many units end, or those that end before a place."""
        while len(self._ends) < self._at + number and self._may_hold(reached):
            batch = next(self._batches, None)
            if batch is None:
                break
            self._ends, self._at = self._ends[self._at :] + batch, 0
        first, stop = self._at, min(self._at + number, len(self._ends))
        if reached is not None:
            stop = max(first + 1, bisect_right(self._ends, reached, first, stop))
        self._at = stop
        return self._ends[stop - 1]

    def _may_hold(self, reached: int | None) -> bool:
        """Whether units that are not known yet may end before a place."""
        return reached is None or self._at >= len(self._ends) or self._ends[-1] <= reached
