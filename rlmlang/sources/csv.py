"""`csv("rows.csv", delimiter: ";")`: a table of text.

`csv.reader` is the one parser, for the index as for the cells, so that a row is the same whether
it is found in its file or read alone. A quoted cell may hold line ends and delimiters; a quote
inside it is written twice. A quote in the middle of a cell that does not begin with one is a
quote. Blank lines are no rows.
"""

from __future__ import annotations

import csv
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rlmlang.context import Datum, Document, not_utf8
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import nearest
from rlmlang.ir.types import ANY, RecordType, Type, fields_of
from rlmlang.sources.physical import any_ends, line_number, physical_lines
from rlmlang.sources.place import Place
from rlmlang.sources.rows import Rows, typed
from rlmlang.sources.values import bad_row, converter

MOST_CELL = 1 << 24
"""The longest cell, in characters; what is longer is most likely a quote that nobody closed."""
ENDS = "unexpected end of data"
LONG = "field larger than field limit"
QUOTES = 'inside a quoted cell a quote is written twice (""); a quoted cell ends with a quote'
AS_MANY = "a row has as many cells as the heading; a cell that holds the delimiter is quoted"


def opened(place: Place) -> Rows:
    """The rows of a file; one that ends in .tsv has tabulators between its cells."""
    document = place.document
    usual = "\t" if document.id.lower().endswith(".tsv") else ","
    return table(document, place.type.item, str(place.options.get("delimiter", usual)))


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
    convert = converter(item if isinstance(item, RecordType) else ANY)

    def read(data: bytes, base: int, first: int) -> Iterator[Datum]:
        rows = shape.rows([any_ends(data)], base, first + 2)
        named = ((at, dict(zip(heading, cells, strict=True))) for at, cells in rows)
        return typed(document, named, convert, first + 2)

    return Rows(document, starts, read, item)


@dataclass(frozen=True)
class Delimited:
    """A table in a document: `width` cells a row, or as many as the first row has."""

    document: Document
    delimiter: str = ","
    width: int = 0

    def rows(
        self, lines: Iterable[list[bytes]], at: int, number: int
    ) -> Iterator[tuple[int, list[str]]]:
        """The byte that each row begins at, and its cells. `at` is the byte that the lines begin
        at, `number` that of the first row. Raises CodedError (bad-row, not-utf8)."""
        csv.field_size_limit(max(MOST_CELL, csv.field_size_limit()))
        feed = _Feed(self.document, lines, at)
        reader = csv.reader(feed, delimiter=self.delimiter, strict=True)
        width = self.width
        while True:
            start = feed.at
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as mistake:
                raise self._broken(str(mistake), number, start, feed.at) from None
            if not cells or (len(cells) == 1 != width and not feed.line.strip(" \t\r\n")):
                continue
            width = width or len(cells)
            if len(cells) != width:
                what = f"has {len(cells):,} cells, not {width:,}"
                raise bad_row(self.document, number, start, what, AS_MANY)
            yield start, cells
            number += 1

    def _broken(self, mistake: str, number: int, start: int, end: int) -> CodedError:
        if mistake == ENDS:
            where = self._open_quote(start, end)
            return bad_row(
                self.document, number, where, "opens a quote that is never closed", QUOTES
            )
        if mistake.startswith(LONG):
            what = f"has a cell of more than {MOST_CELL:,} characters: is a quote not closed?"
            return bad_row(self.document, number, start, what, QUOTES)
        line = line_number(self.document, max(start, end - 1))
        what = f"goes on behind a closing quote in line {line:,}"
        return bad_row(self.document, number, start, what, QUOTES)

    def _open_quote(self, start: int, end: int) -> int:
        """Where the quote stands whose cell takes all that is left."""
        text = (line.decode() for line in any_ends(self.document.read(start, end)))
        *_, cell = next(csv.reader(text, delimiter=self.delimiter))
        return end - len(cell.replace('"', '""').encode()) - 1


def delimited(document: Document, delimiter: str) -> Delimited:
    """The table in a document. Raises CodedError (source-form) for what is no delimiter."""
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise failed(
            "source-form",
            f"`{delimiter}` is no delimiter",
            hint='one character that stands between cells: csv("a.csv", delimiter: ";")',
        )
    return Delimited(document, delimiter)


def check_heading(name: str, heading: list[str], item: Type) -> None:
    """Raises CodedError (missing-column, duplicate-column) for a heading that cannot name the
    fields of a record. Columns without a name are passed over."""
    duplicate = next((c for c, n in Counter(heading).items() if c and n > 1), None)
    if duplicate is not None:
        raise failed(
            "duplicate-column",
            f"{name} has two columns called `{duplicate:.40}`",
            reason="A field would get the value of either, and nobody would know of which.",
            hint="rename or remove one of them",
        )
    missing = [f.name for f in fields_of(item) if f.name not in heading and not f.type.optional]
    if missing:
        near = nearest(missing[0], heading)
        other = next((c for c in ";\t|," if len(heading) == 1 and c in heading[0]), "")
        raise failed(
            "missing-column",
            f"{name} has no column `{missing[0]}`",
            hint=f"its columns: {', '.join(heading):.300}"
            + (f"; is it `{near}`?" if near else "")
            + (f"; are its cells divided by {other!r}? csv(…, delimiter: …)" if other else ""),
        )


class _Feed:
    """Lines as text, one by one. `at` is the byte behind the last of them, `line` its text."""

    def __init__(self, document: Document, lines: Iterable[list[bytes]], at: int) -> None:
        self.document, self.lines, self.at, self.line = document, lines, at, ""

    def __iter__(self) -> Iterator[str]:
        for some in self.lines:
            for line in some:
                try:
                    self.line = line.decode()
                except UnicodeDecodeError as mistake:
                    raise not_utf8(
                        self.document.id, self.at + mistake.start, line, mistake
                    ) from None
                self.at += len(line)
                yield self.line
