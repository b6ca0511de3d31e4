"""`functions(max, slack)`: whole functions and classes."""

from __future__ import annotations

from rlmlang.schema.partitions import Strategy
from rlmlang.schema.partitions.rules import MAX, SLACK, by_max, packed, small_piece

CONTRACT = Strategy(
    name="functions",
    doc="Whole functions and classes, packed up to the cap.",
    of=("text", "tree"),
    arguments=(MAX, SLACK),
    runner="rlmlang.partitions.functions:Functions",
    cap=by_max,
    pieces=packed,
    refuse=small_piece,
)
