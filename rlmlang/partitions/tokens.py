"""`tokens(max, overlap, slack)`: cut at the last good place before the cap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from rlmlang.context import Document, Measure, Slice, Tree
from rlmlang.partitions.measure import first_character
from rlmlang.partitions.text import best_cut, slices
from rlmlang.schema.partitions.rules import slack_of

WORD_END = re.compile(rb"\s+")
NEAR = 40
BLANK = (b" ", b"\t", b"\r")


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
        most = self.max * measure.per_tok
        least = ceil(most * (1 - slack_of({"max": self.max, "slack": self.slack}, measure.grain)))
        while start < end:
            stop = self._stop(document, start, end, least, most, measure)
            yield start, stop
            if stop >= end:
                return
            start = self._next(document, start, stop, measure) if self.overlap else stop

    def _stop(
        self, document: Document, start: int, end: int, least: int, most: int, measure: Measure
    ) -> int:
        data = document.read(start, min(end, start + measure.window(most)))
        reached = measure.reach(data, most)
        if start + reached >= end:
            return end
        reached = reached or first_piece(data, most, measure)
        floor = measure.reach(data[:reached], max(0, least - 1))
        if measure.per_tok == 1:
            return start + _atom_cut(data, floor, reached, measure)
        return start + best_cut(data[:reached], floor, reached)

    def _next(self, document: Document, start: int, stop: int, measure: Measure) -> int:
        data = document.read(start, stop)
        back = measure.tail(data, self.overlap * measure.per_tok) or first_character(data)
        word = WORD_END.search(data, back, back + NEAR)
        if word is not None and measure.per_tok != 1:
            back = word.end()
        return start + back


def _atom_cut(data: bytes, floor: int, reached: int, measure: Measure) -> int:
    """A good place that is also the edge of an atom, so that the tokens of both sides add up."""
    lines = data.rfind(b"\n", floor, reached)
    if lines >= floor > 0:
        return lines + 1
    words = data.rfind(b" ", floor + 1, reached)
    return words if words > floor > 0 and data[words - 1 : words] not in BLANK else reached


def first_piece(data: bytes, most: int, measure: Measure) -> int:
    """Where a piece ends that no atom fits in: between characters, behind one of them at least."""
    at = first_character(data)
    while at < len(data):
        more = at + first_character(data[at : at + 4])
        if measure.tok(data[:more].decode(errors="replace")) * measure.per_tok > most:
            break
        at = more
    return at
