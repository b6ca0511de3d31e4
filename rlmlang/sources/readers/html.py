"""HTML: what a page says, without markup, scripts and styles. Headings get a # for each level,
items a dash, cells a bar between them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from rlmlang.context import Document
from rlmlang.sources.local import marked_as
from rlmlang.sources.readers.stored_file import MOST_INSIDE, broken, too_large, without_text

HEAD = 4096
SILENT = frozenset("script style template noscript svg math iframe object head".split())
BLOCKS = frozenset(
    "address article aside blockquote body dd details dialog div dl dt fieldset figcaption figure "
    "footer form header hgroup hr html legend main nav ol p pre section summary table tbody tfoot "
    "thead tr ul caption li h1 h2 h3 h4 h5 h6".split()
)
CHARSET = re.compile(rb"""<meta[^>]+?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", re.IGNORECASE)
XML = re.compile(rb"""^\s*<\?xml[^>]+?encoding\s*=\s*["']([A-Za-z0-9_:.-]+)""")


def texts(origin: Document, encoding: str = "") -> Iterator[str]:
    """The text of a page, in the encoding that is declared, or that it names. Raises CodedError
    (document-unreadable, document-without-text, source-too-large)."""
    if origin.size > MOST_INSIDE:
        raise too_large(origin.id, f"has {origin.size:,} bytes, too many for one page")
    page = Page()
    try:
        text = origin.read(0, origin.size).decode(encoding or _encoding(origin))
        page.feed(text.removeprefix("\ufeff"))
    except UnicodeDecodeError as mistake:
        raise broken(origin, "HTML", f"{mistake}; is another `encoding` declared?") from None
    page.close()
    text = page.text()
    if not text:
        raise without_text(origin, "HTML", "")
    yield text + "\n"


def _encoding(origin: Document) -> str:
    """What a page says that it is written in; UTF-8 where it says nothing."""
    head = origin.read(0, min(HEAD, origin.size))
    said = CHARSET.search(head) or XML.search(head)
    name = marked_as(head) or (said[1].decode() if said else "utf-8")
    name = "utf-8-sig" if name.lower() in ("utf-8", "utf8") else name
    try:
        found = codecs.lookup(name)
    except LookupError:
        raise broken(origin, "HTML", f"it says that it is written in {name:.40}") from None
    return found.name


class Page(HTMLParser):
    """What is said between the tags of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.silent = 0
        self.pre = 0
        self.title = False
        self.cells = 0

    def text(self) -> str:
        """All that it says: no more than one empty line between two others."""
        return re.sub(r"[ \t]*\n[ \t]*\n\s*?(?=[ \t]*\S)", "\n\n", "".join(self.out)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Something begins."""
        self.title = tag == "title" or (self.title and tag not in BLOCKS)
        self.silent += tag in SILENT
        self.pre += tag == "pre"
        if tag == "br":
            self._say("\n")
        elif tag in ("td", "th"):
            self._say(" | " if self.cells else "")
            self.cells += 1
        elif tag in BLOCKS:
            self._block(tag)

    def handle_endtag(self, tag: str) -> None:
        """Something ends."""
        if tag == "title" and self.title:
            self.title = False
            self.out.append("\n\n")
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        if tag == "pre":
            self.pre = max(0, self.pre - 1)
        if tag in BLOCKS:
            self._say("\n" if tag in ("li", "tr", "dt", "dd") else "\n\n")

    def handle_data(self, data: str) -> None:
        """Text between."""
        if self.title:
            self.out.append(re.sub(r"\s+", " ", data))
        else:
            self._say(data if self.pre else re.sub(r"\s+", " ", data))

    def _block(self, tag: str) -> None:
        self.cells = 0 if tag == "tr" else self.cells
        mark = "#" * int(tag[1]) + " " if tag in HEADINGS else "- " if tag == "li" else ""
        self._say(("\n" if tag in ("li", "tr", "dt", "dd") else "\n\n") + mark)

    def _say(self, text: str) -> None:
        if self.silent or not text:
            return
        if self.out and text == " " and self.out[-1].endswith((" ", "\n")):
            return
        if self.out and self.out[-1].endswith("\n") and not self.pre:
            text = text.lstrip(" ") if text.strip() else text
        self.out.append(text)


HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
