"""Files packed by zstd, one frame behind the other."""

from __future__ import annotations

from collections.abc import Iterator

import zstandard

from rlmlang.context import Document
from rlmlang.sources.readers.stored_file import broken

BLOCK = 1 << 16
STEP = 1 << 11
"""So many packed bytes at a time: a step may unpack to thirty thousand times as many."""
WINDOW = 1 << 27


def unpacked(origin: Document) -> Iterator[bytes]:
    """What it holds. Raises CodedError (document-unreadable) where it is cut off or damaged."""
    opener = zstandard.ZstdDecompressor(max_window_size=WINDOW)
    frame = opener.decompressobj()
    begun = False
    try:
        for data in _steps(origin):
            while data:
                if frame.eof:
                    frame, begun = opener.decompressobj(), False
                found = frame.decompress(data)
                begun, data = True, frame.unused_data
                if found:
                    yield found
    except zstandard.ZstdError as mistake:
        raise broken(origin, "zstd", mistake) from None
    if begun and not frame.eof:
        raise broken(origin, "zstd", "it is cut off")


def _steps(origin: Document) -> Iterator[bytes]:
    for at in range(0, origin.size, BLOCK):
        data = origin.read(at, min(origin.size, at + BLOCK))
        for inner in range(0, len(data), STEP):
            yield data[inner : inner + STEP]
