"""`paragraphs(max, slack)`: whole paragraphs."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.context import Document
from rlmlang.partitions.packed import Packed
from rlmlang.partitions.text import line_ends


class Paragraphs(Packed):
    """A unit ends with the blank lines behind a paragraph."""

    def ends(self, document: Document, start: int, end: int) -> Iterator[int]:
        """Where each paragraph ends."""
        line_start, blank = start, False
        for line_end in line_ends(document, start, end):
            empty = line_end - line_start <= 80 and not document.read(line_start, line_end).strip()
            if blank and not empty:
                yield line_start
            blank, line_start = empty, line_end
        yield end
