"""Those that wait for a budget to get something back: of one run, or of all runs that spend from
one account above them, in whatever threads and loops they go."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable

from rlmlang.budget import Refusal, Usage

More = Callable[[Refusal, Usage], Awaitable[bool]]


class BudgetWaiters:
    """Calls that wait, each in its own loop, until something is given back.

    What is given back between a refusal and the wait is not missed: who asks notes `returned`
    before it asks, and waits for more than that. Where the account above them all has a part of a
    budget only, `more` is asked for more of it: it says whether to try again, and raises CodedError
    (budget-spent, lease-lost)."""

    def __init__(self, more: More | None = None) -> None:
        self.returned, self.more = 0, more
        self._lock = threading.Lock()
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self, since: int) -> None:
        """Until some budget got something back that was not counted in `since`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            if self.returned != since:
                return
            self._waiting.append(future)
        await future

    def wake(self) -> None:
        """Some budget got something back."""
        with self._lock:
            self.returned += 1
            waiting, self._waiting = self._waiting, []
        for future in waiting:
            with contextlib.suppress(RuntimeError):  # a loop that is closed has nobody who waits
                future.get_loop().call_soon_threadsafe(_end, future)


def _end(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
