"""The tables of a store on a server: those of a file, with the types that a server asks for.

One row says which version they have and how often was committed: who changes it is alone until the
commit, and sees by the number whether somebody else wrote meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from rlmlang.stores import schema
from rlmlang.stores.connection import Cell, Connection, Row
from rlmlang.stores.postgres.cells import marked
from rlmlang.stores.postgres.server_connection import ServerConnection
from rlmlang.stores.problems import too_new, unwritable

LOCKS = 0x726C6D01  # the class of our advisory locks: one of 0 for the tables, one of each run
BIGINT, NUMERIC, BYTEA, TEXT = "BIGINT", "NUMERIC", "BYTEA", 'TEXT COLLATE "C"'
TYPES = {
    **dict.fromkeys(("settings", "system", "origin", "attempt"), BIGINT),
    **dict.fromkeys(("worst_in", "worst_out", "worst_usd"), BIGINT),
    **dict.fromkeys(("used_in", "used_out", "used_usd"), BIGINT),
    **dict.fromkeys(("batch", "calls", "done", "failed"), BIGINT),
    **dict.fromkeys(("started", "ended", "seconds", "at", "made", "changed"), NUMERIC),
    **dict.fromkeys(("identity", "hash", "body", "key", "asked", "answer", "seal"), BYTEA),
}  # fmt: skip
FUNCTIONS = (
    """CREATE FUNCTION json_extract(value text, path text) RETURNS text LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN RETURN value::json #>> string_to_array(substr(path, 3), '.');
EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$""",
    """CREATE FUNCTION json_valid(value text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN RETURN value::json IS NOT NULL; EXCEPTION WHEN OTHERS THEN RETURN false; END $$""",
)


def type_of(table: str, column: str) -> str:
    """The type of a column."""
    if (table, column) == ("call", "state"):
        return BIGINT
    return TYPES.get(column, TEXT)


def prepare(connection: ServerConnection) -> None:
    """Makes the tables where there are none, and those that came later; one process at a time does
    it. Raises CodedError (store-too-new, store-unreachable, store-unwritable)."""
    encoding = connection.execute("SHOW server_encoding").fetchone()
    if encoding != ("UTF8",):
        raise unwritable(connection.server, OSError(0, f"its encoding is {encoding}, not UTF8"))
    connection.execute("BEGIN")
    connection.execute("SELECT pg_advisory_xact_lock(?, 0)", (LOCKS,))
    found = version_of(connection)
    if found == 0:
        _create(connection)
    elif found < schema.VERSION:
        for table in schema.BATCHES:
            _create_table(connection, table)
        connection.execute("UPDATE store SET version = ?", (schema.VERSION,))
    connection.execute("COMMIT")


def version_of(connection: ServerConnection) -> int:
    """The version of the tables, 0 for none. Raises CodedError (store-too-new)."""
    if connection.execute("SELECT to_regclass('rlmlang.store')::text").fetchone() == (None,):
        return 0
    found = connection.execute("SELECT version FROM store").fetchone()
    return held_version(connection, int(found[0]) if found else 0)


def held_version(connection: ServerConnection, found: int) -> int:
    """A version that this one knows. Raises CodedError (store-too-new)."""
    if found > schema.VERSION:
        raise too_new(connection.server, found, schema.VERSION)
    return found


def _create(connection: ServerConnection) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS rlmlang")
    for table in schema.TABLES:
        _create_table(connection, table)
    for statement in (*schema.INDEXES, *FUNCTIONS):
        connection.execute(statement)
    connection.execute("CREATE TABLE store(version BIGINT NOT NULL, commits BIGINT NOT NULL)")
    connection.execute("INSERT INTO store VALUES(?, 0)", (schema.VERSION,))


def _create_table(connection: ServerConnection, table: str) -> None:
    columns = (*schema.TABLES[table][1:], "seal")
    rest = ", ".join(f"{c} {type_of(table, c)}" for c in columns)
    connection.execute(f"CREATE TABLE {table}(id BIGINT PRIMARY KEY, {rest})")


def replace_rows(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    """Writes rows in place of those with their ids, all with one statement; of several with the
    same id the last."""
    columns = (*schema.TABLES[table], "seal")
    texts = [type_of(table, column) is TEXT for column in columns]
    last = {row[0]: row for row in rows}.values()
    marks = f"({','.join('?' * len(columns))})"
    sets = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
    connection.execute(
        f"INSERT INTO {table} VALUES{','.join([marks] * len(last))} "
        f"ON CONFLICT (id) DO UPDATE SET {sets}",
        [_kept(value, text) for row in last for value, text in zip(row, texts, strict=True)],
    )


def _kept(value: Cell, text: bool) -> Cell:
    return marked(value) if text and isinstance(value, bytes) else value
