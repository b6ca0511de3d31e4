"""The one writing connection of a process: changes are gathered and committed as groups.

A change is a function of the connection. It runs inside a transaction; what it gives back is
handed to who asked for it only after the commit. When a commit fails, for a full disk or any other
reason, nothing of its group is kept, everybody in it is told, and no later change is accepted.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.stores import schema
from rlmlang.stores.database import Writer
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
    """A journal of a store, written by a thread of its own."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.shared = writer, False
        self.broken: CodedError | None = None
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="rlm-store", daemon=True)
        self._thread.start()

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
        self.writer.close()
        if self.broken is not None:
            raise self.broken

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
                with self.writer.transaction() as batch:
                    batch.shared = self.shared = self.shared or batch.shared
                    for entry in entries:
                        entry.result = entry.change(batch)
            except Exception as mistake:
                error = self.broken = self.writer.problem(mistake)
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
