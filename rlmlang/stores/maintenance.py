"""A store looked after: is every row what was written, and what may go."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rlmlang.stores import mark, rows, schema
from rlmlang.stores.journal import WriterThread, bring_up
from rlmlang.stores.locks import CommitLock, alive, claim_of
from rlmlang.stores.problems import damaged, hold_place, missing, problem_of
from rlmlang.stores.rows import Batch, Cell
from rlmlang.stores.runs import FINISHED, RunRow, run_from

T = TypeVar("T")
UNUSED = """DELETE FROM phrase WHERE id NOT IN (SELECT system FROM call WHERE system IS NOT NULL
UNION SELECT settings FROM call WHERE settings IS NOT NULL
UNION SELECT json_extract(data, '$.document') FROM run
WHERE json_extract(data, '$.document') IS NOT NULL)"""


@dataclass(frozen=True)
class Checked:
    """What a check found: rows that are whole, by table, and what is wrong, in words."""

    whole: dict[str, int]
    wrong: tuple[str, ...]


def verify(path: Path) -> Checked:
    """Looks at every row's seal, and has SQLite look at the rest. Writes nothing.

    Raises CodedError: store-missing where there is no file, store-too-new, and
    store-damaged where it is no store at all.
    """
    connection = _open(path)
    if not schema.has_tables(connection, path):
        return Checked(dict.fromkeys(schema.TABLES, 0), tuple(_beside(path, connection)))
    whole, wrong = {}, list[str]()
    for table in schema.TABLES:
        try:
            found = [
                row[0]
                for row in connection.execute(f"SELECT * FROM {table}")
                if not rows.intact(table, row)
            ]
            count = connection.execute(f"SELECT COUNT(*) FROM {table} NOT INDEXED").fetchone()[0]
            whole[table] = count - len(found)
            wrong += [f"{table} row {number} is not what was written" for number in found]
        except sqlite3.Error as mistake:
            wrong.append(f"{table} cannot be read to its end: {mistake}")
    wrong += _beside(path, connection)
    wrong += _by_sqlite(connection)
    wrong += _links(connection)
    connection.close()
    return Checked(whole, tuple(wrong))


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


def _links(connection: sqlite3.Connection) -> Iterator[str]:
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


def adopt(path: Path) -> int:
    """Signs all whole rows of a store as this user's, whoever wrote them; gives how many there are.
    Raises CodedError."""
    _open(path).close()

    def sealed(secret: bytes, table: str, *row: Cell) -> Cell:
        return rows.seal(table, row[:-1], secret) if rows.intact(table, row) else row[-1]

    def change(c: Batch, _: WriterThread) -> int:
        c.connection.create_function("sealed", -1, sealed)
        return sum(_sign(c, table) for table in schema.TABLES)

    return _changed(path, change)


def _sign(c: Batch, table: str) -> int:
    columns = ", ".join(schema.TABLES[table])
    query = f"UPDATE {table} SET seal = sealed(?, ?, {columns}, seal)"
    return c.execute(query, (c.secret, table)).rowcount


def collectable(path: Path, seconds: float, keep: int) -> list[RunRow]:
    """The runs that `collect` would remove, the newest first. Writes nothing. Raises CodedError."""
    with contextlib.closing(_open(path)) as connection:
        try:
            return _old(connection, path, seconds, keep)
        except sqlite3.Error as mistake:
            raise problem_of(path, mistake) from None


def _old(c: Batch | sqlite3.Connection, path: Path, seconds: float, keep: int) -> list[RunRow]:
    """Runs that may go: none that goes on, and none that a run which stays needs."""
    found = c.execute("SELECT * FROM run ORDER BY id DESC").fetchall()
    if not all(rows.intact("run", row) for row in found):
        raise damaged(path, "a run is not what was written")
    old = [
        r
        for r in map(run_from, found[keep:])
        if (r.ended or r.started) < time.time() - seconds
        and (r.state == FINISHED or not alive(claim_of(path, r.id)))
    ]
    used = _needed(c, [r.id for r in old])
    return [r for r in old if r.id not in used]


def collect(path: Path, seconds: float, keep: int) -> tuple[int, int]:
    """Removes runs that ended more than so many seconds ago, but for the last `keep`, with their
    calls. Runs whose answers a run that stays has used again stay too.

    Gives how many runs went and how many bytes the file lost. Raises CodedError.
    """
    _open(path).close()
    before = path.stat().st_size

    def change(c: Batch, journal: WriterThread) -> list[int]:
        gone = [r.id for r in _old(c, path, seconds, keep)]
        journal.forget()
        for number in gone:
            _forget(c, number)
        c.execute(UNUSED)
        return gone

    gone = _changed(path, change)
    _shrink(path)
    return len(gone), before - path.stat().st_size


def _changed(path: Path, change: Callable[[Batch, WriterThread], T]) -> T:
    """Commits a change to a store that nothing else of this process has open."""
    try:
        journal = WriterThread(path)
    except (OSError, sqlite3.Error) as mistake:
        raise problem_of(path, mistake) from None
    try:
        return journal.wait(lambda c: change(c, journal))
    finally:
        journal.close()


def _needed(c: Batch | sqlite3.Connection, old: list[int]) -> set[int]:
    """Runs whose answers a run that stays has used again."""
    found = c.execute(
        f"SELECT DISTINCT origin >> {schema.SHIFT}, id >> {schema.SHIFT} FROM call "
        "WHERE origin IS NOT NULL"
    )
    return {origin for origin, user in found if user not in old}


def _forget(c: Batch, run: int) -> None:
    first, last = schema.span(run)
    for table in ("call", "verdict", "event"):
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
