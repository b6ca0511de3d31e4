"""A step that goes over items: several at a time, the order kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import anyio
from anyio.lowlevel import checkpoint

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.call_model import ItemError, request_for
from rlmlang.execute.coding import coded
from rlmlang.execute.evaluate import Environment, RunCode
from rlmlang.execute.node import NodeRun
from rlmlang.execute.respond import respond
from rlmlang.execute.skips import SKIPPED, Skipped, Skips
from rlmlang.execute.stream import Stream, each
from rlmlang.ir.recipe import Ask, OnError

WINDOW = 4
AT_FIRST = 256  # so many begin at once; more when there are items for them, as batches may hold
AHEAD = 8  # an eighth more items than requests may fly: those are being made ready or kept

TURN = 256
"""So many items are gone through before other steps have their turn."""

One: TypeAlias = "Callable[[int, Datum], Awaitable[Datum | Skipped]]"
"""Gives the result for an item by its number; SKIPPED where it was given up."""
Take: TypeAlias = "Callable[[Datum, Datum], Awaitable[bool]]"
"""Gets an item and its result; says whether more are wanted."""


async def _take(lock: anyio.Lock) -> None:
    """Takes a lock: at once where it is free, since waiting costs twenty times as much."""
    try:
        lock.acquire_nowait()
    except anyio.WouldBlock:
        await lock.acquire()


@dataclass
class ForEach:
    """`one` gives the results; `take` gets item and result in order, and says whether more are
    wanted. Results wait for those before them, at most a window of them."""

    parallel: int
    one: One
    take: Take
    ready: dict[int, tuple[Datum, Datum | Skipped]] = field(default_factory=dict)
    count: int = 0
    next: int = 0
    working: int = 0
    stopped: bool = False
    feed: anyio.Lock = field(default_factory=anyio.Lock)
    turn: anyio.Lock = field(default_factory=anyio.Lock)
    moved: anyio.Event = field(default_factory=anyio.Event)

    async def run(self, source: Stream | Iterable[Datum]) -> int:
        """Goes over all items; gives how many there were."""
        items = each(source)
        self.working = min(self.parallel, AT_FIRST)

        async def work() -> None:
            while (found := await self._next(items)) is not None:
                if self.working < self.parallel:  # one more, where there may be another item
                    self.working += 1
                    tasks.start_soon(work)
                index, item = found
                result = SKIPPED if self.stopped else await self.one(index, item)
                self.ready[index] = (item, result)
                await _take(self.turn)  # a writer that waits for its reader keeps its place
                try:
                    await self._hand_on()
                finally:
                    self.turn.release()

        async with anyio.create_task_group() as tasks:
            for _ in range(self.working):
                tasks.start_soon(work)
        if isinstance(source, Stream) and self.stopped:
            source.close()
        return self.count

    async def _next(self, items: AsyncIterator[Datum]) -> tuple[int, Datum] | None:
        """The next item with its number."""
        await _take(self.feed)
        try:
            await self._room()
            if self.stopped:
                return None
            async for item in items:
                self.count += 1
                return self.count - 1, item
            return None
        finally:
            self.feed.release()

    async def _room(self) -> None:
        """Waits while the first item that is not done lies too far back."""
        while self.count - self.next >= WINDOW * self.parallel and not self.stopped:
            self.moved = anyio.Event()
            await self.moved.wait()

    async def _hand_on(self) -> None:
        """Gives out, in order, every result that has nothing missing before it."""
        while self.next in self.ready:
            item, result = self.ready.pop(self.next)
            self.next += 1
            self.moved.set()
            if result is not SKIPPED and not await self.take(item, result):
                self.stopped = True


@dataclass
class Asking:
    """A prompt put to the items of a node."""

    node: NodeRun
    ask: Ask
    env: Environment
    on_error: OnError

    def __post_init__(self) -> None:
        self.skips = Skips(self.node.scope, self.node.id, self.on_error)

    async def one(self, index: int, item: Datum) -> Datum | Skipped:
        """The answer about an item; SKIPPED when it was given up."""
        node = self.node
        call = node.call(index)
        request = await request_for(node.scope, call, self.ask, self.env, item)
        try:
            answer = await respond(node.scope, request)
        except ItemError as problem:
            return self.skips.leave_out(problem, call, item)
        if not self.ask.element:
            node.scope.receipt.turn_away(node.id, item)
        return answer


@dataclass
class Computing:
    """A value made of each item of a node, without a model; `long` where the user's code makes
    it."""

    node: NodeRun
    make: Callable[[Datum, RunCode], Datum]
    on_error: OnError
    long: bool = False

    def __post_init__(self) -> None:
        self.skips = Skips(self.node.scope, self.node.id, self.on_error)

    async def one(self, index: int, item: Datum) -> Datum | Skipped:
        """The value of an item; SKIPPED when it was given up."""
        call = self.node.call(index)
        try:
            return await coded(self.node.scope, call, self.long, lambda code: self.make(item, code))
        except CodedError as problem:
            return self.skips.fail(problem, call, item)

    def now(self, index: int, item: Datum) -> Datum | Skipped:
        """The same where nothing takes long."""
        try:
            return self.make(item, self.node.scope.tools.code)
        except CodedError as problem:
            return self.skips.fail(problem, self.node.call(index), item)


async def in_turn(
    source: Stream | Iterable[Datum], one: Callable[[int, Datum], Datum | Skipped], take: Take
) -> int:
    """One item after the other, where none waits for anything, until no more are wanted; gives how
    many there were."""
    count = 0
    async for item in each(source):
        if count % TURN == 0:
            await checkpoint()
        made = one(count, item)
        count += 1
        if made is not SKIPPED and not await take(item, made):
            break
    if isinstance(source, Stream):
        source.close()
    return count


def parallel_of(node: NodeRun, declared: int | None, *, asks: bool = True) -> int:
    """How many items are worked on at a time: where a model is asked, as many as may wait in
    batches."""
    most = node.scope.at_once if asks else node.scope.parallel
    return declared or most + most // AHEAD
