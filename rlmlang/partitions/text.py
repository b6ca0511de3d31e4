"""Reading a document in blocks: its lines, and the best place to cut within a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rlmlang.context import Document, Part, Slice, Tree

BLOCK = 1 << 18
BEST = (b"\n\n", b"\n", b". ", b" ")


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


def ranges(subject: Slice | Tree) -> Iterator[tuple[Document, int, int]]:
    """The documents of a text or tree with the range of each that belongs to it."""
    if isinstance(subject, Tree):
        for document in subject.documents:
            yield document, document.start, document.size
    else:
        for part in subject.parts:
            yield part.document, part.start, part.end


def slices(
    subject: Slice | Tree, cut: Callable[[Document, int, int], Iterator[tuple[int, int]]]
) -> Iterator[Slice]:
    """Each document's ranges, as `cut` gives them, as slices; none spans two files."""
    for document, start, end in ranges(subject):
        for left, right in cut(document, start, end):
            yield Slice((Part(document, left, right),))
