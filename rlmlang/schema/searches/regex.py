"""`regex(top, window)`: what a regular expression matches."""

from __future__ import annotations

from rlmlang.schema.searches import TOP, Search, window

CONTRACT = Search(
    name="regex",
    doc="The windows around matches of a regular expression, in order.",
    arguments=(TOP, window(400)),
    verbatim=True,
    runner="rlmlang.searches.regex:Regex",
)
