"""`lines(per, max)`: so many lines in a piece."""

from __future__ import annotations

from rlmlang.schema.partitions import Arguments, Strategy
from rlmlang.schema.partitions.rules import CAP, PER, by_number, number_cap, too_small


def _refuse(a: Arguments, grain: int, tree: bool) -> str:
    return too_small(a, 2 * grain)  # pieces that a cap ends hold half of it


CONTRACT = Strategy(
    name="lines",
    doc="So many lines in a piece.",
    of=("text",),
    arguments=(PER, CAP),
    runner="rlmlang.partitions.lines:Lines",
    cap=number_cap,
    pieces=by_number,
    refuse=_refuse,
)
