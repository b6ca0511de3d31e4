"""`records(per, start, max)`: so many records of a text in a piece."""

from __future__ import annotations

from rlmlang.schema.partitions import Argument, Arguments, Strategy
from rlmlang.schema.partitions.rules import PER, by_number, number_cap, too_small


def _refuse(a: Arguments, grain: int, tree: bool) -> str:
    return too_small(a, max(10, 2 * grain))  # pieces that a cap ends hold half of it


CONTRACT = Strategy(
    name="records",
    doc="So many records of a text; a record begins where a line matches `start`.",
    of=("text",),
    arguments=(
        PER,
        Argument("start", "text", r"\S", doc="how a record's first line begins"),
        Argument("max", "size", 4_000, doc="the most a piece may hold; more is cut", least=1),
    ),
    runner="rlmlang.partitions.records:Records",
    cap=number_cap,
    pieces=by_number,
    units="records",
    refuse=_refuse,
)
