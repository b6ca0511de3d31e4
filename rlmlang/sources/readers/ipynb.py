"""Jupyter notebooks: the cells, and what they printed."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rlmlang.context import SECTION, Document
from rlmlang.sources.readers.stored_file import broken, without_text
from rlmlang.value import Json

MOST = 1 << 28


def texts(origin: Document) -> Iterator[str]:
    """The cells, each below a line with its number. Raises CodedError (document-unreadable,
    document-without-text)."""
    cells = _cells(origin)
    said = False
    for number, cell in enumerate(cells, 1):
        kind, source = str(cell.get("cell_type", "code")), _joined(cell)
        body = source.strip("\n")
        said = said or bool(body.strip())
        yield SECTION.format(f"cell {number} ({kind})") + (f"{body}\n\n" if body else "")
        for output in _listed(cell.get("outputs")):
            if printed := _printed(output).strip("\n"):
                yield f"printed by cell {number}:\n{printed}\n\n"
    if not said:
        raise without_text(origin, "notebook", "")


def _cells(origin: Document) -> list[dict[str, Json]]:
    """The cells of a notebook; before version 4 they stood on worksheets."""
    try:
        book = json.loads(origin.read(origin.start, origin.size))
    except (ValueError, RecursionError) as mistake:
        raise broken(origin, "a notebook", mistake) from None
    if not isinstance(book, dict) or "nbformat" not in book:
        raise broken(origin, "a notebook", "it has no `nbformat`")
    sheets = [book, *_listed(book.get("worksheets"))]
    return [cell for sheet in sheets for cell in _listed(sheet.get("cells"))]


def _listed(found: Json) -> list[dict[str, Json]]:
    """The records of a list."""
    return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []


def _joined(cell: dict[str, Json]) -> str:
    return _text(cell.get("source", cell.get("input")))


def _text(found: Json) -> str:
    """A text, or one that is written as a list of lines."""
    if isinstance(found, list):
        return "".join(map(str, found))
    return found if isinstance(found, str) else ""


def _printed(output: dict[str, Json]) -> str:
    """What an output says in words."""
    if output.get("output_type") in ("error", "pyerr"):
        return f"{output.get('ename', 'error')}: {output.get('evalue', '')}"
    data = output.get("data")
    shown = data.get("text/plain") if isinstance(data, dict) else output.get("text")
    return _text(shown)
