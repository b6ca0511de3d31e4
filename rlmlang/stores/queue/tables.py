"""The tables of queues, and what is read of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rlmlang.leases import NO_AMOUNTS, Amounts, Lease
from rlmlang.stores.connection import Row
from rlmlang.stores.rows import Batch

OVER, LIVE = 0, 1
FREE, TAKEN, ENDED = range(3)
ANSWERED = ("done", "kept")  # outcomes of items that have an answer
AMOUNTS = "calls, tokens, usd"
TABLES = (
    """CREATE TABLE IF NOT EXISTS queue(id BIGINT PRIMARY KEY, calls BIGINT, tokens BIGINT,
usd BIGINT, items BIGINT, listing TEXT, command TEXT, taken BIGINT, ended BIGINT, left_over BIGINT,
wanted NUMERIC,
state BIGINT, host BIGINT)""",
    """CREATE TABLE IF NOT EXISTS lease(id BIGINT PRIMARY KEY, queue BIGINT, state BIGINT,
busy BIGINT, working BIGINT, part NUMERIC, expires NUMERIC, lasts NUMERIC,
calls BIGINT, tokens BIGINT, usd BIGINT,
used_calls BIGINT, used_tokens BIGINT, used_usd BIGINT)""",
    """CREATE TABLE IF NOT EXISTS claim(id BIGINT PRIMARY KEY, queue BIGINT, state BIGINT,
lease BIGINT, run BIGINT, outcome TEXT, ended BIGINT)""",
    "CREATE INDEX IF NOT EXISTS claim_ended ON claim(queue, ended)",
)


@dataclass(frozen=True)
class Listing:
    """The items of a queue: how many, a hash of their names, and the command that the batch was
    begun with, for workers elsewhere."""

    items: int
    names: str
    command: str


@dataclass(frozen=True)
class Queue:
    """What workers share of a batch: the number of the run that goes over it, the limits of all
    items together, and the items."""

    id: int
    limits: Amounts
    listing: Listing


def write_queue(c: Batch, queue: Queue, taken: int, host: int) -> None:
    """Writes a queue that gives out the items behind so many, and those that are free."""
    found = c.execute("SELECT ended FROM queue WHERE id = ?", (queue.id,)).fetchone()
    ended = found[0] if found else 0
    query = "SELECT COUNT(*) FROM claim WHERE queue = ? AND state = ?"
    left = queue.listing.items - c.execute(query, (queue.id, ENDED)).fetchone()[0]
    said = queue.listing
    listed = (said.items, said.names, said.command)
    values = (queue.id, *queue.limits, *listed, taken, ended, left, 0, LIVE, host)
    c.execute("DELETE FROM queue WHERE id = ?", (queue.id,))
    c.execute(f"INSERT INTO queue VALUES({','.join('?' * len(values))})", values)


def forget_queue(c: Batch, number: int) -> None:
    """Removes all that is known of a queue."""
    for table, column in (("queue", "id"), ("lease", "queue"), ("claim", "queue")):
        c.execute(f"DELETE FROM {table} WHERE {column} = ?", (number,))


def free_unanswered(c: Batch, queue: int) -> None:
    """Gives out the items again that ended without an answer."""
    query = f"""UPDATE claim SET state = ?, lease = 0, ended = 0 WHERE queue = ? AND state = ?
AND outcome NOT IN ({",".join("?" * len(ANSWERED))})"""
    c.execute(query, (FREE, queue, ENDED, *ANSWERED))


def queue_of(c: Batch, number: int) -> Queue:
    """The queue of a run."""
    query = f"SELECT {AMOUNTS}, items, listing, command FROM queue WHERE id = ?"
    found = c.execute(query, (number,)).fetchone()
    return Queue(number, Amounts(*found[:3]), Listing(*found[3:]))


def open_queues(c: Batch) -> list[tuple[str, str, Queue]]:
    """The queues that give out items, with the names and titles of their runs, the oldest first."""
    for statement in TABLES:
        c.execute(statement)
    query = """SELECT run.name, run.recipe, queue.id FROM queue JOIN run ON run.id = queue.id
WHERE queue.state = ? AND queue.left_over > 0 AND run.state <> 'finished' ORDER BY queue.id"""
    found = c.execute(query, (LIVE,)).fetchall()
    return [(name, title, queue_of(c, number)) for name, title, number in found]


@dataclass(frozen=True)
class LiveLease:
    """A lease that lasts: its queue, the seconds that it lasts for, what is granted."""

    queue: int
    lasts: float
    granted: Amounts


def add_lease(
    c: Batch,
    queue: int,
    granted: Amounts,
    *,
    state: int,
    charged: Amounts = NO_AMOUNTS,
    lasts: float = 0,
    expires: float = 0,
) -> int:
    """A new lease; gives its number."""
    number = int(c.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM lease").fetchone()[0])
    values = (number, queue, state, 0, 0, 0, expires, lasts, *granted, *charged)
    c.execute(f"INSERT INTO lease VALUES({','.join('?' * len(values))})", values)
    return number


def live_lease(c: Batch, lease: int) -> LiveLease | None:
    """A lease, if it still is one."""
    query = f"SELECT queue, lasts, {AMOUNTS} FROM lease WHERE id = ? AND state = ?"
    found = c.execute(query, (lease, LIVE)).fetchone()
    return None if found is None else LiveLease(found[0], found[1], Amounts(*found[2:]))


def leases_of(c: Batch, queue: int) -> Sequence[tuple[int, Lease]]:
    """All leases of a queue with their numbers, those that ended as well."""
    query = f"""SELECT id, {AMOUNTS}, used_calls, used_tokens, used_usd, state, busy FROM lease
WHERE queue = ?"""
    found = c.execute(query, (queue,)).fetchall()
    return [
        (x[0], Lease(Amounts(*x[1:4]), Amounts(*x[4:7]), x[7] == LIVE, bool(x[8]))) for x in found
    ]


def grant(c: Batch, lease: int, granted: Amounts, *, busy: bool | None = None) -> None:
    """Writes what a lease may use in sum."""
    values: Row = (*granted, lease)
    c.execute("UPDATE lease SET calls = ?, tokens = ?, usd = ? WHERE id = ?", values)
    if busy is not None:
        c.execute("UPDATE lease SET busy = ? WHERE id = ?", (int(busy), lease))


def end_leases(c: Batch, leases: Iterable[int]) -> None:
    """Ends leases; what their workers had in work is anybody's."""
    for lease in leases:
        c.execute("UPDATE lease SET state = ?, part = 0 WHERE id = ?", (OVER, lease))
        query = "UPDATE claim SET state = ?, lease = 0 WHERE lease = ? AND state = ?"
        c.execute(query, (FREE, lease, TAKEN))
