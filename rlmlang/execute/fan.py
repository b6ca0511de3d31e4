"""map and filter: a prompt or condition over every item, in parallel, the order kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import anyio

from rlmlang.execute.ask import ItemError, request_for
from rlmlang.execute.evaluate import evaluate
from rlmlang.execute.respond import respond
from rlmlang.execute.scope import Scope
from rlmlang.execute.skips import SKIPPED, Skips
from rlmlang.execute.stream import Cell, Stream, each
from rlmlang.ir import recipe as r

WINDOW = 4
AHEAD = 8  # an eighth more items than requests may fly: those are being made ready or kept


@dataclass
class Fan:
    """One map or filter. Results wait for those before them, at most a window of them."""

    scope: Scope
    step: r.Step
    work: r.Map | r.Filter
    env: dict[str, Any]
    ready: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    next: int = 0
    stopped: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.skips = Skips(self.scope, self.step.name, self.work.on_error)
        self.parallel = self.work.parallel or self.scope.parallel + self.scope.parallel // AHEAD

    async def run(self, source: Stream | Iterable[Any], out: Cell) -> int:
        """Goes over all items; gives how many results there are."""
        rest: list[Any] = []
        kept: list[Any] = []
        items = each(source)
        feed, count = asyncio.Lock(), 0

        async def take() -> tuple[int, Any]:
            """The next item with its number; the number is −1 when there is none."""
            nonlocal count
            async with feed:
                await self._room(count)
                if self.stopped:
                    return -1, None
                async for item in items:
                    count += 1
                    return count - 1, item
                return -1, None

        async def work() -> None:
            while True:
                index, item = await take()
                if index < 0:
                    return
                result = await self._one(index, item)
                self.ready[index] = (item, result)
                async with self.turn:  # a writer that waits for its reader keeps its place
                    await self._hand_on(out, kept, rest)

        async with anyio.create_task_group() as tasks:
            for _ in range(self.parallel):
                tasks.start_soon(work)
        if isinstance(source, Stream) and self.stopped:
            source.close()
        self.skips.few_enough(count, "items")
        return self._finish(out, kept, rest)

    async def _room(self, index: int) -> None:
        """Waits while the first item that is not done lies too far back."""
        while index - self.next >= WINDOW * self.parallel and not self.stopped:
            self.moved.clear()
            await self.moved.wait()

    async def _one(self, index: int, item: Any) -> Any:
        """The result for one item; SKIPPED when it was given up."""
        if self.work_is_pure:
            return self._where(item)
        assert self.work.ask is not None
        call = f"{self.step.name}[{index}]"
        request = request_for(self.scope, self.step.name, call, self.work.ask, self.env, item)
        if self.stopped:
            return SKIPPED
        try:
            return await respond(self.scope, request)
        except ItemError as problem:
            return self.skips.leave_out(problem, call, item)

    @property
    def work_is_pure(self) -> bool:
        """Whether no model is asked: a filter with a condition."""
        return isinstance(self.work, r.Filter) and self.work.ask is None

    def _where(self, item: Any) -> bool:
        assert isinstance(self.work, r.Filter) and self.work.where is not None
        return bool(evaluate(self.work.where, {**self.env, "it": item}, self.scope.tools.code))

    async def _hand_on(self, out: Cell, kept: list[Any], rest: list[Any]) -> None:
        """Gives out, in order, every result that has nothing missing before it."""
        while self.next in self.ready:
            item, result = self.ready.pop(self.next)
            self.next += 1
            self.moved.set()
            if result is SKIPPED:
                continue
            if isinstance(self.work, r.Map):
                await self._put(out, kept, result)
                self._check_stop(result)
            elif result:
                await self._put(out, kept, item)
            else:
                rest.append(item) if self.work.keep_rest else None

    async def _put(self, out: Cell, kept: list[Any], value: Any) -> None:
        if isinstance(out, Stream):
            await out.put(value)
        else:
            kept.append(value)

    def _check_stop(self, result: Any) -> None:
        if isinstance(self.work, r.Map) and self.work.stop is not None:
            env = {**self.env, "it": result}
            self.stopped = self.stopped or bool(
                result is not None and evaluate(self.work.stop, env, self.scope.tools.code)
            )

    def _finish(self, out: Cell, kept: list[Any], rest: list[Any]) -> int:
        if isinstance(out, Stream):
            out.finish()
            return out.count
        out.set({"kept": kept, "rest": rest})
        return len(kept)
