"""Reading a document in blocks: its lines, and the best place to cut within a window."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rlmlang.context import Document

BLOCK = 1 << 18
BEST = (b"\n\n", b"\n", b". ", b" ")
BLANK = re.compile(rb"[ \t\r]*\n?")


def line_ends(document: Document, start: int, end: int) -> Iterator[int]:
    """The byte behind each line's end, the last line with or without one."""
    at, last = start, start
    while at < end:
        block = document.read(at, min(end, at + BLOCK))
        if not block:
            return
        found = block.find(b"\n")
        while found >= 0:
            last = at + found + 1
            yield last
            found = block.find(b"\n", found + 1)
        at += len(block)
    if last < end:
        yield end


def best_cut(data: bytes, least: int, most: int) -> int:
    """The last paragraph, line, sentence or word end in (least, most], else `most`."""
    for mark in BEST:
        at = data.rfind(mark, max(0, least - len(mark) + 1), most)
        if at >= 0 and least < at + len(mark) <= most:
            return at + len(mark)
    return most
