"""A store brought into another, whatever keeps them: rows with their seals, as they are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.stores import rows, schema
from rlmlang.stores.address import StoreAddress
from rlmlang.stores.connection import Connection, Row
from rlmlang.stores.databases import database_of
from rlmlang.stores.journal import WriterThread
from rlmlang.stores.problems import damaged
from rlmlang.stores.rows import MOST, Batch


@dataclass(frozen=True)
class Copied:
    """How many rows of each table came over, and how many were left as they are not what was
    written."""

    rows: dict[str, int]
    left: int


def copy(source: StoreAddress, target: StoreAddress) -> Copied:
    """Brings all whole rows of a store into one that is empty or not there yet, all or none; whose
    they are stays. Raises CodedError (unknown-run where there is nothing to copy, file-exists for
    a target that holds runs, and what opening raises)."""
    with closing(database_of(source).read()) as connection:
        journal = WriterThread(database_of(target).write())
        try:
            return journal.wait(lambda batch: _copied(connection, batch, target))
        finally:
            journal.close()


def _copied(connection: Connection, batch: Batch, target: StoreAddress) -> Copied:
    if any(batch.execute(f"SELECT id FROM {t} LIMIT 1").fetchone() for t in schema.TABLES):
        words = f"{target} holds runs already, whose numbers would be those of others"
        raise failed("file-exists", words, hint="name a store that is empty, or not there yet")
    found, left = dict.fromkeys(schema.TABLES, 0), 0
    for table in schema.TABLES:
        for several in _parts(connection, table):
            whole = [row for row in several if rows.intact(table, row)]
            batch.bring(table, whole)
            found[table] += len(whole)
            left += len(several) - len(whole)
        _hold(batch, table, found[table], target)
    return Copied(found, left)


def _parts(connection: Connection, table: str) -> Iterator[list[Row]]:
    """The rows of a table, as many at a time as a statement takes."""
    after = -1
    while several := connection.execute(
        f"SELECT * FROM {table} WHERE id > ? ORDER BY id LIMIT {MOST}", (after,)
    ).fetchall():
        yield several
        after = several[-1][0]


def _hold(batch: Batch, table: str, count: int, target: StoreAddress) -> None:
    """Holds that what was written is read again, seals included."""
    found = itertools.chain.from_iterable(_parts(batch.connection, table))
    if sum(rows.intact(table, row) for row in found) != count:
        raise damaged(target, f"rows of {table} are not read as they were written")
