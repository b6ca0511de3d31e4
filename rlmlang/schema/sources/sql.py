"""`sql("select …", url: "sqlite:///a.db")`: the rows of a query."""

from __future__ import annotations

from rlmlang.schema.partitions import Argument
from rlmlang.schema.sources import SourceKind

CONTRACT = SourceKind(
    name="sql",
    gives="rows",
    doc="the rows of a query",
    runner="rlmlang.sources.sql:opened",
    arguments=(Argument("url", "text", required=True, doc="the database"),),
    place="a query",
    extra="rlmlang[sql]",
)
