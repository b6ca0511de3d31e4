"""`files(max, slack)`: whole files."""

from __future__ import annotations

from rlmlang.schema.partitions import Strategy
from rlmlang.schema.partitions.rules import MAX, SLACK, by_max, packed, small_piece

CONTRACT = Strategy(
    name="files",
    doc="Whole files, packed up to the cap.",
    of=("tree",),
    arguments=(MAX, SLACK),
    runner="rlmlang.partitions.files:Files",
    cap=by_max,
    pieces=packed,
    refuse=small_piece,
)
