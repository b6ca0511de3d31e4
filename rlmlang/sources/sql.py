"""`sql("select …", url: "sqlite:///a.db")`: the rows of a query."""

from __future__ import annotations

import sqlalchemy

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.sources.jsonl import kept_rows
from rlmlang.sources.place import Place
from rlmlang.sources.rows import Rows


def opened(place: Place) -> Rows:
    """The rows. Raises CodedError (source-unreadable)."""
    try:
        with sqlalchemy.create_engine(str(place.options["url"])).connect() as connection:
            found = connection.execute(sqlalchemy.text(place.written)).mappings().all()
    except sqlalchemy.exc.SQLAlchemyError as mistake:
        raise failed("source-unreadable", f"the query failed: {mistake}") from None
    return kept_rows(place.written, [dict(row) for row in found], place.type.item)
