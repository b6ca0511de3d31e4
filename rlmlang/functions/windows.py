"""`windows`: rows gathered by spans of time, one behind the other or overlapping."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.functions.dates import at_of
from rlmlang.functions.function import Function, Option
from rlmlang.functions.rules import flat, row_field
from rlmlang.functions.values import Rows, each_of, field
from rlmlang.ir.dates import instant
from rlmlang.ir.places import above
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import declared_size, field_overhead, inside_size
from rlmlang.ir.types import TIME, Field, fits, list_of, record
from rlmlang.schema.formula import ONE, number
from rlmlang.schema.partitions import Coverage

if TYPE_CHECKING:
    from rlmlang.context import Datum

SIZE = Option("size", "duration", required=True)
STEP = Option("step", "duration")
BY = Option("by", "field", required=True)
MAX_WINDOWS = Option("max_windows", "count")
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def _facts(
    rows: Facts, by: str, size: float, step: float = 0.0, max_windows: int | None = None
) -> Facts:
    """A row is in no more windows than steps begin within one; a window may hold all rows. Windows
    that overlap hold rows more than once, those with gaps between them may hold none of some; in
    itself each is as complete as the rows are."""
    rows = flat(rows)
    _held(rows, by)
    times = ceil(size / (step or size))
    window = record(
        Field("start", TIME), Field("end", TIME), Field("rows", list_of(rows.type.item))
    )
    frame = number(field_overhead(window)) + (declared_size(TIME, None) or 0) * 2
    count = rows.count * times if max_windows is None else number(max_windows)
    item = inside_size(rows) + frame
    whole = inside_size(rows) * times + count * frame
    return replace(
        rows,
        type=list_of(window),
        size=whole,
        count=count,
        item=item,
        inner=ONE,
        coverage=_coverage(rows, size, step),
        fields=(("rows", rows.kept),),
        placed=above(rows.placed, "rows"),
    )


def _coverage(rows: Facts, size: float, step: float) -> Coverage:
    if step > size:
        return "some"
    return "cover" if 0 < step < size and rows.coverage == "exact" else rows.coverage


def _held(rows: Facts, by: str) -> None:
    """Raises CodedError (wrong-type) for a field that some rows have no time in."""
    found = row_field(rows, by)
    type_ = found.type if found is not None else rows.type.item
    if not fits(type_, TIME):
        raise failed(
            "wrong-type",
            f"`windows` goes by a Time, and `{by}` is {type_}",
            hint="make such a field with time(day) or parse_time(text); leave out rows without one",
        )


def _windows(
    rows: Rows, by: str, size: float, step: float = 0.0, max_windows: int | None = None
) -> list[Datum]:
    """Windows in which there is a row, in order; each begins at a whole multiple of the step since
    1970 in UTC, and holds its rows in the order of their times. Raises CodedError."""
    long, every = round(size * 1e6), round((step or size) * 1e6)
    found: dict[int, list[Datum]] = {}
    for at, row in sorted(((_ticks(field(r, by)), r) for r in each_of(rows)), key=lambda x: x[0]):
        first = (at - long) // every + 1
        for place in range(first, at // every + 1):
            found.setdefault(place * every, []).append(row)
    if max_windows is not None and len(found) > max_windows:
        raise failed(
            "too-many-groups",
            f"there are {len(found):,} windows, more than the {max_windows:,} that were declared",
            reason="The list would be larger than the plan allowed for.",
            hint="raise max_windows, or make the windows larger",
        )
    return [
        {"start": _at(start), "end": _at(start + long), "rows": found[start]}
        for start in sorted(found)
    ]


def _ticks(value: Datum) -> int:
    return (at_of(value) - BEGINNING) // TICK


def _at(ticks: int) -> str:
    return instant(BEGINNING + ticks * TICK)


WINDOWS = (
    Function("windows", "Rows by spans of time: records with `start`, `end` and `rows`. Windows "
             "follow each other, or begin at every step; those without rows are left out.",
             ("list",), _facts, _windows, options=(BY, SIZE, STEP, MAX_WINDOWS),
             example=("count(windows([], by: at, size: 5min))", "0")),
)  # fmt: skip
