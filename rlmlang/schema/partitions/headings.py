"""`headings(max, slack)`: whole sections of Markdown."""

from __future__ import annotations

from rlmlang.schema.partitions import Strategy
from rlmlang.schema.partitions.rules import MAX, SLACK, by_max, packed, small_piece

CONTRACT = Strategy(
    name="headings",
    doc="Whole sections, packed up to the cap.",
    of=("text",),
    arguments=(MAX, SLACK),
    runner="rlmlang.partitions.headings:Headings",
    cap=by_max,
    pieces=packed,
    refuse=small_piece,
)
