"""The forms of file that are read as the text they hold: packed files and documents.

A packed file is known by its first bytes, whatever it is called, since no text begins with them; a
document by the end of its name, since its bytes may be wanted as they are (`extract: false`).
"""

from __future__ import annotations

from rlmlang.schema.setting import Setting
from rlmlang.value import Frozen, value


@value
class ReaderKind(Frozen):
    """A form of file, as data. `runner` names, as `module:function`, what takes the stored document
    and gives its text block by block; for a packed file what it holds. `edition` grows whenever the
    same bytes would give another text; `package` is the one whose version counts too, and `extra`
    what must be installed, as pip names it. What is `encoded` is text itself, in an encoding that
    may be declared, which its runner takes too. The text of what is `sectioned` names its pages,
    chapters or cells."""

    name: str
    doc: str
    runner: str
    suffixes: tuple[str, ...]
    magic: bytes = b""
    package: str = ""
    extra: str = ""
    edition: int = 1
    encoded: bool = False
    sectioned: bool = False


_ROOM = "rlmlang.sources.readers"
PACKED = (
    ReaderKind("gzip", "packed by gzip", f"{_ROOM}.gzip:unpacked", ("gz",), b"\x1f\x8b"),
    ReaderKind("zstd", "packed by zstd", f"{_ROOM}.zstd:unpacked", ("zst",), b"\x28\xb5\x2f\xfd"),
)
DOCUMENTS = (
    ReaderKind("PDF", "the text of each page", f"{_ROOM}.pdf:texts", ("pdf",),
               package="pypdf", extra="rlmlang[documents]", sectioned=True),
    ReaderKind("DOCX", "paragraphs, headings, tables and notes", f"{_ROOM}.docx:texts", ("docx",),
               package="python-docx", extra="rlmlang[documents]"),
    ReaderKind("HTML", "what a page says, without markup", f"{_ROOM}.html:texts",
               ("html", "htm", "xhtml"), encoded=True),
    ReaderKind("EPUB", "the chapters of a book in order", f"{_ROOM}.epub:texts", ("epub",),
               sectioned=True),
    ReaderKind("IPYNB", "the cells of a notebook and what they printed", f"{_ROOM}.ipynb:texts",
               ("ipynb",), sectioned=True),
)  # fmt: skip
EXTRACT = Setting(
    "extract",
    "truth",
    True,
    doc="whether documents (PDF, DOCX, HTML, EPUB, IPYNB) are read as their text, or as they are",
)


_ENDINGS = tuple(f".{suffix}" for kind in PACKED for suffix in kind.suffixes)


def bare_name(name: str) -> str:
    """A file's name without the endings that say how it is packed: a.csv of a.csv.gz."""
    while ending := next((e for e in _ENDINGS if name.lower().endswith(e)), ""):
        name = name[: -len(ending)]
    return name
