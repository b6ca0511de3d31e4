"""The requests of a run that are on their way, and the one switch that stops new ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from dspy.lm15 import Response

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.models.engines.slip import Stopped


class Hope:
    """Those that wait for a budget to get something back: of one run, or of all runs that spend
    from one account above them."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        """Until some budget got something back."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    def wake(self) -> None:
        """Some budget got something back."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)


@dataclass
class Traffic:
    """Each request is a task of its own, so that one that was sent is heard out even when nobody
    waits for it any more. `notice` is told what a user must know of it though the run goes on."""

    flights: dict[bytes, asyncio.Task[Response]] = field(default_factory=dict)
    problem: CodedError | None = None
    hope: Hope = field(default_factory=Hope)
    wake: list[Callable[[], None]] = field(default_factory=list)
    notice: Callable[[CodedError], None] = lambda problem: None

    def start(self, key: bytes, work: Coroutine[Any, Any, Response]) -> asyncio.Task[Response]:
        """A request on its way; another of the same key may wait for it."""
        task = asyncio.get_running_loop().create_task(work)
        self.flights[key] = task

        def landed(done: asyncio.Task[Response]) -> None:
            if self.flights.get(key) is done:
                del self.flights[key]
            if not done.cancelled():
                done.exception()  # heard, whoever is still interested

        task.add_done_callback(landed)
        return task

    def stop(self, problem: CodedError) -> None:
        """No new request is sent; those that wait to be sent get the problem."""
        if self.problem is None:
            self.problem = problem
            self.hope.wake()
            for call in self.wake:
                call()

    def check(self) -> None:
        """Raises Stopped when nothing more may be sent."""
        if self.problem is not None:
            raise Stopped(self.problem)

    async def drain(self, seconds: float) -> int:
        """Waits for what is on its way, so long at most; gives how many were left behind. Their
        reservations stay charged."""
        flights = list(self.flights.values())
        if flights and seconds > 0:
            await asyncio.wait(flights, timeout=seconds)
        left = [f for f in flights if not f.done()]
        for flight in left:
            flight.cancel()
        if left:
            await asyncio.wait(left, timeout=1)
        return len(left)
