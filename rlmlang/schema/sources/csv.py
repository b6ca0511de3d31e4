"""`csv("rows.csv", delimiter: ";")`: a table of text."""

from __future__ import annotations

from rlmlang.schema.partitions import Argument
from rlmlang.schema.sources import ENCODING, SourceKind

CONTRACT = SourceKind(
    name="csv",
    gives="rows",
    doc="a table with a heading line",
    runner="rlmlang.sources.csv:opened",
    arguments=(Argument("delimiter", "character", doc="what stands between cells"), ENCODING),
    suffixes=("csv", "tsv"),
)
