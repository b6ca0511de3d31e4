"""The requests of a run that are on their way, and the one switch that stops new ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from dspy.lm15 import Response

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.models.engines.budget_waiters import BudgetWaiters
from rlmlang.models.engines.call_context import Stopped


@dataclass(eq=False)
class PendingRequest:
    """A request that is to be answered: how many wait for it, and whether it may cost something
    already. One that is `away` waits in a batch of its provider's, which goes on without us."""

    task: asyncio.Task[Response]
    waiting: int = 0
    paid: bool = False
    away: bool = False


@dataclass
class InFlight:
    """Each request is a task of its own, so that one that was sent may finish even when nobody
    waits for it any more. `unanswered` counts those that were sent and brought no
    answer; `notice` is told what a user must know of it though the run goes on."""

    requests: dict[bytes, PendingRequest] = field(default_factory=dict)
    problem: CodedError | None = None
    budget_waiters: BudgetWaiters = field(default_factory=BudgetWaiters)
    wake: list[Callable[[], None]] = field(default_factory=list)
    notice: Callable[[CodedError], None] = lambda problem: None
    unanswered: int = 0

    def start(self, key: bytes, work: Coroutine[Any, Any, Response]) -> None:
        """A request on its way; another of the same key may wait for it."""
        request = self.requests[key] = PendingRequest(asyncio.get_running_loop().create_task(work))

        def ended(done: asyncio.Task[Response]) -> None:
            if self.requests.get(key) is request:
                del self.requests[key]
            if not done.cancelled():
                done.exception()  # heard, whoever is still interested

        request.task.add_done_callback(ended)

    async def wait(self, key: bytes) -> Response:
        """The answer of a request on its way. One that nobody waits for any more is not sent, if it
        was not sent yet."""
        request = self.requests[key]
        request.waiting += 1
        try:
            return await asyncio.shield(request.task)
        finally:
            request.waiting -= 1
            if not (request.waiting or request.paid):
                request.task.cancel()

    def paid(self, key: bytes, *, on: bool) -> None:
        """Whether a request may cost something: from when it is reserved until it is settled."""
        if (request := self.requests.get(key)) is not None:
            request.paid = on

    def away(self, key: bytes) -> None:
        """A request waits in a batch from now on."""
        if (request := self.requests.get(key)) is not None:
            request.away = True

    @property
    def sent(self) -> int:
        """How many are on their way and may cost something; without those that wait in batches."""
        return sum(request.paid and not request.away for request in self.requests.values())

    @property
    def in_batches(self) -> int:
        """How many wait in batches."""
        return sum(request.away for request in self.requests.values())

    def stop(self, problem: CodedError) -> None:
        """No new request is sent; those that wait to be sent get the problem."""
        if self.problem is None:
            self.problem = problem
            self.budget_waiters.wake()
            for call in self.wake:
                call()

    def check(self) -> None:
        """Raises Stopped when nothing more may be sent."""
        if self.problem is not None:
            raise Stopped(self.problem)

    async def drain(self, seconds: float) -> int:
        """Waits for what is on its way, so long at most, and for no batch; gives how many were left
        behind. Their reservations stay charged."""
        tasks = [request.task for request in self.requests.values()]
        here = [request.task for request in self.requests.values() if not request.away]
        if here and seconds > 0:
            await asyncio.wait(here, timeout=seconds)
        left = [task for task in tasks if not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=1)
        return len(left)
