"""`jsonl("rows.jsonl")`: JSON lines."""

from __future__ import annotations

from rlmlang.schema.sources import ENCODING, SourceKind

CONTRACT = SourceKind(
    name="jsonl",
    gives="rows",
    doc="a file of JSON values, one a line",
    runner="rlmlang.sources.jsonl:opened",
    arguments=(ENCODING,),
    local=True,
)
