"""`files(max, slack)`: whole files."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.context import Document
from rlmlang.partitions.packed import Packed


class Files(Packed):
    """A unit is a file."""

    def ends(self, document: Document, start: int, end: int) -> Iterator[int]:
        """The end of the file."""
        yield end
