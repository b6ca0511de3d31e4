"""The bytes of a slice that is too large to be had at once, read in stretches."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.context import Slice

CHUNK = 4 << 20


def size_of(value: Slice) -> int:
    """The bytes of a slice."""
    return sum(p.end - p.start for p in value.parts)


def bytes_of(value: Slice, low: int, high: int) -> bytes:
    """The bytes from `low` to `high` of a slice's parts one behind the other."""
    out, at = [], 0
    for part in value.parts:
        size = part.end - part.start
        a, b = max(low - at, 0), min(high - at, size)
        if a < b:
            out.append(part.document.read(part.start + a, part.start + b))
        at += size
    return b"".join(out)


def chunks_of(value: Slice, overlap: int) -> Iterator[tuple[int, bytes]]:
    """The bytes of a slice in chunks, each with its place and so much of the one before."""
    size = size_of(value)
    for at in range(0, size, CHUNK):
        low = max(0, at - max(0, overlap - 1))
        yield low, bytes_of(value, low, min(size, at + CHUNK))


def lines_of(value: Slice) -> Iterator[str]:
    """A slice's lines. Raises ValueError where one is longer than a chunk."""
    rest = b""
    for _, data in chunks_of(value, 0):
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > CHUNK:
            raise ValueError(f"a line of more than {CHUNK:,} bytes: use slices")
        for line in lines:
            yield line.decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")


def edge(data: bytes, most: int) -> int:
    """The last line's end within `most` bytes, else a character's."""
    if cut := data.rfind(b"\n", 0, most) + 1:
        return cut
    while data[most] & 0xC0 == 0x80:
        most -= 1
    return most
