"""`items(per)`: so many rows of a list in a piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rlmlang.context import Datum, Measure


@dataclass(frozen=True)
class Items:
    """`per` rows of a list in a piece."""

    per: int

    def split(self, subject: Sequence[Datum], measure: Measure) -> Iterator[list[Datum]]:
        """Batches of rows in order."""
        batch: list[Datum] = []
        for row in subject:
            batch.append(row)
            if len(batch) == self.per:
                yield batch
                batch = []
        if batch:
            yield batch
