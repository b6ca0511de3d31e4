"""When calls were told, as many in a row as a commit takes: a row for each would cost a sixth of
the time of a call."""

from __future__ import annotations

import json
from typing import NamedTuple

from rlmlang.stores import rows
from rlmlang.stores.connection import Cell
from rlmlang.stores.rows import Batch
from rlmlang.stores.schema import TOLD


class Told(NamedTuple):
    """That a call with a row began or ended: the number of the event, its time, the call's row."""

    number: int
    at: float
    row: int
    ended: bool


class ToldCalls:
    """Calls that were told and are not kept yet. They are added in the loop's thread, and kept in
    that of the journal with whatever is committed next: none is worth a commit of its own."""

    def __init__(self) -> None:
        self._waiting: list[Told] = []

    def add(self, told: Told) -> None:
        """One more."""
        self._waiting.append(told)

    def keep(self, c: Batch) -> None:
        """Writes those that there are, as one row."""
        count = len(self._waiting)  # more may be added meanwhile
        if count:
            told, self._waiting[:count] = self._waiting[:count], []
            c.put("event", row_of(told))


def row_of(told: list[Told]) -> list[Cell]:
    """Their row. It has the number of the last, which no row that is made later can have."""
    last = told[-1]
    return [last.number, TOLD, "", last.at, rows.pack(json.dumps(told))]


def told_in(data: bytes) -> list[Told]:
    """The calls that a row tells of."""
    return [Told(*found) for found in json.loads(rows.unpack(data))]
