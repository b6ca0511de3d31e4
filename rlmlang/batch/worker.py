"""One of several workers that go over a batch together, as it meets the queue in their store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import anyio

from rlmlang.budget import Account, Refusal, Usage
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.leases import Amounts, nothing
from rlmlang.models.engines.budget_waiters import BudgetWaiters
from rlmlang.models.engines.ledger import spent
from rlmlang.models.engines.providers import Providers
from rlmlang.stores.queue import items, leases
from rlmlang.stores.queue.items import End
from rlmlang.stores.queue.leases import Answer
from rlmlang.stores.queue.tables import Queue
from rlmlang.stores.rows import Batch
from rlmlang.stores.store import Store

T = TypeVar("T")
BEATS = 15
"""Signs of life in the time that a lease lasts: one that is late is no harm."""


@dataclass
class Worker:
    """A worker and its lease. Of `account`, that of all items together, it has a part of the
    limits; of what `providers` allow it has a part as well."""

    store: Store
    queue: Queue
    account: Account
    waiters: BudgetWaiters
    providers: Providers
    lasts: float
    working: int = 0
    _heard: int = 0

    def __post_init__(self) -> None:
        self._hearing = asyncio.Lock()
        self._one = asyncio.Lock()  # of beats and questions, which change the account's limits

    def join(self, *, host: bool) -> None:
        """Takes a lease, of nothing yet. Raises CodedError."""
        number, lasts = self.queue.id, self.lasts
        self.store.lease = self.store.journal.wait(
            lambda c: leases.join(c, number, lasts, host=host)
        )
        self.account.limits = nothing(self.queue.limits).limits
        self.waiters.more = self.more
        self.providers.take_part(0.0)

    # ── what it may spend ────────────────────────────────────────────────────

    async def more(self, refusal: Refusal, worst: Usage) -> bool:
        """Asks for more where the account of all items refuses: whether to try again. Raises
        CodedError (budget-spent) where all is spent by all, (lease-lost)."""
        if refusal.account != self.account.name:
            return False
        returned = self.waiters.returned
        async with self._one:
            if not self.account.limits.exceeded_by(self._used + worst):
                return True  # another call has asked meanwhile
            answer = await self._asked(worst)
        if answer.word == "more":
            self.waiters.wake()
        elif answer.word == "wait":
            await anyio.sleep(self.lasts / BEATS)
        elif self.account.reserved.calls:
            await self.waiters.wait(returned)  # what is on its way here may give something back
        else:
            raise self._spent(refusal, answer)
        return True

    def _spent(self, refusal: Refusal, answer: Answer) -> CodedError:
        """The problem of a budget that all have spent together."""
        used, whole = answer.used.usage, self.queue.limits.limits
        return spent(replace(refusal, used=used, most=whole, waiting=False))

    async def room(self, least: Usage) -> bool:
        """Whether there is room for so much beside what is set aside, or will be. Raises CodedError
        (lease-lost)."""
        while limit := self.account.limits.exceeded_by(self._used + least):
            account = self.account
            refusal = Refusal(account.name, limit, account.spent, account.limits, waiting=False)
            try:
                await self.more(refusal, least)
            except CodedError as problem:
                if problem.diagnostic.code != "budget-spent":
                    raise
                return False
        return True

    async def _asked(self, worst: Usage) -> Answer:
        held, wanted, lease = self._hold(), Amounts.used(worst), self.lease
        busy = self.account.reserved.calls > 0
        answer = _found(await self._do(lambda c: leases.ask(c, lease, held, wanted, busy=busy)))
        self.account.limits = answer.granted.limits
        return answer

    def _hold(self) -> Amounts:
        """What it spent and set aside; until more is heard, it sets nothing more aside."""
        held = Amounts.used(self._used)
        self.account.limits = Amounts.most(self.account.limits).cut(held).limits
        return held

    @property
    def _used(self) -> Usage:
        return self.account.spent + self.account.reserved

    @property
    def lease(self) -> int:
        """The number of its lease."""
        return self.store.lease

    # ── signs of life ────────────────────────────────────────────────────────

    async def beat(self, then: Callable[[], Awaitable[None]]) -> None:
        """Signs of life, until it is cancelled; after each comes what is done `then`. Raises
        CodedError (lease-lost, store-unreachable)."""
        while True:
            await self.once()
            await then()
            await anyio.sleep(self.lasts / BEATS)

    async def once(self) -> None:
        """One sign of life. What others wait for is given back. Raises CodedError."""
        busy, working = self.account.reserved.calls > 0, self.working > 0
        beat = _found(
            await self._do(lambda c: leases.beat(c, self.lease, working=working, busy=busy))
        )
        self.providers.take_part(beat.part)
        if beat.wanted:
            async with self._one:
                held = self._hold()
                granted = await self._do(lambda c: leases.give_back(c, self.lease, held))
                self.account.limits = granted.limits

    # ── items ────────────────────────────────────────────────────────────────

    async def take(self) -> int | None:
        """The place of the next item; None where none is left to be taken. Waits for those that
        others have in work: they may be left to this one. Raises CodedError."""
        while True:
            places = _found(await self._do(lambda c: items.take(c, self.lease, 1)))
            if places:
                self.working += 1
                await self._with_part()
                return places[0]
            if await self._do(lambda c: items.all_ended(c, self.queue.id, self.lease)):
                return None
            await anyio.sleep(self.lasts / BEATS)

    async def _with_part(self) -> None:
        """Waits for a part of what providers allow, which others have to leave first."""
        while not self.providers.part:
            await self.once()
            if not self.providers.part:
                await anyio.sleep(self.lasts / BEATS / 4)

    def ended(self, place: int, run: int, outcome: str) -> None:
        """Notes what came of an item, in the commit of what comes next."""
        self.working -= 1
        self.store.journal.post(lambda c: items.finish(c, self.lease, place, run, outcome))

    async def news(self) -> list[End]:
        """The items that ended since this was asked last, whoever had them."""
        async with self._hearing:
            found = await self._do(lambda c: items.ends(c, self.queue.id, self._heard))
            self._heard = found[-1].number if found else self._heard
        return found

    def close(self) -> None:
        """Has no more items given out to anybody."""
        self.store.journal.post(lambda c: leases.close_queue(c, self.queue.id))

    def leave(self) -> None:
        """Gives back what it holds, items as well. Raises CodedError."""
        if self.lease:
            self.store.journal.wait(lambda c: leases.leave(c, self.lease))

    async def _do(self, change: Callable[[Batch], T]) -> T:
        return await self.store.journal.do(change)


def _found(answer: T | None) -> T:
    """An answer of the queue. Raises CodedError (lease-lost) where there is none."""
    if answer is None:
        raise leases.lost()
    return answer
