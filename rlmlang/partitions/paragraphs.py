"""`paragraphs(max, slack)`: whole paragraphs."""

from __future__ import annotations

import re

from rlmlang.partitions.packed import Packed
from rlmlang.partitions.text import Places, Sought, View

GAP = re.compile(rb"\n(?:[ \t\r\f\v]{0,79}\n)+")
"""Lines of nothing but blanks, at most 80 bytes each, behind any line."""
REST = re.compile(rb"[ \t\r\f\v]{0,80}")


class Paragraphs(Packed):
    """A unit ends with the blank lines behind a paragraph."""

    def places(self, view: View, start: int) -> Places:
        """Where each paragraph ends, which is where the next begins."""

        def find(at: int, data: bytes) -> list[int]:
            found = [at + gap.end() for gap in GAP.finditer(data)]
            if found and at + len(data) == view.end and REST.fullmatch(data, found[-1] - at):
                found.pop()  # what is left is blank too
            return found

        return Sought(view, start, find)
