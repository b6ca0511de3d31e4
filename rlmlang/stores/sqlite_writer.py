"""The writer of a store in a file: a connection of SQLite's, a lock between processes, a note."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.stores import mark, schema, signing, whole
from rlmlang.stores.connection import Cell
from rlmlang.stores.locks import CommitLock, FileClaims
from rlmlang.stores.migrate import prepare
from rlmlang.stores.problems import damaged, problem_of
from rlmlang.stores.rows import Batch


class FileWriter:
    """The one writing connection of a process to a file."""

    def __init__(self, path: Path, only: bytes | None = None) -> None:
        """Raises CodedError (store-untrusted) for a store of others where `only` what was signed
        with a secret counts."""
        self.path, self._only = path, only
        self._secret = signing.own_secret()
        self._lock = CommitLock(mark.lock_of(path))
        with self._lock.held():
            self._connection = self._connected()
            self._open()
        self._version = self._changes()

    @property
    def claims(self) -> FileClaims:
        """The signs of life of its runs."""
        return FileClaims(self.path)

    def _connected(self) -> sqlite3.Connection:
        """The connection; a note that was beside a file which is no more goes."""
        if not self.path.exists():
            mark.write(self._lock.fd, mark.Mark())
            schema.create_file(self.path)
        if mark.emptied(self.path):
            raise damaged(self.path, mark.EMPTIED)
        return schema.writing(self.path, any_thread=True)

    def _open(self) -> None:
        new = not schema.has_tables(self._connection, self.path)  # before anything is written
        held = whole.hold(self.path, self._connection)
        signing.hold_store(self.path, self._connection, self._only)
        schema.configure(self._connection)
        with _committed(self._connection):
            prepare(self._connection, str(self.path))
        if new:  # its number is in the file itself from here on
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._number = int(self._connection.execute("PRAGMA application_id").fetchone()[0])
        row = None if held.store == self._number else ("", 0, False)
        mark.write(self._lock.fd, mark.after_commit(self.path, self._number, row))

    def _changes(self) -> int:
        """A number that another process's commit changes."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Batch]:
        """A group of changes; the row by which a later reader knows that they are there is noted
        behind their commit."""
        with self._lock.held():
            shared = self._changes() != self._version
            batch = Batch(self._connection, shared=shared, secret=self._secret)
            with _committed(self._connection):
                yield batch
                batch.flush()
            mark.write(self._lock.fd, mark.after_commit(self.path, self._number, batch.last))

    def define(self, name: str, function: Callable[..., Cell]) -> None:
        """Makes a function known to its statements."""
        self._connection.create_function(name, -1, function)

    def problem(self, mistake: Exception) -> CodedError:
        """The problem behind an error of SQLite's, or of the system's."""
        return problem_of(self.path, mistake)

    def forget(self) -> None:
        """Names no row any more, before rows go."""
        mark.write(self._lock.fd, mark.Mark(self._number, mark.read(self.path).salts))
        os.fsync(self._lock.fd)

    def close(self) -> None:
        """Gives the connection and the lock back."""
        with contextlib.suppress(sqlite3.Error, OSError), self._lock.held():
            self._connection.close()
            mark.write(self._lock.fd, mark.closed(self.path, mark.read(self.path)))
        self._lock.close()


@contextlib.contextmanager
def _committed(connection: sqlite3.Connection) -> Iterator[None]:
    """All changes or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
