"""`headings(max, slack)`: whole sections of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rlmlang.context import Document
from rlmlang.partitions.packed import Packed
from rlmlang.partitions.text import line_ends

HEADING = re.compile(rb"#{1,6} ")
FENCE = re.compile(rb" {0,3}(```|~~~)")


class Headings(Packed):
    """A unit is a heading of Markdown with what stands below it."""

    def ends(self, document: Document, start: int, end: int) -> Iterator[int]:
        """Where each section ends; headings inside code fences are none."""
        line_start, fenced = start, False
        for line_end in line_ends(document, start, end):
            line = document.read(line_start, min(line_end, line_start + 8))
            if FENCE.match(line):
                fenced = not fenced
            elif not fenced and HEADING.match(line) and line_start > start:
                yield line_start
            line_start = line_end
        yield end
