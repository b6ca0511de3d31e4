"""`lines("log.txt")`: a text file, one item a line."""

from __future__ import annotations

from array import array
from itertools import accumulate, compress

from rlmlang.context import Document
from rlmlang.sources.physical import decoded_lines, feed_ends, physical_lines
from rlmlang.sources.place import Place
from rlmlang.sources.rows import Rows, ended

BLANKS = " \t\n\r\x0b\f"
"""What `bytes.strip` takes for blank."""


def opened(place: Place) -> Rows:
    """The lines of a file."""
    return lines(place.document)


def lines(document: Document) -> Rows:
    """A text file, one item a line; lines of nothing but blanks are none. Raises CodedError
    (not-utf8)."""

    def read(data: bytes, base: int, first: int) -> list[str]:
        texts = decoded_lines(document, feed_ends(data), base)
        return [text.rstrip("\r\n") for text in texts if text.strip(BLANKS)]

    starts, at = array("Q"), document.start
    for some in physical_lines(document, at, document.size, feed_ends):
        decoded_lines(document, some, at)
        ends = [*accumulate(map(len, some), initial=at)]
        starts.extend(compress(ends, map(bytes.strip, some)))
        at = ends[-1]
    if starts:
        starts[0] = document.start
    return Rows(document, ended(starts, document.size), read)
