"""Parquet tables and the rows of a query: optional extras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlmlang.context import Row, TextDocument
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir.types import Type
from rlmlang.sources.rows import Rows, jsonl


def parquet(path: str, item: Type) -> Sequence[Row]:
    """A Parquet table as rows. Needs the `parquet` extra."""
    return _as_rows(path, parquet_rows(path, [f.name for f in item.fields]), item)


def parquet_rows(path: str, columns: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The rows of a Parquet table as dictionaries. Raises CodedError (extra-missing)."""
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise failed(
            "extra-missing", "Parquet needs pyarrow", hint="pip install 'rlmlang[parquet]'"
        ) from None
    try:
        table = pq.read_table(path, columns=list(columns) or None)
    except Exception as mistake:
        raise failed("source-unreadable", f"{path} is no Parquet table: {mistake}") from None
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def query(options: dict[str, Any], statement: str, item: Type) -> Sequence[Row]:
    """The rows of a SQL query. Needs the `sql` extra; `url:` names the database."""
    try:
        import sqlalchemy
    except ImportError:
        raise failed(
            "extra-missing", "SQL needs SQLAlchemy", hint="pip install 'rlmlang[sql]'"
        ) from None
    url = options.get("url")
    if not isinstance(url, str):
        raise failed(
            "source-form", "sql needs a database", hint='sql("select …", url: "sqlite:///a.db")'
        )
    try:
        with sqlalchemy.create_engine(url).connect() as connection:
            found = connection.execute(sqlalchemy.text(statement)).mappings().all()
    except sqlalchemy.exc.SQLAlchemyError as mistake:
        raise failed("source-unreadable", f"the query failed: {mistake}") from None
    return _as_rows(statement, [dict(r) for r in found], item)


def _as_rows(name: str, values: list[dict[str, Any]], item: Type) -> Rows:
    """Rows as JSON lines in memory, so that each has a place of its own for the receipt."""
    import json

    text = "".join(json.dumps(v, default=str, ensure_ascii=False) + "\n" for v in values)
    return jsonl(TextDocument(name, text.encode()), item)
