"""`stable(around)`: cuts that depend only on the text near them.

A line ends a piece when its checksum falls below a threshold that grows with its length, so an
edit moves the cuts beside it and no others. Pieces hold between a quarter and four times `around`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from rlmlang.context import Document, Measure, Slice, Tree
from rlmlang.partitions.measure import first_character
from rlmlang.partitions.text import line_ends, slices

SPACE = 1 << 32


@dataclass(frozen=True)
class Stable:
    """Pieces of about `around` tok."""

    around: int

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The pieces in order."""
        return slices(subject, lambda d, start, end: self.cut(d, start, end, measure))

    def cut(
        self, document: Document, start: int, end: int, measure: Measure
    ) -> Iterator[tuple[int, int]]:
        """The byte ranges of the pieces."""
        usual = self.around * measure.per_tok
        least, most = -(-usual // 4), usual * 4
        left = right = start
        held = 0
        for at in self._units(document, start, end, max(1, least // 2), measure):
            weight = measure.weight(document, right, at)
            if held and held + weight > most:
                yield left, right
                left, held = right, 0
            held += weight
            if held >= least and _marks(document.read(right, at), weight, usual):
                yield left, at
                left, held = at, 0
            right = at
        if right > left:
            yield left, right

    def _units(
        self, document: Document, start: int, end: int, most: int, measure: Measure
    ) -> Iterator[int]:
        """The ends of lines; a long line is cut into stretches, again by its own text."""
        left = start
        window = measure.window(most)
        for right in line_ends(document, start, end):
            while right - left > window or measure.weight(document, left, right) > most:
                data = document.read(left, min(right, left + window + measure.grain))
                least = max(most, measure.grain * measure.per_tok)
                reached = measure.reach(data, most) or measure.reach(data, least)
                left += _stretch(data[: reached or first_character(data)])
                yield left
            if right > left:
                yield right
            left = right


def _stretch(data: bytes) -> int:
    """A part of a long line: up to the word whose checksum is least, which an edit elsewhere
    does not move; the cut is before a space, so that no word's tokens change."""
    best, at = SPACE, 0
    position = data.find(b" ", max(1, len(data) // 4))
    while position >= 0:
        mark = zlib.crc32(data[max(0, position - 16) : position])
        if mark < best and data[position - 1 : position] not in (b" ", b"\t", b"\r"):
            best, at = mark, position
        position = data.find(b" ", position + 1)
    return at or len(data)


def _marks(unit: bytes, weight: int, usual: int) -> bool:
    """Whether a unit ends a piece: on average once in three quarters of the usual size."""
    return zlib.crc32(unit) < SPACE * weight * 4 // (usual * 3)
