"""`.gather(before, after)`: neighbours of a piece, shown as context and not counted as read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from rlmlang.context import Measure, Part, Slice
from rlmlang.partitions.cuts import SIGHT, next_character, next_cluster, whole_clusters
from rlmlang.protocols import Partition, Refusing


@dataclass(frozen=True)
class Gather:
    """A partition whose pieces also show `before` and `after` tok of what lies around them."""

    inner: Partition
    before: int = 0
    after: int = 0

    def refuse(self, subject: object, measure: Measure) -> None:
        """Raises CodedError for what the inner partition does not cut."""
        if isinstance(self.inner, Refusing):
            self.inner.refuse(subject, measure)

    def split(self, subject: Any, measure: Measure) -> Iterator[Any]:
        """The pieces of the inner partition with their neighbours."""
        for piece in self.inner.split(subject, measure):
            if not isinstance(piece, Slice):
                yield piece
                continue
            first, last = piece.parts[0], piece.parts[-1]
            yield replace(
                piece, before=self._before(first, measure), after=self._after(last, measure)
            )

    def _before(self, part: Part, measure: Measure) -> Part:
        document, weight = part.document, self.before * measure.per_tok
        start = max(document.start, part.start - measure.window(weight) - SIGHT)
        data = document.read(start, part.start)
        start += (whole := next_character(data, 0))  # the window may begin inside a character
        begin = measure.tail(data[whole:], weight)
        return Part(document, start + next_cluster(data[whole:], begin), part.start)

    def _after(self, part: Part, measure: Measure) -> Part:
        document, weight = part.document, self.after * measure.per_tok
        data = document.read(part.end, min(document.size, part.end + measure.window(weight)))
        return Part(
            document, part.end, part.end + whole_clusters(data, measure.reach(data, weight), 0)
        )
