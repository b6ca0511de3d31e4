"""Leases of workers: what each may spend, for as long as it is heard of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.leases import NO_AMOUNTS, Amounts, left, nothing, portion, share, total
from rlmlang.stores.database import Claims
from rlmlang.stores.queue.tables import (
    LIVE,
    OVER,
    TABLES,
    Queue,
    add_lease,
    end_leases,
    forget_queue,
    free_unanswered,
    grant,
    leases_of,
    live_lease,
    queue_of,
    write_queue,
)
from rlmlang.stores.rows import Batch

WANTED = 10.0  # seconds for which a wish for more is heard


@dataclass(frozen=True)
class Answer:
    """What a worker may use in sum now. Where it asked in vain it may `wait`, while calls of others
    are on their way, or all is `spent`, of which `used` is charged."""

    granted: Amounts
    word: Literal["more", "wait", "spent"] = "more"
    used: Amounts = NO_AMOUNTS


@dataclass(frozen=True)
class Beat:
    """What a worker hears: whether others wait for more, and its part of the providers' limits."""

    wanted: bool
    part: float


def open_queue(c: Batch, queue: Queue, before: Amounts, *, again: bool) -> None:
    """Opens the queue of a run, or opens it `again`: who is at work in it goes on, and what has no
    answer is given out anew. The lease of who opened it earlier ends: that one is no more.
    `before` was charged to the run before it had a queue."""
    for statement in TABLES:
        c.execute(statement)
    if not again:  # numbers of runs that were deleted come again
        forget_queue(c, queue.id)
    found = c.execute("SELECT host, taken FROM queue WHERE id = ?", (queue.id,)).fetchone()
    host, taken = found or (0, 0)
    end_leases(c, [host])
    reap(c)
    rows = leases_of(c, queue.id)
    if not rows and any(before):
        add_lease(c, queue.id, NO_AMOUNTS, state=OVER, charged=before)
    if not any(lease.live for _, lease in rows):
        taken = 0
        c.execute("DELETE FROM claim WHERE queue = ?", (queue.id,))
    free_unanswered(c, queue.id)
    write_queue(c, queue, taken, host)


def close_queue(c: Batch, queue: int) -> None:
    """Gives out no more of its items; those that were taken go on."""
    c.execute("UPDATE queue SET state = ? WHERE id = ?", (OVER, queue))


def join(c: Batch, queue: int, lasts: float, *, host: bool = False) -> int:
    """A new worker's lease, of nothing yet; gives its number. It is lost when nothing is heard for
    so many seconds. A `host` is who opened the queue."""
    limits = queue_of(c, queue).limits
    number = add_lease(c, queue, nothing(limits), state=LIVE, lasts=lasts, expires=c.now() + lasts)
    if host:
        c.execute("UPDATE queue SET host = ? WHERE id = ?", (number, queue))
    return number


def beat(c: Batch, lease: int, *, working: bool, busy: bool) -> Beat | None:
    """A sign of life; None for a lease that is lost."""
    row = live_lease(c, lease)
    if row is None:
        return None
    now = c.now()
    values = (now + row.lasts, int(busy), int(working), lease)
    c.execute("UPDATE lease SET expires = ?, busy = ?, working = ? WHERE id = ?", values)
    reap(c)
    (wanted,) = c.execute("SELECT wanted FROM queue WHERE id = ?", (row.queue,)).fetchone()
    return Beat(now - wanted < WANTED, _part(c, lease, working=working))


def give_back(c: Batch, lease: int, held: Amounts) -> Amounts:
    """Gives back what a worker does not hold, whose limits are `held` from before that on; gives
    what it may use in sum."""
    row = live_lease(c, lease)
    granted = NO_AMOUNTS if row is None else row.granted.cut(held)
    grant(c, lease, granted)
    return granted


def ask(c: Batch, lease: int, held: Amounts, worst: Amounts, *, busy: bool) -> Answer | None:
    """More for a worker that needs room for a worst case, beside what it spent and set aside. Asked
    in vain it keeps what it holds and gives back the rest. None for a lease that is lost."""
    c.flush()
    row = live_lease(c, lease)
    if row is None:
        return None
    reap(c)
    limits, leases = queue_of(c, row.queue).limits, leases_of(c, row.queue)
    least = held.plus(worst).beyond(row.granted)
    workers = sum(x.live for _, x in leases)
    given = portion(left(limits, (x for _, x in leases)), least, workers)
    if given is not None:
        granted = row.granted.plus(given)
        grant(c, lease, granted, busy=True)
        return Answer(granted)
    granted = row.granted.cut(held)
    grant(c, lease, granted, busy=busy)
    c.execute("UPDATE queue SET wanted = ? WHERE id = ?", (c.now(), row.queue))
    others = [x for number, x in leases if number != lease]
    unused = limits.beyond(total(x.charged for x in others)).beyond(held)
    waits = worst.within(unused) or any(x.live and x.busy for x in others)
    used = total(x.charged for _, x in leases)
    return Answer(granted, "wait" if waits else "spent", used)


def may_spend(c: Batch, lease: int) -> bool:
    """Whether a lease is still one; 0 is that of who spends alone."""
    if not lease:
        return True
    query = "SELECT 1 FROM lease WHERE id = ? AND state = ?"
    return c.execute(query, (lease, LIVE)).fetchone() is not None


def leave(c: Batch, lease: int) -> None:
    """Ends a lease: what it was not charged is anybody's, and so are items not ended."""
    end_leases(c, [lease])


def reap(c: Batch) -> None:
    """Ends the leases of those of whom nothing is heard, in all queues of the store."""
    query = "SELECT id FROM lease WHERE state = ? AND expires < ?"
    end_leases(c, [x for (x,) in c.execute(query, (LIVE, c.now())).fetchall()])


def goes_on(c: Batch, claims: Claims, lease: int, run: int) -> bool:
    """Whether a run goes on in some process, as far as a worker knows: one that lost its lease
    still holds its sign of life."""
    return claims.goes_on(run) and not (lease and given_up(c, run))


def given_up(c: Batch, run: int) -> bool:
    """Whether a run is that of a worker which lost its lease: nobody waits for its answers."""
    found = c.execute("SELECT data FROM run WHERE id = ?", (run,)).fetchone()
    lease = json.loads(found[0]).get("item", {}).get("lease", 0) if found else 0
    return lease > 0 and not may_spend(c, lease)


def lost() -> CodedError:
    """The problem of a worker that was not heard of for too long."""
    return failed(
        "lease-lost",
        "the store heard nothing of this worker for too long, and gave its items to others",
        reason="What it had set aside is charged, and its answers are kept.",
        hint="the same command goes on; behind a slow network give --lease more seconds",
    )


def _part(c: Batch, lease: int, *, working: bool) -> float:
    """The worker's part of the limits of providers, which all queues of the store share."""
    query = """SELECT COALESCE(SUM(part), 0), COALESCE(SUM(working), 0) FROM lease
WHERE state = ? AND id <> ?"""
    others, workers = c.execute(query, (LIVE, lease)).fetchone()
    part = share(float(others), int(workers) + 1) if working else 0.0
    c.execute("UPDATE lease SET part = ? WHERE id = ?", (part, lease))
    return part
