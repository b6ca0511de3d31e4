"""Items of a queue: taken, ended, or left to others."""

from __future__ import annotations

from dataclasses import dataclass

from rlmlang.stores.queue.leases import reap
from rlmlang.stores.queue.tables import ENDED, FREE, LIVE, TAKEN, live_lease
from rlmlang.stores.rows import Batch
from rlmlang.stores.schema import SHIFT

OPEN = "queue = ? AND ended = 0 AND state = ?"
"""Claims of a state that have not ended, by the index: of many items most have."""


@dataclass(frozen=True)
class End:
    """An item that has ended: its place, the number of its run (0 for none), what came of it, and
    how many had ended then."""

    item: int
    run: int
    outcome: str
    number: int


def take(c: Batch, lease: int, count: int) -> list[int] | None:
    """The places of the next items for a worker, at most so many: first those that others did not
    end. Empty where all are taken or no more are given out, None for a lease that is lost."""
    row = live_lease(c, lease)
    if row is None:
        return None
    reap(c)
    query = "SELECT taken, items, state FROM queue WHERE id = ?"
    taken, items, state = c.execute(query, (row.queue,)).fetchone()
    if state != LIVE:
        return []
    query = f"SELECT id FROM claim WHERE {OPEN} ORDER BY id LIMIT ?"
    again = [x for (x,) in c.execute(query, (row.queue, FREE, count)).fetchall()]
    for claim in again:
        c.execute("UPDATE claim SET state = ?, lease = ? WHERE id = ?", (TAKEN, lease, claim))
    last = min(items, taken + count - len(again))
    for item in range(taken + 1, last + 1):
        values = (row.queue << SHIFT | item, row.queue, TAKEN, lease, 0, "", 0)
        c.execute("INSERT INTO claim VALUES(?,?,?,?,?,?,?)", values)
    c.execute("UPDATE queue SET taken = ? WHERE id = ?", (last, row.queue))
    return [*map(_place, again), *range(taken + 1, last + 1)]


def finish(c: Batch, lease: int, item: int, run: int, outcome: str) -> None:
    """Notes what came of an item. Of one that another worker has meanwhile, nothing."""
    queue = c.execute("SELECT queue FROM lease WHERE id = ?", (lease,)).fetchone()[0]
    claim = queue << SHIFT | item
    query = "SELECT 1 FROM claim WHERE id = ? AND lease = ? AND state = ?"
    if c.execute(query, (claim, lease, TAKEN)).fetchone() is None:
        return
    counted = "UPDATE queue SET ended = ended + 1, left_over = left_over - 1 WHERE id = ?"
    c.execute(counted, (queue,))
    number = c.execute("SELECT ended FROM queue WHERE id = ?", (queue,)).fetchone()[0]
    values = (ENDED, run, outcome, number, claim)
    c.execute("UPDATE claim SET state = ?, run = ?, outcome = ?, ended = ? WHERE id = ?", values)


def ends(c: Batch, queue: int, since: int, most: int = 500) -> list[End]:
    """The items that ended after so many had, at most so many of them."""
    query = """SELECT id, run, outcome, ended FROM claim
WHERE queue = ? AND ended > ? ORDER BY ended LIMIT ?"""
    found = c.execute(query, (queue, since, most)).fetchall()
    return [End(_place(claim), *rest) for claim, *rest in found]


def all_ended(c: Batch, queue: int, lease: int) -> bool:
    """Whether every item has ended, or no more are given out and none is in work elsewhere."""
    query = "SELECT left_over, state FROM queue WHERE id = ?"
    left, state = c.execute(query, (queue,)).fetchone()
    reap(c)
    query = f"SELECT 1 FROM claim WHERE {OPEN} AND lease <> ? LIMIT 1"
    at_work = c.execute(query, (queue, TAKEN, lease)).fetchone() is not None
    return bool(left <= 0 or (state != LIVE and not at_work))


def _place(claim: int) -> int:
    """The place of an item in its queue, by the number of its claim."""
    return claim & (1 << SHIFT) - 1
