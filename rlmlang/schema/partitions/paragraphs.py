"""`paragraphs(max, slack)`: whole paragraphs."""

from __future__ import annotations

from rlmlang.schema.partitions import Strategy
from rlmlang.schema.partitions.rules import MAX, SLACK, by_max, packed, small_piece

CONTRACT = Strategy(
    name="paragraphs",
    doc="Whole paragraphs, packed up to the cap.",
    of=("text",),
    arguments=(MAX, SLACK),
    runner="rlmlang.partitions.paragraphs:Paragraphs",
    cap=by_max,
    pieces=packed,
    refuse=small_piece,
)
