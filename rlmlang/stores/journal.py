"""The one writing connection of a process: changes are gathered and committed as groups.

A change is a function of the connection. It runs inside a transaction; what it gives back is
handed to who asked for it only after the commit. When a commit fails, for a full disk or any other
reason, nothing of its group is kept, everybody in it is told, and no later change is accepted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.stores import mark, schema, signing, whole
from rlmlang.stores.locks import CommitLock
from rlmlang.stores.migrate import prepare
from rlmlang.stores.problems import damaged, problem_of
from rlmlang.stores.rows import Batch

T = TypeVar("T")
GROUP = 1024


class Journal(Protocol):
    """What a store writes through. `shared` says that other processes write too."""

    shared: bool

    async def do(self, change: Callable[[Batch], T]) -> T:
        """Commits a change; gives its result."""

    def post(self, change: Callable[[Batch], object]) -> None:
        """Commits a change with the next group, without waiting."""

    def wait(self, change: Callable[[Batch], T]) -> T:
        """Commits a change from outside an event loop, or before it matters."""

    def close(self) -> None:
        """Commits what is left and ends."""


@dataclass
class _Entry:
    change: Callable[[Batch], object]
    done: Callable[[Any, BaseException | None], None]
    loop: asyncio.AbstractEventLoop | None = None
    result: Any = None


class WriterThread:
    """A journal on disk, written by a thread of its own."""

    def __init__(self, path: Path, only: bytes | None = None) -> None:
        """Raises CodedError (store-untrusted) for a store of others where `only` what was signed
        with a secret counts."""
        self.path, self._only = path, only
        self._secret = signing.own_secret()
        self.broken: CodedError | None = None
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._lock = CommitLock(mark.lock_of(path))
        with self._lock.held():
            self._connection = self._connected()
            self._open()
        self.shared = False
        self._version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        self._thread = threading.Thread(target=self._run, name="rlm-store", daemon=True)
        self._thread.start()

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
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            prepare(self._connection, str(self.path))
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        if new:  # its number is in the file itself from here on
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._number = int(self._connection.execute("PRAGMA application_id").fetchone()[0])
        row = None if held.store == self._number else ("", 0, False)
        mark.write(self._lock.fd, mark.after_commit(self.path, self._number, row))

    def forget(self) -> None:
        """Names no row any more, before rows go; called inside of a change."""
        mark.write(self._lock.fd, mark.Mark(self._number, mark.read(self.path).salts))
        os.fsync(self._lock.fd)

    async def do(self, change: Callable[[Batch], T]) -> T:
        """Commits a change; gives its result. Raises CodedError (store-unwritable)."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Entry(change, lambda result, error: _tell(future, result, error), loop))
        return await future

    def post(self, change: Callable[[Batch], object]) -> None:
        """Commits a change with the next group, without waiting."""
        self._queue.put(_Entry(change, lambda result, error: None))

    def wait(self, change: Callable[[Batch], T]) -> T:
        """Commits a change and waits for it. Raises CodedError (store-unwritable)."""
        future: Future[T] = Future()

        def tell(result: Any, error: BaseException | None) -> None:
            future.set_exception(error) if error else future.set_result(result)

        self._queue.put(_Entry(change, tell))
        return future.result()

    def close(self) -> None:
        """Commits what is left and ends. Raises CodedError when something could not be kept."""
        self._queue.put(None)
        self._thread.join()
        with contextlib.suppress(sqlite3.Error, OSError), self._lock.held():
            self._connection.close()
            mark.write(self._lock.fd, mark.closed(self.path, mark.read(self.path)))
        self._lock.close()
        if self.broken is not None:
            raise self.broken

    def _shared(self) -> bool:
        """Whether another process was ever seen to write: then its answers are looked for too."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        self.shared = self.shared or version != self._version
        return self.shared

    def _run(self) -> None:
        going = True
        while going:
            group = self._group()
            going = None not in group
            entries = [e for e in group if e is not None]
            if entries:
                self._commit(entries)

    def _group(self) -> list[_Entry | None]:
        group = [self._queue.get()]
        while len(group) < GROUP and group[-1] is not None:
            try:
                group.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return group

    def _commit(self, entries: list[_Entry]) -> None:
        error = self.broken
        if error is None:
            try:
                with self._lock.held():
                    row = in_one_transaction(
                        self._connection, entries, shared=self._shared(), secret=self._secret
                    )
                    mark.write(self._lock.fd, mark.after_commit(self.path, self._number, row))
            except Exception as mistake:
                error = self.broken = problem_of(self.path, mistake)
        by_loop: dict[asyncio.AbstractEventLoop, list[_Entry]] = {}
        for entry in entries:
            if entry.loop is None:
                entry.done(entry.result, error)
            else:
                by_loop.setdefault(entry.loop, []).append(entry)
        for loop, told in by_loop.items():
            with contextlib.suppress(RuntimeError):  # a loop that is gone waits for nothing
                loop.call_soon_threadsafe(_tell_all, told, error)


class Memory:
    """A journal that is kept nowhere: for runs that shall leave nothing behind, and for tests."""

    def __init__(self) -> None:
        self.connection = schema.in_memory()
        schema.create(self.connection)
        self.shared = False
        self._changing = threading.Lock()

    async def do(self, change: Callable[[Batch], T]) -> T:
        """Makes a change; gives its result."""
        return self.wait(change)

    def post(self, change: Callable[[Batch], object]) -> None:
        """Makes a change."""
        self.wait(change)

    def wait(self, change: Callable[[Batch], T]) -> T:
        """Makes a change; gives its result."""
        with self._changing:
            batch = Batch(self.connection, shared=False)
            result = change(batch)
            batch.flush()
            return result

    def close(self) -> None:
        """Nothing: what it has may be read as long as somebody holds it."""


def bring_up(path: Path, only: bytes | None = None) -> None:
    """Brings the store of a file to this version where an earlier one wrote it.

    Raises CodedError (store-too-new, store-damaged, store-untrusted), sqlite3.Error
    where it cannot be read or written.
    """
    if mark.emptied(path):
        raise damaged(path, mark.EMPTIED)
    with contextlib.closing(schema.read_only(path)) as connection:
        if schema.version_of(connection, str(path)) in (0, schema.VERSION):
            return
    WriterThread(path, only).close()


def in_one_transaction(
    connection: sqlite3.Connection, entries: list[_Entry], *, shared: bool, secret: bytes
) -> tuple[str, int, bool] | None:
    """All changes or none; gives the row by which a later reader knows that they are there."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        batch = Batch(connection, shared=shared, secret=secret)
        for entry in entries:
            entry.result = entry.change(batch)
        batch.flush()
        connection.execute("COMMIT")
        return batch.last
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _tell_all(entries: list[_Entry], error: BaseException | None) -> None:
    for entry in entries:
        entry.done(entry.result, error)


def _tell(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
