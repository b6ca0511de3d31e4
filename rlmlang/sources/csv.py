"""`csv("rows.csv", delimiter: ";", quote: "'", heading: false)`: a table of text.

A quoted cell may hold line ends and delimiters; a quote inside it is written twice. A quote in the
middle of a cell that does not begin with one is a quote. Blank lines are no rows.
"""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rlmlang.context import Datum, Document
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import nearest
from rlmlang.ir.types import ANY, RecordType, Type, fields_of
from rlmlang.schema.readers import bare_name
from rlmlang.sources.columns import Columns
from rlmlang.sources.delimited import Delimited
from rlmlang.sources.place import Place
from rlmlang.sources.rows import Rows, ended, typed
from rlmlang.sources.values import converter

QUOTE = '"'
COLUMN = "column"


def opened(place: Place) -> Rows:
    """The rows of a file; one that ends in .tsv has tabulators between its cells."""
    usual = "\t" if bare_name(place.document.id).lower().endswith(".tsv") else ","
    return table(
        place.document,
        place.type.item,
        place.option("delimiter", usual),
        place.option("quote", QUOTE),
        heading=place.options.get("heading", True) is True,
    )


def table(
    document: Document,
    item: Type,
    delimiter: str = ",",
    quote: str = QUOTE,
    *,
    heading: bool = True,
) -> Rows:
    """A table whose first row names its columns; without a heading they are the fields of the
    record in their order, or `column1` and so on. Raises CodedError (bad-row, missing-column,
    duplicate-column, source-form): a row that is none is told before anything is asked."""
    shape = delimited(document, delimiter, quote)
    names, start = shape.first()
    if heading:
        check_heading(document.id, names, item, _other_delimiter(names, delimiter))
    else:
        start = document.start
        fields = [f.name for f in fields_of(item)]
        names = fields or [f"{COLUMN}{n + 1}" for n in range(len(names))]
    made = _Table(replace(shape, width=len(names)), names, item, 2 if heading else 1)
    starts = made.starts(start) if names else array("Q")
    rows = Rows(document, starts, made.read, item)
    rows.widest = made.columns.widest if made.plain else None
    rows.leave_unread(names)
    return rows


class _Table:
    """A table whose columns have names; `first` is the number of the first row that is read."""

    def __init__(self, shape: Delimited, names: list[str], item: Type, first: int) -> None:
        self.shape, self.names, self.first = shape, names, first
        self.columns, self.plain = Columns(item, texts=True), True
        self.convert = converter(item if isinstance(item, RecordType) else ANY)

    def read(self, data: bytes, base: int, at: int) -> Iterable[Datum]:
        """Some rows. Raises CodedError (bad-row, not-utf8)."""
        cells = self.shape.columns(data)
        if cells is not None:
            found = self.columns.rows(self._named(cells), len(cells[0]))
            if found is not None:
                return found
        return self._slowly(self.shape.rows(data, base, at + self.first), at + self.first)

    def starts(self, at: int) -> array[int]:
        """Where each row begins from a byte on, and last the end. Raises CodedError (bad-row,
        not-utf8)."""
        starts = array("Q")
        for some, cells in self.shape.blocks(at, self.first):
            if not self.columns.whole(self._named(cells), len(some)):
                self.plain = False
                found = zip(some, zip(*cells, strict=True), strict=True)
                deque(self._slowly(found, self.first + len(starts)), maxlen=0)
            starts.extend(some)
        return ended(starts, self.shape.document.size)

    def _named(self, cells: list[list[str]]) -> dict[str, list[str]]:
        return dict(zip(self.names, cells, strict=True))

    def _slowly(self, found: Iterable[tuple[int, Sequence[Datum]]], number: int) -> Iterator[Datum]:
        """One row after the other, so that a mistake is told with its row."""
        named = ((at, dict(zip(self.names, cells, strict=True))) for at, cells in found)
        return typed(self.shape.document, named, self.convert, number)


def delimited(document: Document, delimiter: str, quote: str) -> Delimited:
    """The table in a document. Raises CodedError (source-form) for what is no delimiter."""
    if len(delimiter) != 1 or delimiter in f"{quote}\r\n":
        raise failed(
            "source-form",
            f"`{delimiter}` is no delimiter",
            hint='one character that stands between cells: csv("a.csv", delimiter: ";")',
        )
    return Delimited(document, delimiter, quote)


def check_heading(name: str, heading: list[str], item: Type, hint: str = "") -> None:
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
        raise failed(
            "missing-column",
            f"{name} has no column `{missing[0]}`",
            hint=f"its columns: {', '.join(heading):.300}"
            + (f"; is it `{near}`?" if near else "")
            + hint,
        )


def _other_delimiter(heading: list[str], delimiter: str) -> str:
    """What seems to stand between cells where the declared delimiter does not."""
    other = next((c for c in ";\t|," if len(heading) == 1 and c in heading[0]), "")
    if not other or other == delimiter:
        return ""
    shown = "\\t" if other == "\t" else other
    return f'; the file seems to be separated by `{shown}`: delimiter: "{shown}"'
