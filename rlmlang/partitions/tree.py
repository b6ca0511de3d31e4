"""`tree(into, slack)`: so many parts of about one size, cut where the text itself divides."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise, takewhile

from rlmlang.context import Document, Measure, Part, Slice, Tree
from rlmlang.partitions.cuts import (
    SIGHT,
    next_character,
    next_cluster,
    splits_cluster,
    whole_clusters,
)
from rlmlang.partitions.functions import function_ends
from rlmlang.partitions.text import ranges

Spans = list[tuple[Document, int, int]]


@dataclass(frozen=True)
class TreeCut:
    """`into` − 1 cuts near i·n/k, each moved by at most `slack`·n/k to a folder, file, function
    or line edge."""

    into: int
    slack: float = 0.1

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The parts in order; empty ones are left out."""
        spans = [(d, s, e) for d, s, e in ranges(subject) if e > s]
        headed = isinstance(subject, Tree) or subject.headed
        axis = Axis(spans, measure)
        cuts = [0]
        for i in range(1, self.into):
            near = i * axis.total // self.into
            cuts.append(max(axis.cut(near, int(self.slack * axis.total / self.into)), cuts[-1]))
        cuts.append(axis.starts[-1])
        for left, right in pairwise(cuts):
            if right > left:
                yield Slice(tuple(_parts(spans, axis.starts, left, right)), headed=headed)


class Axis:
    """Files one behind the other: `starts` are their places in bytes, `weights` in weight."""

    def __init__(self, spans: Spans, measure: Measure) -> None:
        self.spans, self.measure = spans, measure
        self.starts = [0, *accumulate(e - s for _, s, e in spans)]
        self.weights = [0, *accumulate(measure.weight(d, s, e) for d, s, e in spans)]
        self.total = self.weights[-1]

    def cut(self, near: int, reach: int) -> int:
        """The best edge within `reach` of a weight, as a place in bytes."""
        first = bisect_left(self.weights, near - reach)
        edges = range(first, bisect_right(self.weights, near + reach))
        if edges:
            best = min(edges, key=lambda i: (self._shared(i), abs(self.weights[i] - near)))
            return self.starts[best]
        at = bisect_right(self.weights, near) - 1
        document, start, end = self.spans[at]
        local, low, high = (
            self.measure.locate(document, start, end, w - self.weights[at])
            for w in (near, near - reach, near + reach)
        )
        return self.starts[at] + _inner_edge(document, start, end, local, low, high) - start

    def _shared(self, edge: int) -> int:
        """Folders shared by the files on both sides of an edge: the fewer, the better the cut."""
        if edge in (0, len(self.spans)):
            return 0
        before, after = (self.spans[i][0].id.split("/")[:-1] for i in (edge - 1, edge))
        pairs = zip(before, after, strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


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
    return _cluster_edge(document, (low, high), near, end)


def _cluster_edge(document: Document, within: tuple[int, int], near: int, end: int) -> int:
    """The place nearest before or behind `near`, in [low, high], that cuts no cluster, else it."""
    low, high = within
    first = max(low - SIGHT, document.start)
    data = document.read(first, min(end, high + SIGHT))
    first += (inside := next_character(data, 0))
    data = data[inside:]
    before = first + whole_clusters(data, near - first, low - first - 1)
    behind = first + next_cluster(data, near - first)
    splits = splits_cluster(data, before - first)
    return behind if splits and behind <= high else before


def _parts(
    spans: list[tuple[Document, int, int]], starts: list[int], left: int, right: int
) -> Iterator[Part]:
    for (document, start, end), begin in zip(spans, starts, strict=False):
        low, high = max(left, begin), min(right, begin + end - start)
        if low < high:
            yield Part(document, start + low - begin, start + high - begin)
