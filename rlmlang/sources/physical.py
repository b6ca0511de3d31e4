"""The physical lines of a document, read in blocks, so that a file is never held whole."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from rlmlang.context import Document, not_utf8

BLOCK = 1 << 18
Split = Callable[[bytes], list[bytes]]


def feed_ends(data: bytes) -> list[bytes]:
    """The lines of some bytes, their ends kept: a line ends with LF."""
    return io.BytesIO(data).readlines()


def any_ends(data: bytes) -> list[bytes]:
    """The lines of some bytes, their ends kept: a line ends with LF, CRLF or CR alone."""
    return data.splitlines(keepends=True)


def physical_lines(
    document: Document, start: int, end: int, split: Split = any_ends, block: int = BLOCK
) -> Iterator[list[bytes]]:
    """The lines between two bytes, so many at a time as a block of bytes holds; a longer line is
    read in steps that double."""
    at, tail = start, b""
    while at < end:
        data = document.read(at, min(end, at + max(block, len(tail))))
        if not data:
            break
        at += len(data)
        lines = split(tail + data)
        tail = b"" if lines[-1].endswith(b"\n") else lines.pop()
        yield lines
    if tail:
        yield [tail]


def line_number(document: Document, byte: int) -> int:
    """The number, from 1, of the line that a byte stands in."""
    through = physical_lines(document, document.start, min(byte + 1, document.size))
    return sum(map(len, through)) or 1


def decoded_lines(document: Document, lines: list[bytes], at: int) -> list[str]:
    """Some lines as text; the first begins at the byte `at`. Raises CodedError (not-utf8)."""
    try:
        return list(map(bytes.decode, lines))
    except UnicodeDecodeError:
        return list(_one_by_one(document, lines, at))


def _one_by_one(document: Document, lines: list[bytes], at: int) -> Iterator[str]:
    for line in lines:
        try:
            yield line.decode()
        except UnicodeDecodeError as mistake:
            raise not_utf8(document.id, at + mistake.start, line, mistake) from None
        at += len(line)
