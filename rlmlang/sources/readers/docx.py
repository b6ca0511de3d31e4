"""DOCX: paragraphs, headings, tables and notes, with what was inserted and without what was deleted
under tracked changes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

import docx
from docx.opc.exceptions import PackageNotFoundError
from lxml import etree

from rlmlang.context import Document
from rlmlang.sources.readers.stored_file import archive_of, broken, file_of, without_text

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEFT_OUT = (
    f"{W}del",
    f"{W}moveFrom",
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
)
LETTERS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
NOTES = ("/footnotes", "/endnotes")


def texts(origin: Document) -> Iterator[str]:
    """The paragraphs. Raises CodedError (document-unreadable, document-without-text,
    source-too-large)."""
    archive_of(origin, "DOCX").close()
    said = False
    try:
        opened = docx.Document(file_of(origin))
        levels = {s.style_id: _level(s.name or "") for s in opened.styles}
        notes = [r.target_part.blob for r in opened.part.rels.values() if r.reltype.endswith(NOTES)]
        for root in (opened.element.body, *map(etree.fromstring, notes)):
            for text in _blocks(root, levels):
                said = said or bool(text.strip())
                yield text
    except (PackageNotFoundError, zipfile.BadZipFile, etree.LxmlError, OSError) as mistake:
        raise broken(origin, "DOCX", mistake) from None
    except (LookupError, ValueError, AttributeError) as mistake:
        raise broken(origin, "DOCX", f"a part is missing or damaged ({mistake})") from None
    if not said:
        raise without_text(origin, "DOCX", "")


def _level(style: str) -> int:
    """The level of the headings that a style makes; 0 for none."""
    word, _, number = style.partition(" ")
    if style == "Title":
        return 1
    return min(int(number), 6) if word == "Heading" and number.isdigit() else 0


def _blocks(parent: etree._Element, levels: dict[str, int]) -> Iterator[str]:
    """Paragraphs and rows of tables in order, whatever they are wrapped in."""
    for child in parent:
        if child.tag == f"{W}p":
            text = _text(child)
            style = child.find(f"{W}pPr/{W}pStyle")
            level = levels.get(style.get(f"{W}val", ""), 0) if style is not None else 0
            if text.strip():
                yield ("#" * level + " " if level else "") + text.strip() + "\n\n"
        elif child.tag == f"{W}tbl":
            for row in child.iter(f"{W}tr"):
                yield " | ".join(_cell(c) for c in row.iterfind(f"{W}tc")) + "\n"
            yield "\n"
        elif child.tag not in LEFT_OUT:
            yield from _blocks(child, levels)


def _cell(cell: etree._Element) -> str:
    return " ".join(_text(p).strip() for p in cell.iter(f"{W}p")).strip()


def _text(element: etree._Element) -> str:
    """The letters below an element."""
    if element.tag in LEFT_OUT:
        return ""
    if element.tag == f"{W}t":
        return element.text or ""
    return LETTERS.get(str(element.tag), "") + "".join(map(_text, element))
