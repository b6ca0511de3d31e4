"""A table with a row for each event, for DuckDB, pandas and Polars. Needs pyarrow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice

from rlmlang.report.export.export import Export
from rlmlang.report.formats.parquet import INSTALLS
from rlmlang.trajectory.events import CellFinished, Event
from rlmlang.trajectory.kinds import to_json
from rlmlang.value import Json

AT_ONCE = 5_000  # rows of a group
COLUMNS = {
    "event": "string", "run": "string", "seq": "int64", "at": "float64", "node": "string",
    "parent": "string", "step": "string", "call": "string", "attempt": "int64",
    "prompt": "string", "model": "string", "tokens_in": "int64", "tokens_out": "int64",
    "usd": "float64", "seconds": "float64", "reused": "bool_", "problem": "string",
    "reason": "string", "request": "string", "answer": "string", "ranges": "string",
    "more": "string",
}  # fmt: skip
"""Each with its type in Arrow. `problem` is the code of what went wrong, `ranges` are JSON, and
`more` is all that has no column."""


class _Pipe:
    """A file whose bytes are taken out as they are written."""

    closed = False

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._written = 0

    def write(self, data: bytes) -> int:
        """Takes what is written."""
        self._waiting.append(bytes(data))
        self._written += len(self._waiting[-1])
        return len(self._waiting[-1])

    def tell(self) -> int:
        """How much was written."""
        return self._written

    def flush(self) -> None:
        """Nothing: what is written is there."""

    def close(self) -> None:
        """Ends it."""
        self.closed = True

    def taken(self) -> Iterator[bytes]:
        """What was written since the last time."""
        yield from self._waiting
        self._waiting.clear()


def _pieces(events: Iterable[Event]) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pipe, rows = _Pipe(), map(_row, events)
    schema = pa.schema([pa.field(name, getattr(pa, type_)()) for name, type_ in COLUMNS.items()])
    with pq.ParquetWriter(pa.PythonFile(pipe, mode="w"), schema, compression="zstd") as writer:
        while group := list(islice(rows, AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            yield from pipe.taken()
    yield from pipe.taken()


def _row(event: Event) -> dict[str, Json]:
    values: dict[str, Json] = {**to_json(event), "step": event.step}
    if not isinstance(event, CellFinished):
        values["problem"] = values.pop("code", None)
    row = {name: _plain(values.pop(name, None)) for name in COLUMNS if name != "more"}
    return row | {"more": _plain(values) if values else None}


def _plain(value: Json) -> Json:
    """A value as a column takes it: what is made of parts as JSON, a half of a character as an
    escape."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if value is None or isinstance(value, bool | int | float):
        return value
    return _plain(json.dumps(value, ensure_ascii=False, default=str))


PARQUET = Export(
    "parquet",
    "A table with a row for each event.",
    _pieces,
    "DuckDB, pandas, Polars, Spark",
    "nothing: what has no column stands as JSON in `more`",
    installs=INSTALLS,
    needs="pyarrow",
    binary=True,
)
