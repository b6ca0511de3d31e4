"""CSV as RFC 4180 has it, and values parted by tabs: a line of names, then a row an item.

None is an empty cell, a truth `true` or `false`. A spreadsheet runs a cell that begins with `=`,
`+`, `-`, `@`, a tab or CR as a formula, and a text may be what a stranger's document or a model
says: such a text has `'` before it, which spreadsheets take for the mark of a text. Numbers never
have it, nor texts that are one. `csv-exact` changes no cell.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable

from rlmlang.report.formats.format import Begin, Format, Line, Shape, cell, encoded, nested
from rlmlang.value import Json

CRLF = "\r\n"
FORMULA = re.compile(r"[=+\-@\t\r](?!(?<=[+-])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z)")
FLAT = "return records of plain fields, or take --format jsonl"


def guarded(found: Json) -> str:
    """A value as a cell that no spreadsheet runs."""
    text = cell(found)
    return f"'{text}" if isinstance(found, str) and FORMULA.match(text) else text


def _lines(delimiter: str, end: str, shown: Callable[[Json], str]) -> Begin:
    def begin(shape: Shape) -> tuple[bytes, Line, bytes]:
        text = io.StringIO(newline="")
        out = csv.writer(text, delimiter=delimiter, lineterminator=CRLF)  # so both are quoted

        def written(cells: Iterable[str]) -> bytes:
            out.writerow(cells)
            made = text.getvalue().removesuffix(CRLF) + end
            text.seek(0)
            text.truncate()
            return encoded(made)

        return written(shape.columns), lambda x: written(map(shown, shape.row(x).values())), b""

    return begin


def _refuses(shape: Shape) -> str:
    words = nested(shape, "a table")
    return f"{words}: {FLAT}" if words else ""


CSV = Format(
    "csv",
    "A table with a row an item: commas, CRLF, names of fields first (RFC 4180). Text that a "
    "spreadsheet would run as a formula has ' before it; csv-exact changes nothing.",
    (".csv",),
    _lines(",", CRLF, guarded),
    refuses=_refuses,
)
TSV = Format(
    "tsv",
    "The same with tabs between cells, and LF.",
    (".tsv", ".tab"),
    _lines("\t", "\n", guarded),
    refuses=_refuses,
)
EXACT = Format(
    "csv-exact",
    "CSV with each text as it is, for programs: a spreadsheet runs those that begin with =.",
    (),
    _lines(",", CRLF, cell),
    refuses=_refuses,
)
