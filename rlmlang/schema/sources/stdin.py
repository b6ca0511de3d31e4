"""`stdin()`: what is piped in."""

from __future__ import annotations

from rlmlang.schema.sources import ENCODING, SourceKind

CONTRACT = SourceKind(
    name="stdin",
    gives="text",
    doc="what is piped in",
    runner="rlmlang.sources.stdin:opened",
    arguments=(ENCODING,),
    place="",
    local=True,
)
