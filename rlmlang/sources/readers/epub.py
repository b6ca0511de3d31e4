"""EPUB: the chapters of a book in the order in which they are read."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree

from rlmlang.context import SECTION, Document, TextDocument
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.sources.readers import html
from rlmlang.sources.readers.stored_file import archive_of, broken, without_text

CONTAINER = "META-INF/container.xml"
RIGHTS = "META-INF/encryption.xml"
FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
PAGES = ("application/xhtml+xml", "text/html")


def texts(origin: Document) -> Iterator[str]:
    """The chapters, each below a line with its number. Raises CodedError (document-unreadable,
    document-without-text, source-too-large)."""
    said = False
    try:
        with archive_of(origin, "EPUB") as archive:
            _refuse_locked(origin, archive)
            for number, name in enumerate(_chapters(archive), 1):
                text = _chapter(f"{origin.id} ({name})", archive.read(name))
                said = said or bool(text)
                yield SECTION.format(f"chapter {number}") + (f"{text}\n\n" if text else "")
    except (zipfile.BadZipFile, ElementTree.ParseError, zlib.error, EOFError) as mistake:
        raise broken(origin, "EPUB", mistake) from None
    except (KeyError, NotImplementedError) as mistake:
        raise broken(origin, "EPUB", f"a part is missing or damaged ({mistake})") from None
    if not said:
        raise without_text(origin, "EPUB", "")


def _chapter(name: str, data: bytes) -> str:
    """The text of a chapter; nothing for one that is a picture."""
    try:
        return "".join(html.texts(TextDocument(name, data))).strip()
    except CodedError as problem:
        if problem.diagnostic.code != "document-without-text":
            raise
        return ""


def _chapters(archive: zipfile.ZipFile) -> Iterator[str]:
    """The parts of a book, by the package file that its container names."""
    root = _tree(archive.read(CONTAINER)).find(".//{*}rootfile")
    if root is None:
        raise KeyError("rootfile")
    package = root.get("full-path", "")
    tree, folder = _tree(archive.read(package)), posixpath.dirname(package)
    items = {i.get("id"): i for i in tree.iterfind("{*}manifest/{*}item")}
    for reference in tree.iterfind("{*}spine/{*}itemref"):
        item = items[reference.get("idref")]
        if item.get("media-type") in PAGES:
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))


def _tree(data: bytes) -> ElementTree.Element:
    """XML without declarations of its own, which could grow without end."""
    if b"<!ENTITY" in data:
        raise ElementTree.ParseError("it declares entities")
    return ElementTree.fromstring(data)  # noqa: S314, entities are refused above


def _refuse_locked(origin: Document, archive: zipfile.ZipFile) -> None:
    """Refuses a book that only its seller's programs can read; fonts may be disguised."""
    if RIGHTS not in archive.namelist():
        return
    ways = _tree(archive.read(RIGHTS)).iterfind(".//{*}EncryptionMethod")
    if any(way.get("Algorithm") not in FONTS for way in ways):
        raise broken(origin, "EPUB", "it is encrypted")
