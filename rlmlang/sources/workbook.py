"""What calamine does not say of a sheet: cells that hold an error, or a formula without a value."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
BOOK, LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


def lost_cells(file: BinaryIO, sheet: str) -> Iterator[tuple[str, str]]:
    """Where a cell of a sheet lies and what it holds, for those that would be read as empty.
    Raises what `zipfile` and `ElementTree` raise for what is no workbook."""
    with zipfile.ZipFile(file) as book, book.open(_path(book, sheet)) as xml:
        for _, cell in ElementTree.iterparse(xml):
            if cell.tag == f"{MAIN}c":
                value = cell.findtext(f"{MAIN}v")
                if cell.get("t") == "e":
                    yield cell.get("r", ""), f"the error {value}"
                elif not value and cell.get("t") != "str" and cell.find(f"{MAIN}f") is not None:
                    yield cell.get("r", ""), "a formula whose value was never kept"
            elif cell.tag == f"{MAIN}row":
                cell.clear()


def _path(book: zipfile.ZipFile, sheet: str) -> str:
    """The file of a sheet inside the workbook."""
    sheets = ElementTree.fromstring(book.read(BOOK)).iter(f"{MAIN}sheet")
    link = next(s.get(LINK) for s in sheets if s.get("name") == sheet)
    links = ElementTree.fromstring(book.read(LINKS))
    target = next(x.get("Target", "") for x in links if x.get("Id") == link)
    return target[1:] if target.startswith("/") else posixpath.join("xl", target)
