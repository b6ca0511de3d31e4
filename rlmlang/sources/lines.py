"""`lines("log.txt")`: a text file, one item a line."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.context import Document, not_utf8
from rlmlang.sources.physical import feed_ends
from rlmlang.sources.place import Place
from rlmlang.sources.rows import Rows, line_starts


def opened(place: Place) -> Rows:
    """The lines of a file."""
    return lines(place.document)


def lines(document: Document) -> Rows:
    """A text file, one item a line; lines of nothing but blanks are none."""

    def read(data: bytes, base: int, first: int) -> Iterator[str]:
        for line in feed_ends(data):
            if line.strip():
                try:
                    yield line.decode().rstrip("\r\n")
                except UnicodeDecodeError as mistake:
                    raise not_utf8(document.id, base + mistake.start, line, mistake) from None
            base += len(line)

    return Rows(document, line_starts(document), read)
