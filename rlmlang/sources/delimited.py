"""Tables in a document: where their rows begin, and their cells.

`csv.reader` is the one parser, for the index as for the cells, so that a row is the same whether
it is found in its file or read alone. Lines without a quote need no parser: their delimiters are
counted, and their cells are what stands between. A law holds both against each other.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Protocol

from rlmlang.context import Document
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.sources.physical import any_ends, decoded_lines, line_number, physical_lines
from rlmlang.sources.values import bad_row

MOST_CELL = 1 << 24
"""The longest cell, in characters; what is longer is most likely a quote that nobody closed."""
ENDS = "unexpected end of data"
LONG = "field larger than field limit"
QUOTES = 'inside a quoted cell a quote is written twice (""); a quoted cell ends with a quote'
AS_MANY = "a row has one cell a column; a cell that holds the delimiter is quoted"
BLANKS = b" \t\r\n"


class Reader(Protocol):
    """What `csv.reader` gives; `line_num` lines were asked for so far."""

    @property
    def line_num(self) -> int:
        """Lines."""

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


class Lines:
    """The lines of a block, and of as many more as a row that begins in it goes on for. `ends` are
    the byte that the first begins at and those behind each of them."""

    def __init__(
        self, document: Document, lines: list[bytes], at: int, more: Iterator[list[bytes]]
    ) -> None:
        self.document, self.lines, self._more = document, lines, more
        self.ends = [*accumulate(map(len, lines), initial=at)]

    def texts(self) -> Iterator[str]:
        """Each line as text; a further block is read only where one is asked for behind the last.
        Raises CodedError (not-utf8)."""
        return chain.from_iterable(self._blocks())

    def _blocks(self) -> Iterator[list[str]]:
        yield decoded_lines(self.document, self.lines, self.ends[0])
        for some in self._more:
            start = self.ends[-1]
            self.lines += some
            self.ends += [*accumulate(map(len, some), initial=start)][1:]
            yield decoded_lines(self.document, some, start)


@dataclass(frozen=True)
class Delimited:
    """A table in a document: `width` cells a row, or as many as the first row has. Without a
    `quote`, quotes are characters like others."""

    document: Document
    delimiter: str = ","
    quote: str = '"'
    width: int = 0

    def first(self) -> tuple[list[str], int]:
        """The cells of the first row, and the byte behind it. Raises CodedError (bad-row,
        not-utf8)."""
        at = self.document.start
        blocks = physical_lines(self.document, at, self.document.size)
        for some in blocks:
            lines = Lines(self.document, some, at, blocks)
            for _, behind, cells in self._rows(lines, 1):
                return cells, behind
            at = lines.ends[-1]
        return [], self.document.size

    def blocks(self, at: int, number: int) -> Iterator[tuple[list[int], list[list[str]]]]:
        """All rows from a byte on, a block at a time: where each begins, and their cells by column.
        `number` is that of the first. Raises CodedError (bad-row, not-utf8)."""
        blocks = physical_lines(self.document, at, self.document.size)
        for some in blocks:
            lines = Lines(self.document, some, at, blocks)
            found = self._at_once(lines)
            if found is not None:
                starts, columns = found
            else:
                rows = list(self._rows(lines, number))
                starts = [start for start, _, _ in rows]
                columns = list(map(list, zip(*(cells for _, _, cells in rows), strict=True)))
            if starts:
                yield starts, columns
            number += len(starts)
            at = lines.ends[-1]

    def rows(self, data: bytes, at: int, number: int) -> Iterator[tuple[int, list[str]]]:
        """The byte that each row of some whole lines begins at, and its cells. Raises CodedError
        (bad-row, not-utf8)."""
        lines = Lines(self.document, any_ends(data), at, iter(()))
        return ((start, cells) for start, _, cells in self._rows(lines, number))

    def columns(self, data: bytes) -> list[list[str]] | None:
        """The cells of some rows by column; None where a row is none, or there are none."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return None
        return self._split(text) or self._parsed(text)

    def _split(self, text: str) -> list[list[str]] | None:
        """Where no cell is quoted and no line blank: what stands between delimiters. Each line's
        first cell is marked by the end of the line before it."""
        if self.quote and self.quote in text:
            return None
        lines = (text.replace("\r\n", "\n") if "\r" in text else text).removesuffix("\n")
        if not lines or "\r" in lines or "\n\n" in lines or lines.strip("\n") != lines:
            return None
        cells = lines.replace("\n", self.delimiter + "\n").split(self.delimiter)
        first = "".join(cells[:: self.width]).split("\n")
        if len(cells) != self.width * len(first) or len(first) != lines.count("\n") + 1:
            return None
        return [first, *(cells[at :: self.width] for at in range(1, self.width))]

    def _parsed(self, text: str) -> list[list[str]] | None:
        try:
            rows = [cells for cells in self._reader(io.StringIO(text, newline="")) if cells]
            return list(map(list, zip(*rows, strict=True))) if len(rows[0]) == self.width else None
        except (csv.Error, ValueError, IndexError):
            return None

    def _reader(self, lines: Iterable[str], *, strict: bool = True) -> Reader:
        csv.field_size_limit(max(MOST_CELL, csv.field_size_limit()))
        if not self.quote:
            return csv.reader(
                lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE, strict=strict
            )
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, strict=strict)

    def _at_once(self, lines: Lines) -> tuple[list[int], list[list[str]]] | None:
        """Where the rows of a block begin, and their cells by column; None where a row is none, or
        goes on behind the block."""
        data = b"".join(lines.lines)
        if len(data) > MOST_CELL and max(map(len, lines.lines)) > MOST_CELL:
            return None
        try:
            if not self.quote or self.quote.encode() not in data:
                columns = self._split(data.decode())
                if columns is not None:
                    return lines.ends[:-1], columns
            rows = list(self._reader(map(bytes.decode, lines.lines)))
            starts = lines.ends[:-1] if len(rows) == len(lines.lines) else self._starts(lines)
        except (UnicodeDecodeError, csv.Error):
            return None
        if set(map(len, rows)) != {self.width}:
            return None
        return starts, list(map(list, zip(*rows, strict=True)))

    def _starts(self, lines: Lines) -> list[int]:
        """Where rows begin that go on over several lines."""
        reader = self._reader(map(bytes.decode, lines.lines))
        behind = [reader.line_num for _ in reader]
        return [lines.ends[0], *(lines.ends[line] for line in behind[:-1])]

    def _rows(self, lines: Lines, number: int) -> Iterator[tuple[int, int, list[str]]]:
        """The byte that each row begins at, that behind its last line, and its cells, up to the
        first row that ends where the lines end."""
        reader = self._reader(lines.texts())
        width = self.width
        while (done := reader.line_num) < len(lines.lines):
            try:
                cells = next(reader)
            except csv.Error as mistake:
                end = lines.ends[reader.line_num]
                raise self._broken(str(mistake), number, lines.ends[done], end) from None
            blank = not cells or (
                len(cells) == 1 != width
                and not b"".join(lines.lines[done : reader.line_num]).strip(BLANKS)
            )
            if blank:
                continue
            width = width or len(cells)
            if len(cells) != width:
                what = f"has {len(cells):,} cells, not {width:,}"
                raise bad_row(self.document, number, lines.ends[done], what, AS_MANY)
            yield lines.ends[done], lines.ends[reader.line_num], cells
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
        *_, cell = next(self._reader(text, strict=False))
        return end - len(cell.replace(self.quote, self.quote * 2).encode()) - 1
