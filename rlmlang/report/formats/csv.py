"""CSV as RFC 4180 has it, and values parted by tabs: a line of names, then a row an item.

None is an empty cell, a truth `true` or `false`. No cell is changed: one that begins with `=`, `+`,
`-` or `@` is what the answer says, and a spreadsheet that runs it as a formula must be told to read
columns as text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from rlmlang.report.formats.format import Begin, Format, Line, Shape, cell, encoded, nested

CRLF = "\r\n"
FLAT = "return records of plain fields, or take --format jsonl"


def _lines(delimiter: str, end: str) -> Begin:
    def begin(shape: Shape) -> tuple[bytes, Line, bytes]:
        text = io.StringIO(newline="")
        out = csv.writer(text, delimiter=delimiter, lineterminator=CRLF)  # so both are quoted

        def written(cells: Iterable[str]) -> bytes:
            out.writerow(cells)
            made = text.getvalue().removesuffix(CRLF) + end
            text.seek(0)
            text.truncate()
            return encoded(made)

        return written(shape.columns), lambda x: written(map(cell, shape.row(x).values())), b""

    return begin


def _refuses(shape: Shape) -> str:
    words = nested(shape, "a table")
    return f"{words}: {FLAT}" if words else ""


CSV = Format(
    "csv",
    "A table with a row an item: commas, CRLF, names of fields first (RFC 4180).",
    (".csv",),
    _lines(",", CRLF),
    refuses=_refuses,
)
TSV = Format(
    "tsv",
    "The same with tabs between cells, and LF.",
    (".tsv", ".tab"),
    _lines("\t", "\n"),
    refuses=_refuses,
)
