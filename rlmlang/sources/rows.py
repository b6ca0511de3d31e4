"""Lists of rows: JSON lines, tables and lines of text, each row with the bytes it stands in.

Only the offsets of the rows are held in memory; a row is read when it is asked for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, repeat
from operator import sub
from typing import overload

from rlmlang.context import Datum, Document, Part, Row, RowText
from rlmlang.ir.types import ANY, Type, fields_of
from rlmlang.sources.local import changed
from rlmlang.sources.values import MEND, ONE_A_LINE, Convert, MismatchError, bad_row

READ = 1 << 18
"""How many bytes of rows are read at once."""
KEY = 8
"""What a field's name, quotes and marks add to a row shown as JSON, in tok."""
Reader = Callable[[bytes, int, int], Iterable[Datum]]
"""The rows in some bytes, given the byte of the document and the row that they begin with."""


class Rows(Sequence[Datum]):
    """The rows of a document. `starts` are their byte offsets and, last, the end."""

    def __init__(
        self, document: Document, starts: array[int], read: Reader, item: Type = ANY
    ) -> None:
        self.document, self.starts, self._read = document, starts, read
        self.fields = frozenset(f.name for f in fields_of(item))
        self.unread_fields: dict[str, None] = {}
        self.widest: Mapping[str, int] | None = None
        """The most bytes of each field with a `max`; None where only a look at each row tells."""
        longest = max(map(sub, islice(starts, 1, None), starts), default=0)
        keys = sum(len(f.name) // 2 + KEY for f in fields_of(item))
        self.item_size = longest // 2 + keys + 4

    def leave_unread(self, names: Iterable[str]) -> None:
        """Notes names of fields or columns that stand in rows, but not in the declared record."""
        if self.fields:
            self.unread_fields.update((n, None) for n in names if n and n not in self.fields)

    def __len__(self) -> int:
        return max(0, len(self.starts) - 1)

    @overload
    def __getitem__(self, at: int) -> Datum: ...
    @overload
    def __getitem__(self, at: slice) -> list[Datum]: ...
    def __getitem__(self, at: int | slice) -> Datum | list[Datum]:
        if isinstance(at, slice):
            first, stop, step = at.indices(len(self))
            if step == 1:
                return [row for some in self._blocks(first, stop) for row in some]
            return [self[i] for i in range(first, stop, step)]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return self._between(at, at + 1)[0]

    def __iter__(self) -> Iterator[Datum]:
        return chain.from_iterable(self._blocks(0, len(self)))

    def _blocks(self, at: int, end: int) -> Iterator[list[Datum]]:
        """Rows by and by, as many as a block of bytes holds, or one that is longer."""
        while at < end:
            behind = bisect_right(self.starts, self.starts[at] + READ, at, end + 1)
            stop = max(at + 1, behind - 1)
            yield self._between(at, stop)
            at = stop

    def _between(self, first: int, stop: int) -> list[Datum]:
        """Some rows, read at once. Raises CodedError (source-changed) where there are more or
        fewer than there were when the document was opened."""
        base = self.starts[first]
        found = list(self._read(self.document.read(base, self.starts[stop]), base, first))
        if len(found) != stop - first:
            raise changed(self.document.id)
        if set(map(type, found)) == {Row}:
            deque(map(setattr, found, repeat("rows"), repeat(self)), maxlen=0)
            deque(map(setattr, found, repeat("at"), range(first, stop)), maxlen=0)
            return found
        for at, value in enumerate(found):
            if isinstance(value, dict):
                row = value if isinstance(value, Row) else Row(value)
                row.rows, row.at = self, first + at
                found[at] = row
            elif isinstance(value, str):
                place = Part(self.document, self.starts[first + at], self.starts[first + at + 1])
                found[at] = RowText.at(value, place)
        return found


def ended(starts: array[int], end: int) -> array[int]:
    """Where rows begin, and behind the last of them."""
    if starts:
        starts.append(end)
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
