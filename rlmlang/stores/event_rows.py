"""The rows of events, and the numbers that rows of a run have."""

from __future__ import annotations

import json
from collections.abc import Callable

from rlmlang.stores.connection import Cell, Row
from rlmlang.stores.redact import written
from rlmlang.stores.rows import Batch
from rlmlang.stores.schema import REUSED, SHIFT
from rlmlang.trajectory.events import Event
from rlmlang.trajectory.kinds import from_json, to_json

TOOLS = f"""SELECT e.* FROM run r JOIN event e
ON e.id BETWEEN r.id << {SHIFT} AND ((r.id + 1) << {SHIFT}) - 1
WHERE r.identity = ? AND r.id >= ? AND e.kind = ? ORDER BY e.id"""


def event_row(row: int, event: Event, redact: Callable[[str], str]) -> list[Cell]:
    """The row of an event."""
    values = to_json(event)
    for name in ("event", "node", "at", "run", "seq"):
        values.pop(name)
    return [row, event.name, redact(event.node), event.at, written(values, redact)]


def event_of(row: Row) -> Event | None:
    """The event of a row; None for a kind that this version does not know."""
    return from_json({**json.loads(str(row[4])), "event": row[1], "node": row[2]})


def highest(c: Batch, first: int, last: int) -> int:
    """The highest id a run has given, and away with its notes of reuse: they are written anew."""
    c.execute("DELETE FROM call WHERE id BETWEEN ? AND ? AND state = ?", (first, last, REUSED))
    query = "SELECT MAX(id) FROM {} WHERE id BETWEEN ? AND ?"
    found = [c.execute(query.format(t), (first, last)).fetchone()[0] for t in ("call", "event")]
    return max([first, *(int(n) for n in found if n is not None)])
