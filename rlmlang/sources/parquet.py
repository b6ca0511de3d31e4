"""`parquet("rows.parquet")`: a Parquet table."""

from __future__ import annotations

import pyarrow.parquet as pq

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir.types import fields_of
from rlmlang.sources.jsonl import kept_rows
from rlmlang.sources.place import Place
from rlmlang.sources.rows import Rows


def opened(place: Place) -> Rows:
    """The rows, of the columns that are wanted. Raises CodedError (source-unreadable)."""
    columns = [f.name for f in fields_of(place.type.item)] or None
    try:
        table = pq.read_table(place.path, columns=columns)
    except Exception as mistake:
        words = f"{place.written} is no Parquet table: {mistake}"
        raise failed("source-unreadable", words) from None
    return kept_rows(place.written, table.to_pylist(), place.type.item)
