"""`file("book.txt")`: one text file."""

from __future__ import annotations

from rlmlang.schema.readers import EXTRACT
from rlmlang.schema.sources import ENCODING, SourceKind

CONTRACT = SourceKind(
    name="file",
    gives="text",
    doc="one text file",
    runner="rlmlang.sources.text:opened",
    arguments=(ENCODING, EXTRACT),
    local=True,
)
