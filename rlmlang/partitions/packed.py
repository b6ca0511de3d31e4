"""Natural units packed up to a cap: what `headings`, `paragraphs`, `files` and `functions` share.

Next fit: a unit that does not fit the open piece begins a new one, so two neighbours always hold
more than one cap together, and there are at most ⌈2n/m⌉ pieces. A unit larger than a piece is cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rlmlang.context import Document, Measure, Part, Slice, Tree
from rlmlang.partitions.text import ranges
from rlmlang.partitions.tokens import Tokens
from rlmlang.schema.partitions import HEADER


@dataclass(frozen=True)
class Packed:
    """Units of at most `max` tok together; subclasses say where units end."""

    max: int
    slack: float = 0.1

    def ends(self, document: Document, start: int, end: int) -> Iterator[int]:
        """Where each natural unit ends."""
        raise NotImplementedError

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The pieces in order."""
        headed = isinstance(subject, Tree)
        cap = self.max * measure.per_tok
        open_parts: list[Part] = []
        held = 0
        for part, weight in self._units(subject, measure, headed):
            joins = bool(open_parts) and open_parts[-1].document is part.document
            extra = 0 if joins or not headed else HEADER * measure.per_tok
            if open_parts and held + extra + weight > cap:
                yield Slice(tuple(open_parts), headed=headed)
                open_parts, held, joins = [], 0, False
                extra = HEADER * measure.per_tok if headed else 0
            held += extra + weight
            if joins:
                open_parts[-1] = Part(part.document, open_parts[-1].start, part.end)
            else:
                open_parts.append(part)
        if open_parts:
            yield Slice(tuple(open_parts), headed=headed)

    def _units(
        self, subject: Slice | Tree, measure: Measure, headed: bool
    ) -> Iterator[tuple[Part, int]]:
        """Units with their weights; none is larger than a piece."""
        most = self.max - (HEADER if headed else 0)
        for document, start, end in ranges(subject):
            left = start
            for right in self.ends(document, start, end):
                if right <= left:
                    continue
                weight = measure.weight(document, left, right)
                if weight <= most * measure.per_tok:
                    yield Part(document, left, right), weight
                else:
                    for a, b in Tokens(max(most, 8), slack=self.slack).cut(
                        document, left, right, measure
                    ):
                        yield Part(document, a, b), measure.weight(document, a, b)
                left = right
