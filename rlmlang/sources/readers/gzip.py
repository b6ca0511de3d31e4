"""Files packed by gzip, one member behind the other."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

from rlmlang.context import Document
from rlmlang.sources.readers.stored_file import broken, file_of

BLOCK = 1 << 20


def unpacked(origin: Document) -> Iterator[bytes]:
    """What it holds. Raises CodedError (document-unreadable) where it is cut off or damaged."""
    try:
        with gzip.GzipFile(fileobj=file_of(origin)) as file:
            while data := file.read(BLOCK):
                yield data
    except (OSError, EOFError, zlib.error) as mistake:
        raise broken(origin, "gzip", mistake) from None
