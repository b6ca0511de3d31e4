"""`xlsx("rows.xlsx", sheet: "2026")`: a sheet of an Excel workbook."""

from __future__ import annotations

from rlmlang.schema.partitions import Argument
from rlmlang.schema.sources import SourceKind

CONTRACT = SourceKind(
    name="xlsx",
    gives="rows",
    doc="a sheet of an Excel workbook",
    runner="rlmlang.sources.xlsx:opened",
    arguments=(
        Argument("sheet", "text", doc="its name, where the workbook has more than one"),
        Argument("heading", "truth", default=True, doc="whether the first row names the columns"),
    ),
    extra="rlmlang[xlsx]",
    suffixes=("xlsx", "xlsm"),
    local=True,
)
