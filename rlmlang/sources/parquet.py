"""`parquet("rows.parquet")`: a Parquet table."""

from __future__ import annotations

import pyarrow.parquet as pq

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir.types import fields_of
from rlmlang.sources.jsonl import kept_rows
from rlmlang.sources.place import Place
from rlmlang.sources.rows import Rows

BATCH = 10_000


def opened(place: Place) -> Rows:
    """The rows, of the columns that are wanted, as JSON lines. Raises CodedError
    (source-unreadable, bad-row)."""
    columns = [f.name for f in fields_of(place.type.item)] or None
    try:
        batches = pq.ParquetFile(place.path).iter_batches(BATCH, columns=columns)
        found = (row for batch in batches for row in batch.to_pylist())
        return kept_rows(place.written, found, place.type.item)
    except CodedError:
        raise
    except Exception as mistake:
        words = f"{place.written} is no Parquet table: {mistake}"
        raise failed("source-unreadable", words) from None
