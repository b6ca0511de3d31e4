"""Lists of rows: JSON lines, tables and lines of text, each row with the bytes it stands in.

Only the offsets of the rows are held in memory; a row is read when it is asked for.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import overload

from rlmlang.context import Datum, Document, Part, Row
from rlmlang.ir.types import ANY, Type, fields_of
from rlmlang.sources.local import changed
from rlmlang.sources.physical import BLOCK, feed_ends, physical_lines
from rlmlang.sources.values import MEND, ONE_A_LINE, Convert, MismatchError, bad_row

KEY = 8
"""What a field's name, quotes and marks add to a row shown as JSON, in tok."""
Reader = Callable[[bytes, int, int], Iterator[Datum]]
"""The rows in some bytes, given the byte of the document and the row that they begin with."""


class Rows(Sequence[Datum]):
    """The rows of a document. `starts` are their byte offsets and, last, the end."""

    def __init__(
        self, document: Document, starts: array[int], read: Reader, item: Type = ANY
    ) -> None:
        self.document, self.starts, self._read = document, starts, read
        longest = max((b - a for a, b in itertools.pairwise(starts)), default=0)
        keys = sum(len(f.name) // 2 + KEY for f in fields_of(item))
        self.item_size = longest // 2 + keys + 4

    def __len__(self) -> int:
        return max(0, len(self.starts) - 1)

    @overload
    def __getitem__(self, at: int) -> Datum: ...
    @overload
    def __getitem__(self, at: slice) -> list[Datum]: ...
    def __getitem__(self, at: int | slice) -> Datum | list[Datum]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return self._between(at, at + 1)[0]

    def __iter__(self) -> Iterator[Datum]:
        at = 0
        while at < len(self):
            stop = at + 1
            while stop < len(self) and self.starts[stop + 1] - self.starts[at] < BLOCK:
                stop += 1
            yield from self._between(at, stop)
            at = stop

    def _between(self, first: int, stop: int) -> list[Datum]:
        """Some rows, read at once. Raises CodedError (source-changed) where there are more or
        fewer than there were when the document was opened."""
        base = self.starts[first]
        found = list(self._read(self.document.read(base, self.starts[stop]), base, first))
        if len(found) != stop - first:
            raise changed(self.document.id)
        return [self._row(at, value) for at, value in enumerate(found, first)]

    def _row(self, at: int, value: Datum) -> Datum:
        part = Part(self.document, self.starts[at], self.starts[at + 1])
        return Row(value, part) if isinstance(value, dict) else value


def line_starts(document: Document) -> array[int]:
    """Where each row begins that is a line. Blank lines belong to the row before them."""
    starts, at = array("Q"), document.start
    for some in physical_lines(document, document.start, document.size, feed_ends):
        for line in some:
            if line.strip():
                starts.append(at)
            at += len(line)
    if starts:
        starts[0] = document.start
        starts.append(document.size)
    return starts


def typed(
    document: Document, found: Iterator[tuple[int, Datum]], convert: Convert, number: int
) -> Iterator[Datum]:
    """Values as those of their type. Raises CodedError (bad-row)."""
    for place, (at, value) in enumerate(found, number):
        try:
            yield convert(value)
        except MismatchError as mistake:
            hint = ONE_A_LINE if isinstance(value, list) else MEND
            raise bad_row(document, place, at, str(mistake), hint) from None
