"""Which calls wait in which batch of their provider's.

A batch is written with the rows of its calls before it is sent. Until then nothing of such a call
counts, from then on its worst case, until it is settled: a kill at any moment leaves the account
exact, and nothing that was paid for without an owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction

from rlmlang.budget import PICO, Usage
from rlmlang.stores.connection import Cell, Connection, Found, Row
from rlmlang.stores.journal import Journal
from rlmlang.stores.rows import Batch
from rlmlang.stores.schema import RESERVED, TABLES
from rlmlang.trajectory.provider_batch import ProviderBatch

AT_ONCE = 500  # values of a statement
WAITING = f"""SELECT c.id, c.key, c.worst_in, c.worst_out, c.worst_usd, x.* FROM batch_call x
JOIN call c ON c.id = x.id WHERE x.id BETWEEN ? AND ? AND c.state = {RESERVED}"""
COUNTED = f"""SELECT x.batch, COUNT(*) FROM batch_call x JOIN call c ON c.id = x.id
WHERE x.id BETWEEN ? AND ? AND c.state = {RESERVED} GROUP BY x.batch ORDER BY x.batch"""
BATCH = "SELECT * FROM provider_batch WHERE id = ?"
USED = ("used_in", "used_out", "used_usd")
Hold = Callable[[str, Row], None]


@dataclass(frozen=True)
class LeftCall:
    """A call of an earlier part of a run that waits in a batch: its row, and what is booked."""

    row: int
    worst: Usage


class Batches:
    """The batches that calls of a run wait in, as a run that goes on finds them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._left: dict[bytes, LeftCall] = {}
        self._of: dict[int, ProviderBatch] = {}
        self.taken_over = Usage()  # what was booked for calls that were waited for again

    def load(self, c: Batch, first: int, last: int, hold: Hold) -> None:
        """Finds what earlier parts of a run left. Raises CodedError (store-damaged)."""
        known: dict[int, ProviderBatch] = {}
        for row, key, into, out, usd, *link in c.execute(WAITING, (first, last)).fetchall():
            hold("batch_call", link)
            number = int(link[1])
            if number not in known:
                known[number] = batch_from(c.execute(BATCH, (number,)).fetchone(), hold)
            self._left[key] = LeftCall(row, Usage(1, into, out, Fraction(usd or 0, PICO)))
            self._of[row] = known[number]

    @property
    def waiting(self) -> int:
        """How many calls of an earlier part of the run wait in batches."""
        return len(self._left)

    def left(self, key: bytes) -> Usage | None:
        """What is booked for a call that waits in a batch; None for any other."""
        found = self._left.get(key)
        return found.worst if found is not None else None

    def taken(self, c: Batch, key: bytes) -> Found:
        """The row of a call that waits in a batch, for who asks the same: once."""
        found = self._left.pop(key, None)
        if found is None:
            return None
        self.taken_over += found.worst
        return c.execute("SELECT * FROM call WHERE id = ?", (found.row,)).fetchone()

    def batch_of(self, row: int) -> ProviderBatch | None:
        """The batch that the call of a row was left in."""
        return self._of.get(row)

    async def open(self, batch: ProviderBatch, rows: Sequence[int]) -> ProviderBatch:
        """Keeps a batch and that these calls are in it: what they may cost counts from now on."""

        def change(c: Batch) -> ProviderBatch:
            c.flush()
            found = c.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM provider_batch").fetchone()
            made = replace(batch, id=int(found[0]))
            c.put("provider_batch", values(made))
            for row in _rows(c, rows):
                c.put("call", counted(row))
            for number in rows:
                c.put("batch_call", [number, made.id])
            return made

        return await self._journal.do(change)

    async def note(self, batch: ProviderBatch) -> None:
        """Keeps what became of a batch."""
        await self._journal.do(lambda c: c.put("provider_batch", values(batch)))


def values(batch: ProviderBatch) -> list[Cell]:
    """The row of a batch."""
    return [getattr(batch, name) for name in TABLES["provider_batch"]]


def batch_from(row: Found, hold: Hold) -> ProviderBatch:
    """A batch from its row. Raises CodedError (store-damaged)."""
    hold("provider_batch", row)
    named = dict(zip(TABLES["provider_batch"], row, strict=False))
    return ProviderBatch(**{f.name: named[f.name] for f in fields(ProviderBatch)})


def waiting_in(c: Connection, first: int, last: int, hold: Hold) -> list[tuple[ProviderBatch, int]]:
    """The batches that calls between two rows wait in, and how many in each."""
    found = c.execute(COUNTED, (first, last)).fetchall()
    return [(batch_from(c.execute(BATCH, (n,)).fetchone(), hold), count) for n, count in found]


def counted(row: Row) -> list[Cell]:
    """The row of a call that is sent from now on: its worst case counts."""
    made = list(row[:-1])
    for name in ("code", *USED):
        made[TABLES["call"].index(name)] = None
    return made


def _rows(c: Batch, numbers: Sequence[int]) -> Iterator[Row]:
    for at in range(0, len(numbers), AT_ONCE):
        some = numbers[at : at + AT_ONCE]
        marks = ",".join("?" * len(some))
        yield from c.execute(f"SELECT * FROM call WHERE id IN ({marks})", some).fetchall()
