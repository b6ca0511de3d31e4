"""`sql("select …", url: "sqlite:///a.db")`: the rows of a query."""

from __future__ import annotations

import sqlalchemy

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.sources.jsonl import kept_rows
from rlmlang.sources.place import Place
from rlmlang.sources.rows import Rows


def opened(place: Place) -> Rows:
    """The rows, as JSON lines. Raises CodedError (source-unreadable, bad-row)."""
    try:
        with sqlalchemy.create_engine(str(place.options["url"])).connect() as connection:
            streaming = connection.execution_options(stream_results=True, max_row_buffer=1_000)
            found = streaming.execute(sqlalchemy.text(place.written)).mappings()
            return kept_rows(place.written, map(dict, found), place.type.item)
    except sqlalchemy.exc.SQLAlchemyError as mistake:
        raise failed("source-unreadable", f"the query failed: {mistake}") from None
