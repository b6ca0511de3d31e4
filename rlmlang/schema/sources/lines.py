"""`lines("log.txt")`: the lines of a file."""

from __future__ import annotations

from rlmlang.schema.sources import ENCODING, SourceKind

CONTRACT = SourceKind(
    name="lines",
    gives="rows",
    doc="a text file, one item a line",
    runner="rlmlang.sources.lines:opened",
    arguments=(ENCODING,),
    local=True,
)
