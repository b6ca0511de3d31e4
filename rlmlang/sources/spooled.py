"""Bytes that were made here and are kept no longer than they are needed: small ones in memory,
larger ones in a file without a name, which is gone when nobody reads it any more."""

from __future__ import annotations

import hashlib
import os
import tempfile
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO

from rlmlang.context import TextDocument
from rlmlang.diagnostics.diagnostic import failed

SMALL = 1 << 22
"""So many bytes are held in memory."""


@dataclass(frozen=True)
class SpooledDocument:
    """Bytes in a file that has no name. `stamp` is their hash."""

    id: str
    size: int
    stamp: tuple[str, ...]
    file: IO[bytes] = field(repr=False, compare=False)
    start: int = 0

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a range."""
        end, found = min(end, self.size), b""
        while more := os.pread(self.file.fileno(), max(0, end - start), start):
            found, start = found + more, start + len(more)
        return found


def spooled(name: str, pieces: Iterable[bytes]) -> SpooledDocument | TextDocument:
    """Pieces one behind the other as a document. Raises CodedError (source-unreadable) where there
    is no room for them."""
    held, hashed, file = bytearray(), hashlib.sha256(), None
    try:
        for piece in pieces:
            held += piece
            if len(held) > SMALL:
                file = file or tempfile.TemporaryFile()  # noqa: SIM115, it lives as long as its document
                file.write(held)
                hashed.update(held)
                held.clear()
        if file is None:
            return TextDocument(name, bytes(held))
        file.write(held)
        hashed.update(held)
        file.flush()
    except OSError as mistake:
        raise failed(
            "source-unreadable",
            f"the rows of {name:.60} cannot be kept: {mistake.strerror}",
            hint="make room in the folder for temporary files, or set TMPDIR to another",
        ) from None
    found = SpooledDocument(name, file.tell(), (hashed.hexdigest(),), file)
    weakref.finalize(found, file.close)
    return found
