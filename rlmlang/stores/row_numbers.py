"""Which rows of a run were seen, in a bit each where rows lie together: a set of the numbers of ten
million calls would take a gigabyte."""

from __future__ import annotations

BLOCK = 1 << 12  # rows whose bits lie together


class RowNumbers:
    """A set of row numbers that may be very many; any number at all may be in it."""

    def __init__(self) -> None:
        self._blocks: dict[int, bytearray] = {}

    def add(self, row: int) -> None:
        """One more."""
        block, at = divmod(row, BLOCK)
        bits = self._blocks.get(block)
        if bits is None:
            bits = self._blocks[block] = bytearray(BLOCK >> 3)
        bits[at >> 3] |= 1 << (at & 7)

    def __contains__(self, row: int) -> bool:
        block, at = divmod(row, BLOCK)
        bits = self._blocks.get(block)
        return bits is not None and bool(bits[at >> 3] >> (at & 7) & 1)
