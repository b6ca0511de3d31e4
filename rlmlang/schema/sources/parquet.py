"""`parquet("rows.parquet")`: a Parquet table."""

from __future__ import annotations

from rlmlang.schema.sources import SourceKind

CONTRACT = SourceKind(
    name="parquet",
    gives="rows",
    doc="a Parquet table",
    runner="rlmlang.sources.parquet:opened",
    extra="rlmlang[parquet]",
    suffixes=("parquet",),
    local=True,
)
