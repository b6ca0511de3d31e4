"""The rows of runs: beginning one, going on with one, what one has spent."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NotRequired, TypedDict

from rlmlang.budget import PICO, Usage
from rlmlang.stores.connection import Connection, Row
from rlmlang.stores.redact import written
from rlmlang.stores.rows import Batch
from rlmlang.trajectory.events import NOT_TAKEN
from rlmlang.value import Json

RUNNING, FINISHED, PARKED, FAILED = "running", "finished", "parked", "failed"

TAKEN = f"SUM(CASE WHEN code = '{NOT_TAKEN}' THEN 0 ELSE 1 END)"
KEPT = "SUM(CASE WHEN state = 1 THEN 1 ELSE 0 END)"
SPENT = f"""SELECT step, MIN(item), prompt, {TAKEN},
SUM(COALESCE(used_in, worst_in)), SUM(COALESCE(used_out, worst_out)),
SUM(COALESCE(used_usd, worst_usd, 0)), {KEPT}
FROM call WHERE id BETWEEN ? AND ? AND state < 3 GROUP BY step, {{}}, prompt ORDER BY 1, 2, 3"""
BY_SETTINGS = f"""SELECT settings, {TAKEN},
SUM(COALESCE(used_in, worst_in)), SUM(COALESCE(used_out, worst_out)),
SUM(COALESCE(used_usd, worst_usd, 0)), {KEPT}
FROM call WHERE id BETWEEN ? AND ? AND state < 3 GROUP BY settings ORDER BY settings"""


@dataclass(frozen=True)
class Spent:
    """What the calls of a prompt spent at a step: those of one item where `at` is its call."""

    step: str
    at: str
    prompt: str
    usage: Usage


@dataclass(frozen=True)
class RunStart:
    """How a run begins: its name, whether it resumes an earlier one, what that has spent,
    and the name of a run of the same recipe that is going on elsewhere."""

    name: str
    resumed: bool = False
    spent: Sequence[Spent] = ()
    kept: int = 0
    beside: str = ""


class ItemData(TypedDict):
    """The item of a batch that a run is about: the `batch` as it is known by its file, the run of
    that, the item's name, the hashes of what decides over its answer, and the lease of the worker,
    where several go over the batch."""

    batch: str
    round: str
    name: str
    parts: dict[str, str]
    lease: NotRequired[int]


class RunData(TypedDict, total=False):
    """What is known of a run besides: models by name, inputs in few words and as they were given,
    what it was a part of (`within`, its `example`, its `item`, a `session`), the `batch` that it
    goes over and has items of, the run and the point that it goes on from, the format of the log
    that it was `imported` from, an eval's result, where
    the `document` of its plan is kept, and what that was bound to."""

    models: dict[str, str]
    inputs: dict[str, str]
    sets: dict[str, str]
    sources: dict[str, str]
    within: str
    example: int
    item: ItemData
    batch: str
    session: str
    forked_from: str
    forked_at: str
    imported: str
    eval: Mapping[str, object]
    document: int | None
    binding: Json


@dataclass(frozen=True)
class RunRow:
    """A run as it is kept. `identity` says which runs are the same one, begun again: recipe,
    inputs, models and settings, but for the budget. `state` is running, finished,
    parked or failed; both of the latter may be resumed."""

    id: int
    name: str = ""
    identity: bytes = b""
    recipe: str = ""
    plan: str = ""
    path: str = ""
    state: str = RUNNING
    started: float = 0.0
    ended: float | None = None
    data: RunData = field(default_factory=RunData)


def begin_run(
    c: Batch,
    wanted: RunRow,
    claim: Callable[[int], bool],
    redact: Callable[[str], str],
    hold: Callable[[str, Row], None],
    *,
    fresh: bool,
) -> tuple[RunRow, RunStart]:
    """The run to resume, or a new one. A name that another run has is made another: rows are
    replaced by what must be unique, and that run would be gone."""
    beside = ""
    c.flush()  # runs that begin in the same group have their names and numbers already
    query = "SELECT * FROM run WHERE identity = ? AND state != ? ORDER BY id DESC"
    for found in c.execute(query, (wanted.identity, FINISHED)).fetchall():
        hold("run", found)
        earlier = run_from(found)
        if fresh:
            break
        if claim(earlier.id):
            again = replace(earlier, state=RUNNING, ended=None, plan=wanted.plan, data=wanted.data)
            write_run(c, again, redact)
            return again, RunStart(again.name, resumed=True)
        beside = earlier.name
    number = c.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM run").fetchone()[0]
    while not claim(number):  # a name that a process on another machine still holds
        number += 1
    taken = c.execute("SELECT 1 FROM run WHERE name = ?", (wanted.name,)).fetchone()
    name = f"{wanted.name}-{number}" if taken else wanted.name
    made = replace(wanted, id=number, name=name, started=time.time())
    write_run(c, made, redact)
    return made, RunStart(name, beside=beside)


def write_run(c: Batch, run: RunRow, redact: Callable[[str], str]) -> None:
    """Writes a run's row, without secrets."""
    data = written(run.data, redact)
    c.put(
        "run",
        [
            run.id,
            run.name,
            run.identity,
            run.recipe,
            run.plan,
            run.path,
            run.state,
            run.started,
            run.ended,
            data,
        ],
    )


def run_from(row: Any) -> RunRow:
    """A run from its row."""
    columns = (*row[:9], json.loads(row[9]))
    return RunRow(*columns)


def spent_by_step(
    c: Batch | Connection, first: int, last: int, *, by_item: bool = False
) -> tuple[int, list[Spent]]:
    """How many answers a run has, and what each step spent, or each item of one. A request whose
    outcome nobody knows counts as its worst case: the provider may have done the work."""
    query = SPENT.format("item" if by_item else "step")
    found = c.execute(query, (first, last)).fetchall()
    _hold_amounts(x for row in found for x in row[3:])
    spent = [
        Spent(step, at or "", prompt or "", Usage(calls, into, out, Fraction(usd, PICO)))
        for step, at, prompt, calls, into, out, usd, _ in found
    ]
    return sum(row[7] for row in found), spent


def used_by_settings(c: Connection, first: int, last: int) -> list[tuple[int | None, Usage, int]]:
    """What calls with the same settings used, and how many of them were answered, by the number of
    the text that has the settings."""
    found = c.execute(BY_SETTINGS, (first, last)).fetchall()
    _hold_amounts(x for row in found for x in row[1:])
    return [
        (settings, Usage(calls, into, out, Fraction(usd, PICO)), answers)
        for settings, calls, into, out, usd, answers in found
    ]


def _hold_amounts(amounts: Iterable[object]) -> None:
    if any(type(x) is not int or x < 0 for x in amounts):
        raise sqlite3.DataError("an amount is no number")
