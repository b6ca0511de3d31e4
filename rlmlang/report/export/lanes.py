"""Which lane a slice of time is drawn in: no two slices of a lane overlap."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass
class Lanes:
    """Lanes of one kind, as few as there are slices at a time. Times do not go back."""

    free: list[int] = field(default_factory=list)
    taken: dict[Hashable, tuple[int, float]] = field(default_factory=dict)
    until: list[tuple[float, int]] = field(default_factory=list)
    count: int = 0

    def begin(self, what: Hashable, at: float) -> None:
        """A slice begins, in the lowest lane that is free."""
        self.taken[what] = self._lowest(at), at

    def end(self, what: Hashable) -> tuple[int, float] | None:
        """A slice ends: its lane, and when it began; None for one that never did."""
        found = self.taken.pop(what, None)
        if found is not None:
            heapq.heappush(self.free, found[0])
        return found

    def whole(self, at: float, end: float) -> int:
        """The lane of a slice whose end is known when it begins."""
        lane = self._lowest(at)
        heapq.heappush(self.until, (end, lane))
        return lane

    def _lowest(self, at: float) -> int:
        while self.until and self.until[0][0] <= at:
            heapq.heappush(self.free, heapq.heappop(self.until)[1])
        if self.free:
            return heapq.heappop(self.free)
        self.count += 1
        return self.count
