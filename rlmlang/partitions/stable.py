"""`stable(around)`: cuts that depend only on the text near them.

Behind half of the usual size, a line ends a piece when its checksum falls below a threshold that
grows with its length, so an edit moves the cuts beside it and no others. Pieces hold between a
quarter and four times `around`. Skipping half and marking twice as often costs half as many
checksums as marking alone: Xia and others, FastCDC, USENIX ATC 2016.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log2
from zlib import crc32

from rlmlang.context import Document, Measure, Slice, Tree
from rlmlang.partitions.cuts import first_piece, sentence_ends, whole_clusters
from rlmlang.partitions.text import View, slices

SPACE = 1 << 32
BYTES_OF_TOKEN = 4
"""What a counted token has in most texts; how many bytes are about the usual size."""
STRETCH = 512
"""So many bytes at least are looked at together."""
SIGHT = 16


@dataclass(frozen=True)
class Stable:
    """Pieces of about `around` tok."""

    around: int

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The pieces in order."""

        def cut(document: Document, start: int, end: int) -> Iterator[tuple[int, int]]:
            search = _Search(View(document, end), measure, self.around * measure.per_tok)
            while start < end:
                stop = search.stop(start)
                yield start, stop
                start = stop

        return slices(subject, cut)


@dataclass(frozen=True)
class _Search:
    """Where pieces of about a weight end."""

    view: View
    measure: Measure
    usual: int

    @property
    def width(self) -> int:
        """About so many bytes are of the usual size."""
        return self.usual * (BYTES_OF_TOKEN if self.measure.per_tok == 1 else 1)

    def stop(self, start: int) -> int:
        """The end of the piece that begins somewhere."""
        low = self.view.reach(start, max(1, self.usual // 2), self.measure)
        if low >= self.view.end:
            return low
        most = min(self.view.end, start + self.measure.window(self.usual * 4))
        stop = self._line(start, low, most) or self._word(low)
        if stop and self.view.reach(start, self.usual * 4, self.measure, stop) >= stop:
            return stop
        return self._anywhere(start, low)

    def _line(self, start: int, low: int, most: int) -> int:
        """Behind the first line that ends behind `low` and is marked, else before a line that is
        too long for a piece; 0 where that is no place, or too far."""
        begin = start + self.view.read(start, low).rfind(b"\n") + 1
        size = max(self.width // 4, STRETCH)
        while begin < most:
            data = self.view.read(begin, max(begin, low) + size)
            *lines, rest = data.split(b"\n")
            behind = begin + len(data) - len(rest)
            marked = self._marked(lines) if lines else None
            if marked is not None:
                return begin + sum(map(len, lines[: marked + 1])) + marked + 1
            if behind + len(rest) == self.view.end:
                return self.view.end
            if lines:
                begin = behind
            elif size < self.width:
                size *= 2
            else:
                return begin if begin > low else 0
        return 0

    def _marked(self, lines: list[bytes]) -> int | None:
        """The first line whose checksum is small: on average there is one in half a piece. How
        small follows the usual length of lines in powers of two, so that lines that are marked
        among shorter ones are marked among longer ones too."""
        sums = list(map(crc32, lines))
        share = 2 * (sum(map(len, lines)) + len(lines)) / (self.width * len(lines))
        most = SPACE >> max(0, round(-log2(share)))
        return next(i for i, found in enumerate(sums) if found < most) if min(sums) < most else None

    def _word(self, low: int) -> int:
        """In a long line the end of the word, else of the sentence, whose checksum is least; before
        a space, so that no word's tokens change. 0 where there is none."""
        data = self.view.read(low, low + max(self.width, STRETCH))
        first, *words = data.split(b" ")
        sums = list(map(crc32, words[:-1]))
        if any(sums):
            at = sums.index(min(filter(None, sums)))
            return low + len(first) + 1 + sum(map(len, words[: at + 1])) + at
        ends = [end for end in sentence_ends(data) if end < len(data)]
        near = min(ends, key=lambda at: crc32(data[max(0, at - SIGHT) : at]), default=0)
        return low + near if near else 0

    def _anywhere(self, start: int, low: int) -> int:
        """Behind the last line that fits, else where the usual size is reached."""
        reach = self.view.reach
        most = reach(start, self.usual * 4, self.measure)
        line = self.view.read(low, most).rfind(b"\n") + 1
        if line:
            return low + line
        usual = reach(start, self.usual, self.measure)
        high = usual if usual > low else most
        data = self.view.read(start, high + SIGHT)
        if high == start:
            return start + first_piece(data, self.usual * 4, self.measure)
        return start + whole_clusters(data, high - start, low - start)
