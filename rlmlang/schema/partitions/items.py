"""`items(per)`: so many rows of a list in a piece."""

from __future__ import annotations

from rlmlang.schema.formula import Formula, number
from rlmlang.schema.partitions import Arguments, Extent, Strategy
from rlmlang.schema.partitions.rules import PER, by_number, number_cap, whole


def _rows(a: Arguments, x: Extent) -> Formula:
    return number(whole(a, "per"))


CONTRACT = Strategy(
    name="items",
    doc="So many rows of a list in a piece.",
    of=("rows",),
    arguments=(PER,),
    runner="rlmlang.partitions.items:Items",
    cap=number_cap,
    pieces=by_number,
    rows=_rows,
)
