"""Natural units packed up to a cap: what `headings`, `paragraphs`, `files` and `functions` share.

Next fit: a unit that does not fit the open piece begins a new one, so two neighbours always hold
more than one cap together, and there are at most ⌈2n/m⌉ pieces. A unit larger than a piece is cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rlmlang.context import Document, Measure, Part, Slice, Tree
from rlmlang.partitions.text import Listed, Places, View, ranges
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

    def places(self, view: View, start: int) -> Places:
        """The same, for units that are found faster where they are needed."""
        return Listed([place] for place in self.ends(view.document, start, view.end))

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The pieces in order."""
        piece = Piece(measure, self.max, isinstance(subject, Tree))
        for document, start, end in ranges(subject):
            yield from self._packed(piece, document, start, end)
        if piece.parts:
            yield piece.closed()

    def _packed(self, piece: Piece, document: Document, start: int, end: int) -> Iterator[Slice]:
        """Fills the open piece with a document's units; gives those that are full. The last one
        stays open."""
        view = View(document, end)
        edges = self.places(view, start)
        while start < end:
            reached = view.reach(start, piece.room(document), piece.measure)
            stop = edges.pass_by(reached)
            if stop is not None:
                piece.add(Part(document, start, stop))
                start = stop
            unit = edges.first()
            if unit is None:
                return
            if piece.parts and self._fits(piece, view, start, unit):
                yield piece.closed()
                continue
            yield from self._cut(piece, view, start, unit)
            edges.pass_by(unit)
            start = unit

    def _fits(self, piece: Piece, view: View, start: int, end: int) -> bool:
        """Whether a unit fits a piece of its own."""
        return view.reach(start, piece.most, piece.measure, end) >= end

    def _cut(self, piece: Piece, view: View, start: int, end: int) -> Iterator[Slice]:
        """A unit that is larger than a piece."""
        most = max(piece.most // piece.measure.per_tok, 8)
        cuts = Tokens(most, slack=self.slack).within(view, start, end, piece.measure)
        document = view.document
        for left, right in cuts:
            weight = piece.measure.weight(document, left, right)
            if piece.parts and weight > piece.room(document):
                yield piece.closed()
            piece.add(Part(document, left, right))


@dataclass
class Piece:
    """The piece that is being filled. What its last part weighs is asked only when it is known
    where that part ends."""

    measure: Measure
    max: int
    headed: bool
    parts: list[Part] = field(default_factory=list)
    held: int = 0

    @property
    def most(self) -> int:
        """The weight that one unit may have."""
        return (self.max - (HEADER if self.headed else 0)) * self.measure.per_tok

    def room(self, document: Document) -> int:
        """The weight that a document may add."""
        heading = HEADER * self.measure.per_tok if self.headed else 0
        if not self.parts:
            return self.max * self.measure.per_tok - heading
        last = self.parts[-1]
        held = self.held + self.measure.weight(last.document, last.start, last.end)
        joins = last.document is document
        return self.max * self.measure.per_tok - held - (0 if joins else heading)

    def add(self, part: Part) -> None:
        """Takes what there is room for."""
        last = self.parts[-1] if self.parts else None
        if last is not None and last.document is part.document and last.end == part.start:
            self.parts[-1] = Part(part.document, last.start, part.end)
            return
        if last is not None:
            self.held += self.measure.weight(last.document, last.start, last.end)
        if self.headed and (last is None or last.document is not part.document):
            self.held += HEADER * self.measure.per_tok
        self.parts.append(part)

    def closed(self) -> Slice:
        """The piece as it is; the next is empty."""
        found = Slice(tuple(self.parts), headed=self.headed)
        self.parts, self.held = [], 0
        return found
