"""`headings(max, slack)`: whole sections of Markdown."""

from __future__ import annotations

import re
from bisect import bisect_left

from rlmlang.partitions.packed import Packed
from rlmlang.partitions.text import Places, Sought, View, blocks

HEADING = re.compile(rb"\n#{1,6} ")
FENCE = re.compile(rb"\n {0,3}(?:```|~~~)")


class Headings(Packed):
    """A unit is a heading of Markdown with what stands below it."""

    def places(self, view: View, start: int) -> Places:
        """Where each section ends; headings inside code fences are none."""
        fences = _Fences(view, start)

        def find(at: int, data: bytes) -> list[int]:
            found = [at + heading.start() + 1 for heading in HEADING.finditer(data)]
            return [p for p in found if not fences.hold(p)] if found else found

        return Sought(view, start, find)


class _Fences:
    """Where code begins and ends, looked for as far as is asked."""

    def __init__(self, view: View, start: int) -> None:
        self.lines: list[int] = []
        self.known = start
        self._blocks = blocks(view.document, start, view.end)

    def hold(self, place: int) -> bool:
        """Whether a line that begins somewhere is code."""
        while self.known <= place and (block := next(self._blocks, None)) is not None:
            at, data = block
            if b"```" in data or b"~~~" in data:
                self.lines += [at + fence.start() + 1 for fence in FENCE.finditer(data)]
            self.known = at + len(data)
        return bool(self.lines) and bisect_left(self.lines, place) % 2 == 1
