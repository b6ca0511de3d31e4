"""`xlsx("rows.xlsx", sheet: "2026")`: a sheet of an Excel workbook.

Its rows are kept as JSON lines (`sources/decoded.py`), one line for each row of the sheet, so that
the line that a message names is the sheet's row. A whole number is written as one, a date as
ISO 8601 has it, an empty cell as an empty text. Merged cells have their value in each of them.
Formulas have the values that Excel kept with them; a cell that holds an error, or a formula
without a value, is refused: calamine reads either as empty, so the sheet's XML is looked at.
"""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Iterable, Iterator
from importlib.metadata import version

import python_calamine as calamine

from rlmlang.context import Datum, Document
from rlmlang.context import fields_of as fields_in
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir.types import ANY, fields_of
from rlmlang.sources.csv import check_heading
from rlmlang.sources.decoded import decoded
from rlmlang.sources.jsonl import json_rows, jsonl
from rlmlang.sources.physical import feed_ends, physical_lines
from rlmlang.sources.place import Place
from rlmlang.sources.rows import Rows
from rlmlang.sources.workbook import lost_cells

Cell = str | float | bool | datetime.date | datetime.time | datetime.timedelta
EXACT = 1 << 53
"""Below it each whole number is one that a cell can hold."""


def opened(place: Place) -> Rows:
    """The rows of a sheet. Raises CodedError (sheet-missing, source-unreadable, bad-row,
    missing-column, duplicate-column)."""
    document, item = place.stored, place.type.item
    sheet, heading = place.option("sheet"), place.options.get("heading", True) is True
    fields = [] if heading else [f.name for f in fields_of(item)]
    named = f"sheet {sheet}" if sheet else "its sheet"
    named += "" if heading else f" without a heading ({', '.join(fields)})"
    how = f"{named} by python-calamine {version('python-calamine')}"
    text = decoded(document, how, lambda: _lines(document, sheet, fields, heading=heading))
    lines = physical_lines(text, text.start, text.size, feed_ends)
    for _, row in json_rows(text, lines, text.start, 1):
        check_heading(document.id, list(fields_in(row)), item)
        break
    return jsonl(text, item)


def _lines(document: Document, sheet: str, fields: list[str], *, heading: bool) -> Iterator[str]:
    """Each row of a sheet as a line of JSON, or an empty one for the heading and rows without
    values."""
    found, lost = _sheet(document, sheet)
    if lost:
        raise _lost(document.id, *lost)
    names: list[str] = []
    for number, cells in enumerate(_filled(found), 1):
        if not any(cell != "" for cell in cells):
            yield "\n"
        elif not names and heading:
            names = [_shown(cell) for cell in cells]
            check_heading(document.id, names, ANY)
            yield "\n"
        else:
            names = names or fields or [f"column{n + 1}" for n in range(len(cells))]
            yield _line(document.id, number, names, cells)


def _lost(name: str, place: str, what: str) -> CodedError:
    return failed(
        "bad-row",
        f"{name}, cell {place}: holds {what}",
        hint="mend the cell, or open the workbook in Excel and save it there",
    )


def _line(name: str, number: int, names: list[str], cells: list[Cell]) -> str:
    beyond = [cell for cell in cells[len(names) :] if cell != ""]
    if beyond:
        raise failed(
            "bad-row",
            f"{name}, row {number:,}: has more cells than there are columns",
            hint="the record has a field for each column; remove what stands beside them",
        )
    cells = [*cells, *[""] * (len(names) - len(cells))]
    row = {n: _value(cell) for n, cell in zip(names, cells, strict=False) if n}
    return json.dumps(row, ensure_ascii=False) + "\n"


def _sheet(document: Document, sheet: str) -> tuple[calamine.CalamineSheet, tuple[str, str] | None]:
    """A sheet, and the first of its cells that would be read as empty and is not."""
    data = io.BytesIO(document.read(0, document.size))
    try:
        book = calamine.CalamineWorkbook.from_filelike(data)
        name = _chosen(document.id, book.sheet_names, sheet)
        return book.get_sheet_by_name(name), next(lost_cells(data, name), None)
    except CodedError:
        raise
    except Exception as mistake:  # calamine, zipfile and ElementTree have a dozen of their own
        raise failed(
            "source-unreadable",
            f"{document.id} is no xlsx workbook: {mistake}",
            hint="other workbooks: save them as .xlsx; one with a password: save it without",
        ) from None


def _chosen(name: str, sheets: list[str], sheet: str) -> str:
    """The sheet that is named, or the only one. Raises CodedError (sheet-missing)."""
    if sheet in sheets or (not sheet and len(sheets) == 1):
        return sheet or sheets[0]
    shown = ", ".join(sheets)
    what = f"no sheet `{sheet:.60}`" if sheet else f"{len(sheets)} sheets, and none is named"
    raise failed(
        "sheet-missing",
        f"{name} has {what}",
        hint=f"{did_you_mean(sheet, sheets) or f'its sheets: {shown:.300}'}: sheet: …",
    )


def _filled(sheet: calamine.CalamineSheet) -> Iterable[list[Cell]]:
    """The rows of a sheet, the value of merged cells in each of them."""
    rows: list[list[Cell]] = sheet.to_python(skip_empty_area=False)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in rows[top : bottom + 1]:
            row[left : right + 1] = [rows[top][left]] * len(row[left : right + 1])
    return rows


def _value(cell: Cell) -> Datum:
    """A cell as a value of JSON. Raises no error: what it cannot hold is written as text."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return int(cell)
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, datetime.timedelta) else cell


def _shown(cell: Cell) -> str:
    """A heading as text."""
    value = _value(cell)
    return value if isinstance(value, str) else json.dumps(value)
