"""`tree(into, slack)`: so many parts of about one size, cut where the text itself divides."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from rlmlang.context import Document, Measure, Part, Slice, Tree
from rlmlang.partitions.functions import function_ends
from rlmlang.partitions.measure import between_characters
from rlmlang.partitions.tokens import ranges


@dataclass(frozen=True)
class TreeCut:
    """`into` − 1 cuts near i·n/k, each moved by at most `slack`·n/k to a folder, file, function
    or line edge. Positions are counted in bytes over all files, one behind the other."""

    into: int
    slack: float = 0.1

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The parts in order; empty ones are left out."""
        spans = [(d, s, e) for d, s, e in ranges(subject) if e > s]
        headed = isinstance(subject, Tree)
        total = sum(e - s for _, s, e in spans)
        starts = [0, *accumulate(e - s for _, s, e in spans)]
        cuts = [0]
        for i in range(1, self.into):
            cut = self._cut(spans, starts, i * total // self.into, total)
            cuts.append(max(cut, cuts[-1]))
        cuts.append(total)
        for left, right in pairwise(cuts):
            if right > left:
                yield Slice(tuple(_parts(spans, starts, left, right)), headed=headed)

    def _cut(
        self, spans: list[tuple[Document, int, int]], starts: list[int], near: int, total: int
    ) -> int:
        """The best edge within reach of `near`."""
        reach = int(self.slack * total / self.into)
        edges = [s for s in starts if abs(s - near) <= reach]
        if edges:
            return min(edges, key=lambda s: (_depth_change(spans, starts, s), abs(s - near)))
        at = bisect_right(starts, near) - 1
        document, start, end = spans[at]
        local = start + near - starts[at]
        low, high = max(start, local - reach), min(end, local + reach)
        return starts[at] + _inner_edge(document, start, end, local, low, high) - start


def _depth_change(spans: list[tuple[Document, int, int]], starts: list[int], edge: int) -> int:
    """Folders shared by the files on both sides of an edge: the fewer, the better the cut."""
    at = starts.index(edge)
    if at in (0, len(spans)):
        return 0
    before, after = (spans[i][0].id.split("/")[:-1] for i in (at - 1, at))
    shared = 0
    for a, b in zip(before, after, strict=False):
        if a != b:
            break
        shared += 1
    return shared


def _inner_edge(document: Document, start: int, end: int, near: int, low: int, high: int) -> int:
    """A function's edge, else a line's, else a character's, within [low, high]."""
    functions = function_ends(document, start, end) if end - start < 2_000_000 else None
    inside = [e for e in functions or [] if low <= e <= high]
    if inside:
        return min(inside, key=lambda e: abs(e - near))
    data = document.read(low, high)
    after = data.find(b"\n", near - low)
    before = data.rfind(b"\n", 0, near - low)
    lines = [low + x + 1 for x in (after, before) if x >= 0]
    if lines:
        return min(lines, key=lambda e: abs(e - near))
    window = document.read(max(start, near - 4), min(end, near + 4))
    return max(start, near - 4) + between_characters(window, near - max(start, near - 4))


def _parts(
    spans: list[tuple[Document, int, int]], starts: list[int], left: int, right: int
) -> Iterator[Part]:
    for (document, start, end), begin in zip(spans, starts, strict=False):
        low, high = max(left, begin), min(right, begin + end - start)
        if low < high:
            yield Part(document, start + low - begin, start + high - begin)
