"""`tokens(max, overlap, slack)`: cut at the last good place before the cap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from rlmlang.context import Document, Measure, Slice, Tree
from rlmlang.partitions.cuts import (
    best_cut,
    counted_cut,
    first_character,
    first_piece,
    next_cluster,
)
from rlmlang.partitions.text import View, slices
from rlmlang.schema.partitions.rules import slack_of

WORD_END = re.compile(rb"\s+")
NEAR = 40


@dataclass(frozen=True)
class Tokens:
    """Pieces of at most `max` tok; each but the last is longer than (1 − slack)·max."""

    max: int
    overlap: int = 0
    slack: float = 0.1

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The pieces of every document in order; a piece never spans two files."""
        return slices(subject, lambda d, start, end: self.cut(d, start, end, measure))

    def cut(
        self, document: Document, start: int, end: int, measure: Measure
    ) -> Iterator[tuple[int, int]]:
        """The byte ranges of the pieces of one range."""
        return self.within(View(document, end), start, end, measure)

    def within(
        self, view: View, start: int, end: int, measure: Measure
    ) -> Iterator[tuple[int, int]]:
        """The same of a part of a view."""
        most = self.max * measure.per_tok
        least = _least(self.max, self.slack, measure.grain, measure.per_tok)
        while start < end:
            stop = self._stop(view, start, end, least, most, measure)
            yield start, stop
            if stop >= end:
                return
            start = self._next(view, start, stop, measure) if self.overlap else stop

    def _stop(
        self, view: View, start: int, end: int, least: int, most: int, measure: Measure
    ) -> int:
        data = view.read(start, min(end, start + measure.window(most)))
        reached = measure.reach(data, most)
        if start + reached >= end:
            return end
        reached = reached or first_piece(data, most, measure)
        floor = measure.reach(data[:reached], max(0, least - 1))
        cut = counted_cut if measure.per_tok == 1 else best_cut
        return start + cut(data, floor, reached)

    def _next(self, view: View, start: int, stop: int, measure: Measure) -> int:
        data = view.read(start, stop)
        back = measure.tail(data, self.overlap * measure.per_tok) or first_character(data)
        word = WORD_END.search(data, back, back + NEAR)
        if word is not None and measure.per_tok != 1:
            back = word.end()
        return start + next_cluster(data, back)


@lru_cache(maxsize=64)
def _least(most: int, slack: float, grain: int, per_tok: int) -> int:
    """The weight that every piece but the last has at least."""
    return ceil(most * per_tok * (1 - slack_of({"max": most, "slack": slack}, grain)))
