"""`csv("rows.csv", delimiter: ";", heading: false)`: a table of text."""

from __future__ import annotations

from rlmlang.schema.partitions import Argument
from rlmlang.schema.sources import ENCODING, SourceKind

CONTRACT = SourceKind(
    name="csv",
    gives="rows",
    doc="a table with a heading line",
    runner="rlmlang.sources.csv:opened",
    arguments=(
        Argument("delimiter", "character", doc="what stands between cells; a comma if not said"),
        Argument("quote", "quote", default='"', doc="what a quoted cell stands between"),
        Argument("heading", "truth", default=True, doc="whether the first line names the columns"),
        ENCODING,
    ),
    suffixes=("csv", "tsv"),
    local=True,
)
