"""A store looked after: is every row what was written, and what may go."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rlmlang.stores import mark, rows, schema
from rlmlang.stores.address import Server, StoreAddress
from rlmlang.stores.connection import Cell, Connection
from rlmlang.stores.database import Claims, Writer
from rlmlang.stores.databases import database_of
from rlmlang.stores.journal import WriterThread
from rlmlang.stores.locks import CommitLock
from rlmlang.stores.problems import damaged, file_of, hold_place, missing, problem_of
from rlmlang.stores.rows import Batch
from rlmlang.stores.runs import FINISHED, RunRow, run_from
from rlmlang.stores.sqlite_file import bring_up
from rlmlang.stores.sqlite_writer import FileWriter

T = TypeVar("T")
UNUSED = """DELETE FROM phrase WHERE id NOT IN (SELECT system FROM call WHERE system IS NOT NULL
UNION SELECT settings FROM call WHERE settings IS NOT NULL
UNION SELECT CAST(json_extract(data, '$.document') AS BIGINT) FROM run
WHERE json_extract(data, '$.document') IS NOT NULL)"""

EMPTIED = "DELETE FROM provider_batch WHERE id NOT IN (SELECT batch FROM batch_call)"


@dataclass(frozen=True)
class Checked:
    """What a check found: rows that are whole, by table, and what is wrong, in words."""

    whole: dict[str, int]
    wrong: tuple[str, ...]


def verify(address: StoreAddress) -> Checked:
    """Looks at every row's seal, and has SQLite look at the rest of a file. Writes nothing.

    Raises CodedError: store-missing where there is no file, store-too-new, and
    store-damaged where it is no store at all.
    """
    if isinstance(address, Server):
        with contextlib.closing(database_of(address).read()) as connection:
            return _checked(connection, ())
    with contextlib.closing(_open(address)) as file:
        if not schema.has_tables(file, address):
            return Checked(dict.fromkeys(schema.TABLES, 0), tuple(_beside(address, file)))
        return _checked(file, (*_beside(address, file), *_by_sqlite(file)))


def _checked(connection: Connection, besides: Sequence[str]) -> Checked:
    """What the seals say, and the rows that others speak of."""
    whole, wrong = dict[str, int](), list[str]()
    for table in schema.TABLES:
        whole[table] = 0
        try:
            for row in connection.execute(f"SELECT * FROM {table}"):
                if rows.intact(table, row):
                    whole[table] += 1
                else:
                    wrong.append(f"{table} row {row[0]} is not what was written")
        except sqlite3.Error as mistake:
            wrong.append(f"{table} cannot be read to its end: {mistake}")
    return Checked(whole, (*wrong, *besides, *_links(connection)))


def _beside(path: Path, connection: sqlite3.Connection) -> list[str]:
    """Whether what was committed last is there."""
    try:
        words = mark.problem(path, connection)
    except sqlite3.Error:
        return []  # told already
    return [words] if words else []


def _by_sqlite(connection: sqlite3.Connection) -> list[str]:
    try:
        found = connection.execute("PRAGMA integrity_check(20)").fetchall()
    except sqlite3.Error as mistake:
        return [f"SQLite: {mistake}"]
    return [f"SQLite: {row[0]}" for row in found if row[0] != "ok"]


def _links(connection: Connection) -> Iterator[str]:
    """Rows that speak of rows which are not there."""
    for words, query in (
        (
            "texts",
            "SELECT COUNT(*) FROM call WHERE system IS NOT NULL AND system NOT IN "
            "(SELECT id FROM phrase)",
        ),
        (
            "runs",
            f"SELECT COUNT(*) FROM call WHERE id >> {schema.SHIFT} NOT IN (SELECT id FROM run)",
        ),
    ):
        try:
            missing = connection.execute(query).fetchone()[0]
        except sqlite3.Error:
            continue
        if missing:
            yield f"{missing:,} calls refer to {words} that are missing"


def _open(path: Path) -> sqlite3.Connection:
    hold_place(path)
    if not path.is_file():
        raise missing(path, "rlm run makes one; --store names another")
    with contextlib.suppress(sqlite3.Error):
        bring_up(path)  # a damaged file is looked at as it is
    try:
        connection = schema.read_only(path)
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        schema.has_tables(connection, path)
    except sqlite3.Error as mistake:
        raise problem_of(path, mistake) from None
    return connection


def adopt(address: StoreAddress) -> int:
    """Signs all whole rows of a store as this user's, whoever wrote them; gives how many there are.
    Raises CodedError (store-missing for a server: of one all whole rows count anyway)."""
    path = file_of(address, "of a database, all whole rows count for who may read it")
    _open(path).close()

    def sealed(secret: bytes, table: str, *row: Cell) -> Cell:
        return rows.seal(table, row[:-1], secret) if rows.intact(table, row) else row[-1]

    try:
        writer = FileWriter(path)
    except (OSError, sqlite3.Error) as mistake:
        raise problem_of(path, mistake) from None
    writer.define("sealed", sealed)
    return _changed(writer, lambda c: sum(_sign(c, table) for table in schema.TABLES))


def _sign(c: Batch, table: str) -> int:
    columns = ", ".join(schema.TABLES[table])
    query = f"UPDATE {table} SET seal = sealed(?, ?, {columns}, seal)"
    return c.execute(query, (c.secret, table)).rowcount


def collectable(address: StoreAddress, seconds: float, keep: int) -> list[RunRow]:
    """The runs that `collect` would remove, the newest first. Writes nothing. Raises CodedError."""
    database = database_of(address)
    opened = _open(address) if isinstance(address, Path) else database.read()
    with contextlib.closing(opened) as connection:
        try:
            return _old(connection, database.claims(connection), address, seconds, keep)
        except sqlite3.Error as mistake:
            raise problem_of(address, mistake) from None


def _old(
    c: Batch | Connection, claims: Claims, address: StoreAddress, seconds: float, keep: int
) -> list[RunRow]:
    """Runs that may go: none that goes on, and none that a run which stays needs."""
    found = c.execute("SELECT * FROM run ORDER BY id DESC").fetchall()
    if not all(rows.intact("run", row) for row in found):
        raise damaged(address, "a run is not what was written")
    old = [
        r
        for r in map(run_from, found[keep:])
        if (r.ended or r.started) < time.time() - seconds
        and (r.state == FINISHED or not claims.goes_on(r.id))
    ]
    used = _needed(c, [r.id for r in old])
    return [r for r in old if r.id not in used]


def collect(address: StoreAddress, seconds: float, keep: int) -> tuple[int, int]:
    """Removes runs that ended more than so many seconds ago, but for the last `keep`, with their
    calls. Runs whose answers a run that stays has used again stay too.

    Gives how many runs went and how many bytes a file lost; a server keeps the space for what comes
    next. Raises CodedError.
    """
    database = database_of(address)
    opened = _open(address) if isinstance(address, Path) else database.read()
    opened.close()
    before, writer = database.size(), database.write()

    def change(c: Batch) -> list[int]:
        gone = [r.id for r in _old(c, writer.claims, address, seconds, keep)]
        writer.forget()
        for number in gone:
            _forget(c, number)
        c.execute(UNUSED)
        c.execute(EMPTIED)
        return gone

    gone = _changed(writer, change)
    if isinstance(address, Path):
        _shrink(address)
    return len(gone), before - database.size()


def _changed(writer: Writer, change: Callable[[Batch], T]) -> T:
    """Commits a change to a store that nothing else of this process has open."""
    journal = WriterThread(writer)
    try:
        return journal.wait(change)
    finally:
        journal.close()


def _needed(c: Batch | Connection, old: list[int]) -> set[int]:
    """Runs whose answers a run that stays has used again."""
    found = c.execute(
        f"SELECT DISTINCT origin >> {schema.SHIFT}, id >> {schema.SHIFT} FROM call "
        "WHERE origin IS NOT NULL"
    )
    return {origin for origin, user in found if user not in old}


def _forget(c: Batch, run: int) -> None:
    first, last = schema.span(run)
    for table in ("call", "verdict", "event", "batch_call"):
        c.execute(f"DELETE FROM {table} WHERE id BETWEEN ? AND ?", (first, last))
    c.execute("DELETE FROM run WHERE id = ?", (run,))


def _shrink(path: Path) -> None:
    """Gives free pages back to the file system. Raises CodedError (store-unwritable)."""
    with contextlib.closing(CommitLock(mark.lock_of(path))) as lock, lock.held():
        try:
            with contextlib.closing(schema.writing(path)) as c:
                c.execute("VACUUM")
                c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as mistake:
            raise problem_of(path, mistake) from None
        mark.write(lock.fd, mark.closed(path, mark.read(path)))
