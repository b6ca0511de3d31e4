"""`headings(max, slack)`: whole sections of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rlmlang.context import Document
from rlmlang.partitions.packed import Packed
from rlmlang.partitions.text import Listed, Places, View, blocks

HEADING = re.compile(rb"\n#{1,6} ")
MARK = re.compile(rb"\n(?:#{1,6} | {0,3}(?:```|~~~))")
"""What begins a section, or begins or ends code."""
HASH = ord("#")


class Headings(Packed):
    """A unit is a heading of Markdown with what stands below it."""

    def places(self, view: View, start: int) -> Places:
        """Where each section ends; headings inside code fences are none."""
        return Listed(_sections(view.document, start, view.end))


def _sections(document: Document, start: int, end: int) -> Iterator[list[int]]:
    if start >= end:
        return
    code = False
    for at, data in blocks(document, start, end):
        found: list[int] = []
        fenced = _holds(data, b"```") or _holds(data, b"~~~")
        for mark in (MARK if fenced else HEADING).finditer(data):
            place = mark.start() + 1
            if data[place] != HASH:
                code = not code
            elif not code and at + place > start:
                found.append(at + place)
        if found:
            yield found
    yield [end]


def _holds(data: bytes, mark: bytes) -> bool:
    """Whether a mark is in a text. Its first byte is rare, and found ten times as fast."""
    at = data.find(mark[:1])
    while at >= 0 and not data.startswith(mark, at):
        at = data.find(mark[:1], at + 1)
    return at >= 0
