"""`stable(around)`: cuts that depend only on the text near them.

Behind half of the usual size, a paragraph ends a piece, or a line where there are none, when its
checksum falls below a threshold that grows with its length, so an edit moves the cuts beside it and
no others. Pieces hold between a quarter and four times `around`. Skipping half and marking twice as
often costs half as many checksums as marking alone: Xia and others, FastCDC, USENIX ATC 2016.
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

        usual = self.around * measure.per_tok
        width = usual * (BYTES_OF_TOKEN if measure.per_tok == 1 else 1)

        def cut(document: Document, start: int, end: int) -> Iterator[tuple[int, int]]:
            search = _Search(View(document, end), measure, usual, width)
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
    width: int
    """About so many bytes are of the usual size."""

    def stop(self, start: int) -> int:
        """The end of the piece that begins somewhere."""
        low = self.view.reach(start, max(1, self.usual // 2), self.measure)
        if low >= self.view.end:
            return low
        most = min(self.view.end, start + self.measure.window(self.usual * 4))
        stop = self._line(start, low, most) or self._word(low)
        if stop and self._fits(start, stop):
            return stop
        return self._anywhere(start, low)

    def _fits(self, start: int, stop: int) -> bool:
        """Whether something is no larger than a piece may be; a byte is at most one token."""
        most = self.usual * 4
        return stop - start <= most or self.view.reach(start, most, self.measure, stop) >= stop

    def _line(self, start: int, low: int, most: int) -> int:
        """Behind the first paragraph, or line, that ends behind `low` and is marked, else before a
        line that is too long for a piece; 0 where that is no place, or too far."""
        at, size = start, max(self.width // 2, STRETCH)
        while at < most:
            data = self.view.read(at, max(at, low) + size)
            floor = max(low - at, 0)
            mark = _between(data, floor)
            before = data.rfind(mark, 0, floor)
            begin = before + len(mark) if before >= 0 else 0
            marked, last = self._marked(data, begin, floor, mark)
            if marked:
                return at + last
            if at + len(data) == self.view.end:
                return self.view.end
            if last > begin:
                at += last
            elif size < self.width:
                size *= 2
            else:
                return at if at > low else 0
        return 0

    def _marked(self, data: bytes, begin: int, floor: int, mark: bytes) -> tuple[bool, int]:
        """Whether a unit has a small checksum, and where the first such, or the last of all, ends.
        On average there is one in half a piece. How small follows the usual length of units in
        powers of two, so that those marked among shorter ones are marked among longer ones too."""
        some = (len(data) - floor + 1) // 2
        usual = some / (data.count(mark, floor, floor + some) or 1)
        most = SPACE >> max(0, round(log2(self.width / (2 * usual))))
        while (end := data.find(mark, begin)) >= 0:
            if crc32(data[begin:end]) < most and begin < end:
                return True, end + len(mark)
            begin = end + len(mark)
        return False, begin

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


def _between(data: bytes, at: int) -> bytes:
    """What stands between the units of a text: its paragraphs, or lines where none end behind a
    place."""
    if data.find(b"\n\n", at) >= 0:
        return b"\n\n"
    return b"\n\r\n" if b"\r" in data and data.find(b"\n\r\n", at) >= 0 else b"\n"
