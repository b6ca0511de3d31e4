"""`bm25(top, window)`: what fits the words of a query best."""

from __future__ import annotations

from rlmlang.schema.searches import TOP, Search, window

CONTRACT = Search(
    name="bm25",
    doc="The windows whose words fit the query best, the best first.",
    arguments=(TOP, window(800)),
    runner="rlmlang.searches.bm25:Bm25",
)
