"""`files(max, slack, per, oversize)`: whole files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rlmlang.context import Document, Measure, Part, Slice, Tree, tok_in
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.partitions.packed import Packed, Piece
from rlmlang.partitions.text import ranges
from rlmlang.partitions.tokens import Tokens
from rlmlang.schema.partitions import HEADER
from rlmlang.schema.partitions.files import fails
from rlmlang.unicode import file_name


@dataclass(frozen=True)
class Files(Packed):
    """A unit is a file. With `per` so many of them are in a piece, fewer where they do not fit; one
    that does not fit a piece of its own is refused, or cut in pieces that hold nothing else."""

    per: int | None = None
    oversize: str | None = None

    def ends(self, document: Document, start: int, end: int) -> Iterator[int]:
        """The end of the file."""
        yield end

    def refuse(self, subject: object, measure: Measure) -> None:
        """Raises CodedError (document-too-large) for one that may not be cut and does not fit."""
        whole_ones = fails({"per": self.per, "oversize": self.oversize})
        if whole_ones and isinstance(subject, Slice | Tree):
            for document, start, end in ranges(subject):
                part = Part(document, start, end)
                if (size := tok_in([part], measure)) > self.max - HEADER:
                    raise _too_large(part, size, self.max)

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The pieces in order."""
        self.refuse(subject, measure)
        return super().split(subject, measure) if self.per is None else self._by(subject, measure)

    def _by(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """So many files a piece, in order."""
        piece = Piece(measure, self.max, headed=True)
        for document, start, end in ranges(subject):
            weight = measure.weight(document, start, end)
            full = len(piece.parts) == self.per or weight > piece.room(document)
            if piece.parts and full:
                yield piece.closed()
            if weight > piece.most:
                yield from self._parts(Part(document, start, end), measure)
            else:
                piece.add(Part(document, start, end))
        if piece.parts:
            yield piece.closed()

    def _parts(self, whole: Part, measure: Measure) -> Iterator[Slice]:
        """A file that is larger than a piece, in parts that say which they are."""
        cut = Tokens(self.max - HEADER, slack=self.slack)
        found = list(cut.cut(whole.document, whole.start, whole.end, measure))
        for number, (start, end) in enumerate(found, 1):
            part = Part(whole.document, start, end)
            yield Slice((part,), headed=True, number=number, of=len(found))


def _too_large(part: Part, size: int, most: int) -> CodedError:
    name = file_name(part.document.id)
    return failed(
        "document-too-large",
        f"{name} has {size:,} tok; a piece of `files(max: {most}tok)` holds {most - HEADER:,} of a "
        "document",
        reason=f"A document is not cut unasked. {HEADER} tok of a piece are kept for its heading.",
        hint=f"raise `max` to {size + HEADER}tok, or cut such documents: `oversize: cut`",
    )
