"""Calls of models collected into batches, and each given its answer when its batch has it.

It stands where an endpoint stands, below the ledger: what comes here is reserved and has a row. A
batch is cut when it is full, or when no call has come for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from functools import partial

from dspy.lm15 import Request, Response

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.binding import BATCH
from rlmlang.models.chat_reply import TIER
from rlmlang.models.engines.call_context import Stopped, get_context
from rlmlang.models.engines.not_in_batch import NotInBatchError
from rlmlang.models.provider_batches.batch_api import BatchApi, BatchLine
from rlmlang.models.provider_batches.clock import Clock, LoopClock, Pace
from rlmlang.models.provider_batches.following import Followed
from rlmlang.models.provider_batches.waiting import Waiting, never_sent, new_batch


@dataclass
class BatchEngine:
    """What answers the calls of one model in batches. It may be shared by runs that go on at one
    time: their calls go together."""

    api: BatchApi
    pace: Pace = field(default_factory=Pace)
    clock: Clock = field(default_factory=LoopClock)
    max_wait: float = 300.0

    def __post_init__(self) -> None:
        self.most = self.api.limits.calls  # fewer where a provider queues fewer
        self._queue: dict[str, Waiting] = {}
        self._bytes = 0
        self._added = 0.0
        self._quiet: asyncio.Task[None] | None = None
        self._followed: dict[int, Followed] = {}
        self._tasks = set[asyncio.Task[None]]()

    @property
    def endpoint(self) -> str:
        """Where answers come from."""
        return self.api.endpoint

    async def complete(self, request: Request) -> Response:
        """The answer of one call, within hours. Raises lm15 errors as an endpoint does, Stopped
        where the call was left in its batch for a later run."""
        context = get_context()
        mine = context.in_batch if context is not None else None
        if context is None or mine is None:
            raise LookupError("a call goes in a batch by way of BatchRetry")
        future: asyncio.Future[BatchLine] = asyncio.get_running_loop().create_future()
        call, row = self.api.call(mine.key.hex(), request), context.row
        waiting = Waiting(call, request.model, mine, row, context.tell, future)
        if (left := mine.keeper.batch_of(row)) is None:
            self.add(waiting)
        else:
            found = partial(Followed, self, left, mine.keeper, {}, found=True)
            self._follow(left.id, found).take(waiting)
        try:
            line = await waiting.future
        except asyncio.CancelledError:
            if waiting.sent:
                raise
            self._queue.pop(waiting.key, None)
            raise never_sent() from None
        if line.why:
            raise NotInBatchError(line.why, line.words)
        return replace(waiting.call.read(line), provider_data={TIER: BATCH})

    # ── collecting ───────────────────────────────────────────────────────────

    def add(self, waiting: Waiting) -> None:
        """A call more for the next batch."""
        size = len(waiting.call.data()) + 1
        full = len(self._queue) >= self.most or self._bytes + size > self.api.limits.most_bytes
        if full or waiting.key in self._queue:
            self.cut()
        self._queue[waiting.key] = waiting
        self._bytes += size
        self._added = self.clock.now()
        if self._quiet is None:
            self._quiet = self.start(self._when_quiet())

    def cut(self) -> None:
        """Sends what was collected; what its run does not want any more is given back."""
        found, self._queue, self._bytes = list(self._queue.values()), {}, 0
        wanted = [w for w in found if not w.future.done() and w.mine.wanted()]
        for waiting in found:
            if waiting not in wanted:
                waiting.fail(never_sent())
        if wanted:
            self.start(self._send(wanted))

    def turn_away(self) -> None:
        """Gives back those of runs that were stopped."""
        for key, waiting in list(self._queue.items()):
            if not waiting.mine.wanted():
                del self._queue[key]
                waiting.fail(never_sent())

    async def _when_quiet(self) -> None:
        while (rest := self._added + self.pace.wait - self.clock.now()) > 0:
            await self.clock.sleep(rest)
        self._quiet = None
        self.cut()

    # ── batches on their way ─────────────────────────────────────────────────

    async def _send(self, calls: list[Waiting]) -> None:
        """Writes a batch down, then has it made and waits for it."""
        keeper = calls[0].mine.keeper
        for waiting in calls:
            waiting.put()
        try:
            batch = await keeper.open(new_batch(self.api, calls), [w.row for w in calls])
        except CodedError as problem:
            for waiting in calls:
                waiting.fail(Stopped(problem))
            return
        waiting_for = {w.key: w for w in calls}
        self._follow(batch.id, partial(Followed, self, batch, keeper, waiting_for))

    def _follow(self, number: int, make: Callable[[], Followed]) -> Followed:
        """The batch of a number, followed from the first that asks."""
        found = self._followed.get(number)
        if found is None:
            found = self._followed[number] = make()
            self.start(found.run())
        return found

    def forget(self, number: int) -> None:
        """A batch needs no following any more."""
        self._followed.pop(number, None)

    def start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Something that goes on beside the calls."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Follows no batch any more: they go on at the provider."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.api.close()
