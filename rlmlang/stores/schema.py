"""The tables of a store, their version, and how a connection is set up.

A row's id is its run's number shifted left by 40 bits, plus a number of its own within the run, so
rows of one run lie together and processes that share a store never choose the same id.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from rlmlang.stores.mark import new_number
from rlmlang.stores.problems import foreign, too_new

VERSION = 4
SHIFT = 40
HEADER = 100  # bytes that every SQLite file begins with
FIXED = (3, 51, 3)

# state of a call
RESERVED, ANSWERED, FAILED, REUSED = range(4)

TOLD = "told"  # kind of an event's row that says when calls were told

TABLES: dict[str, tuple[str, ...]] = {
    "run": (
        "id", "name", "identity", "recipe", "plan", "path", "state", "started", "ended", "data",
    ),
    "phrase": ("id", "hash", "body"),
    "call": (
        "id", "key", "state", "step", "item", "prompt", "attempt", "settings", "system", "asked",
        "worst_in", "worst_out", "worst_usd", "used_in", "used_out", "used_usd", "started",
        "seconds", "answer", "code", "reason", "ranges", "origin", "finish",
    ),
    "verdict": ("id", "code", "reason"),
    "event": ("id", "kind", "node", "at", "data"),
    "provider_batch": (
        "id", "token", "form", "endpoint", "model", "name", "state", "said", "calls", "done",
        "failed", "made", "changed",
    ),
    "batch_call": ("id", "batch"),
}  # fmt: skip
BATCHES = ("provider_batch", "batch_call")  # the tables of version 4

# a query uses the partial index only if it says `state < 2` in these very words
INDEXES = (
    "CREATE INDEX call_key ON call(key) WHERE state < 2",
    "CREATE UNIQUE INDEX run_name ON run(name)",
    "CREATE INDEX run_identity ON run(identity)",
    "CREATE UNIQUE INDEX phrase_hash ON phrase(hash)",
)


def has_table(connection: sqlite3.Connection, table: str) -> bool:
    """Whether a store has a table."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (table,)).fetchone() is not None


def create_table(connection: sqlite3.Connection, table: str) -> None:
    """Makes one table."""
    rest = ", ".join(TABLES[table][1:])
    connection.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY, {rest}, seal)")


def create(connection: sqlite3.Connection) -> None:
    """Makes the tables of this version in an empty store."""
    for table in TABLES:
        create_table(connection, table)
    for statement in INDEXES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={new_number()}")
    connection.execute(f"PRAGMA user_version={VERSION}")


def create_file(path: Path) -> None:
    """Makes an empty file that its owner alone may read; a file that is there stays as it is.
    SQLite gives the log beside it the same mode. Raises OSError."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def has_tables(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether a store holds anything; an empty file does not. Raises CodedError (store-too-new,
    store-damaged)."""
    return version_of(connection, str(path)) > 0


def version_of(connection: sqlite3.Connection, path: str) -> int:
    """The version of a store's tables, 0 for none. Raises CodedError (store-too-new,
    store-damaged)."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise too_new(path, found, VERSION)
    if found < 0 or (found == 0 and _holds_something(connection, path)):
        raise foreign(path)
    return found


def _holds_something(connection: sqlite3.Connection, path: str) -> bool:
    """Whether a file without a version is more than an empty one. SQLite takes what is shorter
    than its header for empty, and would write over it."""
    tables = connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    return tables is not None or 0 < os.path.getsize(path) < HEADER


def configure(connection: sqlite3.Connection) -> None:
    """Durability: a log that is flushed at every commit, checkpoints by the writer alone, no
    memory maps (they make SQLite's WAL-reset bug worse), bounded size of the log."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA mmap_size=0")
    connection.execute("PRAGMA journal_size_limit=33554432")


class HeldConnection(sqlite3.Connection):
    """One that is closed when nobody holds it any more: a trajectory may be read for as long as
    somebody has it, and a file that is no store raises before it is given back. Python 3.13 warns
    of others. Of another thread it is left to SQLite, which closes it all the same."""

    def __del__(self) -> None:
        with contextlib.suppress(sqlite3.ProgrammingError):
            self.close()


def in_memory() -> HeldConnection:
    """A store that no file keeps."""
    return sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False, factory=HeldConnection
    )


def writing(path: Path, *, any_thread: bool = False) -> sqlite3.Connection:
    """A connection that writes. Its path is a whole one: SQLite takes `:memory:` and names that
    begin with `file:` for something else than a file."""
    return sqlite3.connect(
        path.absolute(),
        isolation_level=None,
        check_same_thread=not any_thread,
        timeout=60,
        factory=HeldConnection,
    )


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that can only read, and holds nobody up."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    return sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, factory=HeldConnection
    )


def span(run: int) -> tuple[int, int]:
    """The first and last id that rows of a run may have."""
    return run << SHIFT, ((run + 1) << SHIFT) - 1


def has_reset_bug() -> bool:
    """Whether this SQLite may damage a log that several connections write at one time."""
    return sqlite3.sqlite_version_info < FIXED
