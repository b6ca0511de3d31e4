"""Columns of numbers, packed: a hundred thousand rows take a megabyte of a page."""

from __future__ import annotations

import sys
import zlib
from array import array
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rlmlang.value import Json

LEAST, MOST = -(1 << 31), (1 << 31) - 1


@dataclass(frozen=True)
class Columns:
    """A table of whole numbers: each column as long as the others, by its name."""

    values: dict[str, Sequence[int]]

    @classmethod
    def of(cls, names: str, rows: Iterable[tuple[int, ...]]) -> Columns:
        """The columns of rows whose cells are those of the names, which spaces part."""
        columns = list(zip(*rows, strict=True))
        return cls({n: columns[at] if columns else () for at, n in enumerate(names.split())})

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return max(map(len, self.values.values()), default=0)

    @property
    def packed(self) -> Json:
        """All of it as JSON: for each column its name and kind, and one text with the numbers,
        little-endian, the wide columns first, deflated, in base64. Of a column of 32 bits (`i`)
        there are the differences from one number to the next, modulo 2**32; one that does not fit
        has 64 bits (`d`), as floats."""
        kinds = {n: "i" if _narrow(v) else "d" for n, v in self.values.items()}
        order = sorted(kinds, key=lambda name: kinds[name])
        data = b"".join(_bytes(self.values[name], kinds[name]) for name in order)
        told: list[Json] = [[name, kinds[name]] for name in order]
        return {"rows": self.rows, "columns": told, "data": deflated(data)}


def deflated(data: bytes) -> str:
    """Bytes as a page holds them, and as every browser inflates them by itself."""
    return b64encode(zlib.compress(data, 9)).decode()


def _narrow(values: Sequence[int]) -> bool:
    return not values or (min(values) >= LEAST and max(values) <= MOST)


def _bytes(values: Sequence[int], kind: str) -> bytes:
    if kind == "d":
        return _little(array("d", values))
    steps = (b - a for a, b in pairwise((0, *values)))
    return _little(array("i", ((s + (1 << 31)) % (1 << 32) - (1 << 31) for s in steps)))


def _little(numbers: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
