"""Which bytes of a document were read, and how many of them more than once."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Ranges:
    """A set of bytes of one document, as merged ranges, and how many were added in all."""

    merged: list[tuple[int, int]] = field(default_factory=list)
    added: int = 0

    def add(self, start: int, end: int) -> None:
        """Adds a range."""
        if end <= start:
            return
        self.added += end - start
        at = bisect_left(self.merged, (start, start))
        while at > 0 and self.merged[at - 1][1] >= start:
            at -= 1
        while at < len(self.merged) and self.merged[at][0] <= end:
            left, right = self.merged.pop(at)
            start, end = min(start, left), max(end, right)
        insort(self.merged, (start, end))

    def add_shown(self, shown: Sequence[Ranges]) -> None:
        """Adds what one request shows: a byte that stands in two of its arguments is read once."""
        together = Ranges()
        for ranges in shown:
            for start, end in ranges.merged:
                together.add(start, end)
        most = max((r.added for r in shown), default=0)
        for start, end in together.merged:
            self.add(start, end)
        self.added += max(0, most - together.covered)

    @property
    def covered(self) -> int:
        """How many bytes are in the set."""
        return sum(end - start for start, end in self.merged)
