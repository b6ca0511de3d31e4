"""Reading a document in blocks: its lines, and the places where units end, many at a time.

A line ends behind a line feed, with or without a carriage return before it, as in the sources
`lines` and `jsonl`; nothing else ends one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Protocol

from rlmlang.context import Document, Measure, Part, Slice, Tree

BLOCK = 1 << 18
AHEAD = 1 << 18
NEAR, SOUGHT = 1 << 10, 1 << 14
"""So many bytes are looked at for the next place: at first, and at most."""
SURE = 100
WITHIN = b"x"
"""What stands before a block that begins inside a line."""


class View:
    """A range of a document that is read from left to right, in pieces that may be small."""

    def __init__(self, document: Document, end: int) -> None:
        self.document, self.end = document, end
        self._at, self._data = 0, b""

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a range, none behind the end."""
        end = min(end, self.end)
        if start < self._at or end > self._at + len(self._data):
            self._data = self.document.read(start, min(self.end, max(end, start + AHEAD)))
            self._at = start
        return self._data[start - self._at : end - self._at]

    def reach(self, start: int, weight: int, measure: Measure, end: int | None = None) -> int:
        """The place that a weight reaches from `start`, at most the end."""
        most = start + measure.window(weight)
        data = self.read(start, most if end is None else min(end, most))
        return start + measure.reach(data, weight)


def blocks(document: Document, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """A range in blocks that end with a line where one ends within them. Before each stands the
    line feed that its first line comes after, so that patterns need not ask for a beginning; `at`
    is the place of that byte, which at the very beginning is none."""
    before = b"\n"
    while start < end:
        data = document.read(start, min(end, start + BLOCK))
        if not data:
            return
        if start + len(data) < end:
            data = data[: data.rfind(b"\n") + 1] or data
        yield start - 1, before + data
        start += len(data)
        before = b"\n" if data.endswith(b"\n") else WITHIN


class Places(Protocol):
    """Places in order that are asked for from left to right. The last is the end."""

    def first(self) -> int | None:
        """The next place, which is not passed."""

    def pass_by(self, place: int) -> int | None:
        """Passes all places up to one, and gives the last of them."""


class Listed:
    """Places in order that are found a batch at a time."""

    def __init__(self, batches: Iterator[list[int]]) -> None:
        self._batches = batches
        self._known: list[int] = []
        self._at = 0

    def first(self) -> int | None:
        """The next place, which is not passed."""
        while self._at >= len(self._known):
            batch = next(self._batches, None)
            if batch is None:
                return None
            self._known, self._at = batch, 0
        return self._known[self._at]

    def pass_by(self, place: int) -> int | None:
        """Passes all places up to one, and gives the last of them."""
        last = None
        while (known := self.first()) is not None and known <= place:
            self._at = bisect_right(self._known, place, self._at)
            last = self._known[self._at - 1]
        return last


class Sought:
    """Places that are sought where they are asked for. `find` gives those of a text that begins
    with the line feed before its first line; whether it is one may depend on `SURE` bytes more."""

    def __init__(self, view: View, start: int, find: Callable[[int, bytes], list[int]]) -> None:
        self.view, self.find, self.end = view, find, view.end
        self._at = start
        self._next: int | None = None

    def first(self) -> int | None:
        """The next place, which is not passed."""
        if self._next is None and self._at < self.end:
            self._next = self._sought()
        return self._next

    def _sought(self) -> int:
        begin, size, before = self._at, NEAR, b"\n"
        while begin + size < self.end:
            found = self._within(begin, begin + size, before)
            if found:
                return found[0]
            feed = self.view.read(begin, begin + size).rfind(b"\n") + 1
            begin, before = (begin + feed, b"\n") if feed else (begin + size, WITHIN)
            size = min(2 * size, SOUGHT)
        return next(iter(self._within(begin, self.end, before)), self.end)

    def pass_by(self, place: int) -> int | None:
        """Passes all places up to one, and gives the last of them."""
        known = self.first()
        if known is None or known > place:
            return None
        self._at, self._next = self.end if place >= self.end else self._last(known, place), None
        return self._at

    def _last(self, known: int, place: int) -> int:
        size, low = NEAR // 2, place
        while low > known:
            low = max(known, place - size)
            feed = self.view.read(low, place).find(b"\n") + 1 if low > known else 0
            found = self._within(low + feed, place) if feed or low == known else []
            if found:
                return found[-1]
            size *= 4
        return known

    def _within(self, low: int, high: int, before: bytes = b"\n") -> list[int]:
        """The places in (low, high] before the end; `before` says if a line begins at `low`."""
        data = before + self.view.read(low, high + SURE)
        most = min(high, self.end - 1)
        found = self.find(low - 1, data)
        return [p for p in found if low < p <= most] if found else found


def ranges(subject: Slice | Tree) -> Iterator[tuple[Document, int, int]]:
    """The documents of a text or tree with the range of each that belongs to it."""
    if isinstance(subject, Tree):
        for document in subject.documents:
            yield document, document.start, document.size
    else:
        for part in subject.parts:
            yield part.document, part.start, part.end


def slices(
    subject: Slice | Tree, cut: Callable[[Document, int, int], Iterator[tuple[int, int]]]
) -> Iterator[Slice]:
    """Each document's ranges, as `cut` gives them, as slices; none spans two files."""
    for document, start, end in ranges(subject):
        for left, right in cut(document, start, end):
            yield Slice((Part(document, left, right),))
