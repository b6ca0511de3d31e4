"""Lists of rows: JSON lines, tables and lines of text, each row with the bytes it stands in.

Only the offsets of the rows are held in memory; a row is read when it is asked for.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, overload

from rlmlang.context import Document, Part, Row, not_utf8
from rlmlang.ir.types import ANY, Type
from rlmlang.sources.delimited import check_heading, delimited
from rlmlang.sources.files import changed
from rlmlang.sources.jsonlines import ONE_A_LINE, json_rows
from rlmlang.sources.physical import BLOCK, any_ends, feed_ends, physical_lines
from rlmlang.sources.values import MEND, Convert, MismatchError, bad_row, converter

KEY = 8
"""What a field's name, quotes and marks add to a row shown as JSON, in tok."""
Reader = Callable[[bytes, int, int], Iterator[Any]]
"""The rows in some bytes, given the byte of the document and the row that they begin with."""


class Rows(Sequence[Any]):
    """The rows of a document. `starts` are their byte offsets and, last, the end."""

    def __init__(
        self, document: Document, starts: array[int], read: Reader, item: Type | None = None
    ) -> None:
        self.document, self.starts, self._read = document, starts, read
        longest = max((b - a for a, b in itertools.pairwise(starts)), default=0)
        keys = sum(len(f.name) // 2 + KEY for f in item.fields) if item is not None else 0
        self.item_size = longest // 2 + keys + 4

    def __len__(self) -> int:
        return max(0, len(self.starts) - 1)

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> list[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return self._between(at, at + 1)[0]

    def __iter__(self) -> Iterator[Any]:
        at = 0
        while at < len(self):
            stop = at + 1
            while stop < len(self) and self.starts[stop + 1] - self.starts[at] < BLOCK:
                stop += 1
            yield from self._between(at, stop)
            at = stop

    def _between(self, first: int, stop: int) -> list[Any]:
        """Some rows, read at once. Raises CodedError (source-changed) where there are more or
        fewer than there were when the document was opened."""
        base = self.starts[first]
        found = list(self._read(self.document.read(base, self.starts[stop]), base, first))
        if len(found) != stop - first:
            raise changed(self.document.id)
        return [self._row(at, value) for at, value in enumerate(found, first)]

    def _row(self, at: int, value: Any) -> Any:
        part = Part(self.document, self.starts[at], self.starts[at + 1])
        return Row(value, part) if isinstance(value, dict) else value


def jsonl(document: Document, item: Type) -> Rows:
    """A file of JSON values, one a line."""
    convert = converter(item)

    def read(data: bytes, base: int, first: int) -> Iterator[Any]:
        found = json_rows(document, [feed_ends(data)], base, first + 1)
        return _typed(document, found, convert, first + 1)

    return Rows(document, _line_starts(document), read, item)


def table(document: Document, item: Type, delimiter: str = ",") -> Rows:
    """A table whose first row names its columns. Raises CodedError (bad-row, missing-column,
    duplicate-column, source-form): a row that is none is told before anything is asked."""
    shape = delimited(document, delimiter)
    every = physical_lines(document, document.start, document.size)
    found = shape.rows(every, document.start, 1)
    _, heading = next(found, (0, []))
    check_heading(document.id, heading, item)
    starts = array("Q", (start for start, _ in found))
    if starts:
        starts.append(document.size)
    shape = replace(shape, width=len(heading))
    convert = converter(item if item.kind == "Record" else ANY)

    def read(data: bytes, base: int, first: int) -> Iterator[Any]:
        rows = shape.rows([any_ends(data)], base, first + 2)
        named = ((at, dict(zip(heading, cells, strict=True))) for at, cells in rows)
        return _typed(document, named, convert, first + 2)

    return Rows(document, starts, read, item)


def lines(document: Document) -> Rows:
    """A text file, one item a line; lines of nothing but blanks are none."""

    def read(data: bytes, base: int, first: int) -> Iterator[str]:
        for line in feed_ends(data):
            if line.strip():
                try:
                    yield line.decode().rstrip("\r\n")
                except UnicodeDecodeError as mistake:
                    raise not_utf8(document.id, base + mistake.start, line, mistake) from None
            base += len(line)

    return Rows(document, _line_starts(document), read)


def _line_starts(document: Document) -> array[int]:
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


def _typed(
    document: Document, found: Iterator[tuple[int, Any]], convert: Convert, number: int
) -> Iterator[Any]:
    for place, (at, value) in enumerate(found, number):
        try:
            yield convert(value)
        except MismatchError as mistake:
            hint = ONE_A_LINE if isinstance(value, list) else MEND
            raise bad_row(document, place, at, str(mistake), hint) from None
