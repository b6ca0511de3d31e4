"""A store of an earlier version brought to this one, in one transaction.

Version 2 keeps how an answer ended. Version 1 did not ask: an answer of it counts as whole, and is
used again, only if it took less than it was allowed and can be read without any repair. Version 3
signs what is written from then on; older rows stay nobody's until they are adopted. Version 4 has
tables of the batches that calls wait in at providers.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from rlmlang.stores import rows, schema
from rlmlang.stores.connection import Cell, Row
from rlmlang.stores.redact import MASK

OLD = schema.TABLES["call"][:-1]  # the columns of a call in version 1
AT = {name: at for at, name in enumerate(OLD)}
BEGINS, ENDS = "[[ ## result ## ]]", "[[ ## completed ## ]]"


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Makes the tables of an empty store, or brings them to this version.

    Raises CodedError (store-too-new).
    """
    found = schema.version_of(connection, path)
    if found == 0:
        schema.create(connection)
    elif found < schema.VERSION:
        if found < 2:
            _keep_endings(connection)
        for table in schema.BATCHES:
            if not schema.has_table(connection, table):
                schema.create_table(connection, table)
        connection.execute(f"PRAGMA user_version={schema.VERSION}")


def _keep_endings(connection: sqlite3.Connection) -> None:
    """From version 1 to 2: a column more, and seals over it; a row that was damaged stays so."""
    columns = ", ".join((*OLD, "seal"))
    connection.create_function("ending", -1, lambda *row: _ending(row))
    connection.create_function("resealed", -1, lambda *row: with_ending(row)[-1])
    connection.execute("ALTER TABLE call RENAME TO call_1")
    connection.execute("DROP INDEX call_key")
    schema.create_table(connection, "call")
    connection.execute(
        f"INSERT INTO call SELECT {', '.join(OLD)}, ending({columns}), resealed({columns}) "
        "FROM call_1"
    )
    connection.execute("DROP TABLE call_1")
    connection.execute(schema.INDEXES[0])


def with_ending(row: Row) -> list[Cell]:
    """A row of version 1, its seal at the end, as one of this version."""
    values = [*row[:-1], _ending(row)]
    return [*values, rows.digest("call", values) if is_old(row) else row[-1]]


def is_old(row: Row) -> bool:
    """Whether a row is a whole call of version 1."""
    return len(row) == len(OLD) + 1 and rows.digest("call", row[:-1]) == row[-1]


def _ending(row: Sequence[Any]) -> str | None:
    """`stop` for an answer that was surely not cut."""
    if row[AT["state"]] != schema.ANSWERED or not is_old(row):
        return None
    used, most = row[AT["used_out"]] or 0, row[AT["worst_out"]] or 0
    return "stop" if used < most and _reads_as_it_is(rows.unpack(row[AT["answer"]])) else None


def _reads_as_it_is(answer: str) -> bool:
    """Whether the value of an answer is plain text, or JSON that is closed, and nothing was taken
    out of it."""
    if MASK in answer:
        return False
    value = answer.rpartition(BEGINS)[-1].partition(ENDS)[0].strip()
    if not value.startswith(("[", "{")):
        return True
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True
